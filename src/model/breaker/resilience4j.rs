//! `resilience4j`: opens at a share of failures or of slow calls over the last calls or seconds.
//!
//! Rules read from the library's `CircuitBreakerStateMachine`, `CircuitBreakerMetrics` and
//! `SlidingTimeWindowMetrics`:
//!
//! * both shares are looked at after every recorded call, once enough calls are in the window;
//! * while open, results of calls let in earlier enter the window and change nothing;
//! * from open it becomes half-open at the first call strictly after the wait, or with `automatic`
//!   by itself at the end of the wait;
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
    automatic: bool,
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
            automatic,
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
            automatic,
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
            State::Open { until } if self.rules.automatic => now >= until,
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
            State::Open { until } if self.rules.automatic => Some(until),
            State::Open { until } => Some(until.saturating_add(1)),
            State::HalfOpen { since, .. } => self.rules.half_open_max.map(|max| since + max),
        }
    }

    pub(super) fn tick(&mut self, now: Nanos) -> Heard {
        match (self.state, self.rules.half_open_max) {
            (State::HalfOpen { since, .. }, Some(max)) if now >= since + max => {
                Heard::Opens { since: since + max }
            }
            (State::Open { until }, _) if self.rules.automatic && now >= until => {
                self.try_again(self.rules.half_open_calls, until);
                Heard::Changed
            }
            _ => Heard::Nothing,
        }
    }

    #[inline]
    pub(super) fn enter(&mut self, now: Nanos) -> bool {
        match &mut self.state {
            State::Closed => false,
            State::Open { .. } => {
                self.try_again(self.rules.half_open_calls - 1, now);
                true
            }
            State::HalfOpen { permits, .. } => {
                *permits -= 1;
                *permits == 0
            }
        }
    }

    /// Half-open since a moment, with so many permits left.
    fn try_again(&mut self, permits: u32, since: Nanos) {
        self.state = State::HalfOpen { permits, since };
        self.window = Window::new(BreakerWindow::Calls(self.rules.half_open_calls));
        self.epoch += 1;
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
            automatic: false,
            lost_reply: 0.0,
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

    use super::super::script::{self, C, Do, H, MS, O, Row};

    /// Half of 4 calls, or 4 slow ones; open for a second; 4 permits.
    fn play(half_open_max: Option<Nanos>, automatic: bool, rows: &[Row]) {
        let spec = BreakerSpec::Resilience4j {
            window: BreakerWindow::Calls(4),
            min_calls: 4,
            failure_share: 0.5,
            slow_after: 100,
            slow_share: 1.0,
            open_for: script::always(1000 * MS),
            half_open_calls: 4,
            half_open_max,
            automatic,
            lost_reply: 0.0,
            counts: Failures::ALL,
        };
        script::play(&spec, rows);
    }

    const OPEN: [Row; 6] = [
        (0, Do::Enter('x'), C, 0),
        (0, Do::Enter('y'), C, 0),
        (0, Do::Bad, C, 0),
        (0, Do::Bad, C, 0),
        (0, Do::Good, C, 0),
        // Judged at a success too: two of four are the threshold.
        (0, Do::Good, O, 1),
    ];

    const PROBES: [Row; 6] = [
        (1000 * MS, Do::Shut, O, 1),
        (1000 * MS + 1, Do::Enter('a'), H, 1),
        (1000 * MS + 1, Do::Enter('b'), H, 1),
        (1000 * MS + 1, Do::Enter('c'), H, 1),
        (1000 * MS + 1, Do::Enter('d'), H, 1),
        (1000 * MS + 1, Do::Shut, H, 1),
    ];

    #[test]
    fn one_failure_and_one_call_too_few() {
        let rows = [
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Good, O, 1),
        ];
        play(None, false, &rows);
        let rows = [
            (0, Do::Bad, C, 0),
            (0, Do::Good, C, 0),
            (0, Do::Good, C, 0),
            (0, Do::Good, C, 0),
            // The first failure has left the window.
            (0, Do::Bad, C, 0),
            (0, Do::Bad, O, 1),
        ];
        play(None, false, &rows);
    }

    #[test]
    fn slow_calls_count_by_themselves() {
        let slow = |took, state, opens| (0, Do::Slow('x', took), state, opens);
        let rows = [
            (0, Do::Enter('x'), C, 0),
            slow(100, C, 0),
            slow(101, C, 0),
            slow(101, C, 0),
            slow(101, C, 0),
            slow(101, O, 1),
        ];
        play(None, false, &rows);
    }

    #[test]
    fn half_open_by_its_own_window() {
        let then = |more: &[Row]| play(None, false, &[&OPEN[..], &PROBES, more].concat());
        let at = 1100 * MS;
        // Permits do not come back with results; one of four is below the threshold.
        then(&[
            (at, Do::Fail('a'), H, 1),
            (at, Do::Ok('b'), H, 1),
            (at, Do::Ok('c'), H, 1),
            (at, Do::Shut, H, 1),
            (at, Do::Ok('d'), C, 1),
            (at, Do::Bad, C, 1),
            (at, Do::Bad, C, 1),
            (at, Do::Bad, C, 1),
            (at, Do::Bad, O, 2),
        ]);
        then(&[
            (at, Do::Fail('a'), H, 1),
            (at, Do::Fail('b'), H, 1),
            (at, Do::Ok('c'), H, 1),
            (at, Do::Ok('d'), O, 2),
            (2100 * MS, Do::Shut, O, 2),
            (2100 * MS + 1, Do::Good, H, 2),
        ]);
        // Late results count, too: with one of them three probes are enough.
        then(&[
            (at, Do::Ok('x'), H, 1),
            (at, Do::Ok('a'), H, 1),
            (at, Do::Ok('b'), H, 1),
            (at, Do::Ok('c'), C, 1),
            // And the fourth is a call of the window that then is.
            (at, Do::Fail('d'), C, 1),
            (at, Do::Fail('y'), C, 1),
            (at, Do::Bad, C, 1),
            (at, Do::Good, O, 2),
        ]);
        // Without its result it stays half-open for ever; taken back, its permit is there again.
        then(&[
            (at, Do::Ok('a'), H, 1),
            (at, Do::Ok('b'), H, 1),
            (at, Do::Ok('c'), H, 1),
            (99_000 * MS, Do::Shut, H, 1),
            (99_000 * MS, Do::Back('d'), H, 1),
            (99_000 * MS, Do::Good, C, 1),
        ]);
    }

    #[test]
    fn late_results_while_open_change_nothing() {
        let rows = [
            (500 * MS, Do::Fail('x'), O, 1),
            (600 * MS, Do::Ok('y'), O, 1),
            (1000 * MS, Do::Shut, O, 1),
            (1000 * MS + 1, Do::Enter('a'), H, 1),
        ];
        play(None, false, &[&OPEN[..], &rows].concat());
    }

    #[test]
    fn the_longest_stay_half_open_ends_inclusively() {
        let since = 1000 * MS + 1;
        let rows = [
            (since + 30 * MS - 1, Do::Ok('a'), H, 1),
            (since + 30 * MS, Do::Shut, O, 2),
            // What comes now is late: the fourth result no longer judges.
            (since + 31 * MS, Do::Fail('b'), O, 2),
            (since + 31 * MS, Do::Fail('c'), O, 2),
            (since + 31 * MS, Do::Fail('d'), O, 2),
            (since + 1030 * MS, Do::Shut, O, 2),
            (since + 1030 * MS + 1, Do::Enter('e'), H, 2),
        ];
        play(Some(30 * MS), false, &[&OPEN[..], &PROBES, &rows].concat());
    }

    #[test]
    fn automatic_is_half_open_at_the_end_of_the_wait_without_a_call() {
        let rows = [
            (1000 * MS - 1, Do::Shut, O, 1),
            (1000 * MS, Do::Look, H, 1),
            // So late results meet the new window before anyone probes.
            (1001 * MS, Do::Fail('x'), H, 1),
            (1001 * MS, Do::Fail('y'), H, 1),
            (1002 * MS, Do::Good, H, 1),
            (1002 * MS, Do::Good, O, 2),
        ];
        play(None, true, &[&OPEN[..], &rows].concat());
        let rows = [
            (1030 * MS - 1, Do::Look, H, 1),
            (1030 * MS, Do::Look, O, 2),
            (2030 * MS - 1, Do::Shut, O, 2),
            (2030 * MS, Do::Enter('a'), H, 2),
            // Nobody came for two turns: half-open from 3060 and from 4090 ms on, 30 ms each.
            (4090 * MS - 1, Do::Shut, O, 4),
            (4090 * MS, Do::Enter('b'), H, 4),
        ];
        play(Some(30 * MS), true, &[&OPEN[..], &rows].concat());
    }
}
