//! `prequal`: with each attempt some workers are probed, and later ones go by the results: of the
//! workers with few requests in flight to the one that is quickest.
//!
//! Source: Wydrowski, Kleinberg, Rumble & Archer 2024, "Load is not what you should balance:
//! Introducing Prequal". Where it leaves a choice, what is done is said at the place.

use std::cmp::Reverse;
use std::collections::VecDeque;

use super::{Front, Policy, View};
use crate::base::units::Nanos;
use crate::engine::rng::{Bits, Stream};
use crate::model::spec::{ProbeSpec, WHOLE};

/// The last so many results say how many in flight are usual. The paper names no number.
const RECENT: usize = 64;

/// What a worker answers to a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Requests that it has.
    pub in_flight: u32,
    /// How long requests take that come now.
    pub latency: Nanos,
}

/// Results of probes, and what is on its way.
#[derive(Clone, Debug)]
pub struct Prequal {
    spec: ProbeSpec,
    /// Results on their way, with the moment at which they are there; the first sent first.
    coming: VecDeque<(Nanos, Probe)>,
    /// Results that may be used, the oldest first, one a worker.
    pool: Vec<Probe>,
    /// How many in flight the last results told, as they came and sorted.
    recent: VecDeque<u32>,
    sorted: Vec<u32>,
    /// Which is removed next.
    oldest_is_next: bool,
    /// Places that this attempt probes.
    probed: Vec<u32>,
}

/// The result of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Probe {
    worker: u32,
    /// When the worker was so.
    seen: Nanos,
    in_flight: u32,
    latency: Nanos,
    /// How often it may still be used.
    uses: u32,
}

impl Prequal {
    /// Without any result yet.
    pub fn new(spec: ProbeSpec) -> Self {
        Prequal {
            spec,
            coming: VecDeque::new(),
            pool: Vec::new(),
            recent: VecDeque::new(),
            sorted: Vec::new(),
            oldest_is_next: false,
            probed: Vec::new(),
        }
    }

