//! Cores from the outside: how busy they were, and that those who share them get equal parts of
//! what their work needs. All from the rows.

use veltrix::model::outcome::Outcome;
use veltrix::model::spec::{GroupSpec, HealthAction, OnFull, RamPolicy, ServiceSpec, SourceSpec};
use veltrix::model::trial::AttemptRow;

use crate::rows::{Found, Seen, by_core, copies, gives_up, steady};

impl Seen<'_> {
    /// Busy cores over time, and work done, where every attempt is watched to its end.
    pub fn work(&self) -> Found {
        let watched = |s: &SourceSpec| !gives_up(s) && !copies(s);
        let moved = self.spec.faults.iter().any(by_core);
        if moved || !self.spec.sources.iter().all(watched) {
            return Ok(());
        }
        for (i, (_, group)) in self.groups().enumerate() {
            let mine = self
                .rows
                .iter()
                .filter(|r| self.number(r) == Some(i) && r.start.is_some());
            let rows: Vec<&AttemptRow> = mine.collect();
            if self.run.horizon.is_some() {
                self.busy(i, group, &rows)?;
            }
            if group.shares() && self.spec.faults.is_empty() && steady(group) {
                self.parts(i, group, &rows)?;
            }
        }
        self.core_time()
    }

    /// Those in service at one moment, from one change to the next: from, to, cores asked for.
    fn steps(&self, rows: &[&AttemptRow]) -> Vec<(u64, u64, u64)> {
        let classes: Vec<u64> = self.spec.classes().map(|c| u64::from(c.cores)).collect();
        let last = self.end().saturating_add(self.run.drain);
        let mut changes: Vec<(u64, i64)> = Vec::new();
        for row in rows {
            let cores = classes[row.class as usize] as i64;
            changes.push((row.start.unwrap_or(0), cores));
            changes.push((row.end.unwrap_or(last), -cores));
        }
        changes.sort_unstable();
        let mut now = 0;
        let spans = changes.windows(2).map(|pair| {
            now += pair[0].1;
            (pair[0].0, pair[1].0, now as u64)
        });
        spans.collect()
    }

    fn busy(&self, i: usize, group: &GroupSpec, rows: &[&AttemptRow]) -> Found {
        let (from, to) = (self.run.warm_up, self.end());
        let most = group.core_count().map_or(u64::MAX, u64::from);
        let part = |(a, b, n): (u64, u64, u64)| {
            u128::from(b.min(to).saturating_sub(a.max(from))) * u128::from(n.min(most))
        };
        let by_rows: u128 = self.steps(rows).into_iter().map(part).sum();
        let by_system = self.tally.workers[i].busy_area;
        must!(
            by_system == by_rows,
            "worker {i}: busy {by_system}, by its attempts {by_rows}"
        );
        Ok(())
    }

    /// Each who shares cores gets min(1, cores / number) of one, and leaves when its work is done.
    fn parts(&self, i: usize, group: &GroupSpec, rows: &[&AttemptRow]) -> Found {
        let cores = group.core_count().map_or(f64::INFINITY, f64::from);
        let mut done = vec![(0, 0.0)];
        let mut sum = 0.0;
        for (from, to, n) in self.steps(rows) {
            sum += (to - from) as f64 * (cores / n.max(1) as f64).min(1.0) * group.speed;
            done.push((to, sum));
        }
        if let Some(first) = rows.iter().filter_map(|r| r.start).min() {
            done[0].0 = first;
        }
        let at = |time: u64| {
            let after = done.partition_point(|d| d.0 <= time);
            done[after.saturating_sub(1)].1
        };
        for row in rows.iter().filter(|r| r.outcome == Some(Outcome::Ok)) {
            let (start, end) = (row.start.unwrap_or(0), row.end.unwrap_or(0));
            let got = at(end) - at(start);
            // Ends are whole nanoseconds: each may be off by one, at the speed of the worker.
            let fine = 2.0 + group.speed * rows.len() as f64 + 1e-9 * sum;
            let off = (got - row.work as f64).abs();
            must!(
                off <= fine,
                "worker {i}: got {got} of {}: {row:?}",
                row.work
            );
        }
        Ok(())
    }

    /// Core-time spent is the work of those served, where nobody is stopped on the way.
    fn core_time(&self) -> Found {
        let whole = |g: &GroupSpec| {
            steady(g)
                && g.on_full != OnFull::Crash
                && g.ram_policy == RamPolicy::Refuse
                && g.on_full != OnFull::Wedge
        };
        let groups: Vec<&GroupSpec> = self.groups().map(|g| g.1).collect();
        let killed = |s: &ServiceSpec| {
            let health = s.balancer.health.as_ref();
            let restarts = health.is_some_and(|h| h.action == HealthAction::Restart);
            restarts || s.autoscale.is_some()
        };
        let killed = self.spec.services.iter().any(killed);
        if killed || !self.spec.faults.is_empty() || !groups.iter().all(|g| whole(g)) {
            return Ok(());
        }
        for (c, (class, tally)) in self.spec.classes().zip(&self.tally.classes).enumerate() {
            let mine = |r: &&AttemptRow| {
                let measured = r.born >= self.run.warm_up && r.born < self.end();
                r.class as usize == c && measured && r.outcome == Some(Outcome::Ok)
            };
            let (mut sum, mut count) = (0.0, 0.0);
            for row in self.rows.iter().filter(mine) {
                let Some(worker) = self.number(row) else {
                    continue;
                };
                sum += row.work as f64 / groups[worker].speed * f64::from(class.cores);
                count += f64::from(class.cores);
            }
            let off = (tally.core_ns as f64 - sum).abs();
            let fine = 2.0 * count + 1e-9 * sum;
            must!(
                off <= fine,
                "class {c}: core-time {} for {sum}",
                tally.core_ns
            );
        }
        Ok(())
    }
}
