//! Runs a system until enough requests were measured. What comes out does not depend on threads:
//! the replications of a system are fixed by its size, and are added in their order.

use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::build::{self, Lacking};
use super::called;
use super::read::Case;
use super::reading::{self, Reading};
use crate::base::codes::Code;
use crate::experiment::caught;
use crate::model::outcome::Outcome;
use crate::model::spec::{Arrivals, SystemSpec};
use crate::model::tally::{Tally, Wanted};
use crate::model::trial::{
    self, AttemptRow, Horizon, LookFor, Observer, RunSpec, Timing, TrialError, Width,
};

/// The one seed of all runs.
pub const SEED: u64 = 1;

/// Most requests in one replication: what keeps a few threads busy to the end.
const SLICE: u64 = 2_500_000;

/// How much too fast a system is that is wrong on purpose: two percent.
pub const CANARY: f64 = 1.02;

/// Nanoseconds in a second.
pub(super) const S: u64 = 1_000_000_000;

/// What came out: the tally, and what it does not hold.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// What a trial counts.
    pub tally: Tally,
    pub(super) band: Band,
}

impl Deref for Measured {
    type Target = Tally;
    fn deref(&self) -> &Tally {
        &self.tally
    }
}

impl Measured {
    /// Requests born in the measured time.
    pub fn born(&self) -> u64 {
        self.tally.classes.iter().map(|class| class.born).sum()
    }

    fn add(&mut self, other: &Measured) {
        self.tally.add(&other.tally);
        self.band.sum += other.band.sum;
        self.band.n += other.band.n;
        self.band.latencies.extend(&other.band.latencies);
    }
}

/// Sum and number of the slowdowns of large requests, born in the measured time.
#[derive(Clone, Debug, Default)]
pub(super) struct Band {
    least: u64,
    born: Range<u64>,
    pub(super) sum: f64,
    pub(super) n: u64,
    /// Whether latencies are kept one by one: where many are the same, a bucket says too little.
    exact: bool,
    pub(super) latencies: Vec<u64>,
}

impl Observer for Band {
    fn begin(&mut self) {
        (self.sum, self.n) = (0.0, 0);
        self.latencies.clear();
    }
    fn attempt(&mut self, row: &AttemptRow) {
        let Some(end) = row.end.filter(|_| row.outcome == Some(Outcome::Ok)) else {
            return;
        };
        // Behind a service that calls, that has rows of its own.
        if !self.born.contains(&row.born) || row.service != 0 {
            return;
        }
        if self.exact {
            self.latencies.push(end - row.born);
        }
        if row.work >= self.least {
            self.sum += (end - row.arrived) as f64 / row.work as f64;
            self.n += 1;
        }
    }
}

/// A system to be run for so many requests over all its replications.
#[derive(Clone, Debug)]
pub struct Job<'c> {
    /// The known answer it is for.
    pub case: &'c Case,
    /// The system: that of the case, or one that is wrong on purpose.
    pub spec: SystemSpec,
    /// Requests to measure at least.
    pub requests: u64,
    /// Most requests in one replication.
    pub slice: u64,
    /// What is read off, in the order of the case's known numbers.
    pub readings: Vec<Reading>,
    /// Whether it stands behind a service that calls it.
    pub called: bool,
}

