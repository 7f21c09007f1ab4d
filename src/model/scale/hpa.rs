//! `hpa` and `queue_lag`: the horizontal pod autoscaler of Kubernetes.
//!
//! Source: kubernetes.io, "Horizontal Pod Autoscaling"; what is silent there as in
//! `pkg/controller/podautoscaler` (`replica_calculator.go`, `horizontal.go`).

use std::collections::VecDeque;

use super::{Fleet, Measured};
use crate::base::units::Nanos;
use crate::model::spec::{Measure, Pace, Rate, RateBy, ScaleRule};

/// The machine.
#[derive(Clone, Debug)]
pub struct Hpa<'s> {
    measure: Measure,
    target: f64,
    tolerance: f64,
    up: &'s Pace,
    down: &'s Pace,
    min: u32,
    max: u32,
    /// What was recommended when, the oldest first.
    recommended: VecDeque<(Nanos, u32)>,
    /// How many came and went when.
    came: VecDeque<(Nanos, u32)>,
    went: VecDeque<(Nanos, u32)>,
}

impl<'s> Hpa<'s> {
    /// Nothing measured yet.
    pub fn new(rule: &'s ScaleRule, (min, max): (u32, u32)) -> Self {
        let ScaleRule::Hpa {
            measure,
            target,
            tolerance,
            up,
            down,
        } = rule
        else {
            unreachable!("only an hpa is made of such a rule");
        };
        Hpa {
            measure: *measure,
            target: *target,
            tolerance: *tolerance,
            up,
            down,
            min,
            max,
            recommended: VecDeque::new(),
            came: VecDeque::new(),
            went: VecDeque::new(),
        }
    }

    pub(super) fn wants(&mut self, now: Nanos, fleet: Fleet, measured: Measured) -> u32 {
        let current = fleet.all();
        let asked = self.asked(fleet, measured).unwrap_or(current);
        let steady = self.stabilised(now, current, asked);
        let wanted = self.paced(now, current, steady);
        if wanted > current {
            self.came.push_back((now, wanted - current));
        } else if wanted < current {
            self.went.push_back((now, current - wanted));
        }
        wanted
    }

    /// What the measure alone asks for; `None`: as many as there are.
    fn asked(&self, fleet: Fleet, measured: Measured) -> Option<u32> {
        let count = match self.measure {
            Measure::Queue => fleet.all(),
            Measure::Utilisation | Measure::InFlight => measured.workers,
        };
        if measured.workers == 0 || count == 0 {
            return None;
        }
        let ratio = measured.sum / (self.target * f64::from(count));
        let starting = match self.measure {
            Measure::Queue => 0,
            Measure::Utilisation | Measure::InFlight => fleet.starting,
        };
        // What is on the bound but for its last binary places is on it.
        let near = |ratio: f64| (1.0 - ratio).abs() <= self.tolerance + 1e-9;
        let asked = ceiling(measured.sum / self.target);
        if starting == 0 || ratio <= 1.0 {
            return (!near(ratio)).then_some(asked);
        }
        // Those on their way are taken to do nothing yet.
        let ratio = measured.sum / (self.target * f64::from(count + starting));
        (!near(ratio) && ratio >= 1.0 && asked >= fleet.all()).then_some(asked)
    }

    /// The most cautious of what was recommended lately.
    fn stabilised(&mut self, now: Nanos, current: u32, asked: u32) -> u32 {
        let longest = self.up.stabilise.max(self.down.stabilise);
        while let Some(&(at, _)) = self.recommended.front()
            && now - at >= longest
        {
            self.recommended.pop_front();
        }
        let within = |window: Nanos| {
            let of = move |r: &&(Nanos, u32)| now - r.0 < window;
            self.recommended.iter().filter(of).map(|r| r.1)
        };
        let up = within(self.up.stabilise).fold(asked, u32::min);
        let down = within(self.down.stabilise).fold(asked, u32::max);
        self.recommended.push_back((now, asked));
        current.max(up).min(down)
    }

