//! What a system is and how it runs.
