//! The catalogue of keys: which block has which, their defaults, and which are part of the format
//! but not of this version. The one place that knows what a file may say.

mod care;
mod experiment;
mod load;
mod model;
mod service;

pub use care::*;
pub use experiment::*;
pub use load::*;
pub use model::*;
pub use service::*;

/// A key that this version understands.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it is when it is left out, as TOML; empty when it is required or then does not exist.
    pub default: &'static str,
    /// What it takes, with an example.
    pub takes: &'static str,
}

/// A table of the format.
#[derive(Debug)]
pub struct Block {
    /// As a header.
    pub name: &'static str,
    /// What this version understands.
    pub keys: &'static [Key],
    /// What it does not understand yet.
    pub later: &'static [&'static str],
}

const fn key(name: &'static str, default: &'static str, takes: &'static str) -> Key {
    Key {
        name,
        default,
        takes,
    }
}

/// Every table of the format, models first.
pub const BLOCKS: &[&Block] = &[
    &MODEL,
    &SOURCE,
    &CLASS,
    &KEY,
    &CLIENT,
    &RETRY,
    &BUDGET,
    &HEDGE,
    &LIMIT,
    &ARRIVALS,
    &PROFILE,
    &COLUMNS,
    &COLUMN,
    &SERVICE,
    &SERVICE_CLASS,
    &AUTOSCALE,
    &RATE,
    &SCALE_STEP,
    &STEP,
    &CACHE,
    &WORKERS,
    &COLD_START,
    &PRESSURE,
    &GC,
    &SHED,
    &BALANCER,
    &SLOW_START,
    &ZONE_AWARE,
    &BREAKER,
    &HEALTH,
    &OUTLIER,
    &ENFORCE,
    &BUFFER,
    &WORK,
    &MEMORY,
    &FAULT,
    &PRICES,
    &PRICE_TABLE,
    &INSTANCE,
    &DIST,
    &EXPERIMENT,
    &REPLICATIONS,
    &VARIANT,
    &RANGE,
    &OBJECTIVE,
    &RARE,
    &DETECTORS,
    &DETECTOR,
    &INCIDENT,
    &CHART,
];

/// Words that other tools use for keys of ours: (theirs, ours, where).
pub const ALIASES: &[(&str, &str, &str)] = &[
    ("cores", "cores", "[service.NAME.workers]"),
    ("duration", "horizon", "an experiment"),
    ("duration_s", "horizon", "an experiment"),
    ("run_time", "horizon", "an experiment"),
    ("timeout_s", "timeout", "client"),
    ("timeout_ms", "timeout", "client"),
    ("rate_per_s", "rate", "arrivals"),
    ("rps", "rate", "arrivals"),
    ("qps", "rate", "arrivals"),
    ("retries", "attempts", "retry"),
    ("memory_gib", "ram", "[service.NAME.workers]"),
    ("nodes", "workers", "[service.NAME]"),
    ("servers", "workers", "[service.NAME]"),
    ("cpus", "cores", "[service.NAME.workers]"),
    ("queue", "buffer", "[service.NAME.workers]"),
    ("load_balancer", "balancer", "[service.NAME]"),
];

impl Block {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name)
    }

    /// The nearest name that the format has here.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        let all = self
            .keys
            .iter()
            .map(|k| k.name)
            .chain(self.later.iter().copied());
        nearest(name, all)
    }

    /// All keys of this version, for a message.
    pub fn list(&self) -> String {
        let names: Vec<&str> = self.keys.iter().map(|k| k.name).collect();
        names.join(", ")
    }
}

/// The candidate nearest to a name, when it is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().count() > 64 {
        return None;
    }
    let lower = name.to_lowercase();
    let scored = candidates.map(|c| (strsim::damerau_levenshtein(&lower, c), c));
    let (distance, best) = scored.min_by_key(|s| s.0)?;
    let longest = name.chars().count().max(best.chars().count());
    let prefix =
        best.len() >= 3 && lower.starts_with(best) || lower.len() >= 3 && best.starts_with(&lower);
    // Who gets the beginning right may get more of the rest wrong.
    let alike = lower.chars().take(3).eq(best.chars().take(3)) && distance * 2 < longest;
    (distance * 3 <= longest || prefix || alike).then_some(best)
}

/// Where a key that stands in the wrong place belongs: the key and its block.
pub fn elsewhere(name: &str) -> Option<(&'static Key, &'static str)> {
    let (name, place) = match ALIASES.iter().find(|a| a.0 == name) {
        Some((_, ours, place)) => (*ours, Some(*place)),
        None => (name, None),
    };
    let fits = |b: &&&Block| place.is_none_or(|p| p == b.name) && b.key(name).is_some();
    let block = BLOCKS.iter().find(fits)?;
    Some((block.key(name)?, block.name))
}
