//! `client_wrr`: in turn, by weights that come out of what workers report of themselves: requests
//! a second over the load that these make.
//!
//! Source: gRPC proposal A58; Envoy, `common/orca_weight_manager.cc`.

use super::fleet::Deadlines;
use super::round_robin::RoundRobin;
use super::{Fleet, View};
use crate::base::units::{Nanos, SECOND};
use crate::engine::rng::Stream;
use crate::model::spec::OrcaSpec;

/// What a worker has done since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Attempts served to their end, failures included.
    pub served: u64,
    /// Those that ended in an error.
    pub failed: u64,
    /// Core-time that they took.
    pub busy: u128,
}

/// Weights, and what they come from.
#[derive(Clone, Debug)]
pub struct ClientWrr {
    spec: OrcaSpec,
    cores: Vec<u32>,
    known: Vec<Known>,
    next_report: Nanos,
    reported: Nanos,
    next_update: Nanos,
    /// The weights in use, where there are enough; else plain turns.
    weights: Vec<f64>,
    turns: Option<Box<Deadlines>>,
    plain: RoundRobin,
}

/// What is known of a worker.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    done: Done,
    weight: f64,
    /// Since when it has had a weight, and when that was last told.
    since: Option<Nanos>,
    last: Nanos,
}

impl ClientWrr {
    /// For these workers, of which nothing is known yet.
    pub fn new(spec: OrcaSpec, fleet: &Fleet, stream: &mut Stream) -> Self {
        let workers = fleet.weights.len();
        ClientWrr {
            spec,
            cores: fleet.cores.clone(),
            known: vec![Known::default(); workers],
            next_report: spec.report,
            reported: 0,
            next_update: spec.update,
            weights: Vec::new(),
            turns: None,
            plain: RoundRobin::new(None, workers as u32, stream),
        }
    }

    /// Whether workers are to report before the next pick.
    #[inline]
    pub fn wants_reports(&self, now: Nanos) -> bool {
        now >= self.next_report
    }

    /// All workers report, in the order of their numbers.
    pub fn report(&mut self, now: Nanos, all: impl Iterator<Item = Done>) {
        let passed = now - self.reported;
        for ((known, done), cores) in self.known.iter_mut().zip(all).zip(&self.cores) {
            let served = (done.served - known.done.served) as f64;
            let failed = (done.failed - known.done.failed) as f64;
            let busy = (done.busy - known.done.busy) as f64;
            known.done = done;
            if served == 0.0 {
                continue;
            }
            let load = busy / (passed as f64 * f64::from(*cores));
            let load = load + failed / served * self.spec.penalty;
            if load > 0.0 {
                known.weight = served / (passed as f64 / SECOND as f64) / load;
                known.since.get_or_insert(now);
                known.last = now;
            }
        }
        self.reported = now;
        self.next_report = (now / self.spec.report + 1).saturating_mul(self.spec.report);
    }

