//! Runs a system until enough requests were measured, and reads metrics off what was counted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use veltrix::model::metric::{Context, Metric};
use veltrix::model::outcome::Outcome;
use veltrix::model::spec::{Arrivals, SystemSpec};
use veltrix::model::tally::{Tally, Wanted};
use veltrix::model::trial::{AttemptRow, Horizon, Observer};

use crate::read::Case;
use crate::systems::{S, go, run_spec};

const SEED: u64 = 1;
/// Most requests in one replication: what keeps two threads busy to the end.
const SLICE: u64 = 2_500_000;

/// What came out: the tally, and the slowdowns of requests of at least some work.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    pub tally: Tally,
    band: Band,
}

impl std::ops::Deref for Measured {
    type Target = Tally;
    fn deref(&self) -> &Tally {
        &self.tally
    }
}

/// Sum and number of the slowdowns of large requests, born in the measured time.
#[derive(Clone, Debug, Default)]
struct Band {
    least: u64,
    born: std::ops::Range<u64>,
    sum: f64,
    n: u64,
    /// Whether latencies are kept one by one: where many are the same, a bucket says too little.
    exact: bool,
    latencies: Vec<u64>,
}

impl Observer for Band {
    const ON: bool = true;
    fn begin(&mut self) {
        (self.sum, self.n) = (0.0, 0);
        self.latencies.clear();
    }
    fn attempt(&mut self, row: &AttemptRow) {
        if self.exact && self.born.contains(&row.born) && row.outcome == Some(Outcome::Ok) {
            self.latencies.push(row.end.unwrap() - row.born);
        }
        if row.work >= self.least
            && self.born.contains(&row.born)
            && row.outcome == Some(Outcome::Ok)
        {
            self.sum += (row.end.unwrap() - row.arrived) as f64 / row.work as f64;
            self.n += 1;
        }
    }
}

/// A system to be run for so many requests over all its replications.
pub struct Job<'c> {
    pub case: &'c Case,
    pub spec: SystemSpec,
    /// The mistake that `spec` is made with; none for the truth.
    pub mistake: Option<usize>,
}

impl Job<'_> {
    fn replications(&self) -> u64 {
        self.case.min_requests.unwrap().div_ceil(SLICE)
    }

    /// One replication, with a warm-up of its own.
    fn run(&self, replication: u64) -> Measured {
        let rate = self.spec.sources[0].mean_rate();
        let share = self
            .case
            .min_requests
            .unwrap()
            .div_ceil(self.replications()) as f64;
        // Six standard deviations more, so that the count reaches what is asked for.
        let spread = match self.spec.sources[0].arrivals {
            Arrivals::Mmpp { .. } => 30.0,
            _ => 6.0,
        };
        let time = |requests: f64| (requests / rate * S as f64) as u64;
        let horizon = time(share + spread * share.sqrt());
        let mut how = run_spec(SEED, Horizon::For(horizon));
        how.replication = replication as u32;
        how.timing.warm_up = time(self.case.warmup_requests as f64);
        how.timing.drain = horizon;
        let words = self.case.known.iter().map(|k| ours(self.case, &k.metric));
        let metrics: Vec<Metric> = words.filter_map(|w| Metric::parse(&w).ok()).collect();
        how.wanted = Wanted::for_metrics(&self.spec, &metrics);
        let mut band = Band {
            least: u64::MAX,
            exact: self.case.kind == "hedge",
            born: how.timing.warm_up..how.timing.warm_up + horizon,
            ..Band::default()
        };
        if let Some(least) = self.case.model["band"]["size_at_least"].as_f64() {
            band.least = (least * S as f64) as u64;
            band.born = how.timing.warm_up..how.timing.warm_up + horizon;
        }
        let tally = go(&self.spec, &how, &mut band).tally;
        Measured { tally, band }
    }
}

/// Runs all jobs on two threads, the longest first, and pools each one's replications in order.
pub fn run_all(jobs: &[Job]) -> Vec<Measured> {
    let mut parts: Vec<(usize, u64)> = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        parts.extend((0..job.replications()).map(|r| (i, r)));
    }
    parts.sort_by_key(|&(i, _)| {
        let case = jobs[i].case;
        std::cmp::Reverse(case.min_requests.unwrap() / jobs[i].replications())
    });
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some(&(i, r)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let tally = jobs[i].run(r);
            done.lock().unwrap().push((i, r, tally));
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|&(i, r, _)| (i, r));
    let mut pooled = vec![Measured::default(); jobs.len()];
    for (i, _, tally) in &done {
        pooled[*i].tally.add(tally);
        pooled[*i].band.sum += tally.band.sum;
        pooled[*i].band.n += tally.band.n;
        pooled[*i].band.latencies.extend(&tally.band.latencies);
    }
    pooled
}

