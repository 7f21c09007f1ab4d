//! Outlier ejection as Envoy does it: workers that do badly get nothing for a time.
//!
//! Rules read from `outlier_detection_impl.cc`:
//!
//! * failures in a row count up; at `consecutive` (and of those that are no error of the worker,
//!   with a count of their own that an error of the worker resets, at `consecutive_gateway`) the
//!   worker is to be ejected at once, and that count begins anew, unless the worker is out already;
//! * a worker that is to be ejected is, if with it at most `max_share` of the workers are out, and
//!   then by the chance of the trigger;
//! * its n-th ejection lasts n x `eject_for`, at most 300 s or `eject_for` if that is longer; only
//!   a sweep lets it back, which resets the counts in a row. At each later sweep that finds it in
//!   and back for at least `every`, n goes down by one;
//! * at each sweep, of the calls since the last: with `min_hosts` or more workers that had
//!   `min_calls` or more, those whose success rate is *below* mean - factor x standard deviation
//!   are to be ejected, then those whose share of failures is *at least* `failure_share`.

use crate::base::units::{Nanos, SECOND};
use crate::model::spec::{OutlierSpec, WHOLE};

/// What no ejection lasts longer than, unless its base does.
const LONGEST: Nanos = 300 * SECOND;
/// Fewest calls for the success rate and for the share of failures, when nothing is said.
const CALLS: (u64, u64) = (100, 50);

/// How a call of a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well.
    Well,
    /// With an error of the worker.
    Error,
    /// Without an answer of it: refused, timed out, lost.
    Gateway,
}

/// What decides by chance whether a trigger that has so many millionths ejects.
pub type Chance<'a> = &'a mut dyn FnMut(u32) -> bool;

/// The machine, for all workers of a balancer.
#[derive(Clone, Debug)]
pub struct Outlier {
    rules: OutlierSpec,
    hosts: Vec<Host>,
    /// Workers that are out.
    out: u64,
    /// Workers of which some may be out.
    known: u64,
}

#[derive(Clone, Debug, Default)]
struct Host {
    failures: u32,
    gateway: u32,
    /// Since the last sweep: calls, and those that ended well.
    calls: u64,
    well: u64,
    out: bool,
    out_since: Nanos,
    back_since: Option<Nanos>,
    /// How many times `eject_for` the present or last ejection lasts.
    times: u64,
}

impl Outlier {
    /// Everybody is in; of the workers the balancer knows so many.
    pub fn new(rules: &OutlierSpec, workers: usize, known: usize) -> Self {
        Outlier {
            rules: rules.clone(),
            hosts: vec![Host::default(); workers],
            out: 0,
            known: known as u64,
        }
    }

    /// Time between two sweeps.
    pub fn every(&self) -> Nanos {
        self.rules.every
    }

    /// So many workers are known from now on.
    pub fn count_known(&mut self, known: usize) {
        self.known = known as u64;
    }

    /// A worker is another one from now on, or none: in, and nothing known of it.
    pub fn forget(&mut self, worker: usize, now: Nanos) {
        self.restore(worker, now);
        self.hosts[worker] = Host::default();
    }

    /// Whether a worker is out.
    pub fn is_out(&self, worker: usize) -> bool {
        self.hosts[worker].out
    }

    /// A call of a worker ended; says whether the worker is ejected for it.
    pub fn hears(&mut self, worker: usize, end: End, now: Nanos, chance: Chance<'_>) -> bool {
        let (consecutive, gateway) = (self.rules.consecutive, self.rules.consecutive_gateway);
        let enforce = self.rules.enforce;
        let host = &mut self.hosts[worker];
        host.calls += 1;
        let mut ejected = false;
        match end {
            End::Well => {
                host.well += 1;
                (host.failures, host.gateway) = (0, 0);
                return false;
            }
            End::Error => host.gateway = 0,
            End::Gateway => {
                host.gateway += 1;
                if host.gateway == gateway && !host.out {
                    host.gateway = 0;
                    ejected = self.eject(worker, enforce.consecutive_gateway, now, chance);
                }
            }
        }
        let host = &mut self.hosts[worker];
        host.failures += 1;
        if host.failures == consecutive && !host.out {
            host.failures = 0;
            ejected = self.eject(worker, enforce.consecutive, now, chance);
        }
        ejected
    }