    /// The next turn; once a while with other weights.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, stream: &mut Stream) -> u32 {
        if view.now >= self.next_update {
            self.update(view.now, stream);
            self.next_update = (view.now / self.spec.update + 1).saturating_mul(self.spec.update);
        }
        match &mut self.turns {
            Some(turns) => turns.next(view, |_| 1.0),
            None => self.plain.pick(view, stream),
        }
    }

    /// The weights that hold now: those of workers that have had one long enough, and not too long
    /// ago; the mean of these for the others.
    fn update(&mut self, now: Nanos, stream: &mut Stream) {
        let (mut sum, mut count) = (0.0, 0_u32);
        for known in &mut self.known {
            if now - known.last > self.spec.expiry {
                known.since = None;
            }
            if known.since.is_some_and(|s| now - s >= self.spec.blackout) {
                sum += known.weight;
                count += 1;
            }
        }
        if count < 2 {
            self.weights.clear();
            self.turns = None;
            return;
        }
        let mean = sum / f64::from(count);
        let blackout = self.spec.blackout;
        let weight = |known: &Known| match known.since {
            Some(since) if now - since >= blackout => known.weight,
            _ => mean,
        };
        let weights: Vec<f64> = self.known.iter().map(weight).collect();
        if weights != self.weights {
            self.turns = Some(Box::new(Deadlines::new(&weights, stream)));
            self.weights = weights;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;

    const S: Nanos = SECOND;

    fn policy(cores: &[u32]) -> (ClientWrr, Stream) {
        let fleet = Fleet {
            weights: vec![1.0; cores.len()],
            cores: cores.to_vec(),
            ..Fleet::default()
        };
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        (
            ClientWrr::new(OrcaSpec::default(), &fleet, &mut stream),
            stream,
        )
    }

    fn done(served: u64, failed: u64, busy: Nanos) -> Done {
        Done {
            served,
            failed,
            busy: u128::from(busy),
        }
    }

    fn counts(policy: &mut ClientWrr, stream: &mut Stream, now: Nanos, picks: u32) -> Vec<u32> {
        let all: Vec<u32> = (0..policy.cores.len() as u32).collect();
        let load = vec![0; all.len()];
        let mut counts = vec![0; all.len()];
        for _ in 0..picks {
            let view = View {
                eligible: &all,
                load: &load,
                now,
                key: 0,
                open: true,
            };
            counts[policy.pick(&view, stream) as usize] += 1;
        }
        counts
    }

    /// Turns by weight come out within one.
    #[track_caller]
    fn about(counts: Vec<u32>, wanted: &[u32]) {
        let off = counts.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b));
        assert!(off.max() <= Some(1), "{counts:?} for {wanted:?}");
    }

    /// Each row: cores, what was done in 10 s, and the weight: requests a second over busy share
    /// of cores and share of errors.
    #[test]
    fn a_weight_is_requests_over_the_load_that_they_make() {
        let rows: &[(u32, Done, f64)] = &[
            // 100 a second at half of one core.
            (1, done(1000, 0, 5 * S), 200.0),
            // At an eighth of four cores.
            (4, done(1000, 0, 5 * S), 800.0),
            // A tenth of them errors: 0.5 + 0.1.
            (1, done(1000, 100, 5 * S), 100.0 / 0.6),
            // Nothing but errors, which took no time.
            (1, done(50, 50, 0), 5.0),
            // Nothing done, or nothing that makes load: no weight.
            (1, done(0, 0, 0), 0.0),
            (1, done(9, 0, 0), 0.0),
        ];
        for (row, (cores, what, wanted)) in rows.iter().enumerate() {
            let (mut policy, _) = policy(&[*cores]);
            assert!(!policy.wants_reports(10 * S - 1) && policy.wants_reports(10 * S));
            policy.report(10 * S, [*what].into_iter());
            let known = policy.known[0];
            assert!(
                (known.weight - wanted).abs() < 1e-9,
                "row {row}: {}",
                known.weight
            );
            assert_eq!(known.since, (*wanted > 0.0).then_some(10 * S));
            assert_eq!(policy.next_report, 20 * S);
        }
    }

    /// Only what is new since the last report counts, over the time since then.
    #[test]
    fn reports_are_of_the_time_since_the_last() {
        let (mut policy, _) = policy(&[1]);
        policy.report(10 * S, [done(1000, 0, 5 * S)].into_iter());
        // 500 more in 12 s, of which 3 s busy: 41.7 a second over a quarter.
        policy.report(22 * S, [done(1500, 0, 8 * S)].into_iter());
        assert!((policy.known[0].weight - 500.0 / 3.0).abs() < 1e-9);
        assert_eq!(
            (policy.next_report, policy.known[0].since),
            (30 * S, Some(10 * S))
        );
    }

    /// Blackout of 10 s, expiry after 180 s, updates each second, both sides of each edge.
    #[test]
    fn weights_hold_from_the_blackout_to_the_expiry() {
        let (mut policy, mut stream) = policy(&[1, 1, 1]);
        let three = [done(300, 0, S), done(100, 0, S), done(0, 0, 0)];
        policy.report(10 * S, three.into_iter());
        // In the blackout: plain turns.
        assert_eq!(counts(&mut policy, &mut stream, 20 * S - 1, 30), [10; 3]);
        // Its end: 300 to 100, and the mean of the two for the third.
        about(
            counts(&mut policy, &mut stream, 20 * S, 600),
            &[300, 100, 200],
        );
        // 180 s after the last report they still hold; an update later they do not.
        about(counts(&mut policy, &mut stream, 190 * S, 60), &[30, 10, 20]);
        assert_eq!(counts(&mut policy, &mut stream, 191 * S, 30), [10; 3]);
        // A new report begins a new blackout.
        let more = three.map(|d| done(2 * d.served, 0, 2 * d.busy as Nanos));
        policy.report(200 * S, more.into_iter());
        assert_eq!(counts(&mut policy, &mut stream, 209 * S, 30), [10; 3]);
        about(
            counts(&mut policy, &mut stream, 210 * S, 600),
            &[300, 100, 200],
        );
    }

    /// One weight alone is none; and weights change only with an update.
    #[test]
    fn two_must_have_a_weight_and_updates_come_once_a_second() {
        let (mut policy, mut stream) = policy(&[1, 1]);
        policy.report(10 * S, [done(300, 0, S), done(0, 0, 0)].into_iter());
        assert_eq!(counts(&mut policy, &mut stream, 30 * S, 20), [10; 2]);
        policy.report(31 * S, [done(600, 0, 2 * S), done(100, 0, S)].into_iter());
        assert_eq!(counts(&mut policy, &mut stream, 40 * S, 20), [10; 2]);
        // The blackout of the second ends at 41 s, and with it comes an update.
        assert_eq!(counts(&mut policy, &mut stream, 41 * S - 1, 20), [10; 2]);
        // 300 / 21 s over 1/21 and 100 / 21 s over 1/21.
        about(counts(&mut policy, &mut stream, 41 * S, 400), &[300, 100]);
    }
}
