//! The pilot: where the base and the levels are, and how much the runs will cost. It has random
//! words of its own, so that what it chooses depends on nothing that is measured later.

use super::replicate::{Watch, ground, trial};
use super::{Job, MOST_RUNS, PILOT, run_spec};
use crate::engine::rng::Key;
use crate::model::branch::{Branch, Until};
use crate::model::spec::{Arrivals, FaultWhen, SystemSpec};
use crate::model::trial::TrialError;
use crate::stats::splitting::{level_above, picks};

/// What the runs do.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub base: u64,
    pub levels: Vec<u64>,
    /// Unmeasured and measured time of each run's steady state, nanoseconds.
    pub warm_up: u64,
    pub watched: u64,
    /// One excursion in so many is kept.
    pub every: u64,
    /// Trials a level.
    pub trials: usize,
    pub first_runs: usize,
    pub most_runs: usize,
    /// Requests that the pilot simulated.
    pub requests: u64,
}

/// The steady state is watched for so many requests by the pilot.
const WATCHED: f64 = 20_000.0;
/// And begins after so many at least.
const BEFORE: f64 = 2_000.0;
/// So often the slowest process of the model must be seen.
const SLOWEST: f64 = 10.0;
/// With so many hits in the pilot's steady state, they can as well be counted.
const COUNTABLE: u64 = 200;
/// The share of trials that should reach the next level.
const SHARE: f64 = 0.2;
/// With such a share of trials that see a hit, there is no need for another level.
const SEEN: f64 = 0.1;
const MOST_LEVELS: usize = 300;
/// Runs at least. The squared error of a run grows exponentially with levels over trials, so that
/// few runs of many trials are better than many of few.
const RUNS: usize = 10;
/// Trials a level: as many as fit, most first.
const TRIALS: [usize; 10] = [1000, 700, 500, 350, 250, 180, 130, 90, 60, 40];
/// States that are kept at once: those of so many workers.
const KEPT: usize = 16_000;
/// Of what is left after the pilot, so much is planned for.
const PLANNED: f64 = 0.9;

pub(super) fn plan(job: &Job<'_>) -> Result<Plan, TrialError> {
    let starts = job.spec.sources.iter().map(|s| s.start).max().unwrap_or(0);
    let slowest = slowest(job.spec);
    let before = (BEFORE * job.gap).max(2.0 * slowest);
    let warm_up = starts + (before as u64).max(job.setting.warm_up);
    let watched = (WATCHED * job.gap).max(SLOWEST * slowest) as u64;
    let run = run_spec(job.setting.seed, PILOT + job.setting.batch);
    let look = look(job, Branch::new(job.spec, &run), warm_up, watched)?;
    let mut plan = Plan {
        base: look.base,
        levels: Vec::new(),
        warm_up,
        watched,
        every: 1,
        trials: 0,
        first_runs: 0,
        most_runs: 0,
        requests: look.requests,
    };
    let Some(first) = look.first.filter(|_| look.hits < COUNTABLE) else {
        return Ok(counted(job, plan, look.hits));
    };
    let watch = Watch {
        from: warm_up,
        to: warm_up.saturating_add(watched),
        first: Some((plan.base, first)),
        every: 1,
        offset: 0,
    };
    let ground = ground(job, Branch::new(job.spec, &run), &watch)?;
    plan.requests += ground.requests;
    if ground.excursions == 0 {
        return Ok(counted(job, plan, look.hits));
    }
    plan.levels.push(first);
    let excursions = ground.excursions as f64;
    let cost = climb(job, &mut plan, ground.entrances)?;
    Ok(sized(job, plan, watched as f64 / excursions, slowest, cost))
}

/// What the steady state looks like.
struct Look {
    base: u64,
    first: Option<u64>,
    hits: u64,
    requests: u64,
}

fn look(
    job: &Job<'_>,
    mut branch: Branch<'_>,
    warm_up: u64,
    watched: u64,
) -> Result<Look, TrialError> {
    let mut until = Until {
        low: None,
        high: None,
        time: warm_up,
    };
    branch.advance(&job.gauge, &until)?;
    branch.peak = 0;
    let before = branch.hits(&job.hits);
    let mut seen = Vec::new();
    let step = (job.gap as u64).max(watched / (10 * WATCHED as u64)).max(1);
    while until.time < warm_up.saturating_add(watched) {
        until.time += step;
        branch.advance(&job.gauge, &until)?;
        seen.push(branch.fullness(&job.gauge));
    }
    seen.sort_unstable();
    let at = |share: f64| seen[((seen.len() - 1) as f64 * share) as usize];
    let base = at(0.5);
    let rare = at(0.9).max(base + 1);
    let above = seen.iter().copied().find(|&full| full >= rare);
    Ok(Look {
        base,
        first: above.or((branch.peak > base).then_some(branch.peak)),
        hits: branch.hits(&job.hits) - before,
        requests: branch.born(),
    })
}