    /// A worker is to be ejected; says whether it is.
    fn eject(&mut self, worker: usize, enforced: u32, now: Nanos, chance: Chance<'_>) -> bool {
        let most = u64::from(self.rules.max_share) * self.known;
        if (self.out + 1) * u64::from(WHOLE) > most || !chance(enforced) {
            return false;
        }
        self.out += 1;
        let (base, longest) = self.times();
        let host = &mut self.hosts[worker];
        (host.out, host.out_since) = (true, now);
        if host.times * base < longest + base {
            host.times += 1;
        }
        true
    }

    /// What an ejection lasts at first, and at most.
    fn times(&self) -> (Nanos, Nanos) {
        let base = self.rules.eject_for;
        (base, LONGEST.max(base))
    }

    /// A worker that was out is in again, if it was: its health was found good.
    pub fn restore(&mut self, worker: usize, now: Nanos) -> bool {
        let host = &mut self.hosts[worker];
        if !host.out {
            return false;
        }
        self.out -= 1;
        host.out = false;
        host.back_since = Some(now);
        (host.failures, host.gateway) = (0, 0);
        true
    }

    /// A sweep: says who is back, then who is ejected.
    pub fn sweep(&mut self, now: Nanos, chance: Chance<'_>) -> (Vec<usize>, Vec<usize>) {
        let (base, longest) = self.times();
        let over = |h: &Host| h.out && (h.times * base).min(longest) <= now - h.out_since;
        let back: Vec<usize> = (0..self.hosts.len())
            .filter(|&w| over(&self.hosts[w]))
            .collect();
        for &worker in &back {
            self.restore(worker, now);
        }
        let mut ejected = Vec::new();
        let (by_rate, by_share) = (self.judged(CALLS.0), self.judged(CALLS.1));
        self.judge_rates(by_rate, now, chance, &mut ejected);
        self.judge_shares(by_share, now, chance, &mut ejected);
        for host in &mut self.hosts {
            (host.calls, host.well) = (0, 0);
            let since = host.back_since;
            if !host.out && since.is_some_and(|since| now - since >= self.rules.every) {
                host.times = host.times.saturating_sub(1);
            }
        }
        (back, ejected)
    }

    /// Those who are in and had enough calls, if enough are.
    fn judged(&self, usual: u64) -> Vec<usize> {
        let least = self.rules.min_calls.map_or(usual, u64::from).max(1);
        let judged: Vec<usize> = (0..self.hosts.len())
            .filter(|&w| !self.hosts[w].out && self.hosts[w].calls >= least)
            .collect();
        match judged.len() as u64 >= u64::from(self.rules.min_hosts) {
            true => judged,
            false => Vec::new(),
        }
    }

    fn judge_rates(
        &mut self,
        judged: Vec<usize>,
        now: Nanos,
        chance: Chance<'_>,
        ejected: &mut Vec<usize>,
    ) {
        if judged.is_empty() {
            return;
        }
        let rates: Vec<f64> = judged
            .iter()
            .map(|&w| self.hosts[w].well as f64 * 100.0 / self.hosts[w].calls as f64)
            .collect();
        let count = rates.len() as f64;
        let mean = rates.iter().sum::<f64>() / count;
        let squares: f64 = rates.iter().map(|r| (r - mean) * (r - mean)).sum();
        let factor = f64::from(self.rules.success_rate_factor_milli) / 1000.0;
        let least = mean - factor * (squares / count).sqrt();
        for (&worker, rate) in judged.iter().zip(rates) {
            if rate < least && self.eject(worker, self.rules.enforce.success_rate, now, chance) {
                ejected.push(worker);
            }
        }
    }

