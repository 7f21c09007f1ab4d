//! What must hold of the attempts of a run, seen from outside: row by row, against what was
//! counted, and against what the workers have.

use std::collections::BTreeMap;

use veltrix::model::outcome::Outcome;
use veltrix::model::spec::{
    BalancerSpec, Cancel, FaultKind, FaultSpec, FaultUnit, GroupSpec, SourceSpec, SystemSpec,
};
use veltrix::model::tally::Tally;
use veltrix::model::trial::AttemptRow;

use crate::model::Run;

/// A run with all its attempts.
pub struct Seen<'a> {
    pub spec: &'a SystemSpec,
    pub run: Run,
    pub rows: &'a [AttemptRow],
    pub tally: &'a Tally,
}

pub type Found = Result<(), String>;

impl Seen<'_> {
    /// Every rule; the text says which is broken.
    pub fn check(&self) -> Found {
        self.times()?;
        let cut = self.spec.faults.iter().any(|f| f.kind.edge().is_some());
        let apart = self.spec.services.iter().any(|s| s.network.is_some());
        if self.spec.has_steps() || self.spec.sources.iter().any(far) || apart || cut {
            return self.in_steps();
        }
        let requests = self.requests();
        for (&(source, number), rows) in &requests {
            let found = self.request(source, rows);
            found.map_err(|e| format!("request {number} of source {source}: {e}"))?;
        }
        self.counts(&requests)?;
        self.bounds()?;
        self.little()?;
        self.places()?;
        self.order()?;
        self.clients()?;
        self.work()
    }

    /// What holds where services work in steps: requests are those of sources, what is counted at
    /// workers is what the rows say, and Little's law.
    fn in_steps(&self) -> Found {
        let root = |r: &AttemptRow| self.spec.sources[r.source as usize].to == r.service as usize;
        let roots: Vec<AttemptRow> = self.rows.iter().filter(|r| root(r)).copied().collect();
        let seen = Seen {
            rows: &roots,
            ..*self
        };
        let requests = seen.requests();
        for (&(source, number), rows) in &requests {
            let found = seen.request(source, rows);
            found.map_err(|e| format!("request {number} of source {source}: {e}"))?;
        }
        let born: BTreeMap<(u32, u64), u64> = requests
            .iter()
            .map(|(&of, rows)| (of, rows[0].born))
            .collect();
        for (i, (_, _)) in self.groups().enumerate() {
            let of = |r: &&AttemptRow| self.number(r) == Some(i);
            let measured = |r: &&AttemptRow| {
                let born = born.get(&(r.source, r.request));
                born.is_some_and(|&b| b >= self.run.warm_up && b < self.end())
            };
            let mine = self.rows.iter().filter(of).filter(measured);
            for outcome in Outcome::ALL {
                let ended = mine.clone().filter(|r| r.outcome == Some(outcome)).count() as u64;
                let counted = self.tally.workers[i].ended[outcome.index()];
                must!(
                    counted == ended,
                    "worker {i}: {outcome:?} {counted} != {ended} rows"
                );
            }
        }
        for (i, class) in self
            .tally
            .classes
            .iter()
            .chain(&self.tally.calls)
            .enumerate()
        {
            let lost: u64 = class.lost.iter().sum();
            let all = class.ok + lost + class.unfinished;
            must!(
                class.born == all,
                "class {i}: born {} of {all}: {class:?}",
                class.born
            );
            let ended: u64 = class.ended.iter().sum();
            must!(
                class.attempts >= ended,
                "class {i}: more ended than made: {class:?}"
            );
            must!(
                class.wasted_ns <= class.core_ns,
                "class {i}: wasted more than spent"
            );
        }
        self.little()
    }

    /// Whether anything goes wrong on the way to a service.
    pub fn cut(&self, service: usize) -> bool {
        let here = |f: &FaultSpec| f.kind.edge().is_some_and(|edge| edge.to == service);
        self.spec.faults.iter().any(here)
    }

    /// Rows of each request, in order of their numbers.
    pub fn requests(&self) -> BTreeMap<(u32, u64), Vec<&AttemptRow>> {
        let mut requests: BTreeMap<_, Vec<&AttemptRow>> = BTreeMap::new();
        for row in self.rows {
            requests
                .entry((row.source, row.request))
                .or_default()
                .push(row);
        }
        requests
            .values_mut()
            .for_each(|r| r.sort_by_key(|row| row.attempt));
        requests
    }

    pub fn end(&self) -> u64 {
        self.run.horizon.map_or(u64::MAX, |h| self.run.warm_up + h)
    }

    pub fn times(&self) -> Found {
        let last = self.end().saturating_add(self.run.drain);
        for row in self.rows {
            let source = &self.spec.sources[row.source as usize];
            let first: usize = self.spec.sources[..row.source as usize]
                .iter()
                .map(|s| s.classes.len())
                .sum();
            let own = first..first + source.classes.len();
            must!(
                own.contains(&(row.class as usize)),
                "class of another source: {row:?}"
            );
            let call = row.service as usize != source.to;
            must!(!call || self.spec.has_steps(), "another service: {row:?}");
            let workers = self.spec.services[row.service as usize].worker_count() as u32;
            must!(
                row.worker.is_none_or(|w| w >= 1 && w <= workers),
                "no worker: {row:?}"
            );
            let start = row.start.unwrap_or(row.arrived);
            let end = row.end.unwrap_or(last);
            let ordered = row.born <= row.arrived && row.arrived <= start && start <= end;
            must!(ordered && end <= last, "out of order: {row:?}");
            must!(
                row.end.is_some() == row.outcome.is_some(),
                "half an end: {row:?}"
            );
            must!(
                row.start.is_none() || row.worker.is_some(),
                "served nowhere: {row:?}"
            );
            must!(row.born >= source.start, "born before the start: {row:?}");
            let stop = source.stop.unwrap_or(u64::MAX);
            must!(call || row.born < stop, "born after the stop: {row:?}");
            if row.outcome == Some(Outcome::Ok) {
                must!(row.start.is_some(), "answered without service: {row:?}");
            }
            if row.outcome.is_some_and(|o| o.is_refusal()) {
                let back = self.spec.has_steps() && row.outcome == Some(Outcome::Expired);
                must!(back || row.start.is_none(), "refused in service: {row:?}");
            }
        }
        Ok(())
    }

    pub fn request(&self, source: u32, rows: &[&AttemptRow]) -> Found {
        let spec = &self.spec.sources[source as usize];
        let numbers = rows.iter().map(|r| r.attempt);
        must!(
            numbers.eq(1..=rows.len() as u32),
            "holes or doubles: {rows:?}"
        );
        // Each copy has work of its own, and others in service add to it.
        let own = copies(spec) || crowded(self.spec) || self.spec.has_steps();
        let what = |r: &AttemptRow| (r.born, r.class, if own { 0 } else { r.work });
        let same = rows.iter().all(|r| what(r) == what(rows[0]));
        must!(same, "attempts of different requests: {rows:?}");
        must!(
            rows[0].arrived == rows[0].born || holds_back(spec) || self.cut(spec.to),
            "late start: {rows:?}"
        );
        if copies(spec) {
            return Ok(());
        }
        let most = spec.client.retry.as_ref().map_or(1, |r| r.most_attempts());
        must!(
            rows.len() as u64 <= u64::from(most),
            "too many attempts: {rows:?}"
        );
        for pair in rows.windows(2) {
            let failed = pair[0].outcome.is_some_and(|o| o != Outcome::Ok);
            must!(
                failed,
                "another attempt after an answer, or beside: {rows:?}"
            );
            must!(
                pair[0].outcome != Some(Outcome::DeadLettered),
                "tried again: {rows:?}"
            );
            let end = pair[0].end.unwrap_or(u64::MAX);
            must!(pair[1].arrived >= end, "next attempt too early: {rows:?}");
        }
        Ok(())
    }

    pub fn measured(&self, row: &AttemptRow) -> bool {
        row.born >= self.run.warm_up && row.born < self.end()
    }

    /// Counts of the tally from the rows.
    pub fn counts(&self, requests: &BTreeMap<(u32, u64), Vec<&AttemptRow>>) -> Found {
        for (i, _) in self.spec.sources.iter().enumerate() {
            let of = requests.keys().filter(|k| k.0 == i as u32);
            let whole = of.clone().map(|k| k.1).eq(0..of.count() as u64);
            must!(whole, "numbers of requests of source {i} have holes");
        }
        let mut latency = (0, 0);
        let mut class_source = Vec::new();
        for source in &self.spec.sources {
            class_source.extend(source.classes.iter().map(|_| source));
        }
        for (i, class) in self.tally.classes.iter().enumerate() {
            let mine = |row: &&AttemptRow| row.class as usize == i && self.measured(row);
            let rows = self.rows.iter().filter(mine);
            let born = requests.values().filter(|r| mine(&r[0])).count() as u64;
            must!(
                class.born == born,
                "class {i}: born {} != {born}",
                class.born
            );
            let made = rows.clone().count() as u64;
            must!(
                class.attempts == made,
                "class {i}: attempts {} != {made}",
                class.attempts
            );
            for outcome in Outcome::ALL {
                let ended = rows.clone().filter(|r| r.outcome == Some(outcome)).count() as u64;
                let counted = class.ended[outcome.index()];
                must!(
                    counted == ended,
                    "class {i}: {outcome:?} {counted} != {ended} rows"
                );
            }
            let lost: u64 = class.lost.iter().sum();
            let all = class.ok + lost + class.unfinished;
            must!(
                class.born == all,
                "class {i}: born {} of {all}: {class:?}",
                class.born
            );
            must!(
                class.answered >= class.ok,
                "class {i}: answered less than ok: {class:?}"
            );
            must!(
                class.wasted_ns <= class.core_ns,
                "class {i}: wasted more than spent"
            );
            if !copies(class_source[i]) {
                let ok = rows.clone().filter(|r| r.outcome == Some(Outcome::Ok));
                must!(
                    class.ok == ok.clone().count() as u64,
                    "class {i}: ok {}",
                    class.ok
                );
                latency.0 += class.ok;
                latency.1 += ok
                    .map(|r| u128::from(r.end.unwrap_or(0) - r.born))
                    .sum::<u128>();
            }
        }
        let all = &self.tally.delays[0].latency;
        if !self.spec.sources.iter().any(copies) {
            must!(
                all.count() == latency.0,
                "latencies {} != {}",
                all.count(),
                latency.0
            );
            must!(
                all.sum() == latency.1,
                "sum of latencies {} != {}",
                all.sum(),
                latency.1
            );
        }
        self.worker_counts()?;
        self.waits()
    }

    pub fn worker_counts(&self) -> Found {
        for (i, (worker, _)) in self.groups().enumerate() {
            let mine = self
                .rows
                .iter()
                .filter(|r| self.number(r) == Some(i) && self.measured(r));
            for outcome in Outcome::ALL {
                let ended = mine.clone().filter(|r| r.outcome == Some(outcome)).count() as u64;
                let counted = self.tally.workers[i].ended[outcome.index()];
                must!(
                    counted == ended,
                    "worker {i} of service {worker}: {outcome:?} {counted} != {ended} rows"
                );
            }
        }
        Ok(())
    }

    /// Waits and responses, where every attempt is watched until it leaves.
    pub fn waits(&self) -> Found {
        let plain = |s: &SourceSpec| !gives_up(s) && !copies(s);
        let errs = |k: &FaultKind| matches!(k, FaultKind::Error { .. });
        if !self.spec.sources.iter().all(plain) || self.spec.faults.iter().any(|f| errs(&f.kind)) {
            return Ok(());
        }
        let served = |r: &&AttemptRow| r.outcome == Some(Outcome::Ok) && self.measured(r);
        let served = self.rows.iter().filter(served);
        let delays = &self.tally.delays[0];
        let sum: u128 = served
            .clone()
            .map(|r| u128::from(r.end.unwrap_or(0) - r.arrived))
            .sum();
        let count = served.clone().count() as u64;
        must!(
            delays.response.count() == count,
            "responses {}",
            delays.response.count()
        );
        must!(
            delays.response.sum() == sum,
            "sum of responses {} != {sum}",
            delays.response.sum()
        );
        must!(
            delays.wait.count() == count,
            "waits {} != {count}",
            delays.wait.count()
        );
        if self.dispatches() || self.spec.faults.iter().any(by_core) {
            return Ok(());
        }
        let sum: u128 = served
            .map(|r| u128::from(r.start.unwrap_or(0) - r.arrived))
            .sum();
        must!(
            delays.wait.sum() == sum,
            "sum of waits {} != {sum}",
            delays.wait.sum()
        );
        Ok(())
    }

    /// Each worker's service and group, in order of their numbers through all services.
    pub fn groups(&self) -> impl Iterator<Item = (usize, &GroupSpec)> {
        self.spec
            .services
            .iter()
            .enumerate()
            .flat_map(|(s, service)| {
                let groups = service.groups.iter();
                groups.flat_map(move |g| (0..g.count).map(move |_| (s, g)))
            })
    }

    /// The number of a row's worker through all services.
    pub fn number(&self, row: &AttemptRow) -> Option<usize> {
        let before = &self.spec.services[..row.service as usize];
        let first: usize = before.iter().map(|s| s.worker_count()).sum();
        Some(first + row.worker? as usize - 1)
    }

    pub fn dispatches(&self) -> bool {
        self.spec
            .services
            .iter()
            .any(|s| s.balancer.dispatch.is_some())
    }
}

