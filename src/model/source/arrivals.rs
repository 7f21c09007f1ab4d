//! Arrival processes: when the next request is born.

use super::surge::Surges;
use crate::base::units::{Nanos, SECOND};
use crate::engine::dist::Dist;
use crate::engine::rng::{Bits, Stream};
use crate::engine::ziggurat::exp1;
use crate::model::source::whole;
use crate::model::spec::{Arrivals, SourceSpec, Trace, state_shares};

/// Name and one line of each process.
pub const ARRIVALS: &[(&str, &str)] = &[
    (
        "poisson",
        "independent exponential gaps at `rate`; a rate alone means this",
    ),
    ("constant", "evenly spaced at `rate`"),
    (
        "mmpp",
        "Poisson whose rate jumps between `rates`, staying `dwell` on average in each",
    ),
    ("renewal", "independent gaps of any distribution"),
    (
        "on_off",
        "Poisson at `rate` for a time `on`, silent for a time `off`",
    ),
    (
        "closed",
        "`users` who `think`, send one request, wait for its end and think again",
    ),
    ("trace", "recorded times from `file`"),
];

/// A process on its way. Births never go back in time.
#[derive(Clone, Debug)]
pub(super) struct Gaps<'s> {
    process: Process<'s>,
    /// The birth before, or the start.
    last: Nanos,
    stream: Stream,
    /// What multiplies the rate at times, if anything.
    surges: Option<Box<Surges<'s>>>,
}

#[derive(Clone, Debug)]
enum Process<'s> {
    Silent,
    Poisson {
        mean_gap: f64,
    },
    Constant {
        rate: f64,
        start: Nanos,
        sent: u64,
    },
    Modulated(Box<Modulated<'s>>),
    Trace {
        trace: &'s Trace,
        start: Nanos,
        row: usize,
    },
    Renewal {
        gap: &'s Dist,
    },
    Batches(Box<Batches<'s>>),
}

/// Poisson with a rate that changes: a state, and when it is left.
#[derive(Clone, Debug)]
struct Modulated<'s> {
    states: States<'s>,
    /// Requests a nanosecond in the present state.
    rate: f64,
    until: Nanos,
    stream: Stream,
}

/// What the states are and which is the present one.
#[derive(Clone, Debug)]
enum States<'s> {
    Chain {
        rates: &'s [f64],
        dwell: &'s [f64],
        switch: &'s [Vec<f64>],
        state: usize,
    },
    OnOff {
        rate: f64,
        on: &'s Dist,
        off: &'s Dist,
        sending: bool,
    },
}

/// Several that are born together.
#[derive(Clone, Debug)]
struct Batches<'s> {
    leaders: Gaps<'s>,
    size: &'s Dist,
    /// Birth of the present batch, and how many of it are not born yet.
    at: Nanos,
    left: u64,
    stream: Stream,
}

impl<'s> Gaps<'s> {
    /// The arrivals of a source. `stream` gives the streams of the source by purpose.
    pub fn new(spec: &'s SourceSpec, stream: &dyn Fn(&str) -> Stream) -> Self {
        let leaders = Gaps {
            process: Process::new(&spec.arrivals, spec.start, stream),
            last: spec.start,
            stream: stream("arrivals"),
            surges: None,
        };
        let Some(size) = &spec.batch else {
            return leaders;
        };
        let batches = Batches {
            leaders,
            size,
            at: spec.start,
            left: 0,
            stream: stream("batch"),
        };
        Gaps {
            process: Process::Batches(Box::new(batches)),
            last: spec.start,
            stream: stream("arrivals"),
            surges: None,
        }
    }

    /// The same with surges, from the start of the run on.
    pub fn with(mut self, surges: Option<Box<Surges<'s>>>) -> Self {
        match &mut self.process {
            // It is the batches that come faster.
            Process::Batches(batches) => batches.leaders.surge(surges),
            _ => self.surge(surges),
        }
        self
    }

    fn surge(&mut self, mut surges: Option<Box<Surges<'s>>>) {
        if let Some(surges) = &mut surges {
            while surges.now().1 <= self.last.min(Nanos::MAX - 1) {
                surges.turn();
            }
        }
        self.surges = surges;
    }

