//! One model, run in several ways that must make no difference.

use std::fs;
use std::path::{Path, PathBuf};

use veltrix::base::codes::Code;
use veltrix::config::{LoadedModel, load_model, read_written, write_model};
use veltrix::model::incident::Rules;
use veltrix::model::metric::{Context, Metric, Part, Unit};
use veltrix::model::outcome::Outcome;
use veltrix::model::spec::{Arrivals, FaultKind, FaultSpec, SourceSpec, SystemSpec};
use veltrix::model::tally::{Narrow, Tally, Wanted};
use veltrix::model::trial::{
    AttemptRow, Blind, Horizon, Kinds, LookFor, Observer, RunSpec, StopAt, Timing, TrialOutput,
    Width, run,
};

use crate::draw::Draw;
use crate::model::{Model, Run};
use crate::rows::Seen;

/// Attempts by outcome; the last are those still inside.
pub type Ended = [u64; Outcome::COUNT + 1];

/// What became of a model.
pub enum Verdict {
    /// It ran and everything holds: how its attempts ended, and events.
    Fine { ended: Ended, events: u64 },
    /// A documented refusal.
    Refused(String),
    /// Something is broken.
    Broken(String),
}

/// More than any of these models takes.
const BUDGET: u64 = 20_000_000;

/// Codes of refusals of combinations.
const COMBINATIONS: &[Code] = &[Code::UNSUPPORTED, Code::KEYS_DISAGREE];

/// Where a model's files are while it is looked at.
pub struct Place(PathBuf);

