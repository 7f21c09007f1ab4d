//! Requests that do harm where they are served.

use super::*;
use crate::model::spec::PoisonEffect;

/// The work of what never comes to its end by itself, some nine years.
pub(super) const FOR_EVER: Nanos = 1 << 58;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    pub(super) fn poison_holds(&mut self, fault: u32, holds: bool) {
        let poison = self.poison.as_mut().expect("there is a fault of this kind");
        if holds {
            poison.hold(fault);
        } else {
            poison.let_go(fault);
        }
    }

    /// What an attempt does to whoever serves it, if anything.
    pub(super) fn poison_of(&self, attempt: u32) -> Option<PoisonEffect> {
        let request = self.jobs.attempt(attempt).request;
        self.poison.as_ref()?.of(request)
    }

    /// Whether the service of an attempt never ends by itself.
    pub(super) fn hangs(&self, attempt: u32) -> bool {
        self.poison.is_some() && self.poison_of(attempt) == Some(PoisonEffect::Hang)
    }

    /// An attempt that was let in is about to begin its service; if that takes its worker down,
    /// both are gone, and it says so.
    pub(super) fn is_fatal<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
    ) -> bool {
        let fatal = self.poison_of(attempt) == Some(PoisonEffect::Crash);
        if fatal {
            self.put_out(worker, attempt);
            self.fall(queue, worker, Outcome::WorkerDown);
            self.turn_away(queue, attempt, Outcome::Poison);
        }
        fatal
    }

    /// An attempt gets a core and keeps it.
    pub(super) fn hang<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
    ) {
        if self.strain.is_some() {
            self.allocates(worker, attempt);
        }
        self.start_with(queue, worker, attempt, FOR_EVER);
        let (now, core) = (queue.now(), self.jobs.attempt(attempt).core);
        self.workers.cores.begin_with(core, now, FOR_EVER, now);
    }
}
