//! Typed indices.
