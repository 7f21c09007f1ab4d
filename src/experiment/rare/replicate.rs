//! One independent run: the steady state, then level after level.

use super::pilot::Plan;
use super::{Job, MOST_RUNS, RUNS, run_spec};
use crate::engine::rng::{Bits, Key, Stream};
use crate::model::branch::{Branch, Stopped, Until};
use crate::model::metric::{Context, Part};
use crate::model::tally::{Tally, Wanted};
use crate::model::trial::TrialError;
use crate::stats::splitting::{Stage, deepest, expected_hits, picks};

/// What a run found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Expected hits in its measured time.
    pub hits: f64,
    /// Of so many requests or attempts.
    pub of: f64,
    /// Excursions that came to the last level trials were started from, and those trials.
    pub deepest: (f64, u64),
    /// Requests simulated.
    pub requests: u64,
}

/// The steady state watched for a while: excursions and where they began.
pub(super) struct Ground<'s> {
    /// Excursions that began in the measured time.
    pub excursions: u64,
    /// Where one in so many of them began.
    pub entrances: Vec<Branch<'s>>,
    /// Hits outside of excursions.
    pub outside: u64,
    /// The number of requests or attempts that the metric is a share of.
    pub of: u64,
    /// Requests simulated.
    pub requests: u64,
}

/// When the steady state is watched, and what is kept of it.
pub(super) struct Watch {
    /// Unmeasured time before, and the end of the measured time, nanoseconds.
    pub from: u64,
    pub to: u64,
    /// Base and first level; `None`: all hits are counted.
    pub first: Option<(u64, u64)>,
    /// One excursion in so many is kept, beginning with this one.
    pub every: u64,
    pub offset: u64,
}

fn of(job: &Job<'_>, tally: &Tally) -> u64 {
    let wanted = Wanted::default();
    let context = Context::new(job.spec, &wanted);
    match context.parts(std::slice::from_ref(job.metric), tally)[..] {
        [Part::Share { den, .. }] => den,
        _ => 0,
    }
}

/// Watches the steady state.
pub(super) fn ground<'s>(
    job: &Job<'_>,
    mut branch: Branch<'s>,
    watch: &Watch,
) -> Result<Ground<'s>, TrialError> {
    let mut found = Ground {
        excursions: 0,
        entrances: Vec::new(),
        outside: 0,
        of: 0,
        requests: 0,
    };
    let Some((base, first)) = watch.first else {
        let mut until = Until {
            low: None,
            high: None,
            time: watch.from,
        };
        branch.advance(&job.gauge, &until)?;
        let before = (branch.hits(&job.hits), of(job, &branch.counts()));
        until.time = watch.to;
        branch.advance(&job.gauge, &until)?;
        found.outside = branch.hits(&job.hits) - before.0;
        found.of = of(job, &branch.counts()) - before.1;
        found.requests = branch.born();
        return Ok(found);
    };
    let mut inside = false;
    for (measured, time) in [(false, watch.from), (true, watch.to)] {
        let of_before = of(job, &branch.counts());
        loop {
            let until = Until {
                low: inside.then_some(base),
                high: (!inside).then_some(first),
                time,
            };
            let before = branch.hits(&job.hits);
            let stopped = branch.advance(&job.gauge, &until)?;
            if measured && !inside {
                found.outside += branch.hits(&job.hits) - before;
            }
            match stopped {
                Stopped::Time => break,
                Stopped::Low => inside = false,
                Stopped::High => {
                    inside = true;
                    if measured {
                        if found.excursions % watch.every == watch.offset {
                            found.entrances.push(branch.clone());
                        }
                        found.excursions += 1;
                    }
                }
            }
        }
        if measured {
            found.of = of(job, &branch.counts()) - of_before;
        }
    }
    found.requests = branch.born();
    Ok(found)
}

/// A trial, from a state with words of its own, until the base or the next level.
pub(super) struct Trial<'s> {
    pub end: Branch<'s>,
    pub reached: bool,
    pub hits: u64,
    pub requests: u64,
}

pub(super) fn trial<'s>(
    job: &Job<'_>,
    from: &Branch<'s>,
    key: &Key,
    (base, next): (u64, Option<u64>),
) -> Result<Trial<'s>, TrialError> {
    let mut branch = from.split(key);
    branch.peak = 0;
    let until = Until {
        low: Some(base),
        high: next,
        time: u64::MAX,
    };
    let (hits, born) = (branch.hits(&job.hits), branch.born());
    let stopped = branch.advance(&job.gauge, &until)?;
    Ok(Trial {
        reached: stopped == Stopped::High,
        hits: branch.hits(&job.hits) - hits,
        requests: branch.born() - born,
        end: branch,
    })
}

/// The run of a number.
pub(super) fn replicate(job: &Job<'_>, plan: &Plan, number: u32) -> Result<Run, TrialError> {
    let batch = job.setting.batch * MOST_RUNS as u32;
    let (seed, replication) = (job.setting.seed, RUNS + batch + number);
    let key = |lineage: u64| Key::new(seed, u64::from(replication), lineage);
    let mut chance = Stream::new(&key(0), "rare/picks");
    let run = run_spec(seed, replication);
    let watch = Watch {
        from: plan.warm_up,
        to: plan.warm_up.saturating_add(plan.watched),
        first: plan.levels.first().map(|&level| (plan.base, level)),
        every: plan.every,
        offset: (chance.unit() * plan.every as f64) as u64,
    };
    let ground = ground(job, Branch::new(job.spec, &run), &watch)?;
    let mut requests = ground.requests;
    let mut starts = ground.entrances;
    let mut stages = Vec::new();
    let mut lineage = 0;
    for (level, _) in plan.levels.iter().enumerate() {
        if starts.is_empty() {
            break;
        }
        let next = plan.levels.get(level + 1).copied();
        let mut stage = Stage::default();
        let mut reached = Vec::new();
        for pick in picks(plan.trials, starts.len(), chance.unit()) {
            lineage += 1;
            let trial = trial(job, &starts[pick], &key(lineage), (plan.base, next))?;
            stage.trials += 1;
            stage.hits += trial.hits;
            requests += trial.requests;
            if trial.reached {
                stage.reached += 1;
                reached.push(trial.end);
            }
        }
        stages.push(stage);
        starts = reached;
    }
    Ok(Run {
        hits: ground.outside as f64 + expected_hits(ground.excursions, &stages),
        of: ground.of as f64,
        deepest: deepest(ground.excursions, &stages).unwrap_or((0.0, 0)),
        requests,
    })
}
