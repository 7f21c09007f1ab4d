//! The end of a run: what it measured, and whether its books balance.

use super::*;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// What the run measured, at its end.
    ///
    /// # Errors
    /// The text says which invariant is broken.
    pub fn finish(mut self, now: Nanos, events: u64) -> Result<TrialOutput, String> {
        self.measure_end(now);
        self.leave_open();
        let (open_requests, open_calls) = self.requests_open();
        let open_attempts = self.attempts_open();
        self.ledger
            .balance(open_requests, open_calls, open_attempts)?;
        self.workers.check()?;
        self.check_instances()?;
        let mut tally = self.counted();
        let batches = self.last_batch(&tally);
        // Cutting the run into batches is no part of it.
        let events = events - batches.len().saturating_sub(1) as u64;
        tally.events = events;
        let watching = self.watching.take();
        let seen = watching.map(|w| w.finish(self.fingerprint.value()));
        let seen = seen.unwrap_or_default();
        Ok(TrialOutput {
            batches,
            stations: seen.stations,
            states: seen.states,
            incidents: seen.incidents,
            tally,
            series: std::mem::take(&mut self.measure.series),
            fingerprint: self.fingerprint.value(),
            demand: self.demand.value(),
            events,
        })
    }
}
