//! What is asked of attempts in the middle of their steps: how they stand, and what they have
//! spent.

use super::steps::{NOBODY, State};
use super::*;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// The work that an attempt has asked for so far.
    pub(super) fn work_so_far(&self, attempt: u32) -> Nanos {
        let trips = self.steps.as_ref().map(|s| &s.trips);
        let trip = trips.and_then(|t| t.get(attempt as usize));
        let work = self.jobs.attempt(attempt).work;
        trip.map_or(work, |trip| trip.done + work)
    }

    /// When an attempt first had a core.
    pub(super) fn first_start(&self, attempt: u32) -> Option<Nanos> {
        let trips = self.steps.as_ref().map(|s| &s.trips);
        let trip = trips.and_then(|t| t.get(attempt as usize));
        let first = trip.map_or(NOT_STARTED, |t| t.first_start);
        let start = match first {
            NOT_STARTED => self.jobs.attempt(attempt).start,
            first => first,
        };
        (start != NOT_STARTED).then_some(start)
    }

    /// A measured attempt was served to its end, the last stretch with so much core-time.
    pub(super) fn measure_steps(&mut self, attempt: u32, spent: Nanos, now: Nanos) {
        let wanted = self.is_wanted(attempt);
        let mut a = *self.jobs.attempt(attempt);
        let Some(steps) = &mut self.steps else { return };
        let trip = *steps.trip(attempt);
        a.open &= wanted;
        let first = match trip.first_start {
            NOT_STARTED => a.start,
            first => first,
        };
        let before = match self.interrupted.is_some() {
            true => self.count_spent_before(attempt),
            false => 0,
        };
        a.work += trip.done;
        let aside = self.jobs.request(attempt);
        let passed = aside.dispatched_after + before + self.time_to_worker(attempt);
        let waited = first - a.arrived - passed + aside.waited;
        self.measure.served(&a, trip.spent + spent, waited, now);
        if self.measure.special {
            let source = self.source_of[a.class as usize];
            self.measure.served_special(&a, source, waited, now);
        }
    }

    /// Whether anybody still waits for what becomes of an attempt, all the way to a source.
    pub(super) fn is_wanted(&self, attempt: u32) -> bool {
        let Some(steps) = &self.steps else {
            return self.jobs.attempt(attempt).open;
        };
        let mut attempt = attempt;
        loop {
            let a = self.jobs.attempt(attempt);
            if !a.open {
                return false;
            }
            let origin = &steps.origins[a.request as usize];
            if origin.parent == NOBODY {
                return true;
            }
            if self.jobs.attempt(origin.parent).generation != origin.generation {
                return false;
            }
            attempt = origin.parent;
        }
    }

    /// What an attempt has behind it that will not be served to its end.
    pub(super) fn spent_in_steps(&self, attempt: u32) -> Nanos {
        let steps = self.steps.as_ref();
        let trip = steps.and_then(|s| s.trips.get(attempt as usize));
        trip.map_or(0, |trip| trip.spent)
    }

    /// An attempt has left its worker: whatever it waited for, it does nothing there any more.
    pub(super) fn wait_no_more(&mut self, attempt: u32) {
        let trips = self.steps.as_mut().map(|steps| &mut steps.trips);
        if let Some(trip) = trips.and_then(|trips| trips.get_mut(attempt as usize)) {
            trip.state = State::Going;
        }
    }

    /// Whether an attempt keeps a core while it waits.
    pub(super) fn holds_core(&self, attempt: u32) -> bool {
        self.state_of(attempt) == Some(State::Holding)
    }

    /// Whether an attempt waits without a core.
    pub(super) fn is_aside(&self, attempt: u32) -> bool {
        self.state_of(attempt) == Some(State::Aside)
    }

    /// Whether an attempt has come back to the buffer.
    pub(super) fn is_back(&self, attempt: u32) -> bool {
        self.state_of(attempt) == Some(State::Back)
    }

    fn state_of(&self, attempt: u32) -> Option<State> {
        let trips = &self.steps.as_ref()?.trips;
        trips.get(attempt as usize).map(|trip| trip.state)
    }
}