    fn judge_shares(
        &mut self,
        judged: Vec<usize>,
        now: Nanos,
        chance: Chance<'_>,
        ejected: &mut Vec<usize>,
    ) {
        let bound = u128::from(self.rules.failure_share);
        for worker in judged {
            let host = &self.hosts[worker];
            if host.out {
                continue;
            }
            let failed = u128::from(host.calls - host.well) * u128::from(WHOLE);
            if failed >= bound * u128::from(host.calls)
                && self.eject(worker, self.rules.enforce.failure_share, now, chance)
            {
                ejected.push(worker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::EnforceSpec;
    use End::*;

    /// As Envoy, but everything is enforced and half may be out.
    fn rules() -> OutlierSpec {
        OutlierSpec {
            every: 10 * SECOND,
            consecutive: 5,
            consecutive_gateway: 5,
            success_rate_factor_milli: 1900,
            failure_share: 850_000,
            eject_for: 30 * SECOND,
            max_share: 500_000,
            min_hosts: 5,
            min_calls: None,
            enforce: EnforceSpec {
                consecutive: WHOLE,
                consecutive_gateway: WHOLE,
                success_rate: WHOLE,
                failure_share: WHOLE,
            },
        }
    }

    fn certain(millionths: u32) -> bool {
        assert!([0, WHOLE].contains(&millionths));
        millionths == WHOLE
    }

    fn hear(o: &mut Outlier, worker: usize, end: End, seconds: u64) -> bool {
        o.hears(worker, end, seconds * SECOND, &mut certain)
    }

    fn sweep(o: &mut Outlier, seconds: u64) -> (Vec<usize>, Vec<usize>) {
        o.sweep(seconds * SECOND, &mut certain)
    }

    /// Calls of a worker since the last sweep, failures as errors that never come five in a row.
    fn calls(o: &mut Outlier, worker: usize, calls: u64, failed: u64) {
        o.hosts[worker].calls += calls;
        o.hosts[worker].well += calls - failed;
    }

    #[test]
    fn failures_in_a_row_eject_at_once() {
        let only = OutlierSpec {
            consecutive: 3,
            consecutive_gateway: 2,
            ..rules()
        };
        let mut o = Outlier::new(&only, 10, 10);
        // Each row: end, whether it ejects, then failures and gateway failures in a row.
        for (i, (end, ejects, counts)) in [
            (Error, false, (1, 0)),
            (Error, false, (2, 0)),
            (Well, false, (0, 0)),
            (Gateway, false, (1, 1)),
            // An error of the worker ends the row of the other kind only.
            (Error, false, (2, 0)),
            // Three in a row of either kind.
            (Gateway, true, (0, 1)),
            // While it is out rows go on, and nothing comes of them.
            (Gateway, false, (1, 2)),
            (Gateway, false, (2, 3)),
            (Gateway, false, (3, 4)),
            (Gateway, false, (4, 5)),
            (Well, false, (0, 0)),
            (Error, false, (1, 0)),
            (Error, false, (2, 0)),
            (Error, false, (3, 0)),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(hear(&mut o, 4, end, 3), ejects, "row {i}");
            let host = &o.hosts[4];
            assert_eq!((host.failures, host.gateway), counts, "row {i}");
        }
        assert!(o.is_out(4) && o.out == 1);
        // Back with its rows at 0; two gateway failures are now first.
        assert_eq!(sweep(&mut o, 33), (vec![4], vec![]));
        assert!(!hear(&mut o, 4, Gateway, 34));
        assert!(hear(&mut o, 4, Gateway, 34));
        assert_eq!((o.hosts[4].failures, o.hosts[4].gateway), (2, 0));
    }

    #[test]
    fn a_row_that_does_not_eject_begins_anew() {
        // Nobody may be out: a tenth of nine workers is less than one.
        let none = OutlierSpec {
            max_share: 100_000,
            consecutive: 2,
            ..rules()
        };
        let mut o = Outlier::new(&none, 9, 9);
        for failures in [1, 0, 1, 0] {
            assert!(!hear(&mut o, 0, Error, 1));
            assert_eq!(o.hosts[0].failures, failures);
        }
        // Of ten one may, and no second.
        let mut o = Outlier::new(&none, 10, 10);
        for (worker, ejects) in [(0, false), (0, true), (1, false), (1, false), (1, false)] {
            assert_eq!(hear(&mut o, worker, Error, 1), ejects);
        }
        // Once the first is back, the second may go.
        assert_eq!(sweep(&mut o, 31), (vec![0], vec![]));
        assert!(hear(&mut o, 1, Error, 31));
    }

    #[test]
    fn triggers_that_are_not_enforced_only_reset_their_row() {
        let mut lax = rules();
        lax.consecutive = 2;
        lax.enforce.consecutive = 0;
        let mut o = Outlier::new(&lax, 10, 10);
        for failures in [1, 0, 1, 0] {
            assert!(!hear(&mut o, 0, Error, 1));
            assert_eq!(o.hosts[0].failures, failures);
        }
        lax.enforce.consecutive = 400_000;
        let mut o = Outlier::new(&lax, 10, 10);
        let mut asked = Vec::new();
        for n in 0..4 {
            let mut chance = |millionths| {
                asked.push(millionths);
                n == 3
            };
            assert_eq!(o.hears(0, Error, 0, &mut chance), n == 3);
        }
        assert_eq!(asked, [400_000, 400_000]);
    }

    #[test]
    fn only_sweeps_end_ejections_which_get_longer_and_shorter() {
        let mut o = Outlier::new(
            &OutlierSpec {
                consecutive: 1,
                ..rules()
            },
            10,
            10,
        );
        let out = |o: &mut Outlier, at| assert!(hear(o, 7, Error, at));
        let nothing = (vec![], vec![]);
        let back = (vec![7], vec![]);
        out(&mut o, 10);
        assert_eq!(sweep(&mut o, 20), nothing);
        assert_eq!(sweep(&mut o, 30), nothing);
        // Exactly 30 s.
        assert_eq!(sweep(&mut o, 40), back);
        assert_eq!(o.hosts[7].times, 1);
        // Out again before a sweep has found it in for 10 s: twice as long.
        out(&mut o, 41);
        for at in [50, 60, 70, 80, 90, 100] {
            assert_eq!(sweep(&mut o, at), nothing, "{at}");
        }
        assert_eq!(sweep(&mut o, 110), back);
        assert_eq!(o.hosts[7].times, 2);
        // In for 10 s at 120 s, which counts, and for 9.999.. s would not.
        let mut early = o.clone();
        early.sweep(120 * SECOND - 1, &mut certain);
        assert_eq!(early.hosts[7].times, 2);
        assert_eq!(sweep(&mut o, 120), nothing);
        assert_eq!(o.hosts[7].times, 1);
        assert_eq!(sweep(&mut o, 130), nothing);
        assert_eq!(sweep(&mut o, 140), nothing);
        assert_eq!(o.hosts[7].times, 0, "not below");
        out(&mut o, 141);
        assert_eq!(o.hosts[7].times, 1);
    }

    #[test]
    fn no_ejection_is_longer_than_five_minutes_or_its_base() {
        for (base, expected) in [
            // 120, 240, then 300 s; one step beyond is counted.
            (120, [(1, 120), (2, 240), (3, 300), (4, 300), (4, 300)]),
            (400, [(1, 400), (2, 400), (2, 400), (2, 400), (2, 400)]),
        ] {
            let eject_for = base * SECOND;
            let consecutive = 1;
            let mut o = Outlier::new(
                &OutlierSpec {
                    eject_for,
                    consecutive,
                    ..rules()
                },
                10,
                10,
            );
            let mut at = 0;
            for (times, lasts) in expected {
                assert!(hear(&mut o, 0, Error, at));
                assert_eq!(o.hosts[0].times, times);
                let last = (at + lasts) * SECOND - 1;
                assert_eq!(o.sweep(last, &mut certain).0, [0; 0]);
                at += lasts;
                assert_eq!(sweep(&mut o, at).0, [0]);
            }
        }
    }

    /// The example of the original: 50, 100, 100, 100, 100 have mean 90 and deviation 20.
    #[test]
    fn success_rates_far_below_the_mean_eject() {
        let ejected = |factor_milli, calls_each: u64, hosts: usize| {
            let success_rate_factor_milli = factor_milli;
            let mut one = OutlierSpec {
                success_rate_factor_milli,
                ..rules()
            };
            one.enforce.failure_share = 0;
            let mut o = Outlier::new(&one, 10, 10);
            calls(&mut o, 2, calls_each, calls_each / 2);
            (3..2 + hosts).for_each(|w| calls(&mut o, w, calls_each, 0));
            let found = sweep(&mut o, 10).1;
            // Counts are those of one interval.
            assert_eq!(sweep(&mut o, 20).1, [0; 0]);
            found
        };
        // 90 - 1.9 x 20 = 52 is above 50, 90 - 2 x 20 = 50 is not.
        assert_eq!(ejected(1900, 100, 5), [2]);
        assert_eq!(ejected(1999, 100, 5), [2]);
        assert_eq!(ejected(2000, 100, 5), [0; 0]);
        // One call, or one worker, too few.
        assert_eq!(ejected(1900, 98, 5), [0; 0]);
        assert_eq!(ejected(1900, 100, 4), [0; 0]);
    }

    #[test]
    fn shares_of_failures_eject_from_the_threshold_on() {
        let mut only = rules();
        only.enforce.success_rate = 0;
        let ejected = |rules: &OutlierSpec, calls_each: u64, failed: u64, others: usize| {
            let mut o = Outlier::new(rules, 10, 10);
            calls(&mut o, 9, calls_each, failed);
            (0..others).for_each(|w| calls(&mut o, w, 50, 0));
            sweep(&mut o, 10).1
        };
        assert_eq!(ejected(&only, 100, 85, 4), [9]);
        assert_eq!(ejected(&only, 100, 84, 4), [0; 0]);
        assert_eq!(ejected(&only, 50, 50, 4), [9]);
        assert_eq!(ejected(&only, 49, 49, 4), [0; 0], "a call too few");
        assert_eq!(ejected(&only, 50, 50, 3), [0; 0], "a worker too few");
        let few = OutlierSpec {
            min_calls: Some(10),
            min_hosts: 1,
            ..only.clone()
        };
        assert_eq!(ejected(&few, 10, 9, 0), [9]);
        assert_eq!(ejected(&few, 9, 9, 0), [0; 0]);
    }

    #[test]
    fn who_is_out_is_not_judged_and_nobody_is_ejected_twice() {
        let few = OutlierSpec {
            min_hosts: 2,
            min_calls: Some(1),
            ..rules()
        };
        let mut o = Outlier::new(&few, 4, 4);
        // Worst by both measures: out once.
        calls(&mut o, 0, 1000, 1000);
        (1..4).for_each(|w| calls(&mut o, w, 1000, 0));
        o.rules.success_rate_factor_milli = 1000;
        assert_eq!(sweep(&mut o, 10), (vec![], vec![0]));
        assert_eq!((o.out, o.hosts[0].times), (1, 1));
        // What comes late of it is not judged, but in the interval in which it is back it is.
        calls(&mut o, 0, 10, 10);
        (1..4).for_each(|w| calls(&mut o, w, 10, 0));
        assert_eq!(sweep(&mut o, 20), (vec![], vec![]));
        calls(&mut o, 0, 10, 10);
        (1..4).for_each(|w| calls(&mut o, w, 10, 0));
        assert_eq!(sweep(&mut o, 40), (vec![0], vec![0]));
        assert_eq!(o.hosts[0].times, 2);
    }

    #[test]
    fn health_that_was_found_good_lets_a_worker_back() {
        let mut o = Outlier::new(
            &OutlierSpec {
                consecutive: 1,
                ..rules()
            },
            10,
            10,
        );
        assert!(!o.restore(3, 0), "it is in");
        assert!(hear(&mut o, 3, Gateway, 1));
        assert!(o.restore(3, 2 * SECOND));
        assert!(!o.is_out(3) && o.out == 0);
        assert_eq!(sweep(&mut o, 11), (vec![], vec![]));
        assert_eq!(o.hosts[3].times, 1, "back for 9 s only");
        assert_eq!(sweep(&mut o, 12), (vec![], vec![]));
        assert_eq!(o.hosts[3].times, 0);
    }
}
