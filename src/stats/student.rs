//! student
