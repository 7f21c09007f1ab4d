//! `resilience4j`: opens at a share of failures or of slow calls over the last calls or seconds.
//!
//! Rules read from the library's `CircuitBreakerStateMachine`, `CircuitBreakerMetrics` and
//! `SlidingTimeWindowMetrics`:
//!
//! * both shares are looked at after every recorded call, once enough calls are in the window;
//! * while open, results of calls let in earlier enter the window and change nothing;
//! * from open it becomes half-open at the first call strictly after the wait;
//! * half-open has a fresh window of `half_open_calls`; a permit is spent on entry and does not
//!   come back; when enough results are in, it opens or closes.

use std::collections::VecDeque;

use super::{Call, Heard};
use crate::base::units::{Nanos, SECOND};
use crate::model::incident::BreakerState;
use crate::model::spec::{BreakerSpec, BreakerWindow};

/// The machine.
#[derive(Clone, Debug)]
pub struct Resilience4j {
    rules: Rules,
    state: State,
    window: Window,
    epoch: u32,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    window: BreakerWindow,
    min_calls: u32,
    failure_share: f64,
    slow_after: Nanos,
    slow_share: f64,
    half_open_calls: u32,
    half_open_max: Option<Nanos>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Nanos },
    HalfOpen { permits: u32, since: Nanos },
}

impl Resilience4j {
    /// Closed. The spec must be of this dialect.
    pub(super) fn new(spec: &BreakerSpec) -> Self {
        let BreakerSpec::Resilience4j {
            window,
            min_calls,
            failure_share,
            slow_after,
            slow_share,
            half_open_calls,
            half_open_max,
            ..
        } = *spec
        else {
            unreachable!("the dialect was matched");
        };
        let rules = Rules {
            window,
            min_calls,
            failure_share,
            slow_after,
            slow_share,
            half_open_calls,
            half_open_max,
        };
        Resilience4j {
            rules,
            state: State::Closed,
            window: Window::new(window),
            epoch: 0,
        }
    }

