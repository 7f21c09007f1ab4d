//! `polly8`: a share of failures over a rolling window, looked at when a failure comes in.
//!
//! Rules read from the library's `CircuitStateController`, `AdvancedCircuitBehavior` and
//! `RollingHealthMetrics`:
//!
//! * only a failure heard while closed can open it;
//! * the window is made of tenths, each of which begins with the first call after the last one;
//! * open, the first call at the end of the wait or later goes in, and no other until its result;
//! * half-open, the first result of any call decides, also of one let in before it opened;
//! * what is not counted as a failure is a success;
//! * late results while open enter the window and change nothing; closing empties it.

use std::collections::VecDeque;

use super::{Call, Heard};
use crate::base::units::Nanos;
use crate::model::incident::BreakerState;

/// Into how many parts the window is cut.
const PARTS: Nanos = 10;

/// The machine.
#[derive(Clone, Debug)]
pub struct Polly8 {
    window: Nanos,
    min_calls: u32,
    failure_share: f64,
    state: State,
    parts: VecDeque<Part>,
    total: Counts,
    epoch: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Nanos },
    HalfOpen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    calls: u32,
    failed: u32,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    start: Nanos,
    counts: Counts,
}

impl Polly8 {
    /// Closed.
    pub fn new(window: Nanos, min_calls: u32, failure_share: f64) -> Self {
        Polly8 {
            window,
            min_calls,
            failure_share,
            state: State::Closed,
            parts: VecDeque::new(),
            total: Counts::default(),
            epoch: 0,
        }
    }

