//! `failure_accrual`: opens after failures in a row, or when a moving average of successes is too
//! low; stays open longer each time until a probe succeeds.
//!
//! Rules read from Finagle's `FailureAccrualFactory`, `FailureAccrualPolicy` (the two policies
//! joined by `orElse`), `Ema`, `WindowedAdder` and `Backoff.equalJittered`:
//!
//! * a failure counts while closed or half-open, and is not seen while open;
//! * a success always counts, also a late one: it ends the run of failures;
//! * the average moves by whole milliseconds: of several calls in one, the first one moves it;
//! * half-open lets one call in, and the first result of any call decides: a success closes it and
//!   forgets everything; a failure opens it if one of the two rules says so, and else lets the next
//!   call in at once;
//! * each rule has its own series of waits; if both say so, the longer wait holds.

use super::{Call, Heard};
use crate::base::math::exp;
use crate::base::units::Nanos;
use crate::engine::rng::{Bits, Stream};
use crate::model::incident::BreakerState;
use crate::model::spec::{AccrualWait, BreakerSpec};

/// What the average knows no parts of.
const MILLISECOND: Nanos = 1_000_000;

/// Parts that the count of calls is kept in.
const SLICES: u64 = 5;

/// The machine.
#[derive(Clone, Debug)]
pub struct FailureAccrual {
    rules: Rules,
    state: State,
    /// Failures in a row.
    run: u32,
    average: Average,
    recent: Recent,
    waits: [Wait; 2],
    /// Which of the two rules opened it.
    due: [bool; 2],
    epoch: u32,
}

/// Times are whole milliseconds, except for `base` and `cap`.
#[derive(Clone, Copy, Debug)]
struct Rules {
    failures: u32,
    window: u64,
    min_calls: u64,
    required: f64,
    base: Nanos,
    cap: Nanos,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// Until then; from then on one call may go in.
    Open {
        until: Nanos,
    },
    HalfOpen,
}

/// A moving average of successes.
#[derive(Clone, Copy, Debug)]
struct Average {
    /// Since when, and the last call since then.
    start: u64,
    last: Option<u64>,
    value: f64,
}

/// How many calls there were lately.
#[derive(Clone, Copy, Debug)]
struct Recent {
    slice: u64,
    present: u64,
    whole: [u64; SLICES as usize - 1],
    next: usize,
    since: u64,
}

/// Where in its series of waits a rule is.
#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    taken: u32,
    longest: bool,
}

impl FailureAccrual {
    /// Closed. The spec must be of this dialect.
    pub(super) fn new(spec: &BreakerSpec) -> Self {
        let BreakerSpec::FailureAccrual {
            failures,
            window,
            min_calls,
            failure_share,
            wait,
            ..
        } = spec
        else {
            unreachable!("the dialect was matched");
        };
        let (base, cap) = match *wait {
            AccrualWait::EqualJitter { base, cap } => (base, cap),
            AccrualWait::Drawn(_) => (0, 0),
        };
        let window = (window / MILLISECOND).max(1);
        FailureAccrual {
            rules: Rules {
                failures: *failures,
                window,
                min_calls: u64::from(*min_calls),
                required: 1.0 - failure_share,
                base,
                cap,
            },
            state: State::Closed,
            run: 0,
            average: Average::new(0),
            recent: Recent::new((window / SLICES).max(1)),
            waits: [Wait::default(); 2],
            due: [false; 2],
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
        let at = now / MILLISECOND;
        if call.failed {
            return self.fail(now, at);
        }
        let closes = self.state == State::HalfOpen;
        if closes {
            self.epoch += 1;
            self.state = State::Closed;
            self.waits = [Wait::default(); 2];
            self.average = Average::new(at);
            self.recent.reset(at);
        }
        self.run = 0;
        self.recent.add(at);
        self.average.move_to(at, 1.0, self.rules.window);
        if closes {
            Heard::Changed
        } else {
            Heard::Nothing
        }
    }

    fn fail(&mut self, now: Nanos, at: u64) -> Heard {
        if let State::Open { .. } = self.state {
            return Heard::Nothing;
        }
        self.recent.add(at);
        let share = self.average.move_to(at, 0.0, self.rules.window);
        let low = at - self.average.start >= self.rules.window
            && share < self.rules.required
            && self.recent.sum(at) >= self.rules.min_calls;
        self.run = self.run.saturating_add(1);
        self.due = [low, self.run >= self.rules.failures];
        if self.due.contains(&true) {
            return Heard::Opens { since: now };
        }
        if self.state == State::HalfOpen {
            self.open(now);
            return Heard::Changed;
        }
        Heard::Nothing
    }

    pub(super) fn forget(&mut self, now: Nanos) -> Heard {
        if self.state != State::HalfOpen {
            return Heard::Nothing;
        }
        self.open(now);
        Heard::Changed
    }

    /// How long it stays open now, by its own series.
    pub(super) fn wait(&mut self, stream: &mut Stream) -> Nanos {
        let Rules { base, cap, .. } = self.rules;
        let due = self.waits.iter_mut().zip(self.due).filter(|(_, due)| *due);
        due.map(|(wait, _)| wait.take(base, cap, stream))
            .max()
            .unwrap_or(base)
    }

    pub(super) fn open(&mut self, until: Nanos) {
        self.epoch += 1;
        self.state = State::Open { until };
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }
}

impl Wait {
    fn take(&mut self, base: Nanos, cap: Nanos, stream: &mut Stream) -> Nanos {
        let taken = self.taken;
        self.taken = taken.saturating_add(1);
        if taken == 0 {
            self.longest = base >= cap;
            return base.min(cap);
        }
        if self.longest {
            return cap;
        }
        let times: Nanos = 1 << (taken - 1).min(62);
        if base < cap / times {
            let half = base * times;
            let more = (stream.unit() * half as f64) as Nanos;
            if half < cap.saturating_sub(more) {
                return half + more;
            }
        }
        self.longest = true;
        cap
    }
}

impl Average {
    fn new(start: u64) -> Self {
        Average {
            start,
            last: None,
            value: 0.0,
        }
    }

