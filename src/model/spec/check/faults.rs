//! What goes wrong must be able to.

use super::*;
use crate::model::spec::Edge;

impl Rules {
    /// Requests that do harm.
    fn poison(
        &mut self,
        system: &SystemSpec,
        fault: &FaultSpec,
        (source, probability): (usize, f64),
        path: &str,
    ) {
        let fine = (0.0..=1.0).contains(&probability);
        self.range(fine, &format!("{path}.probability"), "0 to 1", probability);
        let Some(source) = system.sources.get(source) else {
            let message = format!("`{path}.target` is no source");
            return self.add(Code::UNKNOWN_NAME, &format!("{path}.target"), message, None);
        };
        if let Some(class) = &fault.class
            && !source.classes.iter().any(|c| c.name == *class)
        {
            let path = format!("{path}.class");
            let names: Vec<&str> = source.classes.iter().map(|c| c.name.as_str()).collect();
            let message = format!("`{path}`: `{}` has no class `{class}`", source.name);
            let help = format!("it has: {}", names.join(", "));
            self.add(Code::UNKNOWN_NAME, &path, message, Some(&help));
        }
    }

    pub(super) fn faults(&mut self, system: &SystemSpec) {
        for fault in &system.faults {
            let path = format!("fault.{}", fault.name);
            self.fault_times(fault, &path);
            if let FaultKind::Surge { source, factor } = fault.kind {
                self.surge(system, (source, factor), &path);
                continue;
            }
            if let FaultKind::Poison {
                source,
                probability,
                ..
            } = fault.kind
            {
                self.poison(system, fault, (source, probability), &path);
                continue;
            }
            if let Some(edge) = fault.kind.edge() {
                self.on_the_way(system, fault, edge, &path);
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
            if system.befallen(fault).is_empty() && !outside && count > 0 {
                let zone = fault.zone.as_deref().unwrap_or_default();
                let message = format!("`{path}.target`: nobody stands in the zone `{zone}`");
                self.add(Code::UNKNOWN_NAME, &format!("{path}.target"), message, None);
            }
            if let FaultKind::Steal { share } = fault.kind {
                let fine = (0.0..1.0).contains(&share);
                let allowed = "0 to below 1 (for a standstill use kind `pause`)";
                self.range(fine, &format!("{path}.share"), allowed, share);
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
            if fault.enabled {
                self.whole_cores(fault, system, &path);
                self.with_pull(fault, service, &path);
            }
        }
    }
}

impl Rules {
    /// When a fault comes, and that its targets can share it.
    pub(super) fn fault_times(&mut self, fault: &FaultSpec, path: &str) {
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

    /// Faults of what is between a caller and a service.
    fn on_the_way(&mut self, system: &SystemSpec, fault: &FaultSpec, edge: Edge, path: &str) {
        if !system.edges().contains(&edge) {
            let path = format!("{path}.target");
            let ways = system.edges().into_iter();
            let ways: Vec<String> = ways.map(|e| format!("`{}`", system.edge_name(e))).collect();
            let message = format!(
                "`{path}`: nobody calls on `{}`: calls go on {}",
                system.edge_name(edge),
                ways.join(", ")
            );
            return self.add(Code::UNKNOWN_NAME, &path, message, None);
        }
        let mut share = |key: &str, value: f64| {
            let fine = (0.0..=1.0).contains(&value);
            self.range(fine, &format!("{path}.{key}"), "0 to 1", value);
        };
        match fault.kind {
            FaultKind::Network {
                loss, probability, ..
            } => {
                share("loss", loss);
                share("probability", probability);
                let idle = fault.delay.as_ref().is_none_or(|d| d.mean() == 0.0) && loss == 0.0;
                if idle || probability == 0.0 {
                    let message = format!("`{path}` changes nothing: nothing is late or lost");
                    let help = Some("give it a `delay` or a `loss`, or `enabled = false`");
                    self.add(Code::KEYS_DISAGREE, path, message, help);
                }
            }
            FaultKind::CacheFlush { share: lost, .. } => {
                share("share", lost);
                if !system.keeps_on(edge) {
                    let name = system.edge_name(edge);
                    let path = format!("{path}.target");
                    let message = format!("`{path}`: no call on `{name}` has a cache that keeps");
                    let help = Some("give the call a `cache` with `capacity`");
                    self.add(Code::KEYS_DISAGREE, &path, message, help);
                }
            }
            _ => {}
        }
    }

    pub(super) fn surge(
        &mut self,
        system: &SystemSpec,
        (source, factor): (usize, f64),
        path: &str,
    ) {
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

    /// Where all in service share the cores, or a request has several, it is not simulated what
    /// becomes of what is in service when it neither goes on nor is lost with its worker.
    pub(super) fn whole_cores(&mut self, fault: &FaultSpec, system: &SystemSpec, path: &str) {
        let mut groups = system.services[fault.service].groups.iter();
        let shared = groups.any(GroupSpec::shares);
        let callers = system.sources.iter().filter(|s| s.to == fault.service);
        let several = callers.flat_map(|s| &s.classes).any(|c| c.cores > 1);
        let by_core = fault.unit == FaultUnit::Core;
        let why = "workers that share their cores (`ps`, or cores = \"unbounded\")";
        for (key, refused, why) in [
            ("unit", by_core && shared, why),
            (
                "unit",
                by_core && several,
                "requests that have several cores",
            ),
            ("in_service", fault.in_service.is_some() && shared, why),
        ] {
            if refused {
                let path = format!("{path}.{key}");
                let message = format!("`{path}` is not supported yet together with {why}");
                self.add(Code::UNSUPPORTED, &path, message, None);
            }
        }
    }

    /// Some faults are not simulated together with workers that pull.
    pub(super) fn with_pull(&mut self, fault: &FaultSpec, service: &ServiceSpec, path: &str) {
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
    pub(super) fn ram_faults(&mut self, fault: &FaultSpec, service: &ServiceSpec, path: &str) {
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
            let here = fault.zone.is_none() || fault.zone == group.zone;
            if here && group.ram.is_none() && from <= last && to >= first {
                let path = format!("{path}.target");
                let name = service.path_of(group);
                let message = format!("`{path}`: the RAM of `{name}` is unbounded");
                let help = Some("give it `ram`, or target other workers");
                self.add(Code::KEYS_DISAGREE, &path, message, help);
                break;
            }
            first = last + 1;
        }
    }

    /// What only pauses and crashes have.
    pub(super) fn cores_and_service(
        &mut self,
        fault: &FaultSpec,
        service: &ServiceSpec,
        path: &str,
    ) {
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
