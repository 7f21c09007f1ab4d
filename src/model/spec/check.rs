//! The rules of meaning: what a [`SystemSpec`] must satisfy to be run.

mod client;
mod copies;
mod limit;
mod room;
mod sources;
#[cfg(test)]
mod tests;
mod work;

use super::{
    Arrivals, BreakerSpec, BreakerWindow, Dist, ErrorWhen, FaultKind, FaultSpec, FaultUnit,
    FaultWhen, GroupSpec, OnFull, PolicySpec, ServiceSpec, SystemSpec,
};
use crate::base::codes::Code;

/// Most workers of a system.
pub const MAX_WORKERS: u64 = 1_000_000;

/// Most cores of a worker or a balancer.
pub const MAX_CORES: u32 = 65_535;

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
        rules.pulled(self);
        rules.leaving(self);
        rules.variations(self);
        rules.faults(self);
        rules.found
    }
}

/// The dotted path of a group of workers.
fn group_path(service: &ServiceSpec, group: &GroupSpec) -> String {
    let base = format!("service.{}.workers", service.name);
    match &group.name {
        Some(name) => format!("{base}.{name}"),
        None => base,
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
            self.group(group, &group_path(service, group));
        }
        self.balancer(service, &format!("{path}.balancer"));
        self.weights(service);
        self.shared_buffer(service, &format!("{path}.balancer"));
        if let Some(work) = &service.work {
            self.work(work, &format!("{path}.work"));
        }
        self.memory(&service.memory, &format!("{path}.memory"));
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

    fn balancer(&mut self, service: &ServiceSpec, path: &str) {
        let balancer = &service.balancer;
        let fine = (1..=MAX_CORES).contains(&balancer.cores);
        self.range(fine, &format!("{path}.cores"), "1 to 65535", balancer.cores);
        self.instances(service, path);
        let slots = balancer.slots.unwrap_or(0);
        self.range(
            slots <= MAX_SLOTS,
            &format!("{path}.buffer.slots"),
            "at most 2^31",
            slots,
        );
        let workers = service.worker_count();
        match balancer.policy {
            PolicySpec::RoundRobin { start: Some(start) } => {
                let fine = (1..=workers).contains(&(start as usize));
                let allowed = format!("\"random\" or a worker from 1 to {workers}");
                self.range(fine, &format!("{path}.start"), &allowed, start);
            }
            PolicySpec::LeastRequest { choices, .. } | PolicySpec::RandomN { choices } => {
                let fine = (1..=1_000_000).contains(&choices);
                self.range(fine, &format!("{path}.choices"), "1 to 1000000", choices);
                self.least_by_weight(service, path);
            }
            _ => {}
        }
        if let Some(breaker) = &balancer.breaker {
            let breakers = workers * balancer.instances as usize;
            self.breaker(breaker, breakers, &format!("{path}.breaker"));
        }
    }

    fn instances(&mut self, service: &ServiceSpec, path: &str) {
        let path = format!("{path}.instances");
        let instances = service.balancer.instances;
        let fine = (1..=MAX_INSTANCES).contains(&instances);
        self.range(fine, &path, "1 to 10000", instances);
        let workers = service.worker_count() as u64;
        if u64::from(instances) * workers > MAX_VIEWS {
            let message = format!(
                "`{path}`: {instances} instances that each know {workers} workers are more than \
                 {MAX_VIEWS} pairs"
            );
            self.add(Code::TOO_LARGE_DESIGN, &path, message, None);
        }
        if instances > 1 && service.balancer.policy == PolicySpec::CentralQueue {
            let message = format!(
                "`{path}` has no effect: with the policy `central_queue` there is one buffer, \
                 from which the workers pull"
            );
            self.add(Code::KEYS_DISAGREE, &path, message, Some("remove it"));
        }
    }

    /// With one shared buffer nobody has another.
    fn shared_buffer(&mut self, service: &ServiceSpec, path: &str) {
        if service.balancer.policy != PolicySpec::CentralQueue {
            return;
        }
        let own = |g: &&GroupSpec| g.slots.is_some() || g.on_full != OnFull::Reject;
        for group in service.groups.iter().filter(own) {
            let path = format!("{}.buffer", group_path(service, group));
            let message = format!("`{path}`: workers that share one buffer have none of their own");
            let help = "say the places at the balancer: balancer.buffer = { slots = .. }";
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        }
        if service.balancer.breaker.is_some() {
            let path = format!("{path}.breaker");
            let message = format!("`{path}` with the policy `central_queue` is not supported yet");
            self.add(Code::UNSUPPORTED, &path, message, None);
        }
    }

    /// Weights must mean something, and not all be nothing.
    fn weights(&mut self, service: &ServiceSpec) {
        let weighs = service.balancer.policy.weighs();
        let path = |group| format!("{}.weight", group_path(service, group));
        if !weighs {
            for group in service.groups.iter().filter(|g| g.weight != 1.0) {
                let path = path(group);
                let message = format!("`{path}` has no effect: the policy does not weigh");
                let help = "policies that weigh: random, weighted_round_robin, least_request, \
                            random_n, least_connections";
                self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
            }
        } else if let Some(group) = service.groups.first()
            && service.groups.iter().all(|g| g.weight == 0.0)
        {
            let path = path(group);
            let message = format!("`{path}`: the weights sum to 0, nobody could be chosen");
            let help = "give at least one group of workers a weight above 0";
            self.add(Code::OUT_OF_RANGE, &path, message, Some(help));
        }
    }

    fn calls(&mut self, value: u32, path: String) {
        let fine = (1..=MAX_CALLS).contains(&value);
        self.range(fine, &path, "1 to 1048576", value);
    }

    /// Every worker has a breaker with a window of its own.
    fn windows(&mut self, calls: u32, workers: usize, path: &str) {
        let all = u64::from(calls).saturating_mul(workers as u64);
        if all > MAX_WINDOW_CALLS {
            let path = format!("{path}.window");
            let message = format!(
                "`{path}`: {workers} breakers that remember {calls} calls each are {all} calls, \
                 the limit is {MAX_WINDOW_CALLS}"
            );
            self.add(
                Code::TOO_LARGE_DESIGN,
                &path,
                message,
                Some("use a smaller `window`"),
            );
        }
    }

    fn breaker(&mut self, breaker: &BreakerSpec, workers: usize, path: &str) {
        self.some_failures(breaker.counts(), &format!("{path}.counts"));
        match breaker {
            BreakerSpec::Consecutive {
                failures,
                half_open_calls,
                successes,
                ..
            } => {
                self.calls(*failures, format!("{path}.failures"));
                self.calls(*half_open_calls, format!("{path}.half_open_calls"));
                self.calls(*successes, format!("{path}.successes"));
            }
            BreakerSpec::Resilience4j {
                window,
                min_calls,
                failure_share,
                slow_after,
                slow_share,
                half_open_calls,
                half_open_max,
                ..
            } => {
                match window {
                    BreakerWindow::Calls(calls) => {
                        self.calls(*calls, format!("{path}.window"));
                        self.windows(*calls, workers, path);
                    }
                    BreakerWindow::Seconds(seconds) => {
                        let fine = (1..=86_400).contains(seconds);
                        let path = format!("{path}.window");
                        self.range(fine, &path, "1 to 86400 whole seconds", seconds);
                    }
                }
                self.calls(*min_calls, format!("{path}.min_calls"));
                self.calls(*half_open_calls, format!("{path}.half_open_calls"));
                for (key, share) in [("failure_share", failure_share), ("slow_share", slow_share)] {
                    let fine = *share > 0.0 && *share <= 1.0;
                    let allowed = "a share above 0 and at most 1 (0..=1 without 0)";
                    self.range(fine, &format!("{path}.{key}"), allowed, share);
                }
                self.range(
                    *slow_after > 0,
                    &format!("{path}.slow_after"),
                    "above 0",
                    "0s",
                );
                let fine = half_open_max.is_none_or(|t| t > 0);
                self.range(fine, &format!("{path}.half_open_max"), "above 0", "0s");
            }
        }
    }

    fn faults(&mut self, system: &SystemSpec) {
        for fault in &system.faults {
            let path = format!("fault.{}", fault.name);
            self.fault_times(fault, &path);
            if let FaultKind::Surge { source, factor } = fault.kind {
                self.surge(system, (source, factor), &path);
                continue;
            }
            let Some(service) = system.services.get(fault.service) else {
                let message = format!("`{path}.target` is no service");
                self.add(Code::UNKNOWN_NAME, &format!("{path}.target"), message, None);
                continue;
            };
            let (first, last) = fault.workers;
            let count = service.worker_count();
            let outside = first < 1 || last < first || last as usize > count;
            // A service without workers is told of by itself.
            if outside && count > 0 {
                let name = &service.name;
                let who = match first == last {
                    true => format!("worker {first}"),
                    false => format!("workers {first} to {last}"),
                };
                let message = format!("`{path}.target` names {who}: `{name}` has 1 to {count}");
                self.add(Code::OUT_OF_RANGE, &format!("{path}.target"), message, None);
            }
            if let FaultKind::Slow { factor } = fault.kind {
                let fine = factor > 0.0 && factor <= 1e6;
                let allowed = "above 0 and at most 1e6 (for a standstill use kind `pause`)";
                self.range(fine, &format!("{path}.factor"), allowed, factor);
            }
            self.ram_faults(fault, service, &path);
            if let FaultKind::Error { probability, .. } = fault.kind {
                let fine = (0.0..=1.0).contains(&probability);
                self.range(fine, &format!("{path}.probability"), "0 to 1", probability);
            }
            self.cores_and_service(fault, service, &path);
            self.plain_service(fault, system, &path);
            self.with_pull(fault, service, &path);
        }
    }
}

