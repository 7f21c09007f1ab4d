//! `hystrix`: counts calls in parts of a rolling window, and looks at it when a part ends.
//!
//! Rules read from the library's `HystrixCircuitBreaker`, `HealthCountsStream`,
//! `BucketedRollingCounterStream` and `HystrixCommandMetrics.HealthCounts`:
//!
//! * it can open only when a part of the window ends, and sees whole parts only;
//! * the share is cut to a whole percent before it is compared;
//! * open, it lets one call in strictly after the wait;
//! * half-open, the first result of any call decides, also of one let in before it opened;
//! * what counts as nothing is no success either: it ends a probe as a failure does;
//! * closing begins the window anew, parts included.

use std::collections::VecDeque;

use super::{Call, Heard};
use crate::base::units::Nanos;
use crate::model::incident::BreakerState;

/// The machine.
#[derive(Clone, Debug)]
pub struct Hystrix {
    rules: Rules,
    state: State,
    health: Health,
    epoch: u32,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    every: Nanos,
    parts: u64,
    min_calls: u32,
    percent: f64,
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

/// The window: whole parts that had calls, and the part that now is.
#[derive(Clone, Debug)]
struct Health {
    /// When the first part began, and the number of the present one.
    origin: Nanos,
    part: u64,
    present: Counts,
    whole: VecDeque<(u64, Counts)>,
    total: Counts,
}

impl Hystrix {
    /// Closed; looks `every` so often at the last `window`.
    pub fn new(window: Nanos, every: Nanos, min_calls: u32, failure_share: f64) -> Self {
        Hystrix {
            rules: Rules {
                every,
                parts: window / every,
                min_calls,
                percent: (failure_share * 100.0).round(),
            },
            state: State::Closed,
            health: Health::new(0),
            epoch: 0,
        }
    }

