//! Work that grows with how many others a worker serves when it starts.

use super::*;

/// What others in service add to the work of an attempt.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    /// Nanoseconds for each of them, by class.
    per: Vec<f64>,
    /// What was added to the first attempt of a request, by place: a retry does not ask for it.
    added: Vec<Nanos>,
}

impl Crowd {
    /// `None` when nobody minds others.
    pub fn new(spec: &SystemSpec) -> Option<Box<Crowd>> {
        let per: Vec<f64> = spec.crowding().collect();
        let added = Vec::new();
        let any = per.iter().any(|&more| more > 0.0);
        any.then(|| Box::new(Crowd { per, added }))
    }

    fn added(&mut self, place: u32) -> &mut Nanos {
        let place = place as usize;
        if place >= self.added.len() {
            self.added.resize(place + 1, 0);
        }
        &mut self.added[place]
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// A request is born in a place: nothing is added to its work yet.
    #[inline(never)]
    pub(super) fn begin_uncrowded(&mut self, place: u32) {
        if let Some(crowd) = &mut self.crowd {
            *crowd.added(place) = 0;
        }
    }

    /// A further attempt asks for the work of the first without what others added to that.
    #[inline(never)]
    pub(super) fn uncrowd(&mut self, attempt: u32) {
        let a = self.jobs.attempt_mut(attempt);
        if let Some(crowd) = &mut self.crowd {
            a.work -= *crowd.added(a.request);
        }
    }

    /// The work of an attempt that a worker begins to serve now.
    #[inline(never)]
    pub(super) fn crowded(&mut self, worker: u32, attempt: u32, work: Nanos) -> Nanos {
        let others = self.workers.in_service(worker);
        let a = self.jobs.attempt_mut(attempt);
        let Some(crowd) = &mut self.crowd else {
            return work;
        };
        let more = whole(crowd.per[a.class as usize] * f64::from(others));
        let all = work.saturating_add(more);
        a.work = all;
        if a.request == attempt {
            *crowd.added(attempt) = all - work;
        }
        all
    }
}