impl Place {
    pub fn new(name: &str) -> Place {
        let name = format!("veltrix-swarm-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    fn load(&self, text: &str) -> Result<LoadedModel, (bool, String)> {
        let path = self.0.join("model.toml");
        fs::write(&path, text).unwrap();
        load_model(&path, &[]).map_err(|found| {
            let errors: Vec<_> = found.list.iter().filter(|d| d.is_error()).collect();
            let known = errors.iter().all(|d| COMBINATIONS.contains(&d.code));
            let lines: Vec<String> = errors
                .iter()
                .map(|d| format!("{} {}", d.code, d.message))
                .collect();
            (known, lines.join("\n"))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Looks at a model from all sides. The text is the file as it was read.
pub fn judge(model: &mut Model, text: &str, seed: u64, place: &Place) -> Verdict {
    for (name, text) in &model.data {
        fs::write(place.path().join(name), text).unwrap();
    }
    let loaded = match place.load(text) {
        Ok(loaded) => loaded,
        Err((true, text)) => return Verdict::Refused(text),
        Err((false, text)) => return Verdict::Broken(format!("refused:\n{text}")),
    };
    match look(model, &loaded, seed, place) {
        Ok((ended, events)) => Verdict::Fine { ended, events },
        Err(text) => Verdict::Broken(text),
    }
}

fn look(
    model: &mut Model,
    loaded: &LoadedModel,
    seed: u64,
    place: &Place,
) -> Result<(Ended, u64), String> {
    let spec = &loaded.system;
    let how = how(&model.run, seed);
    let plain = go(spec, &how, &mut Blind)?;
    let mut rows: Vec<AttemptRow> = Vec::new();
    let mut watched = how.clone();
    watched.width = Width::Wide;
    watched.series = true;
    let seen = go(spec, &watched, &mut rows)?;
    if same(&plain, &seen).is_err() {
        return Err(why_not_the_same(spec, &how, &plain));
    }
    let seen = Seen {
        spec,
        run: model.run,
        rows: &rows,
        tally: &plain.tally,
    };
    seen.check()?;
    let more = everything(spec, &how);
    let output = go(spec, &more, &mut Blind)?;
    if output.fingerprint != plain.fingerprint {
        return Err("measuring more moves something".into());
    }
    metrics(spec, &more.wanted, &output.tally)?;
    replays(spec, &more, &output)?;
    let resolved = place.load(&loaded.resolved);
    let resolved = resolved.map_err(|e| format!("resolved: {}\n{}", e.1, loaded.resolved))?;
    if resolved.system != *spec {
        return Err(format!(
            "what is resolved means something else:\n{}",
            loaded.resolved
        ));
    }
    written(spec)?;
    other_orders(model, spec, &how, &plain, place)?;
    other_design(model, spec, &how, &plain, place)?;
    let mut ended = Ended::default();
    for row in &rows {
        ended[row.outcome.map_or(Outcome::COUNT, Outcome::index)] += 1;
    }
    Ok((ended, plain.events))
}

/// A run that is broken off at its first incident has that incident, to the nanosecond.
fn replays(spec: &SystemSpec, whole: &RunSpec, output: &TrialOutput) -> Result<(), String> {
    let Some(first) = output.incidents.episodes.first() else {
        return Ok(());
    };
    let mut part = whole.clone();
    part.look_for.stop = Some(StopAt::Episode {
        kinds: Kinds::of([first.kind]),
        nth: 0,
        linger: 0,
    });
    let again = go(spec, &part, &mut Blind)?;
    let mut same = again
        .incidents
        .episodes
        .iter()
        .filter(|e| e.kind == first.kind);
    let found = same.next().map(|e| (e.at, e.place, e.from));
    if found != Some((first.at, first.place, first.from)) {
        return Err(format!(
            "incident {first:?} is {found:?} when the run is broken off at it"
        ));
    }
    Ok(())
}

fn how(run: &Run, seed: u64) -> RunSpec {
    RunSpec {
        seed,
        replication: 0,
        timing: Timing {
            warm_up: run.warm_up,
            horizon: run.horizon.map_or(Horizon::Trace, Horizon::For),
            drain: run.drain,
            window: run.horizon.unwrap_or(1_000_000_000).div_ceil(9),
        },
        wanted: Wanted::default(),
        series: false,
        look_for: LookFor::default(),
        event_budget: BUDGET,
        width: Width::Auto,
        spared: Vec::new(),
    }
}

fn go<O: Observer>(
    spec: &SystemSpec,
    how: &RunSpec,
    observer: &mut O,
) -> Result<TrialOutput, String> {
    run(spec, how, observer).map_err(|e| format!("{} {}", e.code, e.message))
}

/// Events are not compared: a window of a series that ends is one too.
fn same(a: &TrialOutput, b: &TrialOutput) -> Result<(), String> {
    let of = |o: &TrialOutput| (o.fingerprint, o.demand);
    if of(a) != of(b) {
        return Err(format!("{:?} and {:?}", of(a), of(b)));
    }
    let counts = |o: &TrialOutput| {
        format!(
            "{:?}",
            Tally {
                events: 0,
                ..o.tally.clone()
            }
        )
    };
    let (a, b) = (counts(a), counts(b));
    if a != b {
        return Err(format!("tallies differ:\n{a}\n{b}"));
    }
    Ok(())
}

/// Which of what was changed at once makes a difference.
fn why_not_the_same(spec: &SystemSpec, how: &RunSpec, plain: &TrialOutput) -> String {
    let mut found = Vec::new();
    let mut ask = |what: &str, output: Result<TrialOutput, String>| {
        if let Err(e) = output.and_then(|o| same(plain, &o)) {
            found.push(format!("{what} makes a difference: {e}"));
        }
    };
    ask("running it again", go(spec, how, &mut Blind));
    ask("an observer", go(spec, how, &mut Vec::new()));
    let wide = RunSpec {
        width: Width::Wide,
        ..how.clone()
    };
    ask("width", go(spec, &wide, &mut Blind));
    let series = RunSpec {
        series: true,
        ..how.clone()
    };
    ask("series", go(spec, &series, &mut Blind));
    if found.is_empty() {
        return "observer, width and series together make a difference".into();
    }
    found.join("\n")
}

/// Everything that can be asked for.
fn everything(spec: &SystemSpec, how: &RunSpec) -> RunSpec {
    let mut scopes = vec![Narrow::All];
    scopes.extend((0..spec.sources.len() as u32).map(Narrow::Source));
    scopes.extend((0..spec.classes().count() as u32).map(Narrow::Class));
    scopes.extend((0..spec.services.len() as u32).map(Narrow::Service));
    let workers: usize = spec.services.iter().map(|s| s.worker_count()).sum();
    scopes.extend((0..workers as u32).map(Narrow::Worker));
    let mut more = how.clone();
    more.look_for = LookFor {
        rules: Rules::standard(),
        stations: true,
        stop: None,
        states: Vec::new(),
    };
    more.wanted = Wanted {
        scopes,
        inside_at: vec![how.timing.window],
        slowdown: true,
        batches: 0,
    };
    more
}

/// Every metric is a number or nothing, and a share is one.
fn metrics(spec: &SystemSpec, wanted: &Wanted, tally: &Tally) -> Result<(), String> {
    let mut names: Vec<Metric> = Metric::standard();
    let standard = names.clone();
    let mut scopes = vec![format!("source:{}", spec.sources[0].name)];
    scopes.push(format!("class:{}", spec.sources[0].classes[0].name));
    scopes.extend(spec.services.iter().map(|s| s.name.clone()));
    scopes.push(format!("{}[1]", spec.services[0].name));
    for scope in &scopes {
        let narrowed = standard.iter().map(|m| format!("{m}@{scope}"));
        names.extend(narrowed.filter_map(|name| Metric::parse(&name).ok()));
    }
    names.extend(Metric::parse("slowdown_mean"));
    names.retain(|m| m.check(spec).is_ok());
    let parts = Context::new(spec, wanted).parts(&names, tally);
    for (metric, part) in names.iter().zip(&parts) {
        let Some(value) = part.value() else { continue };
        if !value.is_finite() || value < 0.0 {
            return Err(format!("{metric} is {value}: {part:?}"));
        }
        if metric.unit() == Unit::Share && value > 1.0 + 1e-9 {
            return Err(format!("{metric} is {value}: {part:?}"));
        }
        if let Part::Share { num, den } = part
            && num > den
        {
            return Err(format!("{metric} is {num} of {den}"));
        }
    }
    Ok(())
}

/// A spec that is written comes back.
fn written(spec: &SystemSpec) -> Result<(), String> {
    let written = write_model(spec);
    must!(
        written.inexact.is_empty(),
        "cannot be written: {:?}\n{}",
        written.inexact,
        written.text
    );
    let again = read_written(&written.text, &written.files);
    let again = again.map_err(|e| format!("refused when written: {e}\n{}", written.text))?;
    must!(
        again == *spec,
        "written it means something else:\n{}",
        written.text
    );
    Ok(())
}

/// The order in which things stand in the file makes no difference.
fn other_orders(
    model: &mut Model,
    spec: &SystemSpec,
    how: &RunSpec,
    plain: &TrialOutput,
    place: &Place,
) -> Result<(), String> {
    if model.file.0.is_empty() {
        return Ok(());
    }
    let draw = &mut model.draw;
    let text = model.file.shuffled(draw).write(draw);
    let wrong = |e: (bool, String)| format!("refused in another order:\n{}", e.1);
    let other = place.load(&text).map_err(wrong)?;
    if other.system != *spec {
        return Err(format!(
            "keys in another order mean something else:\n{text}"
        ));
    }
    if spec.sources.len() < 2 && spec.services.len() < 2 {
        return Ok(());
    }
    let text = model.file.renamed_order(draw).write(draw);
    let other = place
        .load(&text)
        .map_err(|e| format!("refused in another order:\n{}", e.1))?;
    let output = go(&other.system, how, &mut Blind)?;
    let (before, after) = (
        by_name(spec, &plain.tally),
        by_name(&other.system, &output.tally),
    );
    if before != after {
        let differ = before.iter().zip(&after).find(|(a, b)| a != b);
        return Err(format!(
            "services or sources in another order: {differ:#?}\n{text}"
        ));
    }
    Ok(())
}

/// Without faults, balancers and what clients do, the same requests are born.
fn other_design(
    model: &Model,
    spec: &SystemSpec,
    how: &RunSpec,
    plain: &TrialOutput,
    place: &Place,
) -> Result<(), String> {
    let closed = |s: &SourceSpec| matches!(s.arrivals, Arrivals::Closed { .. });
    let surges = |f: &FaultSpec| matches!(f.kind, FaultKind::Surge { .. });
    let moved = spec.sources.iter().any(closed) || spec.faults.iter().any(surges);
    if moved || how.timing.horizon == Horizon::Trace || model.file.0.is_empty() {
        return Ok(());
    }
    let text = model.file.plainer().write(&mut Draw::new(1));
    let wrong = |e: (bool, String)| format!("refused without what may be left out:\n{}", e.1);
    let other = place.load(&text).map_err(wrong)?;
    let output = go(&other.system, how, &mut Blind)?;
    if output.demand != plain.demand {
        return Err(format!("another design meets other requests:\n{text}"));
    }
    Ok(())
}

/// Counts under the names of what they belong to, sorted.
fn by_name(spec: &SystemSpec, tally: &Tally) -> Vec<String> {
    let mut all = Vec::new();
    let sources = spec.sources.iter();
    let classes = sources.flat_map(|s| s.classes.iter().map(|c| (&s.name, &c.name)));
    for (name, class) in classes.zip(&tally.classes) {
        all.push(format!("class {name:?}: {class:?}"));
    }
    let mut workers = tally.workers.iter();
    for (service, balancer) in spec.services.iter().zip(&tally.balancers) {
        all.push(format!("service {}: {balancer:?}", service.name));
        for (i, worker) in (0..service.worker_count()).zip(&mut workers) {
            all.push(format!("worker {}[{i}]: {worker:?}", service.name));
        }
    }
    all.sort();
    all.push(format!("{} {}", tally.pausing_area, tally.measured_ns));
    all
}

/// A draw of its own for the way in which a model is written.
pub fn pen(seed: u64) -> Draw {
    Draw::new(!seed)
}