    fn move_to(&mut self, at: u64, value: f64, window: u64) -> f64 {
        self.value = match self.last {
            None => value,
            Some(last) => {
                let kept = exp(-((at - last) as f64) / window as f64);
                value * (1.0 - kept) + self.value * kept
            }
        };
        self.last = Some(at);
        self.value
    }
}

impl Recent {
    fn new(slice: u64) -> Self {
        Recent {
            slice,
            present: 0,
            whole: [0; SLICES as usize - 1],
            next: 0,
            since: 0,
        }
    }

    fn reset(&mut self, at: u64) {
        self.whole.fill(0);
        self.present = 0;
        self.since = at;
    }

    fn add(&mut self, at: u64) {
        self.turn(at);
        self.present += 1;
    }

    fn sum(&mut self, at: u64) -> u64 {
        self.turn(at);
        self.present + self.whole.iter().sum::<u64>()
    }

    fn turn(&mut self, at: u64) {
        let slices = (at - self.since) / self.slice;
        if slices == 0 {
            return;
        }
        let count = self.whole.len();
        self.whole[self.next] = std::mem::take(&mut self.present);
        self.next = (self.next + 1) % count;
        for _ in 0..(slices - 1).min(count as u64) {
            self.whole[self.next] = 0;
            self.next = (self.next + 1) % count;
        }
        self.since = at;
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{C, Do, H, MS, O, Row, always, play};
    use crate::base::units::Nanos;
    use crate::model::breaker::Guard;
    use crate::model::spec::{AccrualWait, BreakerSpec, Failures};

    /// Three in a row, or an average below 0.8 over a second with 4 calls or more.
    fn spec(wait: AccrualWait) -> BreakerSpec {
        BreakerSpec::FailureAccrual {
            failures: 3,
            window: 1000 * MS,
            min_calls: 4,
            failure_share: 0.2,
            wait,
            counts: Failures::ALL,
        }
    }

    fn run(rows: &[Row]) -> Guard {
        let (base, cap) = (1000 * MS, 8000 * MS);
        play(&spec(AccrualWait::EqualJitter { base, cap }), rows)
    }

    const OPEN: [Row; 4] = [
        (0, Do::Enter('x'), C, 0),
        (0, Do::Bad, C, 0),
        (0, Do::Bad, C, 0),
        (0, Do::Bad, O, 1),
    ];

    fn then(more: &[Row]) -> Guard {
        run(&[&OPEN[..], more].concat())
    }

    #[test]
    fn failures_in_a_row_open_it() {
        run(&[
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Good, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, O, 1),
            // The first wait is the base itself, its end inclusive.
            (1000 * MS - 1, Do::Shut, O, 1),
            (1000 * MS, Do::Enter('p'), H, 1),
            (1000 * MS, Do::Shut, H, 1),
        ]);
    }

    #[test]
    fn waits_grow_up_to_the_cap_and_begin_anew_after_a_success() {
        let mut rows = OPEN.to_vec();
        let mut at: Nanos = 0;
        let (mut lasts, mut bounds) = (Vec::new(), Vec::new());
        for n in 1..7_u64 {
            let guard = run(&rows);
            lasts.push(guard.open_until - guard.open_from);
            bounds.push(match n {
                1 => (1000, 1000),
                2 => (1000, 2000),
                3 => (2000, 4000),
                4 => (4000, 8000),
                _ => (8000, 8000),
            });
            at = guard.open_until;
            rows.push((at, Do::Enter('p'), H, n));
            rows.push((at, Do::Fail('p'), O, n + 1));
        }
        for (lasted, (least, most)) in lasts.iter().zip(bounds) {
            assert!((least * MS..=most * MS).contains(lasted), "{lasts:?}");
        }
        let last = run(&rows).open_until;
        rows.extend([
            (last, Do::Enter('p'), H, 7),
            (last, Do::Ok('p'), C, 7),
            (last, Do::Bad, C, 7),
            (last, Do::Bad, C, 7),
            (last, Do::Bad, O, 8),
        ]);
        let guard = run(&rows);
        assert_eq!(guard.open_until - guard.open_from, 1000 * MS);
        assert!(at > 0);
    }

