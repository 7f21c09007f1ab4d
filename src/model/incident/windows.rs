//! Conditions over windows: what happened between two looks, held against a threshold.

use super::detectors::{Detectors, Signal};
use super::look::Look;
use super::rules::{Kind, Rule};
use super::{Place, Scene};
use crate::base::units::Nanos;
use crate::model::outcome::Outcome;

/// A worker that does less than this share of its core-time is not called unfairly busy.
const IDLE: f64 = 0.05;

/// Goodput at least this share of what was offered: carried well.
const CARRIED: f64 = 0.97;

/// Offered load within this factor of what was carried well is back under it; a window of Poisson
/// arrivals varies by as much.
const SLACK: f64 = 1.02;

impl Detectors<'_> {
    /// The last look, with the one a rule's window before.
    fn ends(&self, window: Nanos) -> Option<(&Look, &Look)> {
        Some((self.past.before(window)?, self.past.last()?))
    }

    pub(super) fn rates(&mut self, rule: &Rule, scene: &dyn Fn(Place) -> Scene) {
        let Some(window) = self.ground.window(rule) else {
            return;
        };
        let Some((a, b)) = self.ends(window) else {
            return;
        };
        let (count, of) = match rule.kind {
            Kind::RetryStorm => (
                b.ledger.retries - a.ledger.retries,
                b.ledger.born - a.ledger.born,
            ),
            _ => {
                let full = Outcome::BufferFull.index();
                let refused = b.ledger.failed[full] - a.ledger.failed[full];
                (refused, b.made() - a.made())
            }
        };
        let when = (b.at, a.at);
        let value = count as f64 / (of as f64).max(1.0);
        let signal = if of >= rule.count.max(1) && value > rule.threshold {
            Signal::On(value, count)
        } else if value <= rule.threshold / 2.0 {
            Signal::Off
        } else {
            Signal::Between
        };
        self.drive((rule.kind, 0, Place::System), signal, when, scene);
    }

    pub(super) fn burn(&mut self, rule: &Rule, scene: &dyn Fn(Place) -> Scene) {
        let Some(long) = self.ground.window(rule) else {
            return;
        };
        for (which, budget) in (0u32..).zip(&self.rules.budgets) {
            let bad = |look: &Look| match budget.over {
                Some(_) => look.late[which as usize],
                None => look.ledger.lost,
            };
            let factor = |window: Nanos| {
                let (a, b) = self.ends(window)?;
                let ended = match budget.over {
                    Some(_) => b.ledger.ok - a.ledger.ok,
                    None => b.ended() - a.ended(),
                };
                let share = (bad(b) - bad(a)) as f64 / (ended as f64).max(1.0);
                Some((share / budget.share, bad(b) - bad(a), b.at, a.at))
            };
            let (Some(in_long), Some(in_short)) = (factor(long), factor(long / 12)) else {
                return;
            };
            let value = in_long.0.min(in_short.0);
            let signal = if value > rule.threshold {
                Signal::On(value, in_long.1)
            } else if value <= rule.threshold / 2.0 {
                Signal::Off
            } else {
                Signal::Between
            };
            let key = (rule.kind, which, Place::System);
            self.drive(key, signal, (in_long.2, in_long.3), scene);
        }
    }

    pub(super) fn saturation(&mut self, rule: &Rule, scene: &dyn Fn(Place) -> Scene) {
        let Some(window) = self.ground.window(rule) else {
            return;
        };
        for service in 0..self.ground.services {
            let Some((a, b)) = self.ends(window) else {
                return;
            };
            let (from, to) = (a.services[service], b.services[service]);
            let able = to.able - from.able;
            let busy = if able > 0 {
                (to.busy - from.busy) as f64 / able as f64
            } else {
                0.0
            };
            let grows = to.waiting > from.waiting;
            let signal = if busy > rule.threshold && grows {
                Signal::On(busy, to.waiting)
            } else if busy <= (1.0 - 2.0 * (1.0 - rule.threshold)).max(rule.threshold / 2.0) {
                Signal::Off
            } else {
                Signal::Between
            };
            let place = Place::Service(service as u32);
            let when = (b.at, a.at);
            self.drive((rule.kind, 0, place), signal, when, scene);
        }
    }

    /// Windows that follow one another: what every worker did is too much to keep for each look.
    pub(super) fn unfair(
        &mut self,
        rule: &Rule,
        busy: &[u128],
        now: Nanos,
        scene: &dyn Fn(Place) -> Scene,
    ) {
        let window = self.ground.window(rule).unwrap_or(0);
        let passed = now - self.busy_before.0;
        if passed < window || passed == 0 {
            return;
        }
        let before = std::mem::replace(&mut self.busy_before, (now, busy.to_vec()));
        let mut first = 0;
        while first < self.ground.workers {
            let group = self.ground.group_of[first];
            let last = self.ground.group_of.partition_point(|&g| g <= group);
            let share = |w: usize| {
                let most = f64::from(self.ground.cores[w]) * passed as f64;
                (busy[w] - before.1[w]) as f64 / most
            };
            let mean = (first..last).map(share).sum::<f64>() / (last - first) as f64;
            let busiest = (first..last).fold((first, 0.0), |best, w| {
                let share = share(w);
                if share > best.1 { (w, share) } else { best }
            });
            let value = if mean > 0.0 { busiest.1 / mean } else { 0.0 };
            for worker in first..last {
                let key = (rule.kind, 0, Place::Worker(worker as u32));
                let is_it = worker == busiest.0 && last - first > 1 && busiest.1 >= IDLE;
                let signal = if is_it && value > rule.threshold {
                    Signal::On(value, 1)
                } else {
                    Signal::Off
                };
                if is_it || self.on.contains_key(&key) {
                    self.drive(key, signal, (now, before.0), scene);
                }
            }
            first = last;
        }
    }

    pub(super) fn starvation(&mut self, rule: &Rule, scene: &dyn Fn(Place) -> Scene) {
        let Some(window) = self.ground.window(rule) else {
            return;
        };
        let Some((a, b)) = self.ends(window) else {
            return;
        };
        if b.classes.len() < 2 {
            return;
        }
        // Who came late in the window could not have been answered yet.
        let early = self.past.before(window / 2).unwrap_or(b);
        let of = a.classes.iter().zip(&early.classes).zip(&b.classes);
        let changes: Vec<(u64, u64)> = of
            .map(|((a, early), b)| (early.0 - a.0, b.1 - a.1))
            .collect();
        let (at, from) = (b.at, a.at);
        let all: u64 = changes.iter().map(|c| c.1).sum();
        for (class, (born, ok)) in (0u32..).zip(changes) {
            let signal = if born > 0 && ok == 0 && all > 0 {
                Signal::On(0.0, born)
            } else if ok > 0 {
                Signal::Off
            } else {
                Signal::Between
            };
            let place = Place::Class(class);
            self.drive((rule.kind, 0, place), signal, (at, from), scene);
        }
    }

    pub(super) fn metastable(&mut self, rule: &Rule, scene: &dyn Fn(Place) -> Scene) {
        let Some(window) = self.ground.window(rule).filter(|&w| w > 0) else {
            return;
        };
        let Some((a, b)) = self.ends(window) else {
            return;
        };
        let seconds = (b.at - a.at) as f64 / 1e9;
        let offered = (b.ledger.born - a.ledger.born) as f64 / seconds;
        let good = (b.ledger.ok - a.ledger.ok) as f64 / seconds;
        let (from, at) = (a.at, b.at);
        if good >= CARRIED * offered {
            self.carried = self.carried.max(offered);
        }
        let share = if offered > 0.0 { good / offered } else { 1.0 };
        let trigger = self.found.faults.iter().any(|fault| {
            self.ground.triggers[fault.fault as usize] && fault.to.is_none_or(|to| to > from)
        });
        let back = offered <= SLACK * self.carried && !trigger;
        let signal = if back && share < rule.threshold {
            Signal::On(share, (offered - good) as u64)
        } else if share >= f64::midpoint(rule.threshold, 1.0) {
            Signal::Off
        } else {
            Signal::Between
        };
        let key = (rule.kind, 0, Place::System);
        self.drive(key, signal, (at, from), scene);
    }

    pub(super) fn own(&mut self, scene: &dyn Fn(Place) -> Scene) {
        for (which, own) in (0u32..).zip(&self.rules.own) {
            let Some((a, b)) = self.ends(own.window) else {
                continue;
            };
            let (a_own, b_own) = (a.own[which as usize], b.own[which as usize]);
            let of = b_own.1 - a_own.1;
            let when = (b.at, a.at);
            let signal = if of > 0.0 {
                let value = (b_own.0 - a_own.0) / of;
                let holds = if own.above {
                    value > own.bound
                } else {
                    value < own.bound
                };
                if holds {
                    Signal::On(value, 1)
                } else {
                    Signal::Off
                }
            } else {
                Signal::Off
            };
            let key = (Kind::Own, which, Place::System);
            self.drive(key, signal, when, scene);
        }
    }
}
