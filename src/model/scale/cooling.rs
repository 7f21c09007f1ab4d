//! `target_tracking` and `step`: a change, and then none for a while.

use super::{Fleet, Measured};
use crate::base::units::Nanos;
use crate::model::spec::{Bound, Measure, ScaleRule, ScaleStep};

/// The machine.
#[derive(Clone, Debug)]
pub struct Cooling<'s> {
    rule: &'s ScaleRule,
    min: u32,
    max: u32,
    /// Until then nothing changes.
    until: Nanos,
}

impl<'s> Cooling<'s> {
    /// Nothing changed yet.
    pub fn new(rule: &'s ScaleRule, (min, max): (u32, u32)) -> Self {
        Cooling {
            rule,
            min,
            max,
            until: 0,
        }
    }

    pub(super) fn wants(&mut self, now: Nanos, fleet: Fleet, measured: Measured) -> u32 {
        let current = fleet.all();
        if now < self.until || measured.workers == 0 {
            return current;
        }
        let count = match self.rule.measure() {
            Some(Measure::Queue) => current,
            _ => measured.workers,
        };
        let mean = measured.sum / f64::from(count.max(1));
        let (asked, cooldown) = match self.rule {
            ScaleRule::TargetTracking {
                target, cooldown, ..
            } => {
                // What is whole but for its last binary places is whole.
                let asked = (mean / target * f64::from(current) - 1e-9).ceil();
                (asked as u32, *cooldown)
            }
            ScaleRule::Step {
                steps, cooldown, ..
            } => {
                let add = step(steps, mean).unwrap_or(0);
                (current.saturating_add_signed(add), *cooldown)
            }
            ScaleRule::Hpa { .. } | ScaleRule::Schedule(_) => (current, 0),
        };
        let wanted = asked.clamp(self.min, self.max);
        if wanted != current {
            self.until = now.saturating_add(cooldown);
        }
        wanted
    }
}

/// What the bound that is passed furthest says.
fn step(steps: &[ScaleStep], mean: f64) -> Option<i32> {
    let passed = |step: &ScaleStep| match step.bound {
        Bound::Above(bound) => (mean > bound).then_some(mean - bound),
        Bound::Below(bound) => (mean < bound).then_some(bound - mean),
    };
    // The furthest bound is the one that the measure has passed by the least.
    let passed = steps.iter().filter_map(|s| Some((passed(s)?, s.add)));
    passed.min_by(|a, b| a.0.total_cmp(&b.0)).map(|p| p.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Nanos = 1_000_000_000;

    fn wants(machine: &mut Cooling<'_>, at: u64, ready: u32, mean: f64) -> u32 {
        let measured = Measured {
            sum: mean * f64::from(ready),
            workers: ready,
        };
        machine.wants(at * S, Fleet { ready, starting: 0 }, measured)
    }

    #[test]
    fn a_target_is_tracked_with_pauses() {
        let rule = ScaleRule::TargetTracking {
            measure: Measure::Utilisation,
            target: 0.5,
            cooldown: 60 * S,
        };
        let mut machine = Cooling::new(&rule, (2, 10));
        // ceil(4 * 0.6 / 0.5) = ceil(4.8); there is no tolerance.
        assert_eq!(wants(&mut machine, 0, 4, 0.6), 5);
        assert_eq!(wants(&mut machine, 59, 5, 1.0), 5);
        assert_eq!(wants(&mut machine, 60, 5, 1.0), 10);
        assert_eq!(wants(&mut machine, 120, 10, 0.5), 10);
        // What changes nothing begins no pause.
        assert_eq!(wants(&mut machine, 121, 10, 0.12), 3);
        assert_eq!(wants(&mut machine, 181, 3, 0.0), 2);
        assert_eq!(wants(&mut machine, 241, 2, 1.0), 4);
    }

    #[test]
    fn the_furthest_bound_that_is_passed_says_how_many() {
        let above = |bound, add| ScaleStep {
            bound: Bound::Above(bound),
            add,
        };
        let below = |bound, add| ScaleStep {
            bound: Bound::Below(bound),
            add,
        };
        let rule = ScaleRule::Step {
            measure: Measure::Utilisation,
            steps: vec![above(0.7, 1), above(0.9, 3), below(0.3, -1), below(0.1, -2)],
            cooldown: 0,
        };
        let mut machine = Cooling::new(&rule, (2, 10));
        for (ready, mean, wanted) in [
            (5, 0.5, 5),
            (5, 0.7, 5),
            (5, 0.71, 6),
            (5, 0.9, 6),
            (5, 0.91, 8),
            (9, 0.95, 10),
            (5, 0.3, 5),
            (5, 0.29, 4),
            (5, 0.1, 4),
            (5, 0.09, 3),
            (3, 0.0, 2),
        ] {
            assert_eq!(
                wants(&mut machine, 0, ready, mean),
                wanted,
                "{ready} at {mean}"
            );
        }
    }
}