    #[test]
    fn a_wait_that_is_said_is_drawn_each_time() {
        let rows = [
            (0, Do::Bad, C, 0),
            (0, Do::Bad, C, 0),
            (0, Do::Bad, O, 1),
            (3 * MS - 1, Do::Shut, O, 1),
            (3 * MS, Do::Bad, O, 2),
            (6 * MS - 1, Do::Shut, O, 2),
            (6 * MS, Do::Good, C, 2),
        ];
        play(&spec(AccrualWait::Drawn(always(3 * MS))), &rows);
    }

    #[test]
    fn late_results() {
        // A failure is not seen while it is open: the probe's is the fourth in a row.
        then(&[
            (500 * MS, Do::Fail('x'), O, 1),
            (1000 * MS, Do::Enter('p'), H, 1),
            (1000 * MS, Do::Fail('p'), O, 2),
        ]);
        // A success ends the run: the probe's failure is the first, and the next may try at once.
        // (By then the calls of the start have left the count, so that the average is silent.)
        then(&[
            (500 * MS, Do::Ok('x'), O, 1),
            (1500 * MS, Do::Enter('p'), H, 1),
            (1500 * MS, Do::Fail('p'), H, 1),
            (1500 * MS, Do::Enter('q'), H, 1),
            (1500 * MS, Do::Ok('q'), C, 1),
        ]);
        // Half-open, the first result decides, whosever it is.
        then(&[
            (1000 * MS, Do::Enter('p'), H, 1),
            (1000 * MS, Do::Ok('x'), C, 1),
            (1000 * MS, Do::Fail('p'), C, 1),
        ]);
    }

    #[test]
    fn what_is_taken_back_is_nothing_and_half_open_lets_another_in() {
        then(&[
            (1000 * MS, Do::Enter('p'), H, 1),
            (1000 * MS, Do::Shut, H, 1),
            (1000 * MS, Do::Back('p'), H, 1),
            (1000 * MS, Do::Enter('q'), H, 1),
            (1000 * MS, Do::Ok('q'), C, 1),
            (1000 * MS, Do::Back('x'), C, 1),
        ]);
    }

    /// Successes at 500, 600 and 700 ms, then a failure that is the only one.
    fn average(successes: &[Nanos], failure: Nanos) -> u64 {
        let mut rows: Vec<Row> = Vec::new();
        rows.extend(successes.iter().map(|&at| (at, Do::Good, C, 0)));
        let before = run(&rows);
        assert_eq!(before.opens, 0);
        rows.push((failure, Do::Enter('f'), C, 0));
        let mut guard = run(&rows);
        let call = super::Call {
            failed: true,
            took: 1,
            epoch: guard.breaker.epoch(),
        };
        let (base, cap) = (1000 * MS, 8000 * MS);
        guard.hear(failure, call, &spec(AccrualWait::EqualJitter { base, cap }));
        guard.opens
    }

    #[test]
    fn the_average_opens_it_too() {
        let good = [500 * MS, 600 * MS, 700 * MS];
        // 300 ms after the last success the average is exp(-0.3) = 0.741.
        assert_eq!(average(&good, 1000 * MS), 1);
        assert_eq!(
            average(&good, 1000 * MS - 1),
            0,
            "less than a window has passed"
        );
        let three = [500 * MS, 700 * MS];
        assert_eq!(average(&three, 1000 * MS), 0, "one call too few");
        // exp(-0.223) = 0.8001, exp(-0.224) = 0.7993.
        let good = [800 * MS, 900 * MS, 1000 * MS];
        assert_eq!(average(&good, 1223 * MS), 0);
        assert_eq!(average(&good, 1224 * MS - 1), 0, "milliseconds are whole");
        assert_eq!(average(&good, 1224 * MS), 1);
    }

    #[test]
    fn of_several_calls_in_a_millisecond_the_first_moves_the_average() {
        let good = [1000 * MS, 1100 * MS, 1400 * MS];
        assert_eq!(average(&good, 1401 * MS - 1), 0);
    }

    #[test]
    fn calls_are_counted_in_five_parts() {
        // Parts of 200 ms that begin with the call that finds the last one over.
        let seen = |first: Nanos| average(&[first, 1200 * MS, 1210 * MS], 1600 * MS);
        // 410 to 1200 ms are three parts over, and two more to 1600: the first call is gone.
        assert_eq!(seen(410 * MS), 0);
        assert_eq!(seen(900 * MS), 1);
    }
}