impl<'c> Job<'c> {
    /// The system of a case, for as many requests as it demands.
    ///
    /// # Errors
    /// What of it this version cannot express or measure.
    pub fn of(case: &'c Case) -> Result<Job<'c>, Lacking> {
        let requests = super::size(case).ok_or("a number of requests")?;
        let words = case.known.iter().map(|k| Reading::of(case, &k.metric));
        Ok(Job {
            case,
            spec: build::system(&case.model)?,
            requests,
            slice: SLICE,
            readings: words.collect::<Result<_, _>>()?,
            called: false,
        })
    }

    /// The same behind a service that calls it; `None`: cases of this kind are not run so.
    ///
    /// # Errors
    /// What of it cannot be expressed so.
    pub fn called(case: &'c Case) -> Result<Option<Job<'c>>, Lacking> {
        if !called::CALLED.contains(&case.kind.as_str()) {
            return Ok(None);
        }
        let mut job = Job::of(case)?;
        job.spec = called::through_a_call(&job.spec)?;
        job.called = true;
        let tandem = case.kind == "tandem";
        let readings = job.readings.into_iter();
        let readings = readings.map(|one| called::of_calls(one, &job.spec, tandem));
        job.readings = readings.collect::<Result<_, _>>()?;
        Ok(Some(job))
    }

    /// What it is called: the case, and whether it is called from a step.
    pub fn name(&self) -> String {
        name(self.case, self.called)
    }

    /// Makes the system wrong on purpose: all workers [`CANARY`] times as fast, everything else as
    /// it should be. A comparison that lets this pass proves nothing.
    pub fn make_wrong(&mut self) {
        for group in self.spec.services.iter_mut().flat_map(|s| &mut s.groups) {
            group.speed *= CANARY;
        }
    }

    /// Requests over all replications, with what is left out at the beginning of each.
    pub fn work(&self) -> u64 {
        self.requests + self.replications() * self.case.warmup_requests
    }

    fn replications(&self) -> u64 {
        self.requests.div_ceil(self.slice)
    }

    /// Measured requests of one replication.
    fn share(&self) -> u64 {
        self.requests.div_ceil(self.replications())
    }

    /// One replication, with a warm-up of its own.
    fn run(&self, replication: u64) -> Result<Measured, TrialError> {
        let rate = self.spec.sources[0].mean_rate();
        let share = self.share() as f64;
        // Six standard deviations more, so that the count reaches what is asked for.
        let spread = match self.spec.sources[0].arrivals {
            Arrivals::Mmpp { .. } => 30.0,
            _ => 6.0,
        };
        let time = |requests: f64| (requests / rate * S as f64) as u64;
        let horizon = time(share + spread * share.sqrt());
        let warm_up = time(self.case.warmup_requests as f64);
        let mut how = run_spec(Horizon::For(horizon));
        how.replication = replication as u32;
        how.timing.warm_up = warm_up;
        how.timing.drain = horizon;
        how.wanted = Wanted::for_metrics(&self.spec, &reading::metrics(&self.readings));
        let least = self.case.model["band"]["size_at_least"].as_f64();
        let mut band = Band {
            least: least.map_or(u64::MAX, |least| (least * S as f64) as u64),
            exact: self.readings.contains(&Reading::ExactP99),
            born: warm_up..warm_up + horizon,
            ..Band::default()
        };
        let output = trial::run(&self.spec, &how, &mut band)?;
        Ok(Measured {
            tally: output.tally,
            band,
        })
    }
}

/// A run that measures from the first nanosecond.
pub(super) fn run_spec(horizon: Horizon) -> RunSpec {
    RunSpec {
        seed: SEED,
        replication: 0,
        timing: Timing {
            warm_up: 0,
            horizon,
            drain: 3600 * S,
            window: S,
        },
        wanted: Wanted::default(),
        series: false,
        look_for: LookFor::default(),
        event_budget: u64::MAX,
        width: Width::Auto,
        spared: Vec::new(),
    }
}

/// Runs all jobs, the longest replications first, and pools each one's replications in order.
/// `watch` hears of the requests of each replication as it ends.
///
/// Of a job that fails the first error is kept, in the order of its replications.
pub fn run_all(
    jobs: &[Job<'_>],
    threads: usize,
    watch: &(dyn Fn(u64) + Sync),
) -> Vec<Result<Measured, TrialError>> {
    let mut parts: Vec<(usize, u64)> = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        parts.extend((0..job.replications()).map(|r| (i, r)));
    }
    parts.sort_by_key(|&(i, _)| std::cmp::Reverse(jobs[i].share()));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some(&(i, r)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let measured = caught::call(|| jobs[i].run(r));
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((i, r, measured));
            drop(done);
            watch(jobs[i].share() + jobs[i].case.warmup_requests);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.clamp(1, parts.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|&(i, r, _)| (i, r));
    let mut pooled: Vec<Result<Measured, TrialError>> = Vec::new();
    pooled.resize_with(jobs.len(), || Ok(Measured::default()));
    for (i, _, measured) in done {
        match (&mut pooled[i], measured) {
            (Ok(sum), Ok(more)) => sum.add(&more),
            (failed @ Ok(_), Err(error)) => *failed = Err(error),
            (Err(_), _) => {}
        }
    }
    pooled
}

/// Requests measured.
///
/// # Errors
/// One has not come to its end: VX9001.
pub fn count(measured: &Measured) -> Result<u64, TrialError> {
    let inside: u64 = measured.classes.iter().map(|class| class.unfinished).sum();
    match inside {
        0 => Ok(measured.born()),
        _ => Err(broken(format!(
            "{inside} measured requests have not come to their end"
        ))),
    }
}

/// What a case is called, run from a source or from a step.
pub(super) fn name(case: &Case, called: bool) -> String {
    match called {
        true => format!("{} (called)", case.id),
        false => case.id.clone(),
    }
}

/// A bug of ours.
pub(super) fn broken(message: String) -> TrialError {
    TrialError {
        code: Code::BROKEN_INVARIANT,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::cases;
    use super::*;

    fn measured(threads: usize) -> Measured {
        let all = cases();
        let case = all.iter().find(|case| case.id == "erlang-b-c5").unwrap();
        let mut job = Job::of(case).unwrap();
        job.slice = 15_000;
        assert_eq!(job.replications(), 7);
        run_all(&[job], threads, &|_| {}).remove(0).unwrap()
    }

    #[test]
    fn replications_are_added_in_order_whatever_thread_was_first() {
        let one = measured(1);
        assert!(count(&one).unwrap() >= 100_000);
        for threads in [2, 8] {
            assert_eq!(format!("{:?}", measured(threads)), format!("{one:?}"));
        }
    }

    #[test]
    fn a_system_that_breaks_is_an_error_and_the_others_go_on() {
        let all = cases();
        let case = all.iter().find(|case| case.id == "erlang-b-c1").unwrap();
        let good = Job::of(case).unwrap();
        let mut bad = good.clone();
        // No check passes this; it stands for a bug of ours.
        bad.spec.sources[0].to = 7;
        let done = run_all(&[bad, good], 2, &|_| {});
        assert_eq!(done[0].as_ref().unwrap_err().code, Code::BROKEN_INVARIANT);
        assert!(done[1].is_ok());
    }
}
