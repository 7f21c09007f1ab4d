//! `slow_start`: a worker that has come back weighs little at first.
//!
//! Source: Envoy, `slow_start_config` of `common/v3/common.proto`; HAProxy, `slowstart`.

use crate::base::math::pow;
use crate::base::units::Nanos;
use crate::model::spec::SlowStartSpec;

/// Since when workers are back.
#[derive(Clone, Debug)]
pub struct Slow {
    spec: SlowStartSpec,
    since: Vec<Option<Nanos>>,
    /// When all weigh as much as ever.
    until: Nanos,
}

impl Slow {
    /// For so many workers, all of which weigh what they weigh.
    pub fn new(spec: SlowStartSpec, workers: usize) -> Slow {
        Slow {
            spec,
            since: vec![None; workers],
            until: 0,
        }
    }

    /// A worker is back.
    pub fn begins(&mut self, worker: u32, now: Nanos) {
        self.since[worker as usize] = Some(now);
        self.until = now.saturating_add(self.spec.window);
    }

    /// Whether anybody weighs less than ever.
    pub fn is_on(&self, now: Nanos) -> bool {
        now < self.until
    }

    /// What the weight of a worker is multiplied by.
    pub fn factor(&self, worker: u32, now: Nanos) -> f64 {
        let Some(since) = self.since[worker as usize] else {
            return 1.0;
        };
        let age = now - since;
        if age >= self.spec.window {
            return 1.0;
        }
        let part = age as f64 / self.spec.window as f64;
        let grown = match self.spec.aggression {
            1.0 => part,
            aggression => pow(part, 1.0 / aggression),
        };
        grown.max(self.spec.min_weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Nanos = 1_000_000_000;

    /// Aggression, age of a window of 10 s, and the factor by hand; at least a tenth.
    #[test]
    fn the_factor_grows_with_the_age() {
        let rows = [
            (1.0, 0, 0.1),
            (1.0, S, 0.1),
            (1.0, S + S / 2, 0.15),
            (1.0, 5 * S, 0.5),
            (1.0, 10 * S - 1, 0.999_999_999_9),
            (1.0, 10 * S, 1.0),
            (1.0, 99 * S, 1.0),
            // (1/4)^(1/2), and (1/2)^2.
            (2.0, 2 * S + S / 2, 0.5),
            (0.5, 5 * S, 0.25),
            (0.5, 2 * S, 0.1),
        ];
        for (aggression, age, wanted) in rows {
            let spec = SlowStartSpec {
                window: 10 * S,
                aggression,
                min_weight: 0.1,
            };
            let mut slow = Slow::new(spec, 2);
            assert!(!slow.is_on(0));
            slow.begins(1, 3 * S);
            let factor = slow.factor(1, 3 * S + age);
            assert!(
                (factor - wanted).abs() < 1e-12,
                "{aggression} {age}: {factor}"
            );
            assert_eq!(slow.factor(0, 3 * S + age), 1.0);
            assert_eq!(slow.is_on(3 * S + age), age < 10 * S);
        }
    }

    /// Whoever comes back again begins again.
    #[test]
    fn another_return_begins_anew() {
        let spec = SlowStartSpec::default();
        let mut slow = Slow::new(spec, 1);
        slow.begins(0, 0);
        slow.begins(0, spec.window);
        assert_eq!(slow.factor(0, spec.window), 0.1);
    }
}
