//! The rules of meaning: what a [`SystemSpec`] must satisfy to be run.

mod autoscale;
mod balancer;
mod breaker;
mod client;
mod copies;
mod faults;
mod health;
mod limit;
mod room;
mod sources;
mod steps;
#[cfg(test)]
mod tests;
mod work;
mod zones;

use super::{
    Arrivals, Band, BreakerShare, BreakerSpec, BreakerWindow, Dist, ErrorWhen, FaultKind,
    FaultSpec, FaultUnit, FaultWhen, GroupSpec, OnFull, OrcaSpec, PolicySpec, ProbeSpec, Register,
    ServiceSpec, SystemSpec, WHOLE,
};
use crate::base::codes::Code;
use crate::engine::zipf::Zipf;

/// Most workers of a system.
pub const MAX_WORKERS: u64 = 1_000_000;

/// Most cores of a worker or a balancer.
pub const MAX_CORES: u32 = 65_535;

/// Most keys of a class.
pub const MAX_KEYS: u64 = Zipf::MOST;

/// Most places of a ring or table of hashes.
pub const MAX_HASHES: u32 = 5_000_011;

/// Most results of probes that an instance of a balancer keeps.
pub const MAX_POOL: u32 = 1000;

/// Most instances of a balancer.
pub const MAX_INSTANCES: u32 = 10_000;

/// Most pairs of a balancer's instance and a worker of a service.
pub const MAX_VIEWS: u64 = 50_000_000;

/// Most waiting places of a buffer.
pub const MAX_SLOTS: u32 = 1 << 31;

/// Most users of a closed source.
pub const MAX_USERS: u32 = 10_000_000;

/// Most copies of a request.
pub const MAX_COPIES: u32 = 10_000;

/// Most tokens of a bucket.
pub const MAX_BURST: u32 = 1_000_000_000;

/// Most characters of a name.
pub const MAX_NAME: usize = 64;

/// Most calls of a breaker's window, and of its other counts.
pub const MAX_CALLS: u32 = 1 << 20;

/// Most calls that all breakers of a service remember together.
pub const MAX_WINDOW_CALLS: u64 = 1_000_000_000;

/// Most cores of a service of which each goes down by itself.
pub const MAX_FAILING_CORES: u64 = 10_000_000;

/// One broken rule. `path` is the dotted path of the key in the model file's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The numbered code.
    pub code: Code,
    /// `service.events.workers.cores`
    pub path: String,
    /// What is wrong and what is allowed, one line without full stop.
    pub message: String,
    /// A way out.
    pub help: Option<String>,
}

/// What is wrong with a name that a user gives, or nothing.
pub fn name_problem(name: &str) -> Option<String> {
    let length = name.chars().count();
    if length == 0 {
        return Some("is an empty name".into());
    }
    if length > MAX_NAME {
        return Some(format!(
            "is too long a name: {length} characters, the limit is {MAX_NAME}"
        ));
    }
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let bad = name.chars().find(|&c| !fine(c))?;
    Some(format!("is no name: {bad:?} is not allowed"))
}

/// Problems found so far.
#[derive(Default)]
struct Rules {
    found: Vec<Problem>,
}

impl Rules {
    fn add(&mut self, code: Code, path: &str, message: String, help: Option<&str>) {
        self.found.push(Problem {
            code,
            path: path.to_owned(),
            message,
            help: help.map(str::to_owned),
        });
    }

    /// Unless it holds: `path` must be `allowed`, not `value`.
    fn range(&mut self, holds: bool, path: &str, allowed: &str, value: impl std::fmt::Display) {
        if !holds {
            let message = format!("`{path}` must be {allowed}, not {value}");
            self.add(Code::OUT_OF_RANGE, path, message, None);
        }
    }

    fn name(&mut self, name: &str, path: &str) {
        if let Some(problem) = name_problem(name) {
            let shown = crate::base::units::shown(name);
            self.add(Code::OUT_OF_RANGE, path, format!("{shown} {problem}"), None);
        }
    }

    fn unique<'a>(&mut self, what: &str, names: impl Iterator<Item = &'a str>, path: &str) {
        let names: Vec<&str> = names.collect();
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                let message = format!("two {what} are called `{name}`");
                let help = Some("give one of them another name");
                self.add(Code::DUPLICATE_NAME, path, message, help);
            }
        }
    }
}

