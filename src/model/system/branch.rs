//! What a branched run needs of the system: other random words from here on, and how full it is.

use super::*;
use crate::model::branch::{Gauge, Hits, Shelf, part};
use crate::model::incident::Incidents;
use crate::model::tally::Tally;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Every stream begins anew under another key, and keyed draws take it in. What is drawn
    /// already (arrivals to come, work begun, pending ends) stays; only work that nothing has
    /// depended on yet is drawn anew.
    pub fn rekey(&mut self, key: &Key) {
        for source in &mut self.sources {
            source.rekey(key);
        }
        for caller in &mut self.callers {
            caller.rekey(key);
        }
        for front in &mut self.fronts {
            front.rekey(key);
        }
        if let Some(guards) = &mut self.client_guards {
            guards.rekey(key);
        }
        for target in &mut self.targets {
            target.rekey(key);
        }
        for stream in self.restarts.iter_mut().flatten() {
            stream.rekey(key);
        }
        if let Some(errors) = &mut self.errors {
            errors.rekey(key);
        }
        if let Some(poison) = &mut self.poison {
            poison.rekey(key);
        }
        if let Some(steps) = &mut self.steps {
            steps.key = *key;
        }
        if let Some(idle) = &mut self.idle {
            idle.rekey(key);
        }
        if let Some(shedding) = &mut self.shedding {
            shedding.rekey(key);
        }
        if let Some(scaling) = &mut self.scaling {
            scaling.rekey(key);
        }
        self.redraw_unseen();
    }

    /// Draws the work of requests anew that have not begun: so far nothing that happened depended
    /// on it, so that a new draw has the same law, given all that happened. Copies of a full
    /// buffer would otherwise have most of their future in common.
    fn redraw_unseen(&mut self) {
        if self.interrupted.is_some()
            || self.copies.is_some()
            || self.crowd.is_some()
            || self.steps.is_some()
        {
            return;
        }
        for place in self.jobs.places() {
            let a = self.jobs.attempt(place);
            if a.start != NOT_STARTED || a.try_number != 1 || self.has_tried_again(place) {
                continue;
            }
            let source = &self.sources[self.source_of[a.class as usize] as usize];
            if let Some(work) = source.unseen_work(a.number, a.class) {
                self.jobs.attempt_mut(place).work = work;
            }
        }
    }

    /// Whether there is, or was, another attempt of the request whose first is in this place.
    fn has_tried_again(&self, place: u32) -> bool {
        self.jobs.knows_requests() && self.jobs.request(place).tries > 1
    }

    /// What went wrong so far, if anybody looks.
    pub fn found(&self) -> Option<&Incidents> {
        self.watching.as_ref().and_then(|watching| watching.found())
    }

    /// Requests born so far.
    pub fn born(&self) -> u64 {
        self.ledger.born
    }

    /// Hash of the sequence of events so far.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint.value()
    }

    /// How full the fullest place is.
    #[inline]
    pub fn fullness(&self, gauge: &Gauge) -> u64 {
        let mut most = 0;
        for shelf in &gauge.shelves {
            let full = match shelf {
                Shelf::Worker { worker, room, ram } => {
                    let load = u64::from(self.workers.load[*worker as usize]);
                    let held = if *ram {
                        self.workers.ram_held(*worker, Gauge::FULL)
                    } else {
                        0
                    };
                    part(load, *room).max(held)
                }
                Shelf::Balancer { front, room } => part(self.fronts[*front].waiting.value, *room),
                Shelf::Shared {
                    fronts,
                    workers,
                    room,
                } => {
                    let waiting: u64 = self.fronts[fronts.clone()]
                        .iter()
                        .map(|f| f.waiting.value)
                        .sum();
                    let loads = &self.workers.load[workers.clone()];
                    let load: u64 = loads.iter().map(|&l| u64::from(l)).sum();
                    part(waiting + load, *room)
                }
            };
            most = most.max(full);
        }
        most
    }

    /// How often it has happened so far.
    #[inline]
    pub fn hits(&self, hits: &Hits) -> u64 {
        let tally = &self.measure.tally;
        let sum = |outcomes: &[usize], counts: &[u64; Outcome::COUNT]| -> u64 {
            outcomes.iter().map(|&o| counts[o]).sum()
        };
        match hits {
            Hits::Lost { classes, outcomes } => classes
                .iter()
                .map(|&c| sum(outcomes, &tally.classes[c].lost))
                .sum(),
            Hits::Ended { classes, outcomes } => classes
                .iter()
                .map(|&c| sum(outcomes, &tally.classes[c].ended))
                .sum(),
            Hits::AtWorkers { workers, outcomes } => workers
                .iter()
                .map(|&w| sum(outcomes, &tally.workers[w].ended))
                .sum(),
        }
    }

    /// The counts so far, put together.
    pub fn counts(&self) -> Tally {
        let mut measure = self.measure.clone();
        let mut tally = measure.assemble();
        for (worker, served) in tally.workers.iter_mut().zip(self.workers.served()) {
            worker.ended[Outcome::Ok.index()] = served;
        }
        tally
    }
}
