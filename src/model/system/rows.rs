//! Where the rows of a run go. There are two of these, however many kinds of observers: each more
//! would be another copy of the whole system in the program.

use std::fmt;

use crate::model::trial::{AttemptRow, Observer};

/// Takes the rows of a run, or says that none are to be made.
pub trait Rows {
    /// Whether any are wanted: lets the compiler leave them out.
    const WANTED: bool;
    /// An attempt whose outcome is known (or that is still inside at the end).
    fn attempt(&mut self, row: &AttemptRow);
    /// Whether nobody wants the outcome of the run any more.
    fn given_up(&self) -> bool;
}

/// For an observer that wants no rows.
#[derive(Clone, Copy)]
pub struct NoRows<'o>(pub &'o dyn Observer);

impl fmt::Debug for NoRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("NoRows")
    }
}

impl Rows for NoRows<'_> {
    const WANTED: bool = false;
    fn attempt(&mut self, _: &AttemptRow) {}
    fn given_up(&self) -> bool {
        self.0.given_up()
    }
}

/// For an observer that gets every row.
pub struct AllRows<'o>(pub &'o mut dyn Observer);

impl Rows for AllRows<'_> {
    const WANTED: bool = true;
    fn attempt(&mut self, row: &AttemptRow) {
        self.0.attempt(row);
    }
    fn given_up(&self) -> bool {
        self.0.given_up()
    }
}