impl SystemSpec {
    /// Every broken rule, in the order of the spec; empty when the system can be run.
    pub fn check(&self) -> Vec<Problem> {
        let mut rules = Rules::default();
        if self.services.is_empty() {
            let message = "a system needs at least one service".to_owned();
            rules.add(Code::MISSING_KEY, "service", message, None);
        }
        rules.unique(
            "services",
            self.services.iter().map(|s| s.name.as_str()),
            "service",
        );
        rules.unique(
            "sources",
            self.sources.iter().map(|s| s.name.as_str()),
            "source",
        );
        rules.unique(
            "faults",
            self.faults.iter().map(|f| f.name.as_str()),
            "fault",
        );
        let workers = self
            .services
            .iter()
            .flat_map(|s| &s.groups)
            .map(|g| u64::from(g.count));
        let total: u64 = workers.sum();
        if total > MAX_WORKERS {
            let message = format!("{total} workers are too many: the limit is {MAX_WORKERS}");
            rules.add(Code::TOO_LARGE_DESIGN, "service", message, None);
        }
        for service in &self.services {
            rules.service(service);
        }
        rules.sources(self);
        for index in 0..self.services.len() {
            rules.admission(self, index);
            rules.cores_of_classes(self, index);
            rules.deadlines_of_callers(self, index);
        }
        rules.steps(self);
        rules.pulled(self);
        rules.memory_felt(self);
        rules.scaled(self);
        rules.leaving(self);
        rules.variations(self);
        rules.faults(self);
        rules.found
    }
}

impl Rules {
    fn service(&mut self, service: &ServiceSpec) {
        let path = format!("service.{}", service.name);
        self.name(&service.name, &path);
        let names = service.groups.iter().filter_map(|g| g.name.as_deref());
        self.unique("groups of workers", names, &format!("{path}.workers"));
        if service.groups.is_empty() {
            let message = format!("`{path}` needs `workers`");
            self.add(Code::MISSING_KEY, &format!("{path}.workers"), message, None);
        }
        for group in &service.groups {
            self.group(group, &service.path_of(group));
        }
        self.balancer(service, &format!("{path}.balancer"));
        self.weights(service);
        self.shared_buffer(service, &format!("{path}.balancer"));
        self.hosts(service, &format!("{path}.balancer"));
        if let Some(work) = &service.work {
            self.work(work, &format!("{path}.work"));
        }
        self.memory(&service.memory, &format!("{path}.memory"));
        if let Some(network) = &service.network {
            self.far_workers(service, network, &format!("{path}.network"));
        }
    }

    fn group(&mut self, group: &GroupSpec, path: &str) {
        if let Some(name) = &group.name {
            self.name(name, &format!("{path}.name"));
        }
        let count = u64::from(group.count);
        let fine = (1..=MAX_WORKERS).contains(&count);
        self.range(fine, &format!("{path}.count"), "1 to 1000000", count);
        let fine = (1..=MAX_CORES).contains(&group.cores) || group.core_count().is_none();
        let allowed = "1 to 65535, or \"unbounded\"";
        self.range(fine, &format!("{path}.cores"), allowed, group.cores);
        self.room(group, path);
        let fine = group.speed > 0.0 && group.speed <= 1e6;
        self.range(
            fine,
            &format!("{path}.speed"),
            "above 0 and at most 1e6",
            group.speed,
        );
        let fine = (0.0..=1e6).contains(&group.weight);
        self.range(fine, &format!("{path}.weight"), "0 to 1e6", group.weight);
        let slots = group.slots.unwrap_or(0);
        self.range(
            slots <= MAX_SLOTS,
            &format!("{path}.buffer.slots"),
            "at most 2^31",
            slots,
        );
        if let Some(cold) = group.cold_start {
            let path = format!("{path}.cold_start");
            self.range(cold.lasts > 0, &format!("{path}.for"), "above 0", "0s");
            let fine = cold.factor > 0.0 && cold.factor <= 1.0;
            let allowed = "above 0 and at most 1";
            self.range(fine, &format!("{path}.factor"), allowed, cold.factor);
        }
        let price = group.price_per_hour;
        let fine = (0.0..=1e12).contains(&price);
        self.range(fine, &format!("{path}.price"), "0 to 1e12 an hour", price);
    }
}

/// The least value that a distribution can give.
fn least(dist: &Dist) -> f64 {
    match dist {
        Dist::Constant { value } => *value,
        Dist::Uniform { min, .. } | Dist::Pareto { min, .. } => *min,
        Dist::Empirical { values, .. } => values.first().copied().unwrap_or(0.0),
        Dist::Geometric { .. } => 1.0,
        Dist::Mixture { of, .. } => of.iter().map(least).fold(f64::INFINITY, f64::min),
        _ => 0.0,
    }
}