    pub(super) fn admits(&self, now: Nanos) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until } => now >= until,
            State::HalfOpen => false,
        }
    }

    pub(super) fn state(&self, now: Nanos) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
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
        match self.state {
            State::Closed => false,
            State::Open { until } => {
                debug_assert!(now >= until, "only calls it admits enter");
                self.epoch += 1;
                self.state = State::HalfOpen;
                true
            }
            State::HalfOpen => unreachable!("half-open it admits nobody"),
        }
    }

    pub(super) fn hear(&mut self, now: Nanos, call: Call) -> Heard {
        match self.state {
            State::HalfOpen if call.failed => Heard::Opens { since: now },
            State::HalfOpen => {
                self.epoch += 1;
                self.state = State::Closed;
                self.parts.clear();
                self.total = Counts::default();
                Heard::Changed
            }
            State::Open { .. } => {
                self.record(now, call.failed);
                Heard::Nothing
            }
            State::Closed => {
                self.record(now, call.failed);
                let Counts { calls, failed } = self.total;
                let enough = calls >= self.min_calls;
                let share = f64::from(failed) / f64::from(calls);
                if call.failed && enough && share >= self.failure_share {
                    Heard::Opens { since: now }
                } else {
                    Heard::Nothing
                }
            }
        }
    }

    pub(super) fn open(&mut self, until: Nanos) {
        self.epoch += 1;
        self.state = State::Open { until };
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    fn record(&mut self, now: Nanos, failed: bool) {
        let last = self.parts.back();
        if last.is_none_or(|part| now - part.start >= self.window / PARTS) {
            let counts = Counts::default();
            self.parts.push_back(Part { start: now, counts });
        }
        if let Some(part) = self.parts.back_mut() {
            part.counts.calls += 1;
            part.counts.failed += u32::from(failed);
        }
        self.total.calls += 1;
        self.total.failed += u32::from(failed);
        while let Some(part) = self.parts.front()
            && now - part.start >= self.window
        {
            self.total.calls -= part.counts.calls;
            self.total.failed -= part.counts.failed;
            self.parts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{C, Do, H, MS, O, Row, always, play};
    use crate::model::breaker::Guard;
    use crate::model::spec::{BreakerSpec, Failures};

    /// Half of 4 calls or more within a second; open for a second.
    fn run(rows: &[Row]) -> Guard {
        let spec = BreakerSpec::Polly8 {
            window: 1000 * MS,
            min_calls: 4,
            failure_share: 0.5,
            open_for: always(1000 * MS),
            counts: Failures::ALL,
        };
        play(&spec, rows)
    }

    #[test]
    fn only_a_failure_opens_it() {
        run(&[
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Good, C, 0),
            // Two of four, but the fourth is a success.
            (0, Do::Good, C, 0),
            (0, Do::Bad, O, 1),
        ]);
    }

    #[test]
    fn the_threshold_itself_opens_it_and_one_call_too_few_does_not() {
        run(&[
            (0, Do::Good, C, 0),
            (0, Do::Good, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, O, 1),
        ]);
        run(&[
            (0, Do::Good, C, 0),
            (0, Do::Good, C, 0),
            (0, Do::Good, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            // Three of six.
            (0, Do::Bad, O, 1),
        ]);
        run(&[
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, O, 1),
        ]);
    }

    #[test]
    fn a_tenth_begins_with_its_first_call_and_leaves_as_a_whole() {
        // A nanosecond before the window's end all four count.
        run(&[
            (0, Do::Bad, C, 0),
            (100 * MS - 1, Do::Bad, C, 0),
            (1000 * MS - 1, Do::Bad, C, 0),
            (1000 * MS - 1, Do::Bad, O, 1),
        ]);
        // At its end those of the first tenth are gone, also the one that is younger.
        run(&[
            (0, Do::Bad, C, 0),
            (100 * MS - 1, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, O, 1),
        ]);
        // One that came after a whole tenth began another.
        run(&[
            (0, Do::Bad, C, 0),
            (100 * MS, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, O, 1),
        ]);
    }

    const OPEN: [Row; 5] = [
        (0, Do::Enter('x'), C, 0),
        (0, Do::Bad, C, 0),
        (0, Do::Bad, C, 0),
        (0, Do::Bad, C, 0),
        (MS, Do::Bad, O, 1),
    ];

    fn then(more: &[Row]) -> Guard {
        run(&[&OPEN[..], more].concat())
    }

    #[test]
    fn the_wait_ends_inclusively_and_late_failures_do_not_extend_it() {
        then(&[
            (500 * MS, Do::Fail('x'), O, 1),
            (1001 * MS - 1, Do::Shut, O, 1),
            (1001 * MS, Do::Enter('p'), H, 1),
            // No other call until its result, however long that takes.
            (1001 * MS, Do::Shut, H, 1),
            (99_000 * MS, Do::Shut, H, 1),
        ]);
    }

    #[test]
    fn half_open_the_first_result_of_any_call_decides() {
        then(&[
            (2000 * MS, Do::Enter('p'), H, 1),
            (2000 * MS, Do::Ok('p'), C, 1),
            // The window is empty again.
            (2000 * MS, Do::Bad, C, 1),
            (2000 * MS, Do::Bad, C, 1),
            (2000 * MS, Do::Bad, C, 1),
            (2000 * MS, Do::Bad, O, 2),
        ]);
        then(&[
            (2000 * MS, Do::Enter('p'), H, 1),
            (2500 * MS, Do::Fail('p'), O, 2),
            (3500 * MS - 1, Do::Shut, O, 2),
            (3500 * MS, Do::Enter('q'), H, 2),
        ]);
        then(&[
            (2000 * MS, Do::Enter('p'), H, 1),
            (2500 * MS, Do::Ok('x'), C, 1),
            (2600 * MS, Do::Fail('p'), C, 1),
        ]);
        then(&[
            (2000 * MS, Do::Enter('p'), H, 1),
            (2500 * MS, Do::Fail('x'), O, 2),
            (2600 * MS, Do::Ok('p'), O, 2),
        ]);
    }

    #[test]
    fn what_is_not_counted_is_a_success() {
        run(&[
            (0, Do::Enter('x'), C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Back('x'), C, 0),
            (0, Do::Bad, O, 1),
            (1000 * MS, Do::Enter('p'), H, 1),
            (1000 * MS, Do::Back('p'), C, 1),
        ]);
    }
}
