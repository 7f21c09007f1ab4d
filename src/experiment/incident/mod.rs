//! Incidents after the run: one trial that can be run again, and the token that names it.

pub mod case;
pub mod replay;
pub mod token;

pub use case::{Case, Trigger};
pub use token::{Token, TokenError, hex};