/// Chooses levels from the first on up; says what a trial of each level costs, in requests.
fn climb<'s>(
    job: &Job<'s>,
    plan: &mut Plan,
    mut starts: Vec<Branch<'s>>,
) -> Result<f64, TrialError> {
    let usual = (job.setting.max_requests / 7_000).clamp(60, 1000) as usize;
    let enough = job.setting.max_requests / 3;
    let (mut lineage, mut cost) = (0, 0.0);
    while let Some(&present) = plan.levels.last() {
        let mut trials = usual;
        // What each trial cost and how far it came, with its lineage and state to run it again.
        let mut peaks = Vec::new();
        let mut runs = Vec::new();
        let next = loop {
            let mut seen = 0_usize;
            let already = peaks.len();
            for pick in picks(trials - already, starts.len(), 0.5) {
                lineage += 1;
                let key = Key::new(
                    job.setting.seed,
                    u64::from(PILOT + job.setting.batch),
                    lineage,
                );
                let one = trial(job, &starts[pick], &key, (plan.base, None))?;
                plan.requests += one.requests;
                peaks.push(one.end.peak);
                runs.push((pick, key, one.requests));
                seen += usize::from(one.hits > 0);
            }
            if seen as f64 >= SEEN * (trials - already) as f64 || plan.levels.len() >= MOST_LEVELS {
                break None;
            }
            let next = level_above(&peaks, present, SHARE);
            if next.is_some() || trials >= 16 * usual || plan.requests > enough {
                break next;
            }
            trials *= 2;
        };
        let mut total = 0;
        let mut reached = Vec::new();
        for (peak, (pick, key, requests)) in peaks.iter().zip(runs) {
            if next.is_none_or(|next| *peak < next) {
                total += requests;
                continue;
            }
            let one = trial(job, &starts[pick], &key, (plan.base, next))?;
            plan.requests += one.requests;
            total += one.requests;
            reached.push(one.end);
        }
        cost += total as f64 / peaks.len() as f64;
        let Some(next) = next.filter(|_| plan.requests <= enough) else {
            break;
        };
        plan.levels.push(next);
        starts = reached;
    }
    Ok(cost)
}

/// How many trials and runs fit. `apart`: time from one excursion to the next; `cost`: requests of
/// one trial of each level.
fn sized(job: &Job<'_>, mut plan: Plan, apart: f64, slowest: f64, cost: f64) -> Plan {
    let left = left(job, &plan);
    let least = (BEFORE * job.gap).max(SLOWEST * slowest);
    let time = |trials: usize| (trials as f64 * apart).max(least);
    let requests =
        |trials: usize| (plan.warm_up as f64 + time(trials)) / job.gap + trials as f64 * cost;
    let workers: usize = job.spec.services.iter().map(|s| s.worker_count()).sum();
    let most = (KEPT / workers.max(1)).max(100);
    let fits = |&trials: &usize| trials <= most && RUNS as f64 * requests(trials) <= left;
    // What does not fit is done all the same, as small as it can be.
    let trials = TRIALS.into_iter().find(fits).unwrap_or(40);
    let runs = RUNS;
    plan.trials = trials;
    plan.watched = time(trials) as u64;
    plan.every = ((plan.watched as f64 / apart / trials as f64) as u64).max(1);
    plan.first_runs = runs;
    plan.most_runs = ((left / requests(trials)) as usize).clamp(runs, MOST_RUNS);
    plan
}

/// Without levels: the pilot saw so many hits, or saw nothing rise.
fn counted(job: &Job<'_>, mut plan: Plan, hits: u64) -> Plan {
    let left = left(job, &plan);
    let requests = |plan: &Plan| (plan.warm_up as f64 + plan.watched as f64) / job.gap;
    if hits < COUNTABLE {
        // Long runs, and a few dozen of them: none should see nothing.
        let longer = (left / 40.0 / requests(&plan)).max(1.0);
        plan.watched = (plan.watched as f64 * longer) as u64;
    }
    plan.first_runs = RUNS;
    plan.most_runs = ((left / requests(&plan)) as usize).clamp(RUNS, MOST_RUNS);
    plan
}

fn left(job: &Job<'_>, plan: &Plan) -> f64 {
    job.setting.max_requests.saturating_sub(plan.requests) as f64 * PLANNED
}

/// How long the slowest process of the model takes, from one time round to the next.
fn slowest(spec: &SystemSpec) -> f64 {
    let sources = spec.sources.iter().map(|s| match &s.arrivals {
        Arrivals::Mmpp { dwell, .. } => dwell.iter().sum(),
        Arrivals::OnOff { on, off, .. } => on.mean() + off.mean(),
        Arrivals::Closed { think, .. } => think.mean(),
        _ => 0.0,
    });
    let faults = spec.faults.iter().filter(|f| f.enabled);
    let faults = faults.map(|f| match &f.when {
        FaultWhen::Every(gap) => gap.mean() + f.lasts.as_ref().map_or(0.0, |l| l.mean()),
        _ => 0.0,
    });
    sources.chain(faults).fold(0.0, f64::max)
}