    /// The next birth; `None`: no more.
    #[inline(always)]
    pub fn next(&mut self) -> Option<Nanos> {
        if self.surges.is_some() {
            return self.next_in_surges();
        }
        let next = match &mut self.process {
            Process::Silent => return None,
            Process::Poisson { mean_gap } => self
                .last
                .saturating_add(whole(*mean_gap * exp1(&mut self.stream))),
            Process::Constant { rate, start, sent } => {
                *sent += 1;
                start.saturating_add(whole(*sent as f64 / *rate * SECOND as f64))
            }
            Process::Modulated(modulated) => modulated.next(self.last, exp1(&mut self.stream)),
            Process::Trace { trace, start, row } => {
                let at = *trace.at.get(*row)?;
                *row += 1;
                start.saturating_add(at)
            }
            Process::Renewal { gap } => self
                .last
                .saturating_add(whole(gap.sample(&mut self.stream))),
            Process::Batches(batches) => batches.next()?,
        };
        self.last = next;
        Some(next)
    }

    /// The row of a trace that the latest birth is.
    pub fn row(&self) -> usize {
        match &self.process {
            Process::Trace { row, .. } => row.saturating_sub(1),
            Process::Batches(batches) => batches.leaders.row(),
            _ => 0,
        }
    }
    /// The next birth where the rate is multiplied at times: what passes until then, at the plain
    /// rate, passes faster by the factor.
    #[cold]
    fn next_in_surges(&mut self) -> Option<Nanos> {
        let surges = self.surges.as_mut()?;
        let next = match &mut self.process {
            Process::Silent | Process::Trace { .. } => return None,
            Process::Renewal { gap } => {
                let gap = whole(gap.sample(&mut self.stream));
                surges.after(self.last, gap)
            }
            Process::Batches(_) => unreachable!("its leaders surge"),
            Process::Poisson { mean_gap } => {
                let gap = whole(*mean_gap * exp1(&mut self.stream));
                surges.after(self.last, gap)
            }
            Process::Constant { rate, sent, .. } => {
                let place = |n: u64| whole(n as f64 / *rate * SECOND as f64);
                *sent += 1;
                surges.after(self.last, place(*sent) - place(*sent - 1))
            }
            Process::Modulated(modulated) => {
                modulated.next_in_surges(self.last, exp1(&mut self.stream), surges)
            }
        };
        self.last = next;
        Some(next)
    }
}

impl<'s> Process<'s> {
    fn new(spec: &'s Arrivals, start: Nanos, stream: &dyn Fn(&str) -> Stream) -> Self {
        match spec {
            Arrivals::Poisson { rate }
            | Arrivals::Constant { rate }
            | Arrivals::OnOff { rate, .. }
                if *rate <= 0.0 =>
            {
                Process::Silent
            }
            Arrivals::Poisson { rate } => Process::Poisson {
                mean_gap: SECOND as f64 / rate,
            },
            Arrivals::Constant { rate } => Process::Constant {
                rate: *rate,
                start,
                sent: 0,
            },
            Arrivals::Mmpp { rates, .. } if rates.iter().all(|&r| r <= 0.0) => Process::Silent,
            Arrivals::Mmpp { .. } | Arrivals::OnOff { .. } => {
                Process::Modulated(Box::new(Modulated::new(spec, start, stream("state"))))
            }
            Arrivals::Renewal { gap } => Process::Renewal { gap },
            // Its users send by themselves.
            Arrivals::Closed { .. } => Process::Silent,
            Arrivals::Trace(trace) => Process::Trace {
                trace,
                start,
                row: 0,
            },
        }
    }
}

impl Batches<'_> {
    #[inline(never)]
    fn next(&mut self) -> Option<Nanos> {
        while self.left == 0 {
            self.at = self.leaders.next()?;
            self.left = whole(self.size.sample(&mut self.stream));
        }
        self.left -= 1;
        Some(self.at)
    }
}

impl<'s> Modulated<'s> {
    fn new(spec: &'s Arrivals, start: Nanos, mut stream: Stream) -> Self {
        let states = States::new(spec, &mut stream);
        let mut modulated = Modulated {
            rate: states.rate(),
            states,
            until: start,
            stream,
        };
        modulated.stay();
        modulated
    }

