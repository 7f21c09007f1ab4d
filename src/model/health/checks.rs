//! Active checks: a row of failed ones and a worker is unfit, a row of passed ones and it is fit.
//!
//! The rule of HAProxy's `fall` and `rise`: a fit worker becomes unfit with the `fall`th check in a
//! row that fails, an unfit one fit with the `rise`th in a row that passes; the other result begins
//! the row anew. Everybody begins fit.

/// What a result changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Same,
    /// The worker is unfit from now on.
    Unfit,
    /// It is fit again.
    Fit,
}

/// The machine, for all workers of a service.
#[derive(Clone, Debug)]
pub struct Checks {
    fall: u32,
    rise: u32,
    workers: Vec<Checked>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Checked {
    unfit: bool,
    /// Results in a row that speak against what it is.
    row: u32,
}

impl Checks {
    /// Everybody is fit.
    pub fn new(fall: u32, rise: u32, workers: usize) -> Self {
        Checks {
            fall,
            rise,
            workers: vec![Checked::default(); workers],
        }
    }

    /// Whether a worker is fit.
    pub fn is_fit(&self, worker: usize) -> bool {
        !self.workers[worker].unfit
    }

    /// A check of a worker passed or failed.
    pub fn hears(&mut self, worker: usize, passed: bool) -> Found {
        let checked = &mut self.workers[worker];
        if passed != checked.unfit {
            checked.row = 0;
            return Found::Same;
        }
        checked.row += 1;
        let enough = if passed { self.rise } else { self.fall };
        if checked.row < enough {
            return Found::Same;
        }
        *checked = Checked {
            unfit: !passed,
            row: 0,
        };
        if passed { Found::Fit } else { Found::Unfit }
    }

    /// A worker is another one from now on: fit, and nothing known of it.
    pub fn forget(&mut self, worker: usize) {
        self.workers[worker] = Checked::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Found::*;

    #[test]
    fn rows_of_results_change_what_a_worker_is() {
        let mut c = Checks::new(3, 2, 2);
        // Each row: whether the check passed, what that changes, then fit and length of the row.
        for (i, (passed, found, state)) in [
            (false, Same, (true, 1)),
            (false, Same, (true, 2)),
            // One that passes begins the row anew.
            (true, Same, (true, 0)),
            (false, Same, (true, 1)),
            (false, Same, (true, 2)),
            (false, Unfit, (false, 0)),
            (false, Same, (false, 0)),
            (true, Same, (false, 1)),
            (false, Same, (false, 0)),
            (true, Same, (false, 1)),
            (true, Fit, (true, 0)),
            (true, Same, (true, 0)),
            (false, Same, (true, 1)),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(c.hears(1, passed), found, "row {i}");
            assert_eq!((c.is_fit(1), c.workers[1].row), state, "row {i}");
        }
        assert!(c.is_fit(0));
        assert_eq!(c.hears(1, false), Same);
        c.forget(1);
        assert_eq!((c.hears(1, false), c.hears(1, false)), (Same, Same));
        assert_eq!(c.hears(1, false), Unfit);
    }

    #[test]
    fn a_single_result_may_be_enough() {
        let mut c = Checks::new(1, 1, 1);
        assert_eq!((c.hears(0, false), c.hears(0, true)), (Unfit, Fit));
    }
}
