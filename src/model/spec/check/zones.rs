//! Zones that instances and workers have, and that make a difference.

use super::*;

impl Rules {
    /// `zone_aware` of a balancer.
    pub(super) fn zone_aware(&mut self, service: &ServiceSpec, path: &str) {
        let balancer = &service.balancer;
        let Some(spec) = &balancer.zone_aware else {
            return;
        };
        let path = format!("{path}.zone_aware");
        let zones = format!("{path}.zones");
        let known = |zone: &str| {
            service
                .groups
                .iter()
                .any(|g| g.zone.as_deref() == Some(zone))
        };
        for zone in spec.zones.iter().filter(|zone| !known(zone)) {
            let message = format!(
                "`{zones}`: no workers of `{}` are in `{zone}`",
                service.name
            );
            let help = "say the `zone` of each group of workers";
            self.add(Code::UNKNOWN_NAME, &zones, message, Some(help));
        }
        for group in service.groups.iter().filter(|g| g.zone.is_none()) {
            let path = format!("{}.zone", service.path_of(group));
            let message = format!("`{path}` is missing: the balancer looks at zones");
            self.add(Code::KEYS_DISAGREE, &path, message, None);
        }
        let instances = balancer.instances as usize;
        let several = spec.zones.iter().any(|zone| *zone != spec.zones[0]);
        if spec.zones.len() > instances || !several {
            let message = format!(
                "`{zones}` must name two zones or more and an instance for each, not {} for \
                 {instances}",
                spec.zones.len()
            );
            let help = "in one zone `zone_aware` has no effect: remove it, or say more `instances`";
            self.add(Code::KEYS_DISAGREE, &zones, message, Some(help));
        }
        let workers = service.worker_count();
        let least = spec.min_cluster_size;
        let fine = least >= 1 && least as usize <= workers;
        let allowed = format!("1 to {workers}: with fewer workers nobody looks at zones");
        self.range(fine, &format!("{path}.min_cluster_size"), &allowed, least);
        let fine = (1..=WHOLE).contains(&spec.routing_enabled);
        let enabled = f64::from(spec.routing_enabled) / f64::from(WHOLE);
        let place = format!("{path}.routing_enabled");
        self.range(fine, &place, "above 0 and at most 1", enabled);
        if spec.fail_on_panic && (!balancer.leaves_out() || balancer.panic_threshold == 0) {
            let path = format!("{path}.fail_traffic_on_panic");
            let message = format!("`{path}` has no effect: the balancer never panics");
            let help = "add `outlier`, or `health` with the action \"remove\", or remove it";
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        }
        let policy = &balancer.policy;
        if policy.hashes() || *policy == PolicySpec::CentralQueue {
            let message = format!("`{path}` does not go with this policy");
            let help = "policies that hash and `central_queue` take no heed of zones";
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        }
        if balancer.subset.is_some() {
            let message = format!("`{path}` is not supported yet together with `subset`");
            self.add(Code::UNSUPPORTED, &path, message, None);
        }
    }
}
