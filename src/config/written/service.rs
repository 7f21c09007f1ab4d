//! Services: balancers, breakers and workers, as they are written.

use super::health::share;
use super::pen::{Pen, number, table};
use super::shed::shed;
use crate::base::units::SECOND;
use crate::config::dist::Of;
use crate::config::tree::quoted;
use crate::model::spec::{
    BalancerSpec, BreakerShare, ClassSpec, Discipline, Dist, GroupSpec, MemorySpec, OnFull,
    PolicySpec, RamPolicy, Register, Schedule, Ties, UNBOUNDED_CORES, WorkSpec,
};

impl Pen<'_> {
    /// `[service.NAME]` with all that belongs to it.
    pub fn service(&mut self, index: usize) {
        let service = &self.spec.services[index];
        let path = format!("service.{}", service.name);
        self.header(&format!("[{path}]"));
        if let Some(work) = &service.work {
            let work = self.work(work, &format!("{path}.work"));
            self.line("work", &work);
        }
        let memory = self.memory(&service.memory, &format!("{path}.memory"));
        if memory != "\"0B\"" {
            self.line("memory", &memory);
        }
        if let Some(network) = &service.network {
            let network = self.dist(network, Of::Time, &format!("{path}.network"));
            self.line("network", &network);
        }
        if let (Some(scale), [group]) = (&service.autoscale, &service.groups[..]) {
            self.autoscale(scale, group.count, &format!("{path}.autoscale"));
        }
        self.steps(&service.steps, &path);
        self.classes_at(index, &path);
        self.balancer(&service.balancer, &format!("{path}.balancer"));
        let path = format!("{path}.workers");
        let several = service.groups.len() > 1;
        for group in &service.groups {
            self.header(&match several {
                true => format!("[[{path}]]"),
                false => format!("[{path}]"),
            });
            let count = match &service.autoscale {
                Some(scale) => scale.start_with,
                None => group.count,
            };
            self.group((group, count), &path);
        }
    }

    /// The classes of this name that call a service.
    fn namesakes(&self, to: usize, name: &str) -> Vec<&ClassSpec> {
        let sources = self.spec.sources.iter().filter(|s| s.to == to);
        let classes = sources.flat_map(|s| &s.classes);
        classes.filter(|c| c.name == name).collect()
    }

    /// Whether the work and the memory of a class are told once, at the service.
    pub fn common(&self, to: usize, class: &ClassSpec) -> (bool, bool) {
        let all = self.namesakes(to, &class.name);
        if !all.iter().all(|c| c.apart) {
            return (false, false);
        }
        let drawn = class
            .work
            .as_ref()
            .is_some_and(|w| *w != WorkSpec::FromTrace);
        let work = drawn && all.iter().all(|c| c.work == class.work);
        let memory = class.memory.is_some() && all.iter().all(|c| c.memory == class.memory);
        (work, memory)
    }

    /// What a service says of classes.
    fn classes_at(&mut self, index: usize, path: &str) {
        let spec = self.spec;
        let mut done: Vec<&str> = Vec::new();
        let callers = spec.sources.iter().filter(|s| s.to == index);
        for class in callers.flat_map(|s| &s.classes) {
            if done.contains(&class.name.as_str()) || !class.apart {
                continue;
            }
            done.push(&class.name);
            let path = format!("{path}.class.{}", class.name);
            let (work, memory) = self.common(index, class);
            if !work && !memory {
                self.inexact(&path);
                continue;
            }
            self.header(&format!("[{path}]"));
            if let Some(own) = class.work.as_ref().filter(|_| work) {
                let own = self.work(own, &path);
                self.line("work", &own);
            }
            if let Some(own) = class.memory.as_ref().filter(|_| memory) {
                let own: MemorySpec = own.clone();
                let own = self.memory(&own, &path);
                self.line("memory", &own);
            }
        }
    }

    fn balancer(&mut self, balancer: &BalancerSpec, path: &str) {
        self.header(&format!("[{path}]"));
        let (word, own) = policy(balancer.policy);
        self.line("policy", &quoted(word));
        if let Some((key, value)) = own {
            self.line(key, &value);
        }
        if let PolicySpec::LeastRequest {
            full_scan: true, ..
        } = balancer.policy
        {
            self.line("full_scan", "true");
        }
        if let Some(factor) = balancer.policy.bounded_load() {
            self.line("bounded_load", &number(factor));
        }
        match &balancer.dispatch {
            Some(dispatch) => {
                let dispatch = self.dist(dispatch, Of::Time, &format!("{path}.dispatch"));
                self.line("dispatch", &dispatch);
                self.line("cores", &balancer.cores.to_string());
            }
            None if balancer.cores != 1 => {
                // Cores without anything to do are told beside a dispatch of no time.
                self.line("dispatch", "\"0s\"");
                self.line("cores", &balancer.cores.to_string());
            }
            None => {}
        }
        if balancer.instances != 1 {
            self.line("instances", &balancer.instances.to_string());
        }
        self.buffer((balancer.slots, balancer.bytes, balancer.on_full), path);
        if let PolicySpec::Aperture(band) = balancer.policy {
            self.line("high_load", &number(band.high));
            let smooth = self.time(band.smooth, &format!("{path}.smooth"));
            self.line("smooth", &smooth);
            self.line("min_aperture", &band.least.to_string());
        }
        if let PolicySpec::ClientWrr(orca) = balancer.policy {
            for (key, value) in [
                ("report", orca.report),
                ("update", orca.update),
                ("blackout", orca.blackout),
                ("expiry", orca.expiry),
            ] {
                let value = self.time(value, &format!("{path}.{key}"));
                self.line(key, &value);
            }
        }
        if let PolicySpec::Prequal(probes) = balancer.policy {
            self.line("removals", &number(probes.removals));
            self.line("pool", &probes.pool.to_string());
            self.line("surplus", &number(probes.surplus));
            self.line("hot_above", &share(probes.hot_above));
            for (key, value) in [("probe_age", probes.age), ("probe_time", probes.takes)] {
                let value = self.time(value, &format!("{path}.{key}"));
                self.line(key, &value);
            }
        }
        if let Some(slow) = balancer.slow_start {
            let window = self.time(slow.window, &format!("{path}.slow_start"));
            let slow = table(&[
                ("window", window),
                ("aggression", number(slow.aggression)),
                ("min_weight", number(slow.min_weight)),
            ]);
            self.line("slow_start", &slow);
        }
        if let Some(zones) = &balancer.zone_aware {
            let names: Vec<String> = zones.zones.iter().map(|z| quoted(z)).collect();
            let zones = table(&[
                ("zones", format!("[{}]", names.join(", "))),
                ("min_cluster_size", zones.min_cluster_size.to_string()),
                ("routing_enabled", share(zones.routing_enabled)),
                ("fail_traffic_on_panic", zones.fail_on_panic.to_string()),
            ]);
            self.line("zone_aware", &zones);
        }
        if let Some(subset) = balancer.subset {
            self.line("subset", &subset.to_string());
        }
        if let Some(breaker) = &balancer.breaker {
            let stands = match balancer.breaker_share {
                BreakerShare::Instance => vec![],
                BreakerShare::All => vec![("share", quoted("all"))],
            };
            let breaker = self.breaker(breaker, &stands, &format!("{path}.breaker"));
            self.line("breaker", &breaker);
        }
        self.hosts(balancer, path);
    }

    fn buffer(&mut self, buffer: (Option<u32>, Option<u64>, OnFull), path: &str) {
        if buffer == (None, None, OnFull::Reject) {
            return;
        }
        let (slots, bytes, on_full) = buffer;
        let mut params = Vec::new();
        if let Some(slots) = slots {
            params.push(("slots", slots.to_string()));
        }
        if let Some(bytes) = bytes {
            params.push(("bytes", self.bytes(bytes, &format!("{path}.buffer.bytes"))));
        }
        let word = match on_full {
            OnFull::Reject => "reject",
            OnFull::Wedge => "wedge",
            OnFull::DropOldest => "drop_oldest",
            OnFull::Block => "block",
            OnFull::Redispatch { .. } => "redispatch",
            OnFull::DeadLetter => "dead_letter",
            OnFull::Crash => "crash",
        };
        params.push(("on_full", quoted(word)));
        if let OnFull::Redispatch { max } = on_full {
            params.push(("redispatch_max", max.to_string()));
        }
        self.line("buffer", &table(&params));
    }

    fn group(&mut self, (group, count): (&GroupSpec, u32), path: &str) {
        if let Some(name) = &group.name {
            self.line("name", &quoted(name));
        }
        self.line("count", &count.to_string());
        if let Some(zone) = &group.zone {
            self.line("zone", &quoted(zone));
        }
        let cores = match group.cores {
            UNBOUNDED_CORES => quoted("unbounded"),
            cores => cores.to_string(),
        };
        self.line("cores", &cores);
        if let Some(ram) = group.ram {
            let ram = self.bytes(ram, &format!("{path}.ram"));
            self.line("ram", &ram);
        }
        if group.ram_base > 0 {
            let base = self.bytes(group.ram_base, &format!("{path}.ram_base"));
            self.line("ram_base", &base);
        }
        if group.ram_policy == RamPolicy::OomKill {
            self.line("ram_policy", "\"oom_kill\"");
        }
        if let Some(pressure) = group.pressure {
            let above = ("above", number(pressure.above));
            let pressure = table(&[above, ("factor", number(pressure.factor))]);
            self.line("pressure", &pressure);
        }
        if let Some(gc) = group.gc {
            let path = format!("{path}.gc");
            let eden = self.bytes(gc.eden, &path);
            let (pause, per_gib) = (self.time(gc.pause, &path), self.time(gc.per_gib, &path));
            let gc = table(&[("eden", eden), ("pause", pause), ("per_gib", per_gib)]);
            self.line("gc", &gc);
        }
        if let Some(spec) = &group.shed {
            self.line("shed", &shed(spec));
        }
        let discipline = match group.discipline {
            Discipline::Fifo => None,
            Discipline::Lifo => Some("lifo"),
            Discipline::AdaptiveLifo { .. } => Some("adaptive_lifo"),
            Discipline::Priority => Some("priority"),
            Discipline::Edf => Some("edf"),
            Discipline::Ps => Some("ps"),
        };
        if let Some(word) = discipline {
            self.line("discipline", &quoted(word));
        }
        if let Discipline::AdaptiveLifo { above } = group.discipline {
            self.line("lifo_above", &above.to_string());
        }
        for (key, value) in [("speed", group.speed), ("weight", group.weight)] {
            if value != 1.0 {
                self.line(key, &number(value));
            }
        }
        self.buffer((group.slots, group.bytes, group.on_full), path);
        // Ten seconds is what nobody has to say.
        let usual = Dist::Constant {
            value: (10 * SECOND) as f64,
        };
        if group.restart != usual {
            let restart = self.dist(&group.restart, Of::Time, &format!("{path}.restart"));
            self.line("restart", &restart);
        }
        if let Some(cold) = group.cold_start {
            let lasts = self.time(cold.lasts, &format!("{path}.cold_start"));
            let cold = table(&[("for", lasts), ("factor", number(cold.factor))]);
            self.line("cold_start", &cold);
        }
        if group.price_per_hour != 0.0 {
            let price = self.money(group.price_per_hour);
            self.line("price", &price);
        }
    }
}