    /// Draws how long the present state lasts, from where the one before ended.
    fn stay(&mut self) {
        let stay = whole(self.states.stay(&mut self.stream));
        self.until = self.until.saturating_add(stay);
    }

    /// Spends a unit exponential on the rate as it changes (time change): exact, whatever the
    /// number of changes in between.
    #[inline(never)]
    fn next(&mut self, last: Nanos, mut unit: f64) -> Nanos {
        let mut from = last;
        loop {
            let within = self.rate * (self.until - from) as f64;
            if unit < within {
                return from + whole(unit / self.rate).min(self.until - from);
            }
            unit -= within;
            from = self.until;
            self.move_on();
            if self.until == Nanos::MAX {
                return Nanos::MAX;
            }
        }
    }

    fn move_on(&mut self) {
        self.states.change(&mut self.stream);
        self.rate = self.states.rate();
        self.stay();
    }

    /// The same where the rate of each state is also multiplied at times.
    fn next_in_surges(&mut self, last: Nanos, mut unit: f64, surges: &mut Surges) -> Nanos {
        let mut from = last;
        while self.until < Nanos::MAX {
            let (factor, holds) = surges.now();
            let until = self.until.min(holds);
            let rate = self.rate * factor;
            let within = rate * (until - from) as f64;
            if unit < within {
                return from + whole(unit / rate).min(until - from);
            }
            unit -= within;
            from = until;
            if until == holds {
                surges.turn();
            }
            if until == self.until {
                self.move_on();
            }
        }
        Nanos::MAX
    }
}

impl<'s> States<'s> {
    /// The state at the start, drawn by the shares of time.
    fn new(spec: &'s Arrivals, stream: &mut Stream) -> Self {
        match spec {
            Arrivals::Mmpp {
                rates,
                dwell,
                switch,
            } => States::Chain {
                rates,
                dwell,
                switch,
                state: choose(&state_shares(dwell, switch), stream.unit()),
            },
            Arrivals::OnOff { rate, on, off } => States::OnOff {
                rate: *rate,
                on,
                off,
                sending: stream.unit() * (on.mean() + off.mean()) < on.mean(),
            },
            _ => unreachable!("only of a process with states"),
        }
    }

    /// Requests a nanosecond.
    fn rate(&self) -> f64 {
        let a_second = match self {
            States::Chain { rates, state, .. } => rates[*state],
            States::OnOff { rate, sending, .. } if *sending => *rate,
            States::OnOff { .. } => 0.0,
        };
        a_second / SECOND as f64
    }

    fn stay(&self, stream: &mut Stream) -> f64 {
        match self {
            States::Chain { dwell, state, .. } => dwell[*state] * exp1(stream),
            States::OnOff { on, sending, .. } if *sending => on.sample(stream),
            States::OnOff { off, .. } => off.sample(stream),
        }
    }

    fn change(&mut self, stream: &mut Stream) {
        match self {
            States::Chain { switch, state, .. } => *state = choose(&switch[*state], stream.unit()),
            States::OnOff { sending, .. } => *sending = !*sending,
        }
    }
}

