//! Whom a balancer leaves out, as it is written.

use super::pen::{Pen, number, table};
use crate::config::tree::quoted;
use crate::model::spec::{
    BalancerSpec, CheckPath, HealthAction, HealthSpec, OutlierSpec, PANIC_THRESHOLD, WHOLE,
};

pub fn share(millionths: u32) -> String {
    number(f64::from(millionths) / f64::from(WHOLE))
}

impl Pen<'_> {
    /// What a balancer says of workers that it leaves out.
    pub fn hosts(&mut self, balancer: &BalancerSpec, path: &str) {
        if let Some(health) = &balancer.health {
            let health = self.health(health, &format!("{path}.health"));
            self.line("health", &health);
        }
        if let Some(outlier) = &balancer.outlier {
            let outlier = self.outlier(outlier, &format!("{path}.outlier"));
            self.line("outlier", &outlier);
        }
        if balancer.panic_threshold != PANIC_THRESHOLD {
            let threshold = share(balancer.panic_threshold);
            self.line("panic_threshold", &threshold);
        }
    }

    fn health(&mut self, health: &HealthSpec, path: &str) -> String {
        let restarts = health.action == HealthAction::Restart;
        let mut params = vec![
            ("every", self.time(health.every, path)),
            ("timeout", self.time(health.timeout, path)),
            ("fall", health.fall.to_string()),
        ];
        if !restarts {
            params.push(("rise", health.rise.to_string()));
        }
        let action = if restarts { "restart" } else { "remove" };
        params.push(("action", quoted(action)));
        let asked = match health.path {
            CheckPath::Shallow => "shallow",
            CheckPath::Deep => "deep",
        };
        params.push(("path", quoted(asked)));
        table(&params)
    }

    /// Only what is enforced has keys.
    fn outlier(&mut self, outlier: &OutlierSpec, path: &str) -> String {
        let enforce = outlier.enforce;
        let mut params = vec![("every", self.time(outlier.every, path))];
        if enforce.consecutive > 0 {
            params.push(("consecutive", outlier.consecutive.to_string()));
        }
        if enforce.consecutive_gateway > 0 {
            let gateway = outlier.consecutive_gateway;
            params.push(("consecutive_gateway", gateway.to_string()));
        }
        if enforce.success_rate > 0 {
            let factor = f64::from(outlier.success_rate_factor_milli) / 1000.0;
            params.push(("success_rate_factor", number(factor)));
        }
        if enforce.failure_share > 0 {
            params.push(("failure_share", share(outlier.failure_share)));
        }
        params.push(("eject_for", self.time(outlier.eject_for, path)));
        params.push(("max_share", share(outlier.max_share)));
        if enforce.success_rate > 0 || enforce.failure_share > 0 {
            params.push(("min_hosts", outlier.min_hosts.to_string()));
            if let Some(calls) = outlier.min_calls {
                params.push(("min_calls", calls.to_string()));
            }
        }
        let shares = [
            ("consecutive", share(enforce.consecutive)),
            ("consecutive_gateway", share(enforce.consecutive_gateway)),
            ("success_rate", share(enforce.success_rate)),
            ("failure_share", share(enforce.failure_share)),
        ];
        params.push(("enforce", table(&shares)));
        table(&params)
    }
}
