//! What a request is beyond the usual: what its class asks for beyond work and memory, its recorded
//! turn, and work that is drawn again.

use super::*;
use crate::model::spec::{ClassSpec, Held, MemorySpec};

/// What requests of a class ask for beyond work and memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    /// Cores at once.
    pub cores: u32,
    /// Its turn: the smaller the sooner.
    pub key: u64,
    /// When it holds its memory.
    pub held: Held,
}

impl Needs {
    /// Of a class with its memory.
    pub fn new((class, memory): (&ClassSpec, &MemorySpec)) -> Self {
        Needs {
            cores: class.cores,
            key: turn_of(class.priority),
            held: memory.held,
        }
    }
}

impl Needs {
    /// Of a class, called from a step of a service where it holds this memory.
    pub fn of_call(class: &ClassSpec, memory: &MemorySpec) -> Self {
        Needs {
            cores: 1,
            ..Needs::new((class, memory))
        }
    }
}

/// A priority as a key: the smaller the sooner.
pub(super) fn turn_of(priority: i64) -> u64 {
    (priority as u64) ^ (1 << 63)
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Keeps the recorded priority of a new request.
    #[inline(never)]
    pub(super) fn note_turn(&mut self, place: u32, priority: i64) {
        self.keep_turn(place, turn_of(priority));
    }

    /// Keeps what decides whose turn is first.
    pub(super) fn keep_turn(&mut self, place: u32, turn: u64) {
        let place = place as usize;
        if place >= self.turns.len() {
            self.turns.resize(place + 1, 0);
        }
        self.turns[place] = turn;
    }

    /// A further attempt of a request gets a draw of work of its own, if it has one.
    #[inline(never)]
    pub(super) fn draw_again(&mut self, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        let Some(source) = self.sources.get(self.source_of[a.class as usize] as usize) else {
            return;
        };
        let (number, class, earlier) = (a.number, a.class, a.number_of_try() - 1);
        let size = self.size_of(attempt);
        if let Some(work) = source.further_work(number, class, (0, earlier), size) {
            self.jobs.attempt_mut(attempt).work = work;
        }
    }

    /// By what an attempt waits, if it was recorded.
    pub(super) fn recorded_turn(&self, attempt: u32) -> Option<u64> {
        if self.turns.is_empty() {
            return None;
        }
        let a = self.jobs.attempt(attempt);
        let source = self.source_of[self.root_class(a.class) as usize] as usize;
        let turn = self.turns.get(a.request as usize).copied();
        turn.filter(|_| self.sources[source].records_turns())
    }
}