impl Rules {
    /// When a fault comes, and that its targets can share it.
    fn fault_times(&mut self, fault: &FaultSpec, path: &str) {
        let back = matches!(fault.kind, FaultKind::Crash | FaultKind::Restart);
        let drawn = match &fault.lasts {
            Some(lasts) => {
                lasts.is_constant().is_none() || matches!(fault.when, FaultWhen::Every(_))
            }
            None => matches!(fault.when, FaultWhen::Every(_)) && !back,
        };
        if fault.shared && !drawn {
            let path = format!("{path}.shared");
            let message = format!("`{path}` needs a draw to share: an `every` or a `for`");
            let help = back.then_some("without `for` each worker comes back by itself");
            self.add(Code::KEYS_DISAGREE, &path, message, help);
        }
        if let FaultWhen::Every(every) = &fault.when {
            let fine = every.mean() > 0.0;
            self.range(fine, &format!("{path}.every"), "above 0", "0s");
        }
    }

    fn surge(&mut self, system: &SystemSpec, (source, factor): (usize, f64), path: &str) {
        let fine = factor > 0.0 && factor <= 1e6;
        self.range(
            fine,
            &format!("{path}.factor"),
            "above 0 and at most 1e6",
            factor,
        );
        let path = format!("{path}.target");
        let Some(source) = system.sources.get(source) else {
            let message = format!("`{path}` is no source");
            return self.add(Code::UNKNOWN_NAME, &path, message, None);
        };
        let known = matches!(
            source.arrivals,
            Arrivals::Poisson { .. } | Arrivals::Constant { .. } | Arrivals::Mmpp { .. }
        );
        if !known || source.profile.is_some() {
            let name = &source.name;
            let message = format!(
                "`{path}`: only `poisson`, `constant` and `mmpp` arrivals without a profile \
                 surge, and those of `{name}` are none of them"
            );
            self.add(Code::KEYS_DISAGREE, &path, message, None);
        }
    }

