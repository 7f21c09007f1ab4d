//! Runs trials of the story and says what was seen in each: the metrics as results have them, and
//! what only the rows of attempts tell.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use veltrix::config::{self, Overrides};
use veltrix::experiment::design::Design;
use veltrix::model::metric::{Context, Metric};
use veltrix::model::outcome::Outcome;
use veltrix::model::spec::SystemSpec;
use veltrix::model::tally::Wanted;
use veltrix::model::trial::{self, AttemptRow, LookFor, Observer, RunSpec, TrialOutput, Width};

use crate::SECOND;

/// What was seen in one trial.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    pub demand: u64,
    pub born: u64,
    /// Share of what was offered.
    pub goodput: f64,
    pub loss: f64,
    pub latency_mean: f64,
    pub latency_p99: f64,
    pub utilisation: f64,
    pub wasted_work: f64,
    pub attempts_per_request: f64,
    /// Attempts refused with VX3102 over the whole run, by workers or the balancer.
    pub buffer_full: u64,
    /// The part of workers, in the measured time.
    pub buffer_full_of_workers: u64,
    pub breaker_opens_of_7: u64,
    pub breaker_opens: u64,
    pub wedges: u64,
    pub queue_max: u64,
    pub ram_max: u64,
    pub episodes_of_14: Vec<Episode>,
}

impl Trial {
    /// Refusals of the longest episode that ended within the run.
    pub fn longest_episode_of_14(&self) -> u64 {
        let ended = self
            .episodes_of_14
            .iter()
            .filter(|e| e.served_again.is_some());
        ended.map(|e| e.refused).max().unwrap_or(0)
    }
}

/// A worker refuses, attempt after attempt, until it takes something new.
#[derive(Clone, Copy, Debug)]
pub struct Episode {
    pub began: u64,
    pub last_refused: u64,
    pub refused: u64,
    /// When it took something new; none before the end of the run.
    pub served_again: Option<u64>,
}

/// Everything that trials are made from.
pub struct Story {
    design: Design,
}

impl Story {
    pub fn get() -> &'static Story {
        static STORY: OnceLock<Story> = OnceLock::new();
        STORY.get_or_init(|| {
            let file = project("experiments/veltrix.toml");
            let loaded = config::load(&file, &Overrides::default());
            let loaded = loaded.unwrap_or_else(|refused| panic!("{refused:?}"));
            assert_eq!(loaded.design.seed, 14);
            Story {
                design: loaded.design,
            }
        })
    }

    /// 30 trials of *before*, run once.
    pub fn before() -> &'static [Trial] {
        static TRIALS: OnceLock<Vec<Trial>> = OnceLock::new();
        TRIALS.get_or_init(|| Story::get().variant("before", 30))
    }

    /// 30 trials of *after*, run once.
    pub fn after() -> &'static [Trial] {
        static TRIALS: OnceLock<Vec<Trial>> = OnceLock::new();
        TRIALS.get_or_init(|| Story::get().variant("after", 30))
    }

    /// Trials of a variant of the experiment, at its first point: as its model stands.
    pub fn variant(&self, name: &str, replications: u32) -> Vec<Trial> {
        let design = &self.design;
        let variant = design.variants.iter().position(|v| v.name == name);
        let variant = variant.unwrap_or_else(|| panic!("no variant {name}"));
        let point = design.points.iter().find(|p| p.variant == variant).unwrap();
        self.trials(&point.system, replications)
    }

    /// *After* on other hardware.
    pub fn size(&self, count: u32, cores: u32, ram: &str) -> SystemSpec {
        model(
            "models/veltrix-after.toml",
            &[
                format!("service.events.workers.count={count}"),
                format!("service.events.workers.cores={cores}"),
                format!("service.events.workers.ram=\"{ram}\""),
            ],
        )
    }

    /// *Before* with another buffer in the balancer.
    pub fn balancer_slots(&self, slots: u32) -> SystemSpec {
        let set = format!("service.events.balancer.buffer.slots={slots}");
        model("models/veltrix-before.toml", &[set])
    }

    /// Replications 0, 1, ... of a system, one thread a core. Tests take turns, so that there
    /// are never more.
    pub fn trials(&self, system: &SystemSpec, replications: u32) -> Vec<Trial> {
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = lock(&TURN);
        let next = Mutex::new(0..replications);
        let done = Mutex::new(Vec::new());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    while let Some(replication) = take(&next) {
                        let trial = self.trial(system, replication);
                        lock(&done).push((replication, trial));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap();
        done.sort_by_key(|(replication, _)| *replication);
        done.into_iter().map(|(_, trial)| trial).collect()
    }

    fn trial(&self, system: &SystemSpec, replication: u32) -> Trial {
        let run = RunSpec {
            seed: self.design.seed,
            replication,
            timing: self.design.timing,
            wanted: Wanted::default(),
            series: false,
            look_for: LookFor::default(),
            event_budget: u64::MAX,
            width: Width::Auto,
            spared: Vec::new(),
        };
        let mut watch = Watch::default();
        let output = trial::run(system, &run, &mut watch).unwrap();
        seen(system, &output, &watch)
    }
}

fn take(next: &Mutex<std::ops::Range<u32>>) -> Option<u32> {
    lock(next).next()
}

/// A test that fails while it holds a lock is told of elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn model(path: &str, set: &[String]) -> SystemSpec {
    let loaded = config::load_model(&project(path), set);
    loaded
        .unwrap_or_else(|refused| panic!("{refused:?}"))
        .system
}

