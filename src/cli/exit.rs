//! How the program ends: what a script can tell from the number alone.

use std::process::ExitCode;

/// The exit codes. A number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done; every objective is met, or none is stated.
    Done,
    /// 1: trouble outside the experiment: disk, permission, a bug of ours. Again may help.
    Trouble,
    /// 2: the command or a file is wrong. Again never helps.
    Wrong,
    /// 3: all ran, and no point is shown to meet the objective.
    NotMet,
    /// 5: trials failed; the rest was kept.
    Incomplete,
    /// 6: not reproduced: numbers are not what they are known to be.
    NotReproduced,
    /// 130: a SIGINT (Ctrl-C) ended the run; finished trials are kept.
    Interrupted,
    /// 143: a SIGTERM ended it; finished trials are kept.
    Terminated,
}

impl Exit {
    /// The number.
    pub fn number(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Trouble => 1,
            Exit::Wrong => 2,
            Exit::NotMet => 3,
            Exit::Incomplete => 5,
            Exit::NotReproduced => 6,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// Of a finished run.
    pub fn of_run(failed: usize, objective_met: Option<bool>) -> Exit {
        match (failed, objective_met) {
            (1.., _) => Exit::Incomplete,
            (0, Some(false)) => Exit::NotMet,
            (0, _) => Exit::Done,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn a_run_with_failed_trials_is_incomplete_whatever_it_met() {
        for (failed, met, number) in [
            (0, None, 0),
            (0, Some(true), 0),
            (0, Some(false), 3),
            (2, Some(true), 5),
            (2, Some(false), 5),
        ] {
            assert_eq!(Exit::of_run(failed, met).number(), number);
        }
    }
}