    /// The quickest of the cold, else the hot one with the fewest in flight; anybody where there
    /// is no choice between results.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, stream: &mut Stream) -> u32 {
        self.take_in(view.now);
        let threshold = self.threshold();
        let best = self.best(view, threshold);
        let worker = match best {
            Some(place) => self.pool[place].worker,
            None => view.worker(stream.below(view.count())),
        };
        // It has one more from now on.
        if let Some(place) = self.pool.iter().position(|p| p.worker == worker) {
            let probe = &mut self.pool[place];
            probe.in_flight = probe.in_flight.saturating_add(1);
            if best.is_some() && probe.uses != u32::MAX {
                probe.uses -= 1;
                if probe.uses == 0 {
                    self.pool.remove(place);
                }
            }
        }
        for _ in 0..rounded(self.spec.removals, stream) {
            self.remove_one(threshold);
        }
        worker
    }

    /// Sends the probes of an attempt to different workers of those let in. Each answers with what
    /// it is now, or not at all.
    #[inline(never)]
    pub fn probe(
        &mut self,
        eligible: &[u32],
        now: Nanos,
        stream: &mut Stream,
        mut ask: impl FnMut(u32) -> Option<Answer>,
    ) {
        let n = eligible.len() as u32;
        let probes = rounded(self.spec.probes, stream).min(n);
        self.probed.clear();
        // Each set of so many places is as likely as any other (Floyd).
        for last in n - probes..n {
            let drawn = stream.below(last + 1);
            let place = match self.probed.contains(&drawn) {
                true => last,
                false => drawn,
            };
            self.probed.push(place);
            let worker = eligible[place as usize];
            let Some(answer) = ask(worker) else {
                continue;
            };
            let probe = Probe {
                worker,
                seen: now,
                in_flight: answer.in_flight,
                latency: answer.latency,
                uses: self.uses(n, stream),
            };
            let back = now.saturating_add(self.spec.takes);
            self.coming.push_back((back, probe));
        }
    }

    /// How often a result is used: so often that the pool grows by `surplus` with each attempt.
    /// Where not even endless use would keep it full, as with few workers, there is no bound: of
    /// that the paper does not speak.
    fn uses(&self, workers: u32, stream: &mut Stream) -> u32 {
        let known = f64::from(self.spec.pool) / f64::from(workers);
        let net = (1.0 - known) * self.spec.probes - self.spec.removals;
        if net <= 0.0 {
            return u32::MAX;
        }
        rounded(((1.0 + self.spec.surplus) / net).max(1.0), stream)
    }

    /// Results that are back come into the pool, and those too old are out.
    fn take_in(&mut self, now: Nanos) {
        while let Some(&(back, probe)) = self.coming.front()
            && back <= now
        {
            self.coming.pop_front();
            self.learn(probe.in_flight);
            self.pool.retain(|p| p.worker != probe.worker);
            if self.pool.len() == self.spec.pool as usize {
                self.pool.remove(0);
            }
            self.pool.push(probe);
        }
        let age = self.spec.age;
        self.pool.retain(|p| now - p.seen <= age);
    }

    /// A result tells how many in flight are usual.
    fn learn(&mut self, in_flight: u32) {
        if self.recent.len() == RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            let place = self.sorted.partition_point(|&n| n < oldest);
            self.sorted.remove(place);
        }
        self.recent.push_back(in_flight);
        let place = self.sorted.partition_point(|&n| n < in_flight);
        self.sorted.insert(place, in_flight);
    }

    /// So many in flight are not hot yet: the least number that the share `hot_above` of the last
    /// results does not exceed.
    fn threshold(&self) -> u32 {
        let rank = self.sorted.len() as u64 * u64::from(self.spec.hot_above);
        let rank = rank.div_ceil(u64::from(WHOLE)).max(1);
        self.sorted.get(rank as usize - 1).copied().unwrap_or(0)
    }

    /// The place of the result to go by, of two or more whose workers are let in. Equals: the
    /// fewer in flight, or the quicker, then the newest.
    fn best(&self, view: &View, threshold: u32) -> Option<usize> {
        let all = self.pool.iter().enumerate().rev();
        let all = all.filter(|(_, p)| view.lets_in(p.worker));
        if all.clone().count() < 2 {
            return None;
        }
        let cold = all.clone().filter(|(_, p)| p.in_flight <= threshold);
        let quickest = cold.min_by_key(|(_, p)| (p.latency, p.in_flight));
        let found = quickest.or_else(|| all.min_by_key(|(_, p)| (p.in_flight, p.latency)));
        found.map(|(place, _)| place)
    }

    /// One result goes, in turn the worst and the oldest. The worst: the hot one with the most in
    /// flight, or the slowest where none is hot; of equals the oldest.
    fn remove_one(&mut self, threshold: u32) {
        if self.pool.is_empty() {
            return;
        }
        let oldest = self.oldest_is_next;
        self.oldest_is_next = !oldest;
        let all = self.pool.iter().enumerate();
        let hot = all.clone().filter(|(_, p)| p.in_flight > threshold);
        let place = if oldest {
            Some(0)
        } else {
            let worst = hot.min_by_key(|(_, p)| Reverse(p.in_flight));
            let worst = worst.or_else(|| all.min_by_key(|(_, p)| Reverse(p.latency)));
            worst.map(|(place, _)| place)
        };
        if let Some(place) = place {
            self.pool.remove(place);
        }
    }
}

impl Front<'_> {
    /// Whether it probes workers.
    pub fn probes(&self) -> bool {
        matches!(self.policy, Policy::Prequal(_))
    }

    /// Probes workers that are let in; `None`: one does not answer.
    pub fn probe(&mut self, now: Nanos, ask: impl FnMut(u32) -> Option<Answer>) {
        if let Policy::Prequal(policy) = &mut self.policy {
            policy.probe(&self.eligible, now, &mut self.stream, ask);
        }
    }
}

