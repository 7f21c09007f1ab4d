//! Rules about who is let in and served next: disciplines, RAM, buffers, requests with several
//! cores, and what is not simulated together.

use super::{MAX_CORES, Rules, least};
use crate::base::codes::Code;
use crate::base::units::print_bytes;
use crate::model::spec::{
    Cancel, Discipline, Dist, FaultSpec, FaultUnit, GroupSpec, OnFull, PolicySpec, RamPolicy,
    ServiceSpec, ShedSpec, SystemSpec,
};

/// Most that a limit of those inside may be.
const MAX_LIMIT: u32 = 1_000_000;

impl Rules {
    fn disagree(&mut self, path: &str, message: String, help: &str) {
        self.add(Code::KEYS_DISAGREE, path, message, Some(help));
    }

    /// Discipline, RAM and buffer of a group.
    pub(super) fn room(&mut self, group: &GroupSpec, path: &str) {
        if group.discipline != Discipline::Fifo && group.core_count().is_none() {
            let path = format!("{path}.discipline");
            let message = format!("`{path}` has no effect where cores are unbounded: nobody waits");
            self.disagree(&path, message, "remove it, or bound `cores`");
        }
        if group.bytes.is_some() && group.shares() {
            let path = format!("{path}.buffer.bytes");
            let message = format!("`{path}` has no effect where all are served at once");
            self.disagree(
                &path,
                message,
                "bound `slots` instead: cores + slots come in",
            );
        }
        if group.ram_policy == RamPolicy::OomKill && group.ram.is_none() {
            let path = format!("{path}.ram_policy");
            let message = format!("`{path}` has no effect where RAM is unbounded");
            self.disagree(&path, message, "give the workers `ram`, or remove it");
        }
        if let Some(ram) = group.ram.filter(|&ram| group.ram_base >= ram) {
            let path = format!("{path}.ram_base");
            let allowed = format!("less than `ram` ({})", print_bytes(ram));
            self.range(false, &path, &allowed, print_bytes(group.ram_base));
        }
        self.full_ram(group, path);
        self.shed(group, path);
        if let OnFull::Redispatch { max } = group.on_full {
            let path = format!("{path}.buffer.redispatch_max");
            self.range((1..=1000).contains(&max), &path, "1 to 1000", max);
        }
    }

    /// What nearly full RAM and taken memory do.
    fn full_ram(&mut self, group: &GroupSpec, path: &str) {
        if let Some(pressure) = group.pressure {
            let path = format!("{path}.pressure");
            for (key, value) in [("above", pressure.above), ("factor", pressure.factor)] {
                let fine = value > 0.0 && value < 1.0;
                let path = format!("{path}.{key}");
                self.range(fine, &path, "above 0 and below 1", value);
            }
            if group.ram.is_none() {
                let message = format!("`{path}` has no effect where RAM is unbounded");
                self.disagree(&path, message, "give the workers `ram`, or remove it");
            }
        }
        if let Some(gc) = group.gc {
            let path = format!("{path}.gc");
            self.range(gc.eden > 0, &format!("{path}.eden"), "above 0", "0B");
            if (gc.pause, gc.per_gib) == (0, 0) {
                let message = format!("`{path}` has no effect: a collection takes no time");
                self.disagree(&path, message, "give `pause` or `per_gib`, or remove it");
            }
        }
    }

