//! Rules about workers that come and go.

use super::{MAX_WORKERS, Rules};
use crate::base::codes::Code;
use crate::model::spec::{
    AutoscaleSpec, Bound, Measure, PolicySpec, ScaleRule, ServiceSpec, SystemSpec,
};

impl Rules {
    /// The scaler of a service.
    pub(super) fn autoscale(&mut self, service: &ServiceSpec) {
        let Some(scale) = &service.autoscale else {
            return;
        };
        let path = format!("service.{}.autoscale", service.name);
        let [group] = &service.groups[..] else {
            let message = format!("`{path}` needs a service with one group of workers");
            return self.add(Code::KEYS_DISAGREE, &path, message, None);
        };
        let max = group.count;
        let fine = (1..=max).contains(&scale.min);
        let allowed = format!("1 to `max` ({max})");
        self.range(fine, &format!("{path}.min"), &allowed, scale.min);
        let fine = scale.min > max || (scale.min..=max).contains(&scale.start_with);
        let allowed = format!("`autoscale.min` to `max` ({} to {max})", scale.min);
        let count = format!("{}.count", service.path_of(group));
        self.range(fine, &count, &allowed, scale.start_with);
        self.scale_rule(scale, (scale.min, max), &path);
        let unbounded = group.core_count().is_none();
        if unbounded && scale.rule.measure() == Some(Measure::Utilisation) {
            let path = format!("{path}.metric");
            let message = format!("`{path}`: unbounded cores have no utilisation");
            let help = Some("take the metric \"in_flight\"");
            self.add(Code::KEYS_DISAGREE, &path, message, help);
        }
        let balancer = &service.balancer;
        let beside = [
            ("zone_aware", balancer.zone_aware.is_some()),
            ("subset", balancer.subset.is_some()),
            (
                "policy = \"central_queue\"",
                balancer.policy == PolicySpec::CentralQueue,
            ),
        ];
        for (what, _) in beside.iter().filter(|b| b.1) {
            let message = format!("`{path}` is not supported yet together with `{what}`");
            self.add(Code::UNSUPPORTED, &path, message, None);
        }
    }

    fn scale_rule(&mut self, scale: &AutoscaleSpec, (min, max): (u32, u32), path: &str) {
        if !matches!(scale.rule, ScaleRule::Schedule(_)) {
            let fine = scale.every > 0;
            self.range(fine, &format!("{path}.every"), "above 0", "0s");
        }
        let target = match &scale.rule {
            ScaleRule::Hpa { target, .. } | ScaleRule::TargetTracking { target, .. } => {
                Some(*target)
            }
            _ => None,
        };
        if let Some(target) = target {
            let fine = target > 0.0 && target <= 1e9;
            let allowed = "above 0 and at most 1e9";
            self.range(fine, &format!("{path}.target"), allowed, target);
        }
        match &scale.rule {
            ScaleRule::Hpa {
                tolerance,
                up,
                down,
                ..
            } => {
                let fine = (0.0..1.0).contains(tolerance);
                let allowed = "0 to below 1";
                self.range(fine, &format!("{path}.tolerance"), allowed, *tolerance);
                for (key, pace) in [("up", up), ("down", down)] {
                    let path = format!("{path}.{key}");
                    for rate in &pace.rates {
                        self.range(rate.per > 0, &format!("{path}.per"), "above 0", "0s");
                    }
                }
            }
            ScaleRule::TargetTracking { .. } => {}
            ScaleRule::Step { steps, .. } => {
                for step in steps {
                    let (Bound::Above(bound) | Bound::Below(bound)) = step.bound;
                    let fine = (0.0..=1e9).contains(&bound);
                    self.range(fine, &format!("{path}.steps"), "0 to 1e9", bound);
                }
            }
            ScaleRule::Schedule(times) => {
                let path = format!("{path}.steps");
                let rises = times.windows(2).all(|t| t[0].0 < t[1].0);
                if !rises {
                    let message = format!("`{path}`: the times must rise");
                    self.add(Code::OUT_OF_RANGE, &path, message, None);
                }
                for &(_, count) in times {
                    let fine = (min..=max).contains(&count);
                    let allowed = format!("`min` to `max` ({min} to {max})");
                    self.range(fine, &format!("{path}.count"), &allowed, count);
                }
            }
        }
        let fine = u64::from(max) <= MAX_WORKERS;
        self.range(fine, &format!("{path}.max"), "1 to 1000000", max);
    }

    /// What needs to know the workers that there are.
    pub(super) fn scaled(&mut self, system: &SystemSpec) {
        for service in &system.services {
            self.autoscale(service);
        }
    }
}
