//! The time series: what happened in each window of the measured time.

use super::*;
use crate::model::series::NAMES;
use crate::model::spec::UNBOUNDED_CORES;

/// Running totals, whose differences make a window of the time series.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    ledger: Ledger,
    busy: u128,
    able: u128,
    queue: u128,
    inside: u128,
    ram: u128,
    wedged: u128,
    down: u128,
    breakers_open: u128,
    provisioned: u128,
    /// The same of each service whose workers come and go; else 0.
    provisioned_of: Vec<u128>,
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    pub(super) fn totals(&mut self, now: Nanos) -> Totals {
        self.tick_breakers(now);
        let mut totals = Totals {
            ledger: self.ledger,
            wedged: self.wedged.area_at(now),
            down: self.down.area_at(now),
            provisioned: self.provisioned(now),
            provisioned_of: self.provisioned_of(now),
            ..Totals::default()
        };
        for worker in 0..self.workers.len() as u32 {
            let areas = self.workers.areas(worker, now);
            if self.workers.cold[worker as usize].cores != UNBOUNDED_CORES {
                totals.busy += areas.busy - areas.wedged_busy;
            }
            totals.inside += areas.serving + areas.queue;
            totals.able += areas.able;
            totals.queue += areas.queue;
            if self.workers.ram_ends(worker) {
                totals.ram += areas.ram;
            }
        }
        for front in &self.fronts {
            let waiting = front.waiting.area_at(now);
            totals.queue += waiting;
            totals.inside += waiting + front.dispatching.area_at(now);
            totals.breakers_open += front.open_area(now);
        }
        for (_, guard) in self.client_guards.iter().flat_map(|c| c.guards()) {
            totals.breakers_open += guard.open_area(now);
        }
        totals
    }

    /// RAM of the workers that there were in the window that ends now, bytes, where it ends.
    fn ram_there(&self, now: Nanos) -> f64 {
        let Some(scaling) = &self.scaling else {
            return self.workers.ram() as f64;
        };
        let passed = (now - self.measure.window_from) as f64;
        let mut all = 0.0;
        for (number, service) in self.spec.services.iter().enumerate() {
            let there = scaling.provisioned_of(number, now).map(|area| {
                let before = self.measure.before.provisioned_of.get(number);
                (area - before.copied().unwrap_or(0)) as f64 / passed
            });
            for group in &service.groups {
                let count = there.unwrap_or(f64::from(group.count));
                all += group.ram.map_or(0.0, |ram| ram as f64 * count);
            }
        }
        all
    }

    /// Adds a row to the time series.
    pub(super) fn close_window(&mut self, now: Nanos) {
        let totals = self.totals(now);
        let ram = self.ram_there(now);
        let before = self.measure.before.clone();
        let passed = now - self.measure.window_from;
        let seconds = passed as f64 / 1e9;
        let rate = |now: u64, before: u64| (now - before) as f64 / seconds;
        let mean = |now: u128, before: u128| (now - before) as f64 / passed as f64;
        let ended = |outcome: Outcome| {
            let i = outcome.index();
            rate(totals.ledger.failed[i], before.ledger.failed[i])
        };
        let quotient = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let able = mean(totals.able, before.able);
        let row: [f64; NAMES.len()] = [
            rate(totals.ledger.born, before.ledger.born),
            rate(totals.ledger.answered(), before.ledger.answered()),
            rate(totals.ledger.ok, before.ledger.ok),
            rate(totals.ledger.retries, before.ledger.retries),
            ended(Outcome::RamFull),
            ended(Outcome::BufferFull),
            ended(Outcome::TimedOut),
            ended(Outcome::NoWorker),
            ended(Outcome::BreakerOpen),
            ended(Outcome::Shed),
            ended(Outcome::WorkerDown),
            ended(Outcome::NoConnection),
            mean(totals.queue, before.queue),
            mean(totals.inside, before.inside),
            quotient(mean(totals.busy, before.busy), able),
            quotient(mean(totals.ram, before.ram), ram),
            mean(totals.wedged, before.wedged),
            mean(totals.down, before.down),
            mean(totals.breakers_open, before.breakers_open),
            mean(totals.provisioned, before.provisioned),
        ];
        self.measure.series.rows.push(row);
        self.measure.before = totals;
        self.measure.window_from = now;
    }
}
