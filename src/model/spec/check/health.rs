//! Rules about whom a balancer leaves out.

use super::Rules;
use crate::base::codes::Code;
use crate::base::units::print_time;
use crate::model::spec::{HealthSpec, OutlierSpec, PolicySpec, ServiceSpec, WHOLE};

/// Sweeps and checks are no nearer to each other than this, nanoseconds.
const SHORTEST: u64 = 1000;
/// Longest such time: a year.
const LONGEST: u64 = 365 * 86_400 * 1_000_000_000;
/// Most failures in a row, calls or workers that a rule waits for.
const MOST: u32 = 1 << 20;

impl Rules {
    pub(super) fn hosts(&mut self, service: &ServiceSpec, path: &str) {
        let balancer = &service.balancer;
        self.millionths(balancer.panic_threshold, &format!("{path}.panic_threshold"));
        if let Some(outlier) = &balancer.outlier {
            self.outlier(outlier, &format!("{path}.outlier"));
        }
        if let Some(health) = &balancer.health {
            self.health(health, &format!("{path}.health"));
        }
        if balancer.policy != PolicySpec::CentralQueue {
            return;
        }
        if balancer.outlier.is_some() {
            let path = format!("{path}.outlier");
            let message = format!(
                "`{path}` has no effect: with the policy `central_queue` nobody picks workers"
            );
            self.add(Code::KEYS_DISAGREE, &path, message, Some("remove it"));
        }
        if balancer.health.is_some() {
            let path = format!("{path}.health");
            let message = format!("`{path}` with the policy `central_queue` is not supported yet");
            self.add(Code::UNSUPPORTED, &path, message, None);
        }
    }

    fn millionths(&mut self, value: u32, path: &str) {
        let given = f64::from(value) / f64::from(WHOLE);
        self.range(value <= WHOLE, path, "a share from 0 to 1", given);
    }

    fn health(&mut self, health: &HealthSpec, path: &str) {
        let fine = (SHORTEST..=LONGEST).contains(&health.every);
        let place = format!("{path}.every");
        self.range(fine, &place, "1us to a year", print_time(health.every));
        let fine = (1..=health.every).contains(&health.timeout);
        let allowed = format!("above 0 and at most `every` ({})", print_time(health.every));
        let place = format!("{path}.timeout");
        self.range(fine, &place, &allowed, print_time(health.timeout));
        for (key, count) in [("fall", health.fall), ("rise", health.rise)] {
            let fine = (1..=MOST).contains(&count);
            self.range(fine, &format!("{path}.{key}"), "1 to 1048576", count);
        }
    }

    fn outlier(&mut self, outlier: &OutlierSpec, path: &str) {
        for (key, time) in [("every", outlier.every), ("eject_for", outlier.eject_for)] {
            let fine = (SHORTEST..=LONGEST).contains(&time);
            let path = format!("{path}.{key}");
            self.range(fine, &path, "1us to a year", print_time(time));
        }
        for (key, count) in [
            ("consecutive", outlier.consecutive),
            ("consecutive_gateway", outlier.consecutive_gateway),
            ("min_hosts", outlier.min_hosts),
            ("min_calls", outlier.min_calls.unwrap_or(1)),
        ] {
            let fine = (1..=MOST).contains(&count);
            self.range(fine, &format!("{path}.{key}"), "1 to 1048576", count);
        }
        let enforce = outlier.enforce;
        for (key, share) in [
            ("failure_share", outlier.failure_share),
            ("max_share", outlier.max_share),
            ("enforce.consecutive", enforce.consecutive),
            ("enforce.consecutive_gateway", enforce.consecutive_gateway),
            ("enforce.success_rate", enforce.success_rate),
            ("enforce.failure_share", enforce.failure_share),
        ] {
            self.millionths(share, &format!("{path}.{key}"));
        }
    }
}
