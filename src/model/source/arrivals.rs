//! Arrival processes: when the next request is born.

use super::surge::Surges;
use crate::base::units::{Nanos, SECOND};
use crate::engine::rng::{Bits, Stream};
use crate::engine::ziggurat::exp1;
use crate::model::source::whole;
use crate::model::spec::{Arrivals, Trace, state_shares};

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
    Mmpp(Box<Mmpp<'s>>),
    Trace {
        trace: &'s Trace,
        start: Nanos,
        row: usize,
    },
}

/// The modulated process: a state, and when it is left.
#[derive(Clone, Debug)]
struct Mmpp<'s> {
    rates: &'s [f64],
    dwell: &'s [f64],
    switch: &'s [Vec<f64>],
    state: usize,
    until: Nanos,
    stream: Stream,
}

impl<'s> Gaps<'s> {
    /// The process from `start` on. `states` is the stream of what modulates it.
    pub fn new(spec: &'s Arrivals, start: Nanos, stream: Stream, states: Stream) -> Self {
        let process = match spec {
            Arrivals::Poisson { rate } | Arrivals::Constant { rate } if *rate <= 0.0 => {
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
            Arrivals::Mmpp {
                rates,
                dwell,
                switch,
            } => Process::Mmpp(Box::new(Mmpp::new(rates, dwell, switch, start, states))),
            Arrivals::Trace(trace) => Process::Trace {
                trace,
                start,
                row: 0,
            },
        };
        Gaps {
            process,
            last: start,
            stream,
            surges: None,
        }
    }

    /// The same with surges, from the start of the run on.
    pub fn with(mut self, mut surges: Option<Box<Surges<'s>>>) -> Self {
        if let Some(surges) = &mut surges {
            while surges.now().1 <= self.last.min(Nanos::MAX - 1) {
                surges.turn();
            }
        }
        self.surges = surges;
        self
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
            Process::Mmpp(mmpp) => mmpp.next(self.last, exp1(&mut self.stream)),
            Process::Trace { trace, start, row } => {
                let at = *trace.at.get(*row)?;
                *row += 1;
                start.saturating_add(at)
            }
        };
        self.last = next;
        Some(next)
    }

    /// The next birth where the rate is multiplied at times: what passes until then, at the plain
    /// rate, passes faster by the factor.
    #[cold]
    fn next_in_surges(&mut self) -> Option<Nanos> {
        let surges = self.surges.as_mut()?;
        let next = match &mut self.process {
            Process::Silent | Process::Trace { .. } => return None,
            Process::Poisson { mean_gap } => {
                let gap = whole(*mean_gap * exp1(&mut self.stream));
                surges.after(self.last, gap)
            }
            Process::Constant { rate, sent, .. } => {
                let place = |n: u64| whole(n as f64 / *rate * SECOND as f64);
                *sent += 1;
                surges.after(self.last, place(*sent) - place(*sent - 1))
            }
            Process::Mmpp(mmpp) => mmpp.next_in_surges(self.last, exp1(&mut self.stream), surges),
        };
        self.last = next;
        Some(next)
    }
}

impl<'s> Mmpp<'s> {
    fn new(
        rates: &'s [f64],
        dwell: &'s [f64],
        switch: &'s [Vec<f64>],
        start: Nanos,
        mut stream: Stream,
    ) -> Self {
        let state = choose(&state_shares(dwell, switch), stream.unit());
        let mut mmpp = Mmpp {
            rates,
            dwell,
            switch,
            state,
            until: start,
            stream,
        };
        mmpp.stay();
        mmpp
    }

    /// Draws how long the present state lasts, from where the one before ended.
    fn stay(&mut self) {
        let stay = whole(self.dwell[self.state] * exp1(&mut self.stream));
        self.until = self.until.saturating_add(stay);
    }

    /// Spends a unit exponential on the rate as it changes (time change): exact, whatever the
    /// number of changes in between.
    #[inline(never)]
    fn next(&mut self, last: Nanos, mut unit: f64) -> Nanos {
        let mut from = last;
        loop {
            let rate = self.rates[self.state] / SECOND as f64;
            let within = rate * (self.until - from) as f64;
            if unit < within {
                return from + whole(unit / rate).min(self.until - from);
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
        self.state = choose(&self.switch[self.state], self.stream.unit());
        self.stay();
    }

    /// The same where the rate of each state is also multiplied at times.
    fn next_in_surges(&mut self, last: Nanos, mut unit: f64, surges: &mut Surges) -> Nanos {
        let mut from = last;
        while self.until < Nanos::MAX {
            let (factor, holds) = surges.now();
            let until = self.until.min(holds);
            let rate = self.rates[self.state] / SECOND as f64 * factor;
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

    fn gaps(spec: &Arrivals) -> Gaps<'_> {
        let key = Key::new(3, 0, 0);
        Gaps::new(
            spec,
            0,
            Stream::new(&key, "arrivals"),
            Stream::new(&key, "state"),
        )
    }

    fn count_until(spec: &Arrivals, end: Nanos) -> u64 {
        let mut gaps = gaps(spec);
        let mut n = 0;
        while gaps.next().is_some_and(|at| at < end) {
            n += 1;
        }
        n
    }

    #[test]
    fn rates_are_kept() {
        let poisson = count_until(&Arrivals::Poisson { rate: 1000.0 }, 100 * SECOND);
        assert!((98_500..101_500).contains(&poisson), "{poisson}");
        assert_eq!(
            count_until(&Arrivals::Constant { rate: 3.0 }, 100 * SECOND + 1),
            300
        );
        let mmpp = Arrivals::Mmpp {
            rates: vec![500.0, 1500.0],
            dwell: vec![0.3e9, 0.1e9],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        let modulated = count_until(&mmpp, 1000 * SECOND);
        assert!((735_000..765_000).contains(&modulated), "{modulated}");
    }

    #[test]
    fn a_rate_of_zero_sends_nothing() {
        assert_eq!(count_until(&Arrivals::Poisson { rate: 0.0 }, SECOND), 0);
        let off = Arrivals::Mmpp {
            rates: vec![0.0, 0.0],
            dwell: vec![1e9, 1e9],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        assert_eq!(count_until(&off, SECOND), 0);
    }

    #[test]
    fn counts_of_an_interrupted_process_are_spread_wider_than_poisson() {
        let spec = Arrivals::Mmpp {
            rates: vec![2000.0, 0.0],
            dwell: vec![1e9, 1e9],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        let mut gaps = gaps(&spec);
        let mut counts = vec![0u64; 400];
        while let Some(at) = gaps.next().filter(|&at| at < 400 * SECOND) {
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
}
