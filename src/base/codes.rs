//! The table of numbered codes.