/// Requests measured.
pub fn count(tally: &Tally) -> u64 {
    let n = tally.classes.iter().map(|class| class.born).sum();
    let lost: u64 = tally.classes.iter().map(|class| class.unfinished).sum();
    assert_eq!(lost, 0, "every measured request must have come to its end");
    n
}

/// The metric of ours that a word of theirs stands for.
pub fn ours(case: &Case, word: &str) -> String {
    let (what, how) = word.split_once('.').unwrap_or((word, ""));
    let late_too = case.kind == "timeout_no_cancel";
    match (what, how) {
        ("sojourn", "over_tau") if case.kind == "fanout_inf" => "latency_over_500ms".into(),
        ("hedge", "fraction") => "hedged".into(),
        ("work", "mean") => "work_mean".into(),
        ("sojourn", "over_tau") => {
            let tau = case.model["client"]["timeout_s"].as_f64().unwrap();
            format!("response_over_{tau}s")
        }
        ("sojourn", "p99") if case.kind == "hedge" => "exact_p99".into(),
        ("sojourn", how) if late_too => format!("response_{how}"),
        ("sojourn", how) => format!("latency_{how}"),
        ("wait", "delayed_prob") => "delayed".into(),
        ("wait", how) if how.contains('.') => {
            let (class, how) = how.split_once('.').unwrap();
            format!("wait_{how}@class:{class}")
        }
        ("wait_all", "mean") => "wait_all_mean".into(),
        ("abandon", "prob") => "loss_VX3108".into(),
        ("wait", how) => format!("wait_{how}"),
        ("orbit", "mean") => "pausing_mean".into(),
        ("attempts", "per_request") => "attempts_per_request".into(),
        ("attempt", "block_prob") => "refused".into(),
        ("admitted", "fraction") => "admitted".into(),
        ("full", "fraction") => "loss_VX3102".into(),
        ("failure", "fraction") => "loss_VX3110".into(),
        ("breaker", "rejected_fraction") => "loss_VX3105".into(),
        ("breaker", "trips_per_second") => "breaker_opens".into(),
        ("breaker", "open_fraction") => "breaker_open_share".into(),
        ("loss", "prob") => "loss".into(),
        ("loss", class) => format!("loss@class:{class}"),
        ("slowdown", how) => format!("slowdown_{how}"),
        ("cores_used", "mean") => "busy_cores_mean".into(),
        // A GiB of theirs is a byte of ours.
        ("ram_used", "mean") => "ram_bytes_mean".into(),
        ("queue", "mean") => "queue_mean".into(),
        ("system", "mean") => "in_system_mean".into(),
        ("busy_cores", "mean") => "busy_cores_mean".into(),
        ("throughput", "") => "throughput".into(),
        _ => panic!("{}: no metric for `{word}`", case.id),
    }
}

/// The value of one of our metrics.
pub fn value(spec: &SystemSpec, measured: &Measured, metric: &str, all: &[String]) -> f64 {
    if metric == "slowdown_in_band" {
        return measured.band.sum / measured.band.n as f64;
    }
    if metric == "exact_p99" {
        let mut all = measured.band.latencies.clone();
        all.sort_unstable();
        return all[(all.len() * 99).div_ceil(100) - 1] as f64 / S as f64;
    }
    if metric == "work_mean" {
        let core: u128 = measured.classes.iter().map(|class| class.core_ns).sum();
        return core as f64 / S as f64 / count(measured) as f64;
    }
    if metric == "admitted" {
        let lost = |word: &str| value(spec, measured, word, all);
        return 1.0 - lost("loss_VX3102") - lost("loss_VX3105");
    }
    let all: Vec<Metric> = all.iter().filter_map(|w| Metric::parse(w).ok()).collect();
    let wanted = Wanted::for_metrics(spec, &all);
    let metric = Metric::parse(metric).unwrap();
    let tally = &measured.tally;
    let part = Context::new(spec, &wanted).parts(&[metric], tally)[0];
    part.value().unwrap()
}
