//! Who is where: never more than there is room for, and as long as the integrals say.

use veltrix::model::outcome::Outcome;
use veltrix::model::spec::{
    Arrivals, BalancerSpec, CallSite, Discipline, Dist, Held, OnFull, PolicySpec,
};
use veltrix::model::trial::AttemptRow;

use crate::rows::*;

impl Seen<'_> {
    /// No integral is larger than what there is.
    pub fn bounds(&self) -> Found {
        let time = self.tally.measured_ns;
        for (i, ((s, group), w)) in self.groups().zip(&self.tally.workers).enumerate() {
            let comes_and_goes = self.spec.services[s].autoscale.is_some();
            let ram = group.ram.unwrap_or(u64::MAX);
            must!(w.ram_max <= ram, "worker {i}: {} bytes of {ram}", w.ram_max);
            must!(
                w.ram_area <= u128::from(ram) * time,
                "worker {i}: RAM over time"
            );
            let floor = u128::from(w.ram_max.min(group.ram_base)) * time;
            let fine = w.ram_area >= floor || comes_and_goes;
            must!(fine, "worker {i}: less RAM than its own");
            let most = u128::from(w.queue_max) * time;
            must!(w.queue_area <= most, "worker {i}: longer queue than ever");
            must!(
                w.wedged_busy_area <= w.busy_area,
                "worker {i}: wedged beyond busy"
            );
            if let Some(cores) = group.core_count() {
                let all = u128::from(cores) * time;
                must!(
                    w.busy_area <= all,
                    "worker {i}: busy {} of {all}",
                    w.busy_area
                );
                must!(
                    w.able_area <= all,
                    "worker {i}: able {} of {all}",
                    w.able_area
                );
            }
            let slots = u64::from(group.slots.unwrap_or(u32::MAX));
            if !self.spec.faults.iter().any(by_core) && !group.shares() {
                must!(
                    w.queue_max <= slots,
                    "worker {i}: {} wait on {slots}",
                    w.queue_max
                );
            }
        }
        Ok(())
    }

    /// Little's law as an identity: the time that attempts spend inside is the same seen by the
    /// system and by the attempts, in whole nanoseconds. Attempts that nobody watches any more are
    /// inside too: then the system sees at least as much.
    pub fn little(&self) -> Found {
        if self.run.horizon.is_none() {
            return Ok(());
        }
        let (from, to) = (self.run.warm_up, self.end());
        let inside = |row: &AttemptRow| {
            let end = row.end.unwrap_or(to).min(to);
            u128::from(end.saturating_sub(row.arrived.max(from)))
        };
        for (s, service) in self.spec.services.iter().enumerate() {
            let callers = || self.spec.sources.iter().filter(move |c| c.to == s);
            let calls = || self.spec.call_sites().filter(move |c| c.call.to == s);
            let held = |c: &CallSite<'_>| {
                let client = &c.call.client;
                client.limit.is_some() || client.network.is_some()
            };
            if self.cut(s) || callers().any(holds_back) || calls().any(|c| held(&c)) {
                continue;
            }
            let workers = self
                .groups()
                .zip(&self.tally.workers)
                .filter(|w| w.0.0 == s);
            let balancer = &self.tally.balancers[s];
            let by_system = workers
                .map(|w| w.1.queue_area + w.1.serving_area)
                .sum::<u128>()
                + balancer.queue_area
                + balancer.busy_area;
            let rows = self.rows.iter().filter(|r| r.service as usize == s);
            let by_rows: u128 = rows.map(inside).sum();
            // What a call leaves behind goes on, and so does all that its caller gave up on.
            let unwatched =
                callers().any(|c| goes_on(c, &service.balancer)) || self.spec.is_called(s);
            let fine = match unwatched {
                true => by_system >= by_rows,
                false => by_system == by_rows,
            };
            let name = &service.name;
            if service.network.is_some() {
                // On their way attempts are nowhere.
                must!(unwatched || by_system <= by_rows, "Little at {name}, far");
                continue;
            }
            must!(
                fine,
                "Little at {name}: {by_system} by the system, {by_rows} by attempts"
            );
            if unwatched {
                continue;
            }
            self.little_by_worker(s, &service.balancer, inside)?;
        }
        Ok(())
    }

    /// The same for each worker, where only workers hold attempts.
    pub fn little_by_worker(
        &self,
        service: usize,
        balancer: &BalancerSpec,
        inside: impl Fn(&AttemptRow) -> u128,
    ) -> Found {
        if balancer.dispatch.is_some() || balancer.policy == PolicySpec::CentralQueue {
            return Ok(());
        }
        let groups = self.groups().enumerate().zip(&self.tally.workers);
        for ((i, (s, group)), w) in groups {
            if s != service || group.on_full == OnFull::Block {
                continue;
            }
            let rows = self.rows.iter().filter(|r| self.number(r) == Some(i));
            let by_rows: u128 = rows.map(&inside).sum();
            let by_system = w.queue_area + w.serving_area;
            must!(
                by_system == by_rows,
                "Little at worker {i}: {by_system} != {by_rows}"
            );
        }
        Ok(())
    }

    /// At no moment more in service than cores, more waiting than places, or more RAM held than
    /// there is: from the rows alone.
    pub fn places(&self) -> Found {
        let moved = self.spec.faults.iter().any(by_core);
        let last = self.end().saturating_add(self.run.drain);
        let class_specs: Vec<_> = self.spec.classes_with_memory().collect();
        for (i, (s, group)) in self.groups().enumerate() {
            if moved {
                continue;
            }
            let rows = self.rows.iter().filter(|r| self.number(r) == Some(i));
            let cores = |r: &AttemptRow| u64::from(class_specs[r.class as usize].0.cores);
            let service = rows
                .clone()
                .filter_map(|r| Some((r.start?, r.end.unwrap_or(last), cores(r))));
            if let Some(most) = group.core_count() {
                let places = match group.shares() {
                    true => group.slots.map(|slots| u64::from(most) + u64::from(slots)),
                    false => Some(u64::from(most)),
                };
                let peak = highest(service);
                let fine = places.is_none_or(|p| peak <= p);
                must!(fine, "worker {i}: {peak} in service on {places:?}");
            }
            let balancer = &self.spec.services[s].balancer;
            let straight = balancer.dispatch.is_none() && group.on_full != OnFull::Block;
            if !straight || balancer.policy == PolicySpec::CentralQueue {
                continue;
            }
            let waits = rows.clone().map(|r| {
                let until = r.start.or(r.end).unwrap_or(last);
                (r.arrived, until, 1)
            });
            let slots = u64::from(group.slots.unwrap_or(u32::MAX));
            if !group.shares() && !self.spec.sources.iter().any(holds_back) {
                let peak = highest(waits);
                must!(peak <= slots, "worker {i}: {peak} wait on {slots}");
            }
            let holds = rows.filter_map(|r| {
                let (class, memory) = class_specs[r.class as usize];
                let Dist::Constant { value } = memory.base else {
                    return None;
                };
                let Dist::Constant { value: size } = class.size else {
                    return None;
                };
                let traced = matches!(
                    self.spec.sources[r.source as usize].arrivals,
                    Arrivals::Trace(_)
                );
                if traced || size > 0.0 && memory.per_byte > 0.0 {
                    return None;
                }
                let from = match memory.held {
                    Held::Admission if !holds_back(&self.spec.sources[r.source as usize]) => {
                        r.arrived
                    }
                    _ => r.start?,
                };
                Some((from, r.end.unwrap_or(last), value as u64))
            });
            if let Some(ram) = group.ram {
                let peak = highest(holds) + group.ram_base;
                must!(peak <= ram, "worker {i}: {peak} bytes held of {ram}");
            }
        }
        Ok(())
    }

    /// First come, first served, where that is the rule; and no service is shorter than its work.
    pub fn order(&self) -> Found {
        let moved = self.spec.faults.iter().any(by_core);
        for (i, (s, group)) in self.groups().enumerate() {
            let service = &self.spec.services[s];
            let mine = self.rows.iter().filter(|r| self.number(r) == Some(i));
            let calm = self.spec.faults.is_empty() && steady(group) && !moved;
            if calm {
                for row in mine.clone().filter(|r| r.outcome == Some(Outcome::Ok)) {
                    let (Some(start), Some(end)) = (row.start, row.end) else {
                        continue;
                    };
                    let (took, work) = ((end - start) as f64, row.work as f64 / group.speed);
                    let short = took + 1.0 < work;
                    let long = !group.shares() && took > work + 1.0;
                    must!(!short && !long, "worker {i}: {took} ns for {work}: {row:?}");
                }
            }
            let straight = service.balancer.dispatch.is_none()
                && !matches!(group.on_full, OnFull::Block | OnFull::Redispatch { .. })
                && group.discipline == Discipline::Fifo
                && !group.shares()
                && service.balancer.policy != PolicySpec::CentralQueue
                && !self.spec.sources.iter().any(holds_back);
            let others = service.groups.iter();
            let sent_on = others
                .into_iter()
                .any(|g| matches!(g.on_full, OnFull::Redispatch { .. }));
            if straight && !moved && !sent_on {
                let mut served: Vec<_> = mine.filter_map(|r| Some((r.arrived, r.start?))).collect();
                served.sort_unstable();
                let in_order = served.windows(2).all(|p| p[0].1 <= p[1].1);
                must!(in_order, "worker {i}: not first come, first served");
            }
        }
        Ok(())
    }
}