    /// Cores that go down one by one, and what is in service then, are simulated where first come
    /// is first served and each request has one core.
    fn plain_service(&mut self, fault: &FaultSpec, system: &SystemSpec, path: &str) {
        let beyond = [
            ("unit", fault.unit == FaultUnit::Core),
            ("in_service", fault.in_service.is_some()),
        ];
        for (key, _) in beyond.iter().filter(|b| b.1 && system.is_elaborate()) {
            let path = format!("{path}.{key}");
            let message = format!(
                "`{path}` is not supported yet together with other disciplines than `fifo`, \
                 requests of several cores, memory held in service, `oom_kill`, or buffers that \
                 count bytes or do otherwise than reject and wedge"
            );
            self.add(Code::UNSUPPORTED, &path, message, None);
        }
    }

    /// Some faults are not simulated together with workers that pull.
    fn with_pull(&mut self, fault: &FaultSpec, service: &ServiceSpec, path: &str) {
        let beyond = matches!(
            fault.kind,
            FaultKind::Leak { .. }
                | FaultKind::RamCap { .. }
                | FaultKind::Error {
                    when: ErrorWhen::Start,
                    ..
                }
        ) || fault.unit == FaultUnit::Core
            || fault.in_service.is_some();
        if beyond && service.balancer.policy == PolicySpec::CentralQueue {
            let message = format!(
                "`{path}`: this fault is not supported yet together with the policy \
                 `central_queue`"
            );
            self.add(Code::UNSUPPORTED, path, message, None);
        }
    }