/// Looks at every attempt and keeps what is asked about.
#[derive(Default)]
struct Watch {
    buffer_full: u64,
    refused_by_14: Vec<u64>,
    started_at_14: Vec<u64>,
}

impl Observer for Watch {
    fn begin(&mut self) {
        *self = Watch::default();
    }

    fn attempt(&mut self, row: &AttemptRow) {
        let full = row.outcome == Some(Outcome::BufferFull);
        self.buffer_full += u64::from(full);
        if row.worker != Some(14) {
            return;
        }
        match (full, row.start) {
            (true, _) => self.refused_by_14.push(row.end.unwrap()),
            (false, Some(start)) => self.started_at_14.push(start),
            (false, None) => {}
        }
    }
}

/// How long a wedged worker may take to begin what it holds: 128 waiting, 3.5 ms each on 8 cores
/// at half their speed, and a pause.
const BEGINS_WITHIN: u64 = 2 * SECOND;

fn episodes(refused: &[u64], started: &[u64]) -> Vec<Episode> {
    let refusals = refused.iter().map(|&at| (at, true));
    let starts = started.iter().map(|&at| (at, false));
    let mut all: Vec<(u64, bool)> = refusals.chain(starts).collect();
    all.sort_unstable();
    let mut episodes: Vec<Episode> = Vec::new();
    for (at, refused) in all {
        let open = episodes.last_mut().filter(|e| e.served_again.is_none());
        match (open, refused) {
            (Some(e), true) => {
                e.last_refused = at;
                e.refused += 1;
            }
            (None, true) => episodes.push(Episode {
                began: at,
                last_refused: at,
                refused: 1,
                served_again: None,
            }),
            (Some(e), false) if at > e.began + BEGINS_WITHIN => e.served_again = Some(at),
            (_, false) => {}
        }
    }
    episodes
}

fn seen(system: &SystemSpec, output: &TrialOutput, watch: &Watch) -> Trial {
    let names = [
        "goodput",
        "offered",
        "loss",
        "latency_mean",
        "latency_p99",
        "utilisation",
        "wasted_work",
        "attempts_per_request",
    ];
    let metrics = names.map(|name| Metric::parse(name).unwrap());
    let wanted = Wanted::default();
    let parts = Context::new(system, &wanted).parts(&metrics, &output.tally);
    let value = |i: usize| parts[i].value().unwrap_or(f64::NAN);
    let tally = &output.tally;
    let workers = &tally.workers;
    Trial {
        demand: output.demand,
        born: tally.classes.iter().map(|c| c.born).sum(),
        goodput: value(0) / value(1),
        loss: value(2),
        latency_mean: value(3),
        latency_p99: value(4),
        utilisation: value(5),
        wasted_work: value(6),
        attempts_per_request: value(7),
        buffer_full: watch.buffer_full,
        buffer_full_of_workers: workers
            .iter()
            .map(|w| w.ended[Outcome::BufferFull.index()])
            .sum(),
        breaker_opens_of_7: workers.get(6).map_or(0, |w| w.breaker_opens),
        breaker_opens: tally.balancers.iter().map(|b| b.breaker_opens).sum(),
        wedges: workers.iter().map(|w| w.wedges).sum(),
        queue_max: workers.iter().map(|w| w.queue_max).max().unwrap_or(0),
        ram_max: workers.iter().map(|w| w.ram_max).max().unwrap_or(0),
        episodes_of_14: episodes(&watch.refused_by_14, &watch.started_at_14),
    }
}

type Column = (&'static str, fn(&Trial) -> f64);

const COLUMNS: &[Column] = &[
    ("goodput %", |t| t.goodput * 100.0),
    ("loss", |t| t.loss),
    ("latency mean ms", |t| t.latency_mean * 1e3),
    ("latency p99 ms", |t| t.latency_p99 * 1e3),
    ("utilisation %", |t| t.utilisation * 100.0),
    ("wasted work %", |t| t.wasted_work * 100.0),
    ("attempts per request", |t| t.attempts_per_request),
    ("VX3102 of workers", |t| t.buffer_full_of_workers as f64),
    ("VX3102 in all, whole run", |t| t.buffer_full as f64),
    ("longest episode of 14", |t| {
        t.longest_episode_of_14() as f64
    }),
    ("wedges", |t| t.wedges as f64),
    ("breaker of 7 opens", |t| t.breaker_opens_of_7 as f64),
    ("breakers open", |t| t.breaker_opens as f64),
    ("most waiting at a worker", |t| t.queue_max as f64),
    ("most RAM at a worker, GiB", |t| {
        t.ram_max as f64 / f64::from(1 << 30)
    }),
];

/// Smallest, middle and largest of every column.
pub fn table(trials: &[Trial]) -> String {
    let mut text = String::new();
    for (name, value) in COLUMNS {
        let mut all: Vec<f64> = trials.iter().map(value).collect();
        all.sort_by(f64::total_cmp);
        let (low, mid, high) = (all[0], median(trials, *value), all[all.len() - 1]);
        text += &format!("  {name:26} {low:>12.4e} {mid:>12.4e} {high:>12.4e}\n");
    }
    text
}

pub fn median(trials: &[Trial], value: fn(&Trial) -> f64) -> f64 {
    let mut all: Vec<f64> = trials.iter().map(value).collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    match all.len() % 2 {
        1 => all[middle],
        _ => (all[middle - 1] + all[middle]) / 2.0,
    }
}
