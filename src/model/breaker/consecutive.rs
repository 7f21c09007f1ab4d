//! `consecutive`: opens after some failures in a row; after the wait lets some calls try at once;
//! closes after some successes in a row, opens again at the first failure.

use super::{Call, Heard};
use crate::base::units::Nanos;
use crate::model::incident::BreakerState;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Nanos },
    HalfOpen { out: u32, successes: u32 },
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Consecutive {
    failures: u32,
    half_open_calls: u32,
    successes: u32,
    state: State,
    epoch: u32,
}

impl Consecutive {
    /// Closed; opens after `failures` in a row.
    pub fn new(failures: u32, half_open_calls: u32, successes: u32) -> Self {
        let state = State::Closed { failures: 0 };
        Consecutive {
            failures,
            half_open_calls,
            successes,
            state,
            epoch: 0,
        }
    }

    pub(super) fn admits(&self, now: Nanos) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until } => now >= until,
            State::HalfOpen { out, .. } => out < self.half_open_calls,
        }
    }

    pub(super) fn state(&self, now: Nanos) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } if !self.admits(now) => BreakerState::Open,
            _ => BreakerState::HalfOpen,
        }
    }

    pub(super) fn next_change(&self) -> Option<Nanos> {
        match self.state {
            State::Open { until } => Some(until),
            _ => None,
        }
    }

    pub(super) fn enter(&mut self, now: Nanos) -> bool {
        match &mut self.state {
            State::Closed { .. } => false,
            State::Open { until } => {
                debug_assert!(now >= *until, "only calls it admits enter");
                self.epoch += 1;
                self.state = State::HalfOpen {
                    out: 1,
                    successes: 0,
                };
                true
            }
            State::HalfOpen { out, .. } => {
                *out += 1;
                *out == self.half_open_calls
            }
        }
    }

    pub(super) fn hear(&mut self, now: Nanos, call: Call) -> Heard {
        if call.epoch != self.epoch {
            return Heard::Nothing;
        }
        match &mut self.state {
            State::Closed { failures } => {
                *failures = if call.failed { *failures + 1 } else { 0 };
                if *failures < self.failures {
                    Heard::Nothing
                } else {
                    Heard::Opens { since: now }
                }
            }
            State::Open { .. } => Heard::Nothing,
            State::HalfOpen { .. } if call.failed => Heard::Opens { since: now },
            State::HalfOpen { out, successes } => {
                *out -= 1;
                *successes += 1;
                if *successes >= self.successes {
                    self.epoch += 1;
                    self.state = State::Closed { failures: 0 };
                }
                Heard::Changed
            }
        }
    }

    pub(super) fn forget(&mut self, epoch: u32) -> Heard {
        match &mut self.state {
            State::HalfOpen { out, .. } if epoch == self.epoch => {
                *out -= 1;
                Heard::Changed
            }
            _ => Heard::Nothing,
        }
    }

    pub(super) fn open(&mut self, until: Nanos) {
        self.epoch += 1;
        self.state = State::Open { until };
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(machine: &mut Consecutive, now: Nanos, failed: bool) -> Heard {
        assert!(machine.admits(now));
        machine.enter(now);
        machine.hear(
            now,
            Call {
                failed,
                took: 1,
                epoch: machine.epoch(),
            },
        )
    }

    #[test]
    fn opens_at_the_last_failure_in_a_row_and_not_before() {
        let mut m = Consecutive::new(3, 1, 2);
        for failed in [true, true, false, true, true] {
            assert_eq!(call(&mut m, 0, failed), Heard::Nothing);
        }
        assert_eq!(call(&mut m, 0, true), Heard::Opens { since: 0 });
        m.open(100);
        assert!(!m.admits(99));
        assert!(m.admits(100));
    }

    #[test]
    fn a_call_that_is_taken_back_makes_room_for_another() {
        let mut m = Consecutive::new(1, 1, 1);
        assert_eq!(call(&mut m, 0, true), Heard::Opens { since: 0 });
        let before = m.epoch();
        m.open(10);
        m.enter(10);
        assert!(!m.admits(11));
        assert_eq!(m.forget(before), Heard::Nothing, "let in before it opened");
        assert_eq!(m.forget(m.epoch()), Heard::Changed);
        assert!(m.admits(11));
        assert_eq!(call(&mut m, 12, false), Heard::Changed, "and closes");
    }

    #[test]
    fn half_open_lets_one_try_at_a_time_and_closes_after_enough_successes() {
        let mut m = Consecutive::new(1, 1, 2);
        assert_eq!(call(&mut m, 0, true), Heard::Opens { since: 0 });
        m.open(10);
        assert!(m.enter(10));
        assert!(!m.admits(10), "the probe is out");
        let probe = Call {
            failed: false,
            took: 1,
            epoch: m.epoch(),
        };
        assert_eq!(m.hear(10, probe), Heard::Changed);
        assert!(m.admits(11));
        assert_eq!(call(&mut m, 11, false), Heard::Changed);
        assert_eq!(m.state, State::Closed { failures: 0 });
    }

    #[test]
    fn a_failed_probe_opens_again_and_late_results_do_not_count() {
        let mut m = Consecutive::new(1, 1, 1);
        let before = m.epoch();
        assert_eq!(call(&mut m, 0, true), Heard::Opens { since: 0 });
        m.open(10);
        assert_eq!(
            m.hear(
                10,
                Call {
                    failed: false,
                    took: 1,
                    epoch: before
                }
            ),
            Heard::Nothing
        );
        assert_eq!(call(&mut m, 10, true), Heard::Opens { since: 10 });
        m.open(20);
        assert!(!m.admits(19));
    }

    #[test]
    fn a_table_of_the_rule() {
        use super::super::script::{C, Do, H, MS, O, Row, always, play};
        let spec = crate::model::spec::BreakerSpec::Consecutive {
            failures: 2,
            open_for: always(1000 * MS),
            half_open_calls: 2,
            successes: 2,
            counts: crate::model::spec::Failures::ALL,
        };
        let open: [Row; 7] = [
            (0, Do::Enter('x'), C, 0),
            (0, Do::Enter('y'), C, 0),
            (0, Do::Bad, C, 0),
            // A success ends the run; what is taken back does not.
            (0, Do::Good, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Back('y'), C, 0),
            (0, Do::Bad, O, 1),
        ];
        let then = |more: &[Row]| play(&spec, &[&open[..], more].concat());
        then(&[
            (1000 * MS - 1, Do::Shut, O, 1),
            (1000 * MS, Do::Enter('a'), H, 1),
            (1000 * MS, Do::Enter('b'), H, 1),
            (1000 * MS, Do::Shut, H, 1),
            // A success gives its permit back, one too few does not close it.
            (1001 * MS, Do::Ok('a'), H, 1),
            (1001 * MS, Do::Enter('c'), H, 1),
            (1001 * MS, Do::Shut, H, 1),
            (1002 * MS, Do::Ok('b'), C, 1),
            // Let in before it closed: not heard any more.
            (1002 * MS, Do::Fail('c'), C, 1),
            (1002 * MS, Do::Bad, C, 1),
            (1002 * MS, Do::Bad, O, 2),
        ]);
        then(&[
            (500 * MS, Do::Ok('x'), O, 1),
            (1000 * MS, Do::Enter('a'), H, 1),
            (1000 * MS, Do::Enter('b'), H, 1),
            (1001 * MS, Do::Ok('a'), H, 1),
            (1002 * MS, Do::Fail('b'), O, 2),
            (2002 * MS - 1, Do::Shut, O, 2),
            (2002 * MS, Do::Enter('c'), H, 2),
        ]);
        then(&[
            (1000 * MS, Do::Enter('a'), H, 1),
            (1000 * MS, Do::Enter('b'), H, 1),
            (1000 * MS, Do::Fail('x'), H, 1),
            (1000 * MS, Do::Ok('x'), H, 1),
            (1000 * MS, Do::Shut, H, 1),
            (1000 * MS, Do::Back('a'), H, 1),
            (1000 * MS, Do::Enter('c'), H, 1),
        ]);
    }
}
