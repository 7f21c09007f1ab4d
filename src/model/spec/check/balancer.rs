//! Balancers.

use super::*;
use crate::base::units::{SECOND, print_time};

impl Rules {
    pub(super) fn balancer(&mut self, service: &ServiceSpec, path: &str) {
        let balancer = &service.balancer;
        let fine = (1..=MAX_CORES).contains(&balancer.cores);
        self.range(fine, &format!("{path}.cores"), "1 to 65535", balancer.cores);
        self.instances(service, path);
        self.subset(service, path);
        self.slow_start(service, path);
        self.zone_aware(service, path);
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
            PolicySpec::RingHash { ring_size, .. } => {
                let fine = (1..=MAX_HASHES).contains(&ring_size);
                self.range(
                    fine,
                    &format!("{path}.ring_size"),
                    "1 to 5000011",
                    ring_size,
                );
            }
            PolicySpec::Maglev { table_size, .. } => self.table(table_size, workers, path),
            PolicySpec::Jiq { register } => self.idle(register, service, path),
            PolicySpec::Aperture(band) => self.band(&band, path),
            PolicySpec::ClientWrr(orca) => self.orca(&orca, path),
            PolicySpec::Prequal(probes) => self.probes(&probes, path),
            PolicySpec::PeakEwma { decay } => {
                self.range(decay > 0, &format!("{path}.decay"), "above 0", "0s");
            }
            _ => {}
        }
        if let Some(factor) = balancer.policy.bounded_load() {
            let fine = (1.0..=1e6).contains(&factor);
            self.range(fine, &format!("{path}.bounded_load"), "1 to 1e6", factor);
        }
        if let Some(breaker) = &balancer.breaker {
            let breakers = match balancer.breaker_share {
                BreakerShare::Instance => workers * balancer.instances as usize,
                BreakerShare::All => workers,
            };
            if balancer.breaker_share == BreakerShare::All && balancer.instances == 1 {
                let path = format!("{path}.breaker.share");
                let message = format!("`{path}` has no effect: the balancer has one instance");
                let help = "give it several `instances`, or remove `share`";
                self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
            }
            self.breaker(breaker, breakers, &format!("{path}.breaker"));
        }
    }

    /// Workers that tell when a core is idle.
    fn idle(&mut self, register: Register, service: &ServiceSpec, path: &str) {
        if register != Register::Random && service.balancer.instances < 2 {
            let path = format!("{path}.register");
            let message = format!("`{path}` has no effect: there is one instance to tell");
            let help = "say `instances`, or remove it";
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        }
        for group in service.groups.iter().filter(|g| g.core_count().is_none()) {
            let path = format!("{}.cores", service.path_of(group));
            let message = format!(
                "`{path}`: with the policy `jiq` workers tell when a core is idle, and of \
                 unbounded cores always some are"
            );
            self.add(Code::KEYS_DISAGREE, &path, message, None);
        }
    }

    fn orca(&mut self, orca: &OrcaSpec, path: &str) {
        let fine = orca.update >= SECOND / 10;
        let (place, given) = (format!("{path}.update"), print_time(orca.update));
        self.range(fine, &place, "\"100ms\" or more", given);
        let fine = orca.report > 0;
        self.range(fine, &format!("{path}.report"), "above 0", "0s");
        let fine = (0.0..=1e6).contains(&orca.penalty);
        self.range(fine, &format!("{path}.penalty"), "0 to 1e6", orca.penalty);
    }

    /// Probes that come back in time, and more of them than are removed.
    fn probes(&mut self, probes: &ProbeSpec, path: &str) {
        let fine = probes.probes > 0.0 && probes.probes <= 100.0;
        let (place, given) = (format!("{path}.probes"), probes.probes);
        self.range(fine, &place, "above 0 and at most 100", given);
        let fewer = !fine || probes.removals < probes.probes;
        let fine = probes.removals >= 0.0 && fewer;
        let (place, given) = (format!("{path}.removals"), probes.removals);
        self.range(fine, &place, "0 or more and below `probes`", given);
        let fine = (2..=MAX_POOL).contains(&probes.pool);
        self.range(fine, &format!("{path}.pool"), "2 to 1000", probes.pool);
        let place = format!("{path}.probe_age");
        self.range(probes.age > 0, &place, "above 0", "0s");
        let fine = probes.takes < probes.age.max(1);
        let (place, given) = (format!("{path}.probe_time"), print_time(probes.takes));
        self.range(fine, &place, "below `probe_age`", given);
        let fine = probes.hot_above <= WHOLE;
        let given = f64::from(probes.hot_above) / f64::from(WHOLE);
        self.range(fine, &format!("{path}.hot_above"), "0 to 1", given);
        let fine = (0.0..=1e6).contains(&probes.surplus);
        let (place, given) = (format!("{path}.surplus"), probes.surplus);
        self.range(fine, &place, "0 to 1e6", given);
    }

    fn band(&mut self, band: &Band, path: &str) {
        let fine = band.low >= 0.0 && band.low < band.high;
        let allowed = "0 or more and below `high_load`";
        self.range(fine, &format!("{path}.low_load"), allowed, band.low);
        let fine = band.high <= 1e6;
        self.range(fine, &format!("{path}.high_load"), "at most 1e6", band.high);
        let (fine, path) = (band.smooth > 0, format!("{path}.smooth"));
        self.range(fine, &path, "above 0", "0s");
    }

    /// Weights that grow, where the policy weighs by turns.
    fn slow_start(&mut self, service: &ServiceSpec, path: &str) {
        let Some(slow) = service.balancer.slow_start else {
            return;
        };
        let path = format!("{path}.slow_start");
        self.range(slow.window > 0, &format!("{path}.window"), "above 0", "0s");
        let fine = slow.aggression > 0.0 && slow.aggression <= 100.0;
        let allowed = "above 0 and at most 100";
        self.range(
            fine,
            &format!("{path}.aggression"),
            allowed,
            slow.aggression,
        );
        let fine = (0.0..=1.0).contains(&slow.min_weight);
        let least = slow.min_weight;
        self.range(fine, &format!("{path}.min_weight"), "0 to 1", least);
        let policy = &service.balancer.policy;
        if !policy.weighs() || policy.hashes() {
            let message = format!("`{path}` has no effect: the policy does not weigh by turns");
            let help = "policies that do: random, weighted_round_robin, least_request, random_n, \
                        least_connections";
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        }
    }

    /// A subset of the workers, where a balancer picks among them.
    fn subset(&mut self, service: &ServiceSpec, path: &str) {
        let Some(size) = service.balancer.subset else {
            return;
        };
        let path = format!("{path}.subset");
        let fine = (1..=MAX_WORKERS).contains(&u64::from(size));
        self.range(fine, &path, "1 to 1000000", size);
        let why = match service.balancer.policy {
            PolicySpec::CentralQueue => "`central_queue`: all workers pull from one buffer",
            PolicySpec::Jiq { .. } => "`jiq`: a worker tells any instance that it is idle",
            _ => return,
        };
        let message = format!("`{path}` does not go with the policy {why}");
        self.add(Code::KEYS_DISAGREE, &path, message, Some("remove it"));
    }

    /// A table of hashes has a prime number of places, or orders of workers do not reach them all.
    fn table(&mut self, size: u32, workers: usize, path: &str) {
        let path = format!("{path}.table_size");
        let fine = size as usize >= workers && (3..=MAX_HASHES).contains(&size);
        let allowed = format!(
            "{} to 5000011, a place or more for each worker",
            workers.max(3)
        );
        self.range(fine, &path, &allowed, size);
        let divides = |d: &u32| size.is_multiple_of(*d);
        if (2..=size / 2)
            .take_while(|d| d * d <= size)
            .any(|d| divides(&d))
        {
            let message = format!("`{path}` must be a prime, not {size}");
            let help = "usual are 65537, or 251, 2039, 16381 for small tables";
            self.add(Code::OUT_OF_RANGE, &path, message, Some(help));
        }
    }

    pub(super) fn instances(&mut self, service: &ServiceSpec, path: &str) {
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
    pub(super) fn shared_buffer(&mut self, service: &ServiceSpec, path: &str) {
        if service.balancer.policy != PolicySpec::CentralQueue {
            return;
        }
        let own = |g: &&GroupSpec| g.slots.is_some() || g.on_full != OnFull::Reject;
        for group in service.groups.iter().filter(own) {
            let path = format!("{}.buffer", service.path_of(group));
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
    pub(super) fn weights(&mut self, service: &ServiceSpec) {
        let weighs = service.balancer.policy.weighs();
        let path = |group| format!("{}.weight", service.path_of(group));
        if !weighs {
            for group in service.groups.iter().filter(|g| g.weight != 1.0) {
                let path = path(group);
                let message = format!("`{path}` has no effect: the policy does not weigh");
                let help = "policies that weigh: random, weighted_round_robin, least_request, \
                            random_n, least_connections, ring_hash, maglev, rendezvous";
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
}