    /// No faster than the rates allow.
    fn paced(&mut self, now: Nanos, current: u32, wanted: u32) -> u32 {
        let rates = self.up.rates.iter().chain(&self.down.rates);
        let longest = rates.map(|r| r.per).max().unwrap_or(0);
        for changes in [&mut self.came, &mut self.went] {
            while let Some(&(at, _)) = changes.front()
                && now - at >= longest
            {
                changes.pop_front();
            }
        }
        let before = |per: Nanos| {
            let lately = |changes: &VecDeque<(Nanos, u32)>| -> u32 {
                let within = changes.iter().filter(|c| now - c.0 < per);
                within.map(|c| c.1).sum()
            };
            (current + lately(&self.went)).saturating_sub(lately(&self.came))
        };
        if wanted > current {
            let most = |rate: &Rate| match rate.by {
                RateBy::Pods(pods) => before(rate.per).saturating_add(pods),
                RateBy::Percent(percent) => {
                    let more = 1.0 + f64::from(percent) / 100.0;
                    ceiling(f64::from(before(rate.per)) * more)
                }
            };
            let most = self.up.rates.iter().map(most).max().unwrap_or(current);
            wanted.min(most.max(current)).min(self.max)
        } else if wanted < current {
            let least = |rate: &Rate| match rate.by {
                RateBy::Pods(pods) => before(rate.per).saturating_sub(pods),
                RateBy::Percent(percent) => {
                    let left = 1.0 - f64::from(percent.min(100)) / 100.0;
                    (f64::from(before(rate.per)) * left) as u32
                }
            };
            let least = self.down.rates.iter().map(least).min().unwrap_or(current);
            wanted.max(least.min(current)).max(self.min)
        } else {
            wanted
        }
    }
}