    pub(super) fn admits(&self, now: Nanos) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until } => now > until,
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
            State::Closed => {
                let parts = (self.health.part + 1).saturating_mul(self.rules.every);
                Some(self.health.origin.saturating_add(parts))
            }
            State::Open { until } => Some(until.saturating_add(1)),
            State::HalfOpen => None,
        }
    }

    pub(super) fn tick(&mut self, now: Nanos) -> Heard {
        match self.look(now) {
            Some(since) => Heard::Opens { since },
            None => Heard::Nothing,
        }
    }

    pub(super) fn enter(&mut self, now: Nanos) -> bool {
        match self.state {
            State::Closed => false,
            State::Open { until } => {
                debug_assert!(now > until, "only calls it admits enter");
                self.epoch += 1;
                self.state = State::HalfOpen;
                true
            }
            State::HalfOpen => unreachable!("half-open it admits nobody"),
        }
    }

    pub(super) fn hear(&mut self, now: Nanos, call: Call) -> Heard {
        let opened = self.look(now);
        let heard = match (self.state, opened) {
            (_, Some(since)) => Heard::Opens { since },
            (State::HalfOpen, None) if call.failed => Heard::Opens { since: now },
            (State::HalfOpen, None) => {
                self.epoch += 1;
                self.state = State::Closed;
                self.health = Health::new(now);
                Heard::Changed
            }
            _ => Heard::Nothing,
        };
        // A probe that closes it is the first call of the new window.
        self.health.present.calls += 1;
        self.health.present.failed += u32::from(call.failed);
        heard
    }

    pub(super) fn forget(&mut self, now: Nanos) -> Heard {
        match self.state {
            State::HalfOpen => Heard::Opens { since: now },
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

    /// Ends the parts that are over; the end of the first one at which it must open.
    fn look(&mut self, now: Nanos) -> Option<Nanos> {
        let Rules { every, parts, .. } = self.rules;
        let present = (now - self.health.origin) / every;
        let mut opened = None;
        while self.health.part < present {
            let health = &mut self.health;
            let ended = std::mem::take(&mut health.present);
            if ended.calls > 0 {
                health.total.calls += ended.calls;
                health.total.failed += ended.failed;
                health.whole.push_back((health.part, ended));
            }
            while let Some(&(part, old)) = health.whole.front()
                && part + parts <= health.part
            {
                health.total.calls -= old.calls;
                health.total.failed -= old.failed;
                health.whole.pop_front();
            }
            let end = health.origin + (health.part + 1) * every;
            // Nothing comes of a window without calls, however long it lasts.
            health.part = match health.total.calls {
                0 => present,
                _ => health.part + 1,
            };
            if self.state == State::Closed && opened.is_none() && self.is_over() {
                opened = Some(end);
            }
        }
        opened
    }

    fn is_over(&self) -> bool {
        let Counts { calls, failed } = self.health.total;
        calls >= self.rules.min_calls.max(1)
            && (f64::from(failed) / f64::from(calls) * 100.0).trunc() >= self.rules.percent
    }
}

impl Health {
    fn new(origin: Nanos) -> Self {
        Health {
            origin,
            part: 0,
            present: Counts::default(),
            whole: VecDeque::new(),
            total: Counts::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{C, Do, H, MS, O, always, play};
    use crate::model::spec::{BreakerSpec, Failures};

    /// Looks every 250 ms at the last second; 4 calls at least; open for a second.
    fn spec(failure_share: f64) -> BreakerSpec {
        BreakerSpec::Hystrix {
            window: 1000 * MS,
            every: 250 * MS,
            min_calls: 4,
            failure_share,
            open_for: always(1000 * MS),
            counts: Failures::ALL,
        }
    }

    #[test]
    fn it_opens_only_when_a_part_ends_and_waits_strictly() {
        let rows = [
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (10 * MS, Do::Bad, C, 0),
            // The fourth of four: over by every count, but nobody looks yet.
            (10 * MS, Do::Bad, C, 0),
            (250 * MS - 1, Do::Bad, C, 0),
            (250 * MS, Do::Shut, O, 1),
            (1250 * MS, Do::Shut, O, 1),
            (1250 * MS + 1, Do::Enter('p'), H, 1),
            // One probe only, however long it takes.
            (9000 * MS, Do::Shut, H, 1),
        ];
        let guard = play(&spec(0.5), &rows);
        assert_eq!((guard.open_from, guard.open_until), (250 * MS, 1250 * MS));
    }

    #[test]
    fn one_call_too_few_and_a_call_at_the_end_of_a_part() {
        let rows = [
            (0, Do::Bad, C, 0),
            (1, Do::Bad, C, 0),
            (2, Do::Bad, C, 0),
            // This one belongs to the next part: the look at 250 ms saw three.
            (250 * MS, Do::Bad, C, 0),
            (500 * MS - 1, Do::Look, C, 0),
            (500 * MS, Do::Look, O, 1),
        ];
        play(&spec(0.5), &rows);
    }

    #[test]
    fn the_window_is_whole_parts() {
        // The last nanosecond of the fourth part sees the first one still.
        let rows = [
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (250 * MS - 1, Do::Bad, C, 0),
            (1000 * MS - 1, Do::Bad, C, 0),
            (1000 * MS, Do::Look, O, 1),
        ];
        play(&spec(0.5), &rows);
        // A nanosecond later it is a call of the fifth part, which the first has left.
        let rows = [
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (250 * MS - 1, Do::Bad, C, 0),
            (1000 * MS, Do::Bad, C, 0),
            (1250 * MS, Do::Look, C, 0),
            (9000 * MS, Do::Look, C, 0),
        ];
        play(&spec(0.5), &rows);
    }

    #[test]
    fn the_share_is_cut_to_a_whole_percent() {
        let look = |share: f64, failed: usize, calls: usize| {
            let bad = (0, Do::Bad, C, 0);
            let good = (0, Do::Good, C, 0);
            let mut rows = vec![bad; failed];
            rows.resize(calls, good);
            play(&spec(share), &rows)
        };
        let opens = |share, failed, calls| {
            let mut guard = look(share, failed, calls);
            guard.tick(250 * MS, &spec(share));
            guard.opens == 1
        };
        assert!(opens(0.5, 2, 4), "half of them is enough");
        assert!(!opens(0.5, 2, 5));
        assert!(opens(0.33, 2, 6), "33.3 % are 33 %");
        assert!(!opens(0.34, 2, 6));
        // In doubles 29 / 100 * 100 is below 29.
        assert!(!opens(0.29, 29, 100) && opens(0.29, 30, 100));
        assert!(opens(1.0, 4, 4) && !opens(1.0, 199, 200));
    }

    #[test]
    fn a_probe_that_ends_well_is_the_first_call_of_a_new_window() {
        let open = [
            (0, Do::Enter('x'), C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (250 * MS, Do::Look, O, 1),
            // Late results enter the window and change nothing.
            (300 * MS, Do::Fail('x'), O, 1),
            (1300 * MS, Do::Enter('p'), H, 1),
            (1300 * MS, Do::Ok('p'), C, 1),
            (1310 * MS, Do::Bad, C, 1),
            (1310 * MS, Do::Bad, C, 1),
        ];
        let mut rows = open.to_vec();
        rows.push((1550 * MS, Do::Look, C, 1));
        play(&spec(0.5), &rows);
        let mut rows = open.to_vec();
        rows.push((1320 * MS, Do::Bad, C, 1));
        // Parts begin with the close.
        rows.push((1550 * MS - 1, Do::Look, C, 1));
        rows.push((1550 * MS, Do::Look, O, 2));
        play(&spec(0.5), &rows);
    }

    #[test]
    fn half_open_the_first_result_of_any_call_decides() {
        let open = [
            (0, Do::Enter('x'), C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (250 * MS, Do::Look, O, 1),
            (1300 * MS, Do::Enter('p'), H, 1),
        ];
        let then = |more: &[super::super::script::Row]| {
            let mut rows = open.to_vec();
            rows.extend(more);
            play(&spec(0.5), &rows)
        };
        let guard = then(&[
            (1400 * MS, Do::Fail('p'), O, 2),
            (2400 * MS, Do::Shut, O, 2),
            (2400 * MS + 1, Do::Enter('q'), H, 2),
        ]);
        assert_eq!(guard.open_until, 2400 * MS);
        then(&[
            (1400 * MS, Do::Ok('x'), C, 1),
            (1400 * MS, Do::Fail('p'), C, 1),
        ]);
        then(&[
            (1400 * MS, Do::Fail('x'), O, 2),
            (1400 * MS, Do::Ok('p'), O, 2),
        ]);
        // Neither failure nor success: it ends the probe as a failure does.
        then(&[(1400 * MS, Do::Back('p'), O, 2)]);
        then(&[
            (1400 * MS, Do::Ok('p'), C, 1),
            (1400 * MS, Do::Back('x'), C, 1),
        ]);
    }
}