/// The index that a number between 0 and 1 falls on when shares are laid end to end.
fn choose(shares: &[f64], u: f64) -> usize {
    let mut below = 0.0;
    let last = shares.len() - 1;
    shares[..last]
        .iter()
        .take_while(|&&share| {
            below += share;
            u >= below
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;

    fn source(arrivals: Arrivals) -> SourceSpec {
        SourceSpec {
            name: "s".into(),
            to: 0,
            arrivals,
            batch: None,
            start: 0,
            stop: None,
            classes: Vec::new(),
            client: Default::default(),
        }
    }

    fn births(spec: &SourceSpec, end: Nanos) -> Vec<Nanos> {
        let key = Key::new(3, 0, 0);
        let mut gaps = Gaps::new(spec, &|purpose| Stream::new(&key, purpose));
        let all = std::iter::from_fn(|| gaps.next());
        all.take_while(|&at| at < end).collect()
    }

    fn count_until(arrivals: Arrivals, end: Nanos) -> u64 {
        births(&source(arrivals), end).len() as u64
    }

    #[test]
    fn rates_are_kept() {
        let poisson = count_until(Arrivals::Poisson { rate: 1000.0 }, 100 * SECOND);
        assert!((98_500..101_500).contains(&poisson), "{poisson}");
        assert_eq!(
            count_until(Arrivals::Constant { rate: 3.0 }, 100 * SECOND + 1),
            300
        );
        let mmpp = Arrivals::Mmpp {
            rates: vec![500.0, 1500.0],
            dwell: vec![0.3e9, 0.1e9],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        let modulated = count_until(mmpp, 1000 * SECOND);
        assert!((735_000..765_000).contains(&modulated), "{modulated}");
    }

    #[test]
    fn a_rate_of_zero_sends_nothing() {
        assert_eq!(count_until(Arrivals::Poisson { rate: 0.0 }, SECOND), 0);
        let off = Arrivals::Mmpp {
            rates: vec![0.0, 0.0],
            dwell: vec![1e9, 1e9],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        assert_eq!(count_until(off, SECOND), 0);
    }

    #[test]
    fn counts_of_an_interrupted_process_are_spread_wider_than_poisson() {
        let spec = Arrivals::Mmpp {
            rates: vec![2000.0, 0.0],
            dwell: vec![1e9, 1e9],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        let mut counts = vec![0u64; 400];
        for at in births(&source(spec), 400 * SECOND) {
            counts[(at / SECOND) as usize] += 1;
        }
        let mean = counts.iter().sum::<u64>() as f64 / 400.0;
        let variance = counts
            .iter()
            .map(|&c| (c as f64 - mean) * (c as f64 - mean))
            .sum::<f64>();
        assert!(
            variance / 400.0 / mean > 100.0,
            "index of dispersion of a burst"
        );
    }

    #[test]
    fn members_of_a_batch_are_born_together_at_the_times_of_single_ones() {
        let alone = source(Arrivals::Poisson { rate: 100.0 });
        let batch = Some(Dist::constant(3.0).unwrap());
        let together = SourceSpec {
            batch,
            ..alone.clone()
        };
        let each: Vec<Nanos> = births(&alone, 10 * SECOND)
            .into_iter()
            .flat_map(|at| [at; 3])
            .collect();
        assert_eq!(births(&together, 10 * SECOND), each);
        assert_eq!(together.mean_rate(), 300.0);
        let sizes = SourceSpec {
            batch: Some(Dist::geometric(4.0).unwrap()),
            ..alone
        };
        let got = births(&sizes, 1000 * SECOND).len() as f64;
        // Variance of a compound Poisson count: 100,000 batches of second moment 28.
        assert!((got - 400_000.0).abs() < 4.0 * (100_000.0_f64 * 28.0).sqrt());
    }

    #[test]
    fn gaps_of_a_renewal_are_of_its_distribution() {
        let gap = Dist::erlang(1e6, 3).unwrap();
        let births = births(&source(Arrivals::Renewal { gap }), 1000 * SECOND);
        let gaps = |i: usize| (births[i] - births[i - 1]) as f64 / 1e6;
        let n = births.len();
        assert!((n as f64 - 1e6).abs() < 4.0 * (1e6_f64 / 3.0).sqrt(), "{n}");
        let square: f64 = (1..n).map(|i| (gaps(i) - 1.0) * (gaps(i) - 1.0)).sum();
        assert!((square / n as f64 - 1.0 / 3.0).abs() < 0.004);
        let even = Arrivals::Renewal {
            gap: Dist::constant(250.0).unwrap(),
        };
        assert_eq!(
            super::tests::births(&source(even), 1001),
            [250, 500, 750, 1000]
        );
    }

    #[test]
    fn on_and_off_take_turns() {
        let spec = |on, off| {
            source(Arrivals::OnOff {
                rate: 1000.0,
                on: Dist::constant(on).unwrap(),
                off: Dist::constant(off).unwrap(),
            })
        };
        let steady = spec(3e9, 1e9);
        assert_eq!(steady.mean_rate(), 750.0);
        let births = births(&steady, 4000 * SECOND);
        // Fresh periods of equal length: on for 3 s, off for 1 s, from either.
        let first = births[0] / SECOND;
        assert!(first == 0 || first == 1, "{first}");
        let silent = (first + 3) % 4;
        assert!(births.iter().all(|at| at / SECOND % 4 != silent));
        let expected = 3_000_000.0;
        assert!((births.len() as f64 - expected).abs() < 4.0 * expected.sqrt());
    }
}