/// The next whole number, one that is already whole itself.
fn ceiling(value: f64) -> u32 {
    value.ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Nanos = 1_000_000_000;

    fn pace(stabilise: Nanos, rates: &[(RateBy, Nanos)]) -> Pace {
        let rates = rates.iter().map(|&(by, per)| Rate { by, per });
        Pace {
            stabilise,
            rates: rates.collect(),
        }
    }

    /// The behaviour by default, but for a stabilisation that is given.
    fn rule(up: Nanos, down: Nanos) -> ScaleRule {
        ScaleRule::Hpa {
            measure: Measure::Utilisation,
            target: 0.5,
            tolerance: 0.1,
            up: pace(
                up,
                &[(RateBy::Pods(4), 15 * S), (RateBy::Percent(100), 15 * S)],
            ),
            down: pace(down, &[(RateBy::Percent(100), 15 * S)]),
        }
    }

    fn wants(hpa: &mut Hpa<'_>, at: u64, (ready, starting): (u32, u32), mean: f64) -> u32 {
        let measured = Measured {
            sum: mean * f64::from(ready),
            workers: ready,
        };
        hpa.wants(at * S, Fleet { ready, starting }, measured)
    }

    /// kubernetes.io: desired = ceil(current * metric / target); within 10 % of 1 nothing changes.
    #[test]
    fn the_ratio_decides_beyond_its_tolerance() {
        for (ready, mean, wanted) in [
            (4, 0.5, 4),
            // 1.1 exactly is within; 1.12 is ceil(4.48); 0.9 is within; 0.88 is ceil(3.52).
            (4, 0.55, 4),
            (4, 0.56, 5),
            (4, 0.45, 4),
            (4, 0.44, 4),
            (4, 0.36, 3),
            (4, 1.0, 8),
            (3, 0.6, 4),
            (10, 0.04, 2),
        ] {
            let rule = rule(0, 0);
            let mut hpa = Hpa::new(&rule, (2, 20));
            assert_eq!(
                wants(&mut hpa, 15, (ready, 0), mean),
                wanted,
                "{ready} at {mean}"
            );
        }
    }

    /// Those on their way count as idle: what they will take keeps it from asking for more.
    #[test]
    fn starting_workers_are_taken_to_do_nothing() {
        let rule = rule(0, 0);
        let asked = |fleet, mean| wants(&mut Hpa::new(&rule, (1, 50)), 15, fleet, mean);
        // 4 at 0.8: 3.2 of 8 * 0.5: 0.8, which no longer asks for more.
        assert_eq!(asked((4, 4), 0.8), 8);
        // 4 at 1.0 and 2: 4 / (6 * 0.5) = 1.33: 8.
        assert_eq!(asked((4, 2), 1.0), 8);
        // 4 at 0.8 and 2: 3.2 / 3 = 1.07, within the tolerance.
        assert_eq!(asked((4, 2), 0.8), 6);
        // Below the target they do not count: ceil(0.5 * 4) = 2.
        assert_eq!(asked((4, 2), 0.25), 2);
        // Nothing measured: nothing changes.
        let none = Hpa::new(&rule, (1, 50)).wants(
            S,
            Fleet {
                ready: 0,
                starting: 3,
            },
            Measured::default(),
        );
        assert_eq!(none, 3);
    }

    /// The default for up: four or as many again within 15 s, whichever is more.
    #[test]
    fn it_grows_no_faster_than_its_rates() {
        let rule = rule(0, 0);
        let mut hpa = Hpa::new(&rule, (1, 100));
        assert_eq!(wants(&mut hpa, 15, (2, 0), 5.0), 6, "2 + 4");
        // Within the same 15 s nothing more; from 15 s on twice six.
        assert_eq!(wants(&mut hpa, 29, (6, 0), 5.0), 6);
        assert_eq!(wants(&mut hpa, 30, (6, 0), 5.0), 12);
        assert_eq!(wants(&mut hpa, 45, (12, 0), 5.0), 24);
        assert_eq!(
            wants(&mut hpa, 200, (90, 0), 5.0),
            100,
            "the most there may be"
        );
    }

    /// Down counts the highest recommendation of five minutes, up the lowest of a minute.
    #[test]
    fn it_waits_until_recommendations_agree() {
        let rule = rule(60 * S, 300 * S);
        let mut hpa = Hpa::new(&rule, (1, 100));
        assert_eq!(wants(&mut hpa, 0, (10, 0), 0.5), 10);
        assert_eq!(wants(&mut hpa, 15, (10, 0), 0.2), 10);
        assert_eq!(wants(&mut hpa, 299, (10, 0), 0.1), 10);
        // At 300 s the ten of the start no longer counts: the highest is 4.
        assert_eq!(wants(&mut hpa, 300, (10, 0), 0.1), 4);
        // At 315 s the highest is 2, and so on down to it.
        assert_eq!(wants(&mut hpa, 315, (4, 0), 0.25), 2);
        // Up: the 2 of 315 s holds it until 375 s.
        assert_eq!(wants(&mut hpa, 374, (2, 0), 1.0), 2);
        assert_eq!(wants(&mut hpa, 375, (2, 0), 1.0), 4);
    }

    /// Three pods or half of them within a minute, whichever takes more.
    #[test]
    fn it_shrinks_no_faster_than_its_rates() {
        let rule = ScaleRule::Hpa {
            measure: Measure::InFlight,
            target: 10.0,
            tolerance: 0.1,
            up: pace(0, &[(RateBy::Pods(1), 60 * S)]),
            down: pace(
                0,
                &[(RateBy::Pods(3), 60 * S), (RateBy::Percent(25), 60 * S)],
            ),
        };
        let mut hpa = Hpa::new(&rule, (2, 100));
        assert_eq!(wants(&mut hpa, 0, (20, 0), 0.0), 15, "a quarter of twenty");
        assert_eq!(wants(&mut hpa, 59, (15, 0), 0.0), 15);
        // 11.25 are left of fifteen, cut to eleven.
        assert_eq!(wants(&mut hpa, 60, (15, 0), 0.0), 11);
        assert_eq!(wants(&mut hpa, 120, (11, 0), 0.0), 8);
        assert_eq!(wants(&mut hpa, 180, (8, 0), 0.0), 5);
        assert_eq!(wants(&mut hpa, 240, (5, 0), 0.0), 2);
        assert_eq!(wants(&mut hpa, 300, (2, 0), 0.0), 2);
    }

    /// `queue_lag`: ceil(waiting / target), whoever is on the way.
    #[test]
    fn a_queue_is_shared_by_all_that_there_will_be() {
        let rule = ScaleRule::Hpa {
            measure: Measure::Queue,
            target: 10.0,
            tolerance: 0.1,
            up: pace(0, &[(RateBy::Pods(100), 15 * S)]),
            down: pace(0, &[(RateBy::Percent(100), 15 * S)]),
        };
        let asked = |waiting: f64, ready, starting| {
            let measured = Measured {
                sum: waiting,
                workers: 1,
            };
            Hpa::new(&rule, (1, 100)).wants(S, Fleet { ready, starting }, measured)
        };
        assert_eq!(asked(41.0, 2, 0), 5);
        assert_eq!(asked(41.0, 2, 3), 5);
        assert_eq!(asked(55.0, 2, 3), 5, "1.1 is within the tolerance");
        assert_eq!(asked(0.0, 4, 0), 1);
    }
}