/// A whole number that is this one in the mean: up with the chance of the part behind the point.
fn rounded(number: f64, stream: &mut Stream) -> u32 {
    let whole = number.floor();
    let part = number - whole;
    // `as` stops at the largest.
    (whole as u32).saturating_add(u32::from(part > 0.0 && stream.unit() < part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;

    const NOBODY: u32 = 9;

    fn machine(spec: ProbeSpec) -> (Prequal, Stream) {
        let stream = Stream::new(&Key::new(1, 0, 0), "test");
        (Prequal::new(spec), stream)
    }

    /// One probe with each attempt, nothing removed, hot above the median.
    fn spec() -> ProbeSpec {
        ProbeSpec {
            probes: 1.0,
            removals: 0.0,
            hot_above: 500_000,
            ..ProbeSpec::default()
        }
    }

    fn pick_of(policy: &mut Prequal, stream: &mut Stream, eligible: &[u32], now: Nanos) -> u32 {
        let view = View {
            eligible,
            load: &[0; 10],
            now,
            key: 0,
            open: true,
            slow: None,
        };
        policy.pick(&view, stream)
    }

    fn result((worker, in_flight, latency): (u32, u32, Nanos)) -> Probe {
        Probe {
            worker,
            seen: 0,
            in_flight,
            latency,
            uses: u32::MAX,
        }
    }

    fn workers(policy: &Prequal) -> Vec<u32> {
        policy.pool.iter().map(|p| p.worker).collect()
    }

    /// Results as (worker, in flight, latency), the oldest first, who is let in, and who is taken
    /// (none: any that is let in). The last results told 1, 2, 3 and 4: more than 2 is hot.
    #[test]
    fn the_quickest_of_the_cold_is_taken() {
        let all: &[u32] = &[0, 1, 2, 3];
        type Row<'a> = (&'a [(u32, u32, Nanos)], &'a [u32], Option<u32>);
        let rows: &[Row<'_>] = &[
            // At the threshold is cold, above it hot however quick.
            (&[(0, 5, 10), (1, 2, 50), (2, 1, 90)], all, Some(1)),
            (&[(0, 3, 10), (1, 2, 99)], all, Some(1)),
            (&[(0, 2, 10), (1, 0, 99)], all, Some(0)),
            // All hot: the fewest in flight, however slow.
            (&[(0, 4, 5), (1, 3, 10)], all, Some(1)),
            // Nothing known of how long it takes is as quick as it gets.
            (&[(0, 2, 0), (1, 0, 1)], all, Some(0)),
            // Equals: fewer in flight, then the newest.
            (&[(0, 1, 50), (1, 2, 50)], all, Some(0)),
            (&[(0, 1, 50), (1, 1, 50)], all, Some(1)),
            // Equally hot: the quicker, then the newest.
            (&[(0, 3, 50), (1, 3, 60)], all, Some(0)),
            (&[(0, 3, 50), (1, 3, 50)], all, Some(1)),
            // Who is not let in does not count.
            (&[(0, 1, 50), (1, 1, 10), (2, 1, 70)], &[0, 2], Some(0)),
            // Fewer than two: at random.
            (&[(0, 1, 50), (1, 1, 10)], &[1, 2, 3], None),
            (&[(0, 1, 50)], all, None),
            (&[], all, None),
        ];
        for (row, (results, eligible, wanted)) in rows.iter().enumerate() {
            let (mut policy, mut stream) = machine(spec());
            (1..=4).for_each(|n| policy.learn(n));
            let pool: Vec<Probe> = results.iter().map(|&r| result(r)).collect();
            let mut counts = [0; 4];
            for _ in 0..300 {
                policy.pool = pool.clone();
                counts[pick_of(&mut policy, &mut stream, eligible, 0) as usize] += 1;
            }
            match wanted {
                Some(wanted) => assert_eq!(counts[*wanted as usize], 300, "row {row}"),
                None => {
                    let even = 300 / eligible.len() as i32;
                    let of = |w: &u32| counts[*w as usize] - even;
                    assert!(eligible.iter().all(|w| of(w).abs() < 50), "row {row}");
                }
            }
        }
    }

    /// The share in millionths, what the last results told, and the most that is cold.
    #[test]
    fn the_threshold_is_a_quantile_of_the_last_results() {
        let three: &[u32] = &[3, 1, 2];
        let (some, more): (Vec<u32>, Vec<u32>) = ((1..=16).collect(), (1..=25).collect());
        let rows: &[(u32, &[u32], u32)] = &[
            (500_000, &[], 0),
            (0, three, 1),
            (333_333, three, 1),
            (333_334, three, 2),
            (1_000_000, three, 3),
            (500_000, &[7, 7, 7, 1], 7),
            // 13.45 and 21.02 results.
            (840_896, &some, 14),
            (840_896, &more, 22),
        ];
        for (row, (hot_above, told, wanted)) in rows.iter().enumerate() {
            let (mut policy, _) = machine(ProbeSpec {
                hot_above: *hot_above,
                ..spec()
            });
            told.iter().for_each(|&n| policy.learn(n));
            assert_eq!(policy.threshold(), *wanted, "row {row}");
        }
        // The 64 last count: the first is out with the 65th.
        let (mut policy, _) = machine(ProbeSpec {
            hot_above: 1_000_000,
            ..spec()
        });
        policy.learn(50);
        (0..63).for_each(|n| policy.learn(n % 5));
        assert_eq!(policy.threshold(), 50);
        policy.learn(3);
        assert_eq!(policy.threshold(), 4);
        assert_eq!((policy.recent.len(), policy.sorted.len()), (64, 64));
    }

    /// Each step: when an attempt comes, the results in the pool then as (worker, seen), and whom
    /// it probes. A result takes 5 and counts for 100; there is room for three.
    #[test]
    fn results_come_later_and_go_when_they_are_old_or_too_many() {
        let (mut policy, mut stream) = machine(ProbeSpec {
            takes: 5,
            age: 100,
            pool: 3,
            ..spec()
        });
        type Step<'a> = (Nanos, &'a [(u32, Nanos)], u32);
        let steps: &[Step<'_>] = &[
            (0, &[], 0),
            (4, &[], 1),
            // Just back; the other one is not yet.
            (5, &[(0, 0)], 2),
            (9, &[(0, 0), (1, 4)], 1),
            (10, &[(0, 0), (1, 4), (2, 5)], 3),
            // The newer of the same worker in place of the older.
            (14, &[(0, 0), (2, 5), (1, 9)], 4),
            // The oldest makes room: 0 for 3, then 2 for 4.
            (15, &[(2, 5), (1, 9), (3, 10)], 0),
            (19, &[(1, 9), (3, 10), (4, 14)], 0),
            (20, &[(3, 10), (4, 14), (0, 15)], 5),
            // Old to the limit, and above it.
            (110, &[(4, 14), (0, 19), (5, 20)], 6),
            (114, &[(4, 14), (0, 19), (5, 20)], 6),
            (115, &[(0, 19), (5, 20), (6, 110)], 7),
            (119, &[(0, 19), (5, 20), (6, 114)], 7),
            (120, &[(5, 20), (6, 114), (7, 115)], 7),
            (121, &[(6, 114), (7, 115)], 7),
            (300, &[], 0),
        ];
        for (step, (now, wanted, probed)) in steps.iter().enumerate() {
            // Nobody in the pool is let in: it goes elsewhere and changes nothing there.
            pick_of(&mut policy, &mut stream, &[NOBODY], *now);
            let pool: Vec<_> = policy.pool.iter().map(|p| (p.worker, p.seen)).collect();
            assert_eq!(pool, *wanted, "step {step}");
            policy.probe(&[*probed], *now, &mut stream, |_| {
                Some(Answer {
                    in_flight: 1,
                    latency: 1,
                })
            });
        }
    }

    /// With no time on the way a result serves the next attempt, of the same moment too.
    #[test]
    fn a_result_serves_later_attempts_only() {
        let (mut policy, mut stream) = machine(spec());
        let told = Answer {
            in_flight: 3,
            latency: 7,
        };
        pick_of(&mut policy, &mut stream, &[NOBODY], 50);
        policy.probe(&[4], 50, &mut stream, |_| Some(told));
        assert!(policy.pool.is_empty());
        pick_of(&mut policy, &mut stream, &[NOBODY], 50);
        assert_eq!((policy.pool[0].in_flight, policy.pool[0].latency), (3, 7));
        // Who does not answer gives no result.
        policy.probe(&[5], 50, &mut stream, |_| None);
        pick_of(&mut policy, &mut stream, &[NOBODY], 50);
        assert_eq!(workers(&policy), [4]);
    }

    /// Attempts one after another: who is taken, and then in flight and uses left of each result.
    #[test]
    fn a_result_counts_what_goes_by_it_and_is_used_up() {
        let (mut policy, mut stream) = machine(spec());
        [4, 4].into_iter().for_each(|n| policy.learn(n));
        policy.pool = [(0, 1, 10), (1, 2, 20), (2, 3, 30)].map(result).to_vec();
        policy.pool[0].uses = 2;
        policy.pool[1].uses = 3;
        type Step<'a> = (u32, &'a [(u32, u32, u32)]);
        let max = u32::MAX;
        let steps: &[Step<'_>] = &[
            (0, &[(0, 2, 1), (1, 2, 3), (2, 3, max)]),
            // Its second and last.
            (0, &[(1, 2, 3), (2, 3, max)]),
            (1, &[(1, 3, 2), (2, 3, max)]),
            (1, &[(1, 4, 1), (2, 3, max)]),
            // Cold up to 4.
            (1, &[(2, 3, max)]),
        ];
        let all: &[u32] = &[0, 1, 2];
        for (step, (wanted, left)) in steps.iter().enumerate() {
            let picked = pick_of(&mut policy, &mut stream, all, 0);
            let pool = policy.pool.iter().map(|p| (p.worker, p.in_flight, p.uses));
            assert_eq!(picked, *wanted, "step {step}");
            assert_eq!(pool.collect::<Vec<_>>(), *left, "step {step}");
        }
        // One result is no choice: who goes there at random counts, but is no use of it.
        policy.pool[0].uses = 1;
        pick_of(&mut policy, &mut stream, &[2], 0);
        assert_eq!((policy.pool[0].in_flight, policy.pool[0].uses), (4, 1));
        // What is counted here is not what workers told.
        assert_eq!(policy.sorted, [4, 4]);
        // Hot by what it was sent, it is taken no longer; a bound on uses there is none of.
        policy.pool = [(0, 3, 10), (1, 0, 99)].map(result).to_vec();
        let picked: Vec<u32> = (0..4)
            .map(|_| pick_of(&mut policy, &mut stream, all, 0))
            .collect();
        assert_eq!(picked, [0, 0, 1, 1]);
        assert!(policy.pool.iter().all(|p| p.uses == max));
    }

    /// The worst and the oldest go in turn. More than 2 in flight is hot.
    #[test]
    fn the_worst_and_the_oldest_go_in_turn() {
        let (mut policy, mut stream) = machine(ProbeSpec {
            removals: 1.0,
            ..spec()
        });
        (1..=4).for_each(|n| policy.learn(n));
        policy.pool = [
            (0, 1, 10),
            (1, 5, 20),
            (2, 7, 30),
            (3, 7, 10),
            (4, 1, 90),
            (5, 2, 80),
        ]
        .map(result)
        .to_vec();
        let steps: &[&[u32]] = &[
            // Of two with the most in flight the older.
            &[0, 1, 3, 4, 5],
            &[1, 3, 4, 5],
            &[1, 4, 5],
            &[4, 5],
            // None is hot: the slowest.
            &[5],
            &[],
            &[],
        ];
        for (step, wanted) in steps.iter().enumerate() {
            pick_of(&mut policy, &mut stream, &[NOBODY], 0);
            assert_eq!(workers(&policy), *wanted, "step {step}");
        }
        // Where there was nothing to remove it is the same one's turn: the worst.
        policy.pool = [(0, 1, 10), (1, 1, 20)].map(result).to_vec();
        pick_of(&mut policy, &mut stream, &[NOBODY], 0);
        assert_eq!(workers(&policy), [0]);
        // Two at once.
        policy.spec.removals = 2.0;
        policy.oldest_is_next = true;
        policy.pool = [(0, 1, 10), (1, 1, 20), (2, 1, 15)].map(result).to_vec();
        pick_of(&mut policy, &mut stream, &[NOBODY], 0);
        assert_eq!(workers(&policy), [2]);
    }

    /// Probes, removals, surplus, pool and workers, and the mean of how often a result is used:
    /// (1 + surplus) / ((1 - pool / workers) probes - removals), at least 1; none: no bound.
    #[test]
    fn how_often_a_result_is_used() {
        type Row = (f64, f64, f64, u32, u32, Option<f64>);
        let rows: &[Row] = &[
            (3.0, 1.0, 1.0, 16, 100, Some(2.0 / 1.52)),
            (3.0, 1.0, 1.0, 16, 1000, Some(2.0 / 1.952)),
            (3.0, 1.0, 1.0, 16, 25, Some(25.0)),
            // Nothing is left over, or less than that.
            (3.0, 1.0, 1.0, 16, 24, None),
            (3.0, 1.0, 1.0, 16, 16, None),
            (3.0, 1.0, 1.0, 16, 1, None),
            // Below 1 it is 1.
            (3.0, 1.0, 0.0, 16, 100, Some(1.0)),
            (2.0, 0.0, 1.0, 50, 100, Some(2.0)),
            (0.5, 0.25, 1.0, 50, 200, Some(16.0)),
        ];
        for (row, &(probes, removals, surplus, pool, n, wanted)) in rows.iter().enumerate() {
            let (policy, mut stream) = machine(ProbeSpec {
                probes,
                removals,
                surplus,
                pool,
                ..spec()
            });
            let mut sum = 0.0;
            for _ in 0..20_000 {
                let uses = policy.uses(n, &mut stream);
                match wanted {
                    None => assert_eq!(uses, u32::MAX, "row {row}"),
                    Some(mean) => assert!((f64::from(uses) - mean).abs() < 1.01, "row {row}"),
                }
                sum += f64::from(uses);
            }
            if let Some(mean) = wanted {
                assert!((sum / 20_000.0 - mean).abs() < 0.015, "row {row}: {sum}");
            }
        }
    }

    #[test]
    fn a_whole_number_is_no_chance_and_a_part_is_one() {
        let (_, mut stream) = machine(spec());
        let before = stream.clone().next_u64();
        assert_eq!(rounded(3.0, &mut stream), 3);
        assert_eq!(rounded(0.0, &mut stream), 0);
        assert_eq!(rounded(1e18, &mut stream), u32::MAX);
        assert_eq!(stream.clone().next_u64(), before);
        let drawn: Vec<u32> = (0..20_000).map(|_| rounded(2.25, &mut stream)).collect();
        assert!(drawn.iter().all(|n| [2, 3].contains(n)));
        let more = drawn.iter().filter(|n| **n == 3).count();
        assert!((4_800..5_200).contains(&more), "{more}");
    }

    /// Different workers of those let in, each as often as the others, and all of them where
    /// there are no more than probes.
    #[test]
    fn probes_go_to_different_workers() {
        let (mut policy, mut stream) = machine(ProbeSpec {
            probes: 2.0,
            ..spec()
        });
        let mut counts = [0; 10];
        let mut pairs = std::collections::BTreeMap::new();
        for _ in 0..10_000 {
            let mut asked = Vec::new();
            policy.probe(&[1, 3, 4, 6, 8], 0, &mut stream, |worker| {
                asked.push(worker);
                None
            });
            asked.sort_unstable();
            assert!(asked.len() == 2 && asked[0] != asked[1]);
            asked.iter().for_each(|&w| counts[w as usize] += 1);
            *pairs.entry(asked).or_insert(0) += 1;
        }
        for (worker, count) in counts.iter().enumerate() {
            match worker {
                1 | 3 | 4 | 6 | 8 => assert!((3_800..4_200).contains(count), "{counts:?}"),
                _ => assert_eq!(*count, 0),
            }
        }
        assert!(pairs.len() == 10 && pairs.values().all(|n| (850..1150).contains(n)));
        policy.spec.probes = 7.0;
        let mut asked = Vec::new();
        policy.probe(&[1, 3, 4], 0, &mut stream, |worker| {
            asked.push(worker);
            None
        });
        asked.sort_unstable();
        assert_eq!(asked, [1, 3, 4]);
        policy.probe(&[], 0, &mut stream, |_| panic!("nobody is let in"));
    }
}