    /// What a worker sheds.
    fn shed(&mut self, group: &GroupSpec, path: &str) {
        let Some(shed) = group.shed else { return };
        let path = format!("{path}.shed");
        if let Some(limit) = shed.range() {
            let fine = (1..=MAX_LIMIT).contains(&limit.min);
            self.range(fine, &format!("{path}.min"), "1 to 1000000", limit.min);
            let fine = (limit.min..=MAX_LIMIT).contains(&limit.max);
            let allowed = format!("`min` ({}) to 1000000", limit.min);
            self.range(fine, &format!("{path}.max"), &allowed, limit.max);
            let fine = limit.min > limit.max || (limit.min..=limit.max).contains(&limit.start);
            let allowed = format!("`min` to `max` ({} to {})", limit.min, limit.max);
            self.range(fine, &format!("{path}.start"), &allowed, limit.start);
        }
        match shed {
            ShedSpec::Codel { target, interval } | ShedSpec::CodelServer { target, interval } => {
                for (key, time) in [("target", target), ("interval", interval)] {
                    self.range(time > 0, &format!("{path}.{key}"), "above 0", "0s");
                }
                if group.shares() {
                    let message = format!(
                        "`{path}` has no effect where all are served at once: nobody waits"
                    );
                    self.disagree(&path, message, "take a kind with a limit, or remove it");
                }
            }
            ShedSpec::Aimd {
                backoff, timeout, ..
            } => {
                let fine = (0.5..1.0).contains(&backoff);
                let allowed = "0.5 to below 1";
                self.range(fine, &format!("{path}.backoff"), allowed, backoff);
                self.range(timeout > 0, &format!("{path}.timeout"), "above 0", "0s");
            }
            ShedSpec::Vegas { .. } => {}
            ShedSpec::Gradient2 {
                smoothing,
                queue,
                tolerance,
                long_window,
                ..
            } => {
                let fine = smoothing > 0.0 && smoothing <= 1.0;
                let allowed = "above 0 and at most 1";
                self.range(fine, &format!("{path}.smoothing"), allowed, smoothing);
                let fine = queue <= MAX_LIMIT;
                self.range(fine, &format!("{path}.queue"), "0 to 1000000", queue);
                let fine = (1.0..=1000.0).contains(&tolerance);
                self.range(fine, &format!("{path}.tolerance"), "1 to 1000", tolerance);
                let fine = (1..=MAX_LIMIT).contains(&long_window);
                let path = format!("{path}.long_window");
                self.range(fine, &path, "1 to 1000000", long_window);
            }
        }
    }

    /// Memory does something only where requests hold some.
    pub(super) fn memory_felt(&mut self, system: &SystemSpec) {
        if system.holds_memory() {
            return;
        }
        for service in &system.services {
            for group in &service.groups {
                let given = [
                    ("pressure", group.pressure.is_some()),
                    ("gc", group.gc.is_some()),
                ];
                for (key, _) in given.iter().filter(|g| g.1) {
                    let path = format!("{}.{key}", service.path_of(group));
                    let message = format!("`{path}` has no effect: no request holds memory");
                    self.disagree(&path, message, "give the service `memory`, or remove it");
                }
            }
        }
    }

    /// Workers that pull serve in the order of the shared buffer.
    pub(super) fn pulled(&mut self, system: &SystemSpec) {
        for (index, service) in system.services.iter().enumerate() {
            let pulls = service.balancer.policy == PolicySpec::CentralQueue;
            if pulls && system.is_elaborate_at(index) {
                let path = format!("service.{}.balancer.policy", service.name);
                let message = format!(
                    "`{path}`: `central_queue` is not supported yet together with other \
                     disciplines than `fifo`, requests of several cores, memory held in service, \
                     `oom_kill`, `shed`, poison, or buffers that count bytes or do otherwise than \
                     reject"
                );
                self.add(Code::UNSUPPORTED, &path, message, None);
            }
        }
    }

    /// Workers that are far from their balancer.
    pub(super) fn far_workers(&mut self, service: &ServiceSpec, network: &Dist, path: &str) {
        let fine = least(network) >= 0.0;
        self.range(fine, path, "0 or more", least(network));
        let told = match service.balancer.policy {
            PolicySpec::CentralQueue => Some("central_queue"),
            PolicySpec::Jiq { .. } => Some("jiq"),
            _ => None,
        };
        if let Some(policy) = told {
            let message = format!(
                "`{path}` is not supported yet together with the policy `{policy}`: what its \
                 workers tell it takes no time"
            );
            self.add(Code::UNSUPPORTED, path, message, None);
        }
        if service.groups.iter().any(|g| g.on_full == OnFull::Block) {
            let message = format!(
                "`{path}` is not supported yet together with `on_full = \"block\"`: who waits \
                 with the balancer hears of room at once"
            );
            self.add(Code::UNSUPPORTED, path, message, None);
        }
    }

