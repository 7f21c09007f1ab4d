//! What must hold of what clients do: how long they wait, and what they let themselves send.

use veltrix::model::outcome::Outcome;
use veltrix::model::spec::{Dist, Fill, SourceSpec};
use veltrix::model::trial::AttemptRow;

use crate::rows::{Found, Seen, by_core, copies, holds_back};

impl Seen<'_> {
    /// Timeouts, patience and limits of every source.
    pub fn clients(&self) -> Found {
        for (i, source) in self.spec.sources.iter().enumerate() {
            let rows: Vec<&AttemptRow> = self
                .rows
                .iter()
                .filter(|r| r.source as usize == i)
                .collect();
            let found = self
                .waiting(source, &rows)
                .and_then(|()| self.limits(source, &rows));
            found.map_err(|e| format!("source {}: {e}", source.name))?;
        }
        Ok(())
    }

    fn waiting(&self, source: &SourceSpec, rows: &[&AttemptRow]) -> Found {
        if holds_back(source) {
            return Ok(());
        }
        if let Some(Dist::Constant { value }) = source.client.timeout {
            for row in rows.iter().filter(|r| r.end.is_some()) {
                let took = row.end.unwrap_or(0) - row.arrived;
                must!(took <= value as u64, "more than {value} ns: {row:?}");
                // A deadline may come sooner.
                let over =
                    row.outcome == Some(Outcome::TimedOut) && source.client.deadline.is_none();
                must!(
                    !over || took == value as u64,
                    "not after {value} ns: {row:?}"
                );
            }
        }
        if let Some(Dist::Constant { value }) = source.client.patience
            && !self.spec.faults.iter().any(by_core)
        {
            for row in rows {
                let waited = row.start.unwrap_or(row.arrived) - row.arrived;
                let dispatched = self.spec.services[source.to].balancer.dispatch.is_some();
                must!(
                    dispatched || waited <= value as u64,
                    "waited over {value}: {row:?}"
                );
            }
        }
        Ok(())
    }

    fn limits(&self, source: &SourceSpec, rows: &[&AttemptRow]) -> Found {
        let rate = source.client.limit.as_ref().and_then(|l| l.rate);
        // A copy may be taken back before it is sent.
        if holds_back(source) || copies(source) {
            return Ok(());
        }
        let last = self.end().saturating_add(self.run.drain);
        // Of what a breaker refused, nobody knows whether it was sent.
        let sent =
            |r: &&&AttemptRow| !matches!(r.outcome, Some(Outcome::Limited | Outcome::BreakerOpen));
        let out = rows.iter().filter(sent);
        if let Some(places) = source.client.places().0 {
            let spans = out.clone().map(|r| (r.arrived, r.end.unwrap_or(last), 1));
            let peak = crate::rows::highest(spans);
            let most = u64::from(places.places);
            must!(peak <= most, "{peak} out at once, {most} places");
        }
        if let Some(bucket) = rate {
            let mut times: Vec<u64> = out.map(|r| r.arrived).collect();
            times.sort_unstable();
            // In whole ticks one more may pass than in even drops.
            let more = if bucket.fill == Fill::Tick { 1.0 } else { 0.0 };
            let most = f64::from(bucket.burst) + more + 1e-3;
            let mut least = f64::INFINITY;
            for (i, at) in times.iter().enumerate() {
                let level = i as f64 - bucket.rate * (*at as f64 / 1e9);
                least = least.min(level);
                must!(
                    level - least + 1.0 <= most,
                    "more than the bucket gives at {at}"
                );
            }
        }
        Ok(())
    }
}
