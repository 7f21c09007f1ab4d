//! Arrival processes: when the next request is born.

use super::modulated::Modulated;
use super::profiled::{Clock, Gap, Profiled};
use super::surge::Surges;
use crate::base::units::{Nanos, SECOND};
use crate::engine::dist::Dist;
use crate::engine::rng::{Key, Stream};
use crate::engine::ziggurat::exp1;
use crate::model::source::whole;
use crate::model::spec::{Arrivals, SourceSpec, Trace};
use crate::model::trial::Spared;

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
    Profiled(Box<Profiled<'s>>),
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
            process: Process::new(spec, stream),
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

    /// Notes what its surges do not do; before the first birth.
    pub fn spare(&mut self, spared: &Spared) {
        if let Some(mut surges) = self.surges.take() {
            surges.spare(spared);
            self.surge(Some(surges));
        }
        if let Process::Batches(batches) = &mut self.process {
            batches.leaders.spare(spared);
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
            surges.skip_to(self.last);
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
            Process::Modulated(modulated) => {
                let unit = exp1(&mut self.stream);
                match modulated.profile {
                    None => modulated.next(self.last, unit),
                    Some(clock) => modulated.next_profiled(clock, self.last, unit),
                }
            }
            Process::Trace { trace, start, row } => {
                let at = match trace.at.get(*row) {
                    Some(at) => *at,
                    None => again(trace, start, row)?,
                };
                *row += 1;
                start.saturating_add(at)
            }
            Process::Renewal { gap } => self
                .last
                .saturating_add(whole(gap.sample(&mut self.stream))),
            Process::Batches(batches) => batches.next()?,
            Process::Profiled(profiled) => profiled.next(&mut self.stream),
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
            Process::Batches(_) | Process::Profiled(_) => {
                unreachable!("leaders of batches surge, profiles do not")
            }
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

impl Gaps<'_> {
    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.stream.rekey(key);
        if let Some(surges) = &mut self.surges {
            surges.rekey(key);
        }
        match &mut self.process {
            Process::Modulated(modulated) => modulated.rekey(key),
            Process::Batches(batches) => {
                batches.stream.rekey(key);
                batches.leaders.rekey(key);
            }
            Process::Silent
            | Process::Poisson { .. }
            | Process::Constant { .. }
            | Process::Trace { .. }
            | Process::Renewal { .. }
            | Process::Profiled(_) => {}
        }
    }
}

impl<'s> Process<'s> {
    fn new(source: &'s SourceSpec, stream: &dyn Fn(&str) -> Stream) -> Self {
        let start = source.start;
        let clock = source
            .profile
            .as_ref()
            .map(|profile| Clock { profile, start });
        let plain = Process::plain(&source.arrivals, start, stream, clock);
        let Some(clock) = clock else { return plain };
        let gap = match plain {
            Process::Poisson { mean_gap } => Gap::Exponential { mean: mean_gap },
            Process::Constant { rate, .. } => Gap::Even { rate, sent: 0 },
            Process::Renewal { gap } => Gap::Drawn(gap),
            other => return other,
        };
        Process::Profiled(Box::new(Profiled {
            clock,
            passed: 0.0,
            gap,
        }))
    }

    fn plain(
        spec: &'s Arrivals,
        start: Nanos,
        stream: &dyn Fn(&str) -> Stream,
        clock: Option<Clock<'s>>,
    ) -> Self {
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
                let modulated = Modulated::new(spec, start, clock, stream("state"));
                Process::Modulated(Box::new(modulated))
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

/// The first row of the next round of a trace, if there is one.
#[cold]
fn again(trace: &Trace, start: &mut Nanos, row: &mut usize) -> Option<Nanos> {
    let round = trace.round().filter(|_| trace.repeat)?;
    *start = start.saturating_add(round);
    *row = 0;
    trace.at.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::Profile;

    fn source(arrivals: Arrivals) -> SourceSpec {
        SourceSpec {
            fan_out: None,
            name: "s".into(),
            to: 0,
            arrivals,
            batch: None,
            profile: None,
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

    fn shaped(arrivals: Arrivals, profile: Profile) -> SourceSpec {
        SourceSpec {
            profile: Some(profile),
            ..source(arrivals)
        }
    }

    fn steps() -> Profile {
        let points = [(0, 1.0), (2 * SECOND, 0.0), (3 * SECOND, 4.0)];
        Profile::points(&points, true, false).unwrap()
    }

    #[test]
    fn even_births_follow_a_profile_to_the_nanosecond() {
        let spec = shaped(Arrivals::Constant { rate: 2.0 }, steps());
        let half = SECOND / 2;
        let mut wanted = vec![half, SECOND, 3 * half, 2 * SECOND];
        wanted.extend([1, 2, 3].map(|i| 3 * SECOND + i * SECOND / 8));
        assert_eq!(births(&spec, 3 * SECOND + half - 1), wanted);
        // Of a line from 0 to 2 in 2 s, a quarter has passed after 1 s.
        let line = Profile::points(&[(0, 0.0), (2 * SECOND, 2.0)], false, true).unwrap();
        let spec = shaped(Arrivals::Constant { rate: 2.0 }, line);
        assert_eq!(births(&spec, 4 * SECOND)[..2], [SECOND, 1_414_213_562]);
        assert_eq!(births(&spec, 4 * SECOND)[4], 3 * SECOND);
        let gap = Dist::constant(5e8).unwrap();
        let same = shaped(Arrivals::Renewal { gap }, steps());
        let spec = shaped(Arrivals::Constant { rate: 2.0 }, steps());
        assert_eq!(births(&same, 9 * SECOND), births(&spec, 9 * SECOND));
    }

    #[test]
    fn a_profile_starts_with_its_source() {
        let spec = SourceSpec {
            start: 5 * SECOND,
            ..shaped(Arrivals::Constant { rate: 1.0 }, steps())
        };
        let first: Vec<Nanos> = births(&spec, 8 * SECOND);
        assert_eq!(first, [6 * SECOND, 7 * SECOND]);
    }

    #[test]
    fn every_process_sends_in_proportion_to_its_profile() {
        let wave = Profile::wave(8 * SECOND, 1.0, 0.0).unwrap();
        let on_off = Arrivals::OnOff {
            rate: 2000.0,
            on: Dist::exponential(5e7).unwrap(),
            off: Dist::exponential(5e7).unwrap(),
        };
        let mmpp = Arrivals::Mmpp {
            rates: vec![500.0, 1500.0],
            dwell: vec![1e7, 1e7],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        let gap = Dist::erlang(1e6, 2).unwrap();
        let poisson = Arrivals::Poisson { rate: 1000.0 };
        for process in [poisson, Arrivals::Renewal { gap }, on_off, mmpp] {
            let spec = shaped(process, wave.clone());
            let all = births(&spec, 800 * SECOND);
            assert!((all.len() as f64 / 800_000.0 - 1.0).abs() < 0.02);
            // Of every wave, 1/2 + 1/pi falls into its first half.
            let first = all.iter().filter(|at| *at % (8 * SECOND) < 4 * SECOND);
            let share = first.count() as f64 / all.len() as f64;
            let wanted = 0.5 + 1.0 / std::f64::consts::PI;
            assert!((share - wanted).abs() < 0.01, "{share} for {wanted}");
        }
    }

    #[test]
    fn a_profile_that_ends_at_0_ends_the_births() {
        let over = Profile::points(&[(0, 1.0), (SECOND, 0.0)], true, false).unwrap();
        let on_off = Arrivals::OnOff {
            rate: 2000.0,
            on: Dist::constant(1e6).unwrap(),
            off: Dist::constant(1e6).unwrap(),
        };
        for process in [Arrivals::Poisson { rate: 1000.0 }, on_off] {
            let all = births(&shaped(process, over.clone()), Nanos::MAX);
            assert!(all.len() > 900 && all.len() < 1100 && all.iter().all(|&at| at <= SECOND));
        }
    }

    #[test]
    fn a_trace_starts_again_after_its_mean_gap() {
        let trace = Trace {
            at: vec![0, 10, 40],
            repeat: true,
            ..Trace::default()
        };
        let spec = source(Arrivals::Trace(std::sync::Arc::new(trace)));
        assert_eq!(births(&spec, 130), [0, 10, 40, 60, 70, 100, 120]);
        assert_eq!(spec.mean_rate(), 3.0 / 60e-9);
        assert_eq!(spec.last_row(), None);
    }
}