/// A policy's word, and the key of its own with its value.
fn policy(policy: PolicySpec) -> (&'static str, Option<(&'static str, String)>) {
    match policy {
        PolicySpec::Random => ("random", None),
        PolicySpec::RoundRobin { start } => {
            ("round_robin", start.map(|s| ("start", s.to_string())))
        }
        PolicySpec::LeastRequest { choices, .. } => {
            ("least_request", Some(("choices", choices.to_string())))
        }
        PolicySpec::WeightedRoundRobin { schedule } => {
            let word = match schedule {
                Schedule::Smooth => "smooth",
                Schedule::Edf => "edf",
            };
            ("weighted_round_robin", Some(("schedule", quoted(word))))
        }
        PolicySpec::P2c => ("p2c", None),
        PolicySpec::RandomN { choices } => ("random_n", Some(("choices", choices.to_string()))),
        PolicySpec::LeastConnections => ("least_connections", None),
        PolicySpec::First => ("first", None),
        PolicySpec::CentralQueue => ("central_queue", None),
        PolicySpec::RingHash { ring_size, .. } => {
            ("ring_hash", Some(("ring_size", ring_size.to_string())))
        }
        PolicySpec::Maglev { table_size, .. } => {
            ("maglev", Some(("table_size", table_size.to_string())))
        }
        PolicySpec::Rendezvous { .. } => ("rendezvous", None),
        PolicySpec::Jiq { register } => {
            let word = match register {
                Register::Random => "random",
                Register::ShorterOfTwo => "sq2",
            };
            ("jiq", Some(("register", quoted(word))))
        }
        PolicySpec::ClientWrr(orca) => ("client_wrr", Some(("penalty", number(orca.penalty)))),
        PolicySpec::Prequal(probes) => ("prequal", Some(("probes", number(probes.probes)))),
        PolicySpec::Aperture(band) => ("aperture", Some(("low_load", number(band.low)))),
        PolicySpec::PeakEwma { decay } => {
            ("peak_ewma", Some(("decay", quoted(&format!("{decay}ns")))))
        }
        PolicySpec::JsqOracle { ties } => {
            let word = match ties {
                Ties::Random => "random",
                Ties::First => "first",
            };
            ("jsq_oracle", Some(("ties", quoted(word))))
        }
    }
}
