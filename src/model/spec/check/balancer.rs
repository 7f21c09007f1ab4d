//! Balancers.

use super::*;

impl Rules {
    pub(super) fn balancer(&mut self, service: &ServiceSpec, path: &str) {
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
    pub(super) fn weights(&mut self, service: &ServiceSpec) {
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
}
