//! A random model: its file, what it reads, and how it is run.

use crate::dists::{Kind, number};
use crate::draw::Draw;
use crate::features::Feature::*;
use crate::features::{Feature, Features};
use crate::text::{Node, Table};
use crate::{faults, graphs, services, sources};

/// A model with everything that belongs to it.
pub struct Model {
    pub features: Features,
    pub file: Table,
    /// Other files beside it: name and text.
    pub data: Vec<(String, String)>,
    pub run: Run,
    /// The draw that goes on where the model ends.
    pub draw: Draw,
}

/// How long a run is.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub warm_up: u64,
    /// `None`: to the end of the trace.
    pub horizon: Option<u64>,
    pub drain: u64,
}

/// What is known of a service where others depend on it.
#[derive(Clone, Debug, Default)]
pub struct Service {
    pub name: String,
    pub workers: u64,
    /// Fewest cores of a worker; all of them.
    pub cores: u64,
    pub all_cores: u64,
    /// Work per request in the mean, nanoseconds.
    pub work: f64,
    /// Whether every worker's RAM ends; the least, without what the worker holds itself.
    pub ram: Option<u64>,
    pub bounded_ram: bool,
    pub pulls: bool,
    pub shares: bool,
    /// Whether who calls must have a deadline.
    pub by_deadline: bool,
    /// Some worker serves by priority.
    pub by_priority: bool,
    /// Its workers come and go.
    pub scaled: bool,
    /// Memory changes the speed of its workers.
    pub strained: bool,
    /// Its two groups stand in zones a and b.
    pub zoned: bool,
    /// Its work is a column of the trace that sends.
    pub traced: bool,
}

/// A model while it grows.
pub struct Making {
    pub draw: Draw,
    pub features: Features,
    pub data: Vec<(String, String)>,
    /// Length of the run, nanoseconds.
    pub length: u64,
    /// Times are multiples of this.
    pub step: u64,
    pub services: Vec<Service>,
    /// Sources whose rate can surge.
    pub surging: Vec<String>,
    /// Sources whose requests may be poisoned.
    pub poisoning: Vec<String>,
    /// Whether any source sends a trace once, and whether a run to its end is sure to end.
    pub once: bool,
    pub ends: bool,
}

impl Making {
    /// Whether to use a feature here: now and then not, also where it is on.
    pub fn has(&mut self, feature: Feature) -> bool {
        self.features.on(feature) && self.draw.chance(0.65)
    }

    /// A time around a mean, as a number.
    pub fn nanos(&mut self, mean: f64) -> u64 {
        let drawn = mean * self.draw.scale(0.3, 3.0);
        ((drawn / self.step as f64).round() as u64).max(1) * self.step
    }

    /// A time around a mean, as text.
    pub fn time(&mut self, mean: f64) -> String {
        let nanos = self.nanos(mean);
        number(Kind::Time, nanos)
    }
}

/// Puts in a key with its default, or not.
pub fn default(m: &mut Making, table: &mut Table, key: &str, value: &str) {
    if m.has(Defaults) && table.get(key).is_none() {
        table.put(key, value);
    }
}

impl Model {
    /// A model that is only text.
    pub fn written(data: &[(&str, &str)], run: Run) -> Model {
        let data = data.iter().map(|d| (d.0.to_owned(), d.1.to_owned()));
        Model {
            features: Features::none(),
            file: Table::default(),
            data: data.collect(),
            run,
            draw: Draw::new(0),
        }
    }

    pub fn new(seed: u64) -> Model {
        let mut draw = Draw::new(seed);
        let features = Features::new(&mut draw);
        let length = draw.scale(1e7, 3e11) as u64;
        let step = if features.on(Lattice) {
            length / draw.from(50, 3000)
        } else {
            1
        };
        let mut m = Making {
            draw,
            features,
            data: Vec::new(),
            length: length / step * step,
            step,
            services: Vec::new(),
            surging: Vec::new(),
            poisoning: Vec::new(),
            once: false,
            ends: true,
        };
        let mut file = Table::default();
        file.text("title", "made up");
        services::add(&mut m, &mut file);
        sources::add(&mut m, &mut file);
        faults::add(&mut m, &mut file);
        prices(&mut m, &mut file);
        let run = run(&mut m);
        graphs::add(&mut m, &mut file, (seed, run.horizon.is_some()));
        Model {
            features: m.features,
            file,
            data: m.data,
            run,
            draw: m.draw,
        }
    }
}

fn prices(m: &mut Making, file: &mut Table) {
    if m.features.on(Prices) && !m.features.on(Unbounded) {
        let mut prices = Table::default();
        prices.put("core_hour", m.draw.between(0.0, 0.1));
        if m.draw.chance(0.5) {
            prices.put("gib_hour", m.draw.between(0.0, 0.01));
        }
        file.node("prices", Node::Table(prices));
    }
}

fn run(m: &mut Making) -> Run {
    let warm_up = if m.has(WarmUp) {
        m.nanos(m.length as f64 / 10.0)
    } else {
        0
    };
    let whole = m.once && m.ends && m.draw.chance(0.7);
    let rest = m.length.saturating_sub(warm_up).max(m.step);
    Run {
        warm_up,
        horizon: (!whole).then_some(rest),
        drain: m.draw.pick(&[0, m.length / 10, m.length]),
    }
}
