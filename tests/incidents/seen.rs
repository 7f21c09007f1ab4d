//! Loads the experiment of an incident, runs trials of it for one seed, and says what was seen.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use veltrix::config::{self, Overrides};
use veltrix::experiment::design::Design;
use veltrix::model::metric::{Context, Metric};
use veltrix::model::series::{NAMES, Series};
use veltrix::model::spec::SystemSpec;
use veltrix::model::tally::{Tally, Wanted};
use veltrix::model::trial::{self, Blind, LookFor, RunSpec, Width};

/// Seconds of the run, from and to.
pub type Span = (f64, f64);

/// What came out of one trial.
pub struct Seen {
    system: Arc<SystemSpec>,
    tally: Tally,
    series: Series,
}

impl Seen {
    fn window_s(&self) -> f64 {
        self.series.window as f64 / 1e9
    }

    fn rows(&self, span: Span) -> &[[f64; NAMES.len()]] {
        let row = |s: f64| (s / self.window_s()).round() as usize;
        let rows = &self.series.rows[row(span.0)..row(span.1)];
        assert!(!rows.is_empty(), "no windows in {span:?}");
        rows
    }

    /// Mean of a series over a span.
    pub fn mean(&self, name: &str, span: Span) -> f64 {
        let column = column(name);
        let rows = self.rows(span);
        rows.iter().map(|row| row[column]).sum::<f64>() / rows.len() as f64
    }

    /// What is answered in time, of what is sent meanwhile.
    pub fn served(&self, span: Span) -> f64 {
        self.mean("goodput", span) / self.mean("offered", span)
    }

    /// A metric of the results.
    pub fn value(&self, metric: &str) -> f64 {
        let wanted = Wanted::default();
        let metrics = [Metric::parse(metric).unwrap()];
        let parts = Context::new(&self.system, &wanted).parts(&metrics, &self.tally);
        parts[0].value().unwrap()
    }

    /// The end of the window by which so many were answered in time.
    pub fn answered_by(&self, many: f64) -> Option<f64> {
        let column = column("goodput");
        let mut sum = 0.0;
        let place = self.series.rows.iter().position(|row| {
            sum += row[column] * self.window_s();
            sum >= many - 1e-6
        });
        place.map(|i| (i + 1) as f64 * self.window_s())
    }

    /// The start of the first window, from a time on, in which a series is above a bound.
    pub fn first(&self, name: &str, from: f64, above: f64) -> Option<f64> {
        let column = column(name);
        let skip = (from / self.window_s()).round() as usize;
        let mut rows = self.series.rows.iter().enumerate().skip(skip);
        rows.find(|(_, row)| row[column] > above)
            .map(|(i, _)| i as f64 * self.window_s())
    }

    /// For at least ten times the trigger's length after its end, what is served stays under 90 %
    /// of what was served before: in each of ten parts of that length.
    pub fn stays_down(&self, before: Span, trigger: Span) -> bool {
        let length = trigger.1 - trigger.0;
        let part = |i: f64| (trigger.1 + i * length, trigger.1 + (i + 1.0) * length);
        let bound = 0.9 * self.served(before);
        (0..10).all(|i| self.served(part(f64::from(i))) < bound)
    }

    /// In a span what is served is back at 90 % of what was served before, or more.
    pub fn is_back(&self, before: Span, span: Span) -> bool {
        self.served(span) >= 0.9 * self.served(before)
    }
}

fn column(name: &str) -> usize {
    let place = NAMES.iter().position(|n| *n == name);
    place.unwrap_or_else(|| panic!("no series {name}"))
}

/// Trials of one experiment with one seed, each run once.
pub struct Runs {
    file: &'static str,
    seed: u64,
    design: Design,
    done: RefCell<BTreeMap<String, Rc<Seen>>>,
}

impl Runs {
    pub fn new(file: &'static str, seed: u64) -> Runs {
        Runs {
            file,
            seed,
            design: load(file, &[], None),
            done: RefCell::default(),
        }
    }

    /// The trial of a variant at its first point.
    pub fn of(&self, variant: &str) -> Rc<Seen> {
        self.at(variant, "")
    }

    /// The trial of a variant where its axis has this value.
    pub fn at(&self, variant: &str, value: &str) -> Rc<Seen> {
        self.kept(format!("{variant} {value}"), || {
            trial(&self.design, self.seed, variant, value)
        })
    }

    /// The trial of a variant with `PATH=VALUE` put in, or over another time.
    pub fn with(&self, variant: &str, set: &str, horizon: Option<&str>) -> Rc<Seen> {
        self.kept(format!("{variant} {set} {horizon:?}"), || {
            let set = set.split_whitespace().map(str::to_owned);
            let set: Vec<String> = set.collect();
            trial(&load(self.file, &set, horizon), self.seed, variant, "")
        })
    }

    fn kept(&self, key: String, run: impl FnOnce() -> Seen) -> Rc<Seen> {
        if let Some(seen) = self.done.borrow().get(&key) {
            return Rc::clone(seen);
        }
        let seen = Rc::new(run());
        self.done.borrow_mut().insert(key, Rc::clone(&seen));
        seen
    }
}

fn load(file: &str, set: &[String], horizon: Option<&str>) -> Design {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(format!("experiments/incidents/{file}.toml"));
    let overrides = Overrides {
        set: set.to_vec(),
        horizon: horizon.map(str::to_owned),
        ..Overrides::default()
    };
    let loaded = config::load(&path, &overrides);
    loaded
        .unwrap_or_else(|refused| panic!("{file}: {refused:?}"))
        .design
}

fn trial(design: &Design, seed: u64, variant: &str, value: &str) -> Seen {
    let point = (0..design.points.len()).find(|&i| {
        let point = &design.points[i];
        let set = design.settings(i);
        design.variants[point.variant].name == variant
            && (value.is_empty() || set.iter().any(|(_, v)| *v == value))
    });
    let point = point.unwrap_or_else(|| panic!("no {variant} with {value}"));
    let run = RunSpec {
        seed,
        replication: 0,
        timing: design.timing,
        wanted: Wanted::default(),
        series: true,
        look_for: LookFor::default(),
        spared: Vec::new(),
        event_budget: u64::MAX,
        width: Width::Auto,
    };
    let system = Arc::clone(&design.points[point].system);
    let output = trial::run(&system, &run, &mut Blind);
    let output = output.unwrap_or_else(|e| panic!("{variant}: {e:?}"));
    Seen {
        system,
        tally: output.tally,
        series: output.series,
    }
}
