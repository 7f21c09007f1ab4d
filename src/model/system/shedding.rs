//! Workers that shed load: at the door, above a limit of what may be inside, or at its turn, what
//! has waited for too long.

use super::*;
use crate::model::fault::worker_path;
use crate::model::shed::{Left, Shedder};
use crate::model::spec::ShedSpec;

/// The shedders of all workers, in a system where any sheds.
#[derive(Clone, Debug)]
pub(super) struct Shedding {
    /// By worker.
    at: Vec<Option<OfWorker>>,
    /// By place of an attempt.
    came: Vec<Came>,
}

#[derive(Clone, Debug)]
struct OfWorker {
    spec: ShedSpec,
    shedder: Shedder,
    draws: Stream,
}

/// How an attempt came to its worker.
#[derive(Clone, Copy, Debug, Default)]
struct Came {
    at: Nanos,
    /// How many were inside then, itself included.
    inside: u32,
    /// How long it may wait.
    allowed: Nanos,
}

impl Shedding {
    /// `None`: nobody sheds.
    pub fn new(spec: &SystemSpec, key: &Key) -> Option<Box<Shedding>> {
        let mut at = Vec::new();
        for service in &spec.services {
            let groups = service.groups.iter();
            let groups = groups.flat_map(|g| std::iter::repeat_n(g, g.count as usize));
            for (number, group) in (0u32..).zip(groups) {
                at.push(group.shed.map(|spec| {
                    let path = format!("{}/shed", worker_path(service, number));
                    let mut draws = Stream::new(key, &path);
                    OfWorker {
                        spec,
                        shedder: Shedder::new(&spec, &mut draws),
                        draws,
                    }
                }));
            }
        }
        let any = at.iter().any(Option::is_some);
        any.then(|| {
            let came = Vec::new();
            Box::new(Shedding { at, came })
        })
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        for of in self.at.iter_mut().flatten() {
            of.draws.rekey(key);
        }
    }

    fn shedder(&mut self, worker: u32) -> Option<&mut Shedder> {
        self.at[worker as usize].as_mut().map(|of| &mut of.shedder)
    }

    fn came(&mut self, attempt: u32) -> &mut Came {
        let place = attempt as usize;
        if place >= self.came.len() {
            self.came.resize(place + 1, Came::default());
        }
        &mut self.came[place]
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Whether a worker has as many inside as its limit allows.
    pub(super) fn is_at_limit(&self, worker: u32) -> bool {
        let of = self.shedding.as_ref().map(|s| &s.at[worker as usize]);
        let limit = of.and_then(|of| of.as_ref()?.shedder.limit());
        limit.is_some_and(|limit| self.workers.load[worker as usize] >= limit)
    }

    /// A worker that sheds has let an attempt in, which begins at once or waits behind so many.
    pub(super) fn note_came(&mut self, worker: u32, attempt: u32, begins: bool, now: Nanos) {
        let waiting = self.workers.waiting(worker);
        let inside = self.workers.load[worker as usize];
        let Some(shedding) = &mut self.shedding else {
            return;
        };
        let Some(shedder) = shedding.shedder(worker) else {
            return;
        };
        let allowed = shedder.lets_in(now, waiting);
        if begins {
            shedder.drops(now, (0, allowed), 0);
        }
        *shedding.came(attempt) = Came {
            at: now,
            inside,
            allowed,
        };
    }

    /// Drops the one whose turn it is, and who could begin, if its worker sheds it; says whether
    /// it did.
    pub(super) fn shed_turn<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        next: u32,
    ) -> bool {
        let now = queue.now();
        if self.first_start(next).is_some() || self.has_lost_its_core(next) {
            return false;
        }
        let behind = self.workers.waiting(worker) - 1;
        let Some(shedding) = &mut self.shedding else {
            return false;
        };
        let came = *shedding.came(next);
        let waited = (now - came.at, came.allowed);
        let shedder = shedding.shedder(worker);
        if !shedder.is_some_and(|shedder| shedder.drops(now, waited, behind)) {
            return false;
        }
        self.drop_from_line(worker, next);
        self.turn_away(queue, next, Outcome::Shed);
        true
    }

    /// An attempt that a worker had let in has left it, served or before.
    pub(super) fn note_left(&mut self, worker: u32, attempt: u32, dropped: bool, now: Nanos) {
        let Some(shedding) = &mut self.shedding else {
            return;
        };
        let came = *shedding.came(attempt);
        if let Some(of) = &mut shedding.at[worker as usize] {
            let left = Left {
                took: now - came.at,
                inside: came.inside,
                dropped,
            };
            of.shedder.hears(left, &mut of.draws);
        }
    }

    /// A worker begins a new life, and its shedder anew.
    pub(super) fn forget_load(&mut self, worker: u32) {
        let shedding = self.shedding.as_mut();
        if let Some(of) = shedding.and_then(|s| s.at[worker as usize].as_mut()) {
            of.shedder = Shedder::new(&of.spec, &mut of.draws);
        }
    }
}