/// Whether a source is far from its service.
pub fn far(source: &SourceSpec) -> bool {
    source.client.network.is_some()
}

/// Whether a source sends several copies of a request.
pub fn copies(source: &SourceSpec) -> bool {
    source.fan_out.is_some() || source.client.hedge.is_some()
}

/// Whether attempts may wait with their client before they set out.
pub fn holds_back(source: &SourceSpec) -> bool {
    if far(source) {
        return true;
    }
    source.client.places().0.is_some_and(|p| p.pending > 0)
}

/// Whether attempts may be inside longer than their rows say.
pub fn goes_on(source: &SourceSpec, balancer: &BalancerSpec) -> bool {
    let hedge = source
        .client
        .hedge
        .is_some_and(|h| h.cancel == Cancel::Queued);
    let hidden = copies(source) && balancer.dispatch.is_some();
    hedge || hidden || gives_up(source)
}

/// Whether a client may give up on an attempt that goes on.
pub fn gives_up(source: &SourceSpec) -> bool {
    source.client.timeout.is_some() || source.client.deadline.is_some()
}

/// Whether others in service add to the work of an attempt.
pub fn crowded(spec: &SystemSpec) -> bool {
    let works = spec.services.iter().filter_map(|s| s.work.as_ref());
    let mut works = works.chain(spec.classes().filter_map(|c| c.work.as_ref()));
    works.any(|w| w.per_in_flight() > 0.0)
}

/// Whether workers keep their speed, whatever happens that is no fault.
pub fn steady(group: &veltrix::model::spec::GroupSpec) -> bool {
    group.cold_start.is_none() && !group.feels_memory()
}

/// Whether a fault may put back into a buffer what was in service.
pub fn by_core(fault: &veltrix::model::spec::FaultSpec) -> bool {
    fault.enabled && (fault.unit == FaultUnit::Core || fault.in_service.is_some())
}

/// The greatest sum of weights at one moment, of `(from, to, weight)`, half open.
pub fn highest(spans: impl Iterator<Item = (u64, u64, u64)>) -> u64 {
    let mut changes = Vec::new();
    for (from, to, weight) in spans.filter(|s| s.1 > s.0) {
        changes.push((from, 1, weight));
        changes.push((to, 0, weight));
    }
    changes.sort_unstable();
    let (mut now, mut most) = (0, 0);
    for (_, opens, weight) in changes {
        if opens == 1 {
            now += weight;
        } else {
            now -= weight;
        }
        most = most.max(now);
    }
    most
}