    #[inline]
    pub(super) fn admits(&self, now: Nanos) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until } => now > until,
            State::HalfOpen { permits, .. } => permits > 0,
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
            State::Closed => None,
            State::Open { until } => Some(until.saturating_add(1)),
            State::HalfOpen { since, .. } => self.rules.half_open_max.map(|max| since + max),
        }
    }

    pub(super) fn tick(&mut self, now: Nanos) -> Heard {
        match (self.state, self.rules.half_open_max) {
            (State::HalfOpen { since, .. }, Some(max)) if now >= since + max => {
                Heard::Opens { since: since + max }
            }
            _ => Heard::Nothing,
        }
    }

    #[inline]
    pub(super) fn enter(&mut self, now: Nanos) -> bool {
        match &mut self.state {
            State::Closed => false,
            State::Open { .. } => {
                let calls = self.rules.half_open_calls;
                self.state = State::HalfOpen {
                    permits: calls - 1,
                    since: now,
                };
                self.window = Window::new(BreakerWindow::Calls(calls));
                self.epoch += 1;
                true
            }
            State::HalfOpen { permits, .. } => {
                *permits -= 1;
                *permits == 0
            }
        }
    }

    pub(super) fn forget(&mut self, epoch: u32) -> Heard {
        match &mut self.state {
            State::HalfOpen { permits, .. } if epoch == self.epoch => {
                *permits += 1;
                Heard::Changed
            }
            _ => Heard::Nothing,
        }
    }

    pub(super) fn hear(&mut self, now: Nanos, call: Call) -> Heard {
        self.window
            .record(now, call.failed, call.took > self.rules.slow_after);
        let enough = match self.state {
            State::Open { .. } => return Heard::Nothing,
            State::Closed => match self.rules.window {
                BreakerWindow::Calls(n) => self.rules.min_calls.min(n),
                BreakerWindow::Seconds(_) => self.rules.min_calls,
            },
            State::HalfOpen { .. } => self.rules.min_calls.min(self.rules.half_open_calls),
        };
        let counts = self.window.total;
        if counts.calls < enough {
            return Heard::Nothing;
        }
        let calls = f64::from(counts.calls);
        let spotless = counts.failed == 0 && counts.slow == 0;
        let over = !spotless
            && (f64::from(counts.failed) >= self.rules.failure_share * calls
                || f64::from(counts.slow) >= self.rules.slow_share * calls);
        match self.state {
            _ if over => Heard::Opens { since: now },
            State::HalfOpen { .. } => {
                self.state = State::Closed;
                self.window = Window::new(self.rules.window);
                self.epoch += 1;
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

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    calls: u32,
    failed: u32,
    slow: u32,
}

impl Counts {
    fn one(failed: bool, slow: bool) -> Counts {
        let mut one = Counts::default();
        one.add(failed, slow);
        one
    }

    fn add(&mut self, failed: bool, slow: bool) {
        self.calls += 1;
        self.failed += u32::from(failed);
        self.slow += u32::from(slow);
    }

    fn remove(&mut self, other: Counts) {
        self.calls -= other.calls;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }
}

/// What the shares are taken over.
#[derive(Clone, Debug)]
struct Window {
    total: Counts,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// The last so many calls, in a ring: bit 0 failed, bit 1 slow.
    Calls { ring: Vec<u8>, next: usize },
    /// The last so many whole seconds, each with its start.
    Seconds {
        most: u64,
        buckets: VecDeque<(u64, Counts)>,
    },
}

const NOT_USED: u8 = u8::MAX;

impl Window {
    fn new(kind: BreakerWindow) -> Self {
        let kept = match kind {
            BreakerWindow::Calls(n) => Kept::Calls {
                ring: vec![NOT_USED; n as usize],
                next: 0,
            },
            BreakerWindow::Seconds(n) => {
                let buckets = VecDeque::with_capacity(n as usize + 1);
                Kept::Seconds {
                    most: u64::from(n),
                    buckets,
                }
            }
        };
        Window {
            total: Counts::default(),
            kept,
        }
    }

    #[inline]
    fn record(&mut self, now: Nanos, failed: bool, slow: bool) {
        match &mut self.kept {
            Kept::Calls { ring, next } => {
                let oldest =
                    std::mem::replace(&mut ring[*next], u8::from(failed) | u8::from(slow) << 1);
                *next = if *next + 1 == ring.len() {
                    0
                } else {
                    *next + 1
                };
                if oldest != NOT_USED {
                    self.total
                        .remove(Counts::one(oldest & 1 != 0, oldest & 2 != 0));
                }
            }
            Kept::Seconds { most, buckets } => {
                let second = now / SECOND;
                while let Some(&(start, oldest)) = buckets.front()
                    && start + *most <= second
                {
                    self.total.remove(oldest);
                    buckets.pop_front();
                }
                match buckets.back_mut() {
                    Some((start, counts)) if *start == second => counts.add(failed, slow),
                    _ => buckets.push_back((second, Counts::one(failed, slow))),
                }
            }
        }
        self.total.add(failed, slow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::dist::Dist;
    use crate::model::spec::Failures;

    fn machine(
        window: BreakerWindow,
        min_calls: u32,
        half_open_max: Option<Nanos>,
    ) -> Resilience4j {
        Resilience4j::new(&BreakerSpec::Resilience4j {
            window,
            min_calls,
            failure_share: 0.5,
            slow_after: 100,
            slow_share: 1.0,
            open_for: Dist::Constant { value: 1e9 },
            half_open_calls: 4,
            half_open_max,
            counts: Failures::ALL,
        })
    }

    fn call(m: &mut Resilience4j, now: Nanos, failed: bool, took: Nanos) -> Heard {
        assert!(m.admits(now), "at {now} in {:?}", m.state);
        m.enter(now);
        m.hear(
            now,
            Call {
                failed,
                took,
                epoch: m.epoch(),
            },
        )
    }

    #[test]
    fn the_share_is_looked_at_from_the_least_number_of_calls_on() {
        let mut m = machine(BreakerWindow::Calls(10), 4, None);
        for failed in [true, true, false] {
            assert_eq!(call(&mut m, 5, failed, 1), Heard::Nothing);
        }
        assert_eq!(
            call(&mut m, 5, false, 1),
            Heard::Opens { since: 5 },
            "2 of 4 is the threshold"
        );
    }

    #[test]
    fn the_least_number_of_calls_is_clamped_to_a_window_of_calls() {
        let mut m = machine(BreakerWindow::Calls(2), 100, None);
        assert_eq!(call(&mut m, 0, true, 1), Heard::Nothing);
        assert_eq!(call(&mut m, 0, false, 1), Heard::Opens { since: 0 });
    }

    #[test]
    fn old_calls_leave_a_window_of_calls() {
        let mut m = machine(BreakerWindow::Calls(4), 4, None);
        for failed in [true, false, false, false, true, false, false, false] {
            assert_eq!(call(&mut m, 0, failed, 1), Heard::Nothing);
        }
    }

    #[test]
    fn a_window_of_seconds_drops_whole_seconds() {
        let mut m = machine(BreakerWindow::Seconds(2), 2, None);
        assert_eq!(call(&mut m, 0, true, 1), Heard::Nothing);
        // At the end of the next second the first failure still counts, a nanosecond later not.
        let mut late = m.clone();
        assert_eq!(
            call(&mut m, 2 * SECOND - 1, false, 1),
            Heard::Opens {
                since: 2 * SECOND - 1
            }
        );
        assert_eq!(call(&mut late, 2 * SECOND, false, 1), Heard::Nothing);
        assert_eq!(late.window.total.calls, 1);
    }

    #[test]
    fn slow_means_strictly_longer() {
        let mut m = machine(BreakerWindow::Calls(2), 2, None);
        assert_eq!(call(&mut m, 0, false, 100), Heard::Nothing);
        assert_eq!(call(&mut m, 0, false, 101), Heard::Nothing);
        assert_eq!(call(&mut m, 0, false, 101), Heard::Opens { since: 0 });
    }

    #[test]
    fn it_waits_strictly_then_grants_permits_that_do_not_come_back() {
        let mut m = machine(BreakerWindow::Calls(2), 2, None);
        call(&mut m, 0, true, 1);
        assert_eq!(call(&mut m, 0, true, 1), Heard::Opens { since: 0 });
        m.open(50);
        let late = Call {
            failed: true,
            took: 1,
            epoch: 0,
        };
        assert_eq!(
            m.hear(20, late),
            Heard::Nothing,
            "late results change nothing while open"
        );
        assert!(!m.admits(50));
        assert!(m.admits(51));
        for spent in 1..=4 {
            assert_eq!(m.enter(51), spent == 1 || spent == 4, "permit {spent}");
        }
        assert!(!m.admits(60), "four permits are spent");
        assert_eq!(m.forget(m.epoch() - 1), Heard::Nothing);
        assert_eq!(m.forget(m.epoch()), Heard::Changed);
        assert!(m.admits(60), "but one that is taken back");
        assert!(m.enter(60));
        let fine = Call {
            failed: false,
            took: 1,
            epoch: m.epoch(),
        };
        assert_eq!(m.hear(61, fine), Heard::Nothing);
        assert_eq!(
            m.hear(61, fine),
            Heard::Changed,
            "two results are enough: closed"
        );
        assert_eq!(m.state, State::Closed);
        assert_eq!(m.window.total.calls, 0, "with a fresh window");
    }

    #[test]
    fn half_open_fails_back_to_open_and_gives_up_waiting_when_told() {
        let mut m = machine(BreakerWindow::Calls(2), 2, Some(30));
        m.open(10);
        assert!(m.enter(11));
        assert_eq!(m.next_change(), Some(41));
        assert_eq!(m.tick(40), Heard::Nothing);
        assert_eq!(m.tick(45), Heard::Opens { since: 41 });
        let bad = Call {
            failed: true,
            took: 1,
            epoch: m.epoch(),
        };
        assert_eq!(m.hear(12, bad), Heard::Nothing);
        assert_eq!(m.hear(12, bad), Heard::Opens { since: 12 });
    }
}