    /// With unequal weights `least_request` takes turns and draws nobody.
    pub(super) fn least_by_weight(&mut self, service: &ServiceSpec, path: &str) {
        let PolicySpec::LeastRequest { choices, full_scan } = service.balancer.policy else {
            return;
        };
        let equal = service
            .groups
            .windows(2)
            .all(|g| g[0].weight == g[1].weight);
        let given = [("choices", choices != 2), ("full_scan", full_scan)];
        for (key, _) in given.iter().filter(|g| g.1 && !equal) {
            let path = format!("{path}.{key}");
            let message = format!("`{path}` has no effect where the workers' weights differ");
            self.disagree(&path, message, "remove it, or make the weights equal");
        }
    }

    /// What is not simulated together with those who leave before they are done.
    pub(super) fn leaving(&mut self, system: &SystemSpec) {
        for edge in system.callings() {
            let by_core =
                |f: &FaultSpec| f.enabled && f.unit == FaultUnit::Core && f.service == edge.to;
            let by_core = system.faults.iter().any(by_core);
            let (place, client) = (&edge.path, edge.client);
            let service = system.services.get(edge.to);
            let pulls = service.is_some_and(|s| s.balancer.policy == PolicySpec::CentralQueue);
            let copies = edge.fan_out.is_some() || client.hedge.is_some();
            if copies && (pulls || client.may_leave() || by_core) {
                let path = place;
                let message = format!(
                    "`{path}`: `fan_out` and `hedge` are not supported yet together with \
                     `patience`, a `cancel` of timeouts, the policy `central_queue` or faults of \
                     single cores"
                );
                self.add(Code::UNSUPPORTED, path, message, None);
            }
            let cancels = client.cancel != Cancel::Nothing;
            let leaving = [("patience", client.patience.is_some()), ("cancel", cancels)];
            for (key, _) in leaving.iter().filter(|l| l.1 && pulls) {
                let path = format!("{place}.client.{key}");
                let message = format!(
                    "`{path}` is not supported yet together with the policy `central_queue`"
                );
                self.add(Code::UNSUPPORTED, &path, message, None);
            }
            let propagates = client.propagate_deadline;
            for (key, given) in [("cancel", cancels), ("propagate_deadline", propagates)] {
                let path = format!("{place}.client.{key}");
                if given && by_core {
                    let message = format!(
                        "`{path}` is not supported yet together with faults of single cores"
                    );
                    self.add(Code::UNSUPPORTED, &path, message, None);
                }
            }
            if copies && propagates {
                let path = format!("{place}.client.propagate_deadline");
                let message =
                    format!("`{path}` is not supported yet together with `fan_out` and `hedge`");
                self.add(Code::UNSUPPORTED, &path, message, None);
            }
        }
    }

    /// The earliest deadline first needs deadlines.
    pub(super) fn deadlines_of_callers(&mut self, system: &SystemSpec, index: usize) {
        let service = &system.services[index];
        let mut callers = system.callings().filter(|edge| edge.to == index);
        if callers.any(|edge| edge.client.deadline.is_some() || edge.client.propagate_deadline) {
            return;
        }
        let by_deadline = |g: &&GroupSpec| g.discipline == Discipline::Edf;
        for group in service.groups.iter().filter(by_deadline) {
            let path = format!("{}.discipline", service.path_of(group));
            let message =
                format!("`{path}`: `edf` has no effect where nobody who calls has a deadline");
            self.disagree(&path, message, "give a caller `client.deadline`");
        }
    }

    /// Requests that occupy several cores must fit every worker that may get them.
    pub(super) fn cores_of_classes(&mut self, system: &SystemSpec, index: usize) {
        let service = &system.services[index];
        for source in system.sources.iter().filter(|s| s.to == index) {
            for class in &source.classes {
                let path = format!("source.{}.class.{}.cores", source.name, class.name);
                let fine = (1..=MAX_CORES).contains(&class.cores);
                self.range(fine, &path, "1 to 65535", class.cores);
                for group in service.groups.iter().filter(|_| class.cores > 1) {
                    let group_path = service.path_of(group);
                    if group.shares() {
                        let message = format!(
                            "`{path}` has no meaning at `{group_path}`, where all share the cores"
                        );
                        self.disagree(&path, message, "use `cores = 1` there");
                    } else if class.cores > group.cores {
                        let message = format!(
                            "no request of class `{}` can ever run: it needs {} cores, and a \
                             worker of `{group_path}` has {}",
                            class.name, class.cores, group.cores
                        );
                        self.add(Code::OUT_OF_RANGE, &path, message, None);
                    }
                }
            }
        }
    }
}