    /// Leaks and caps, which need RAM that ends.
    fn ram_faults(&mut self, fault: &FaultSpec, service: &ServiceSpec, path: &str) {
        match fault.kind {
            FaultKind::RamCap { share } => {
                let fine = (0.0..=1.0).contains(&share);
                self.range(fine, &format!("{path}.share"), "0 to 1", share);
            }
            FaultKind::Leak { rate } => {
                let fine = rate > 0.0 && rate <= 1e15;
                let allowed = "above 0 and at most 1e15 bytes a second";
                self.range(fine, &format!("{path}.rate"), allowed, rate);
            }
            _ => return,
        }
        let mut first = 1;
        for group in &service.groups {
            let last = first + u64::from(group.count).max(1) - 1;
            let (from, to) = (u64::from(fault.workers.0), u64::from(fault.workers.1));
            if group.ram.is_none() && from <= last && to >= first {
                let path = format!("{path}.target");
                let name = group_path(service, group);
                let message = format!("`{path}`: the RAM of `{name}` is unbounded");
                let help = Some("give it `ram`, or target other workers");
                self.add(Code::KEYS_DISAGREE, &path, message, help);
                break;
            }
            first = last + 1;
        }
    }

    /// What only pauses and crashes have.
    fn cores_and_service(&mut self, fault: &FaultSpec, service: &ServiceSpec, path: &str) {
        let stops = matches!(fault.kind, FaultKind::Pause | FaultKind::Crash);
        let by_core = fault.unit == FaultUnit::Core;
        for (key, given) in [
            ("unit", by_core),
            ("in_service", fault.in_service.is_some()),
        ] {
            if given && !stops {
                let path = format!("{path}.{key}");
                let message = format!("`{path}` is for faults of kind `pause` and `crash`");
                self.add(Code::KEYS_DISAGREE, &path, message, None);
            }
        }
        let cores = service
            .groups
            .iter()
            .map(|g| u64::from(g.count) * u64::from(g.cores));
        let cores: u64 = cores.sum();
        if by_core && cores > MAX_FAILING_CORES {
            let message = format!(
                "`{path}.unit`: {cores} cores that go down one by one are too many: the limit is \
                 {MAX_FAILING_CORES}"
            );
            self.add(
                Code::TOO_LARGE_DESIGN,
                &format!("{path}.unit"),
                message,
                None,
            );
        }
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
