//! Attempts in the middle of their steps that have no core: how they step aside, what they do
//! there, and how they come back.

use super::steps::State;
use super::*;
use crate::engine::rng::Bits;
use crate::model::spec::{ErrorWhen, Hold, StepSpec};

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// An attempt begins to wait, with its core or without.
    pub(super) fn stop_working<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        hold: Hold,
    ) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        self.fold(now, kind::STEP, a.number, a.worker);
        if hold == Hold::Core {
            self.jobs.attempt_mut(attempt).work = 0;
            if let Some(steps) = &mut self.steps {
                steps.trip(attempt).state = State::Holding;
            }
            return;
        }
        self.workers.settle(a.worker, now);
        self.spend_stretch(attempt, now);
        self.workers.step_aside(a.worker, a.core, self.elaborate);
        let a = self.jobs.attempt_mut(attempt);
        a.phase = a.phase.wrapping_add(1);
        a.work = 0;
        let worker = a.worker;
        if let Some(steps) = &mut self.steps {
            steps.trip(attempt).state = State::Aside;
            steps.aside[worker as usize].push(attempt);
        }
        self.move_up(queue, worker);
    }

    /// What an attempt aside does next, as far as that needs no core; then it comes back for one.
    pub(super) fn go_on_from_aside<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        failed: bool,
    ) {
        let (now, service) = (queue.now(), self.service_at(attempt));
        let a = *self.jobs.attempt(attempt);
        if failed {
            return self.end_aside(queue, attempt, Some(Outcome::CallFailed));
        }
        loop {
            let Some(steps) = &mut self.steps else { return };
            let Some((spec, purpose)) = steps.next_step(service, attempt) else {
                let errs = self.errors.is_some() && self.errs(attempt, ErrorWhen::End);
                let fails = match errs {
                    true => Some(Outcome::Error),
                    false => self.poison_of(attempt).map(|_| Outcome::Poison),
                };
                return self.end_aside(queue, attempt, fails);
            };
            let copy = steps.copy_of(attempt);
            let mut keyed = steps.draw(purpose, a.request, copy, a.number_of_try() - 1);
            let rests = match spec {
                StepSpec::Wait { hold, .. } => *hold == Hold::Nothing,
                StepSpec::Call(call) => call.hold == Hold::Nothing,
                StepSpec::Fail { .. } => true,
                StepSpec::Cpu { .. } => false,
            };
            if !rests {
                return self.come_back(queue, attempt);
            }
            steps.trip(attempt).next += 1;
            self.fold(now, kind::STEP, a.number, a.worker);
            match spec {
                StepSpec::Fail { probability } => {
                    if keyed.unit() < *probability {
                        return self.end_aside(queue, attempt, Some(Outcome::Error));
                    }
                }
                StepSpec::Wait { lasts, .. } => {
                    let at = now.saturating_add(whole(lasts.sample(&mut keyed)));
                    let generation = a.generation;
                    return queue.at(
                        at,
                        Event::StepOver {
                            attempt,
                            generation,
                        },
                    );
                }
                _ => return self.set_out_to_call(queue, attempt),
            }
        }
    }

    /// An attempt that was aside needs a core again: it goes to the head of its worker's buffer,
    /// behind those who came back before it.
    fn come_back<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        let work = self.next_work(attempt);
        let a = self.jobs.attempt_mut(attempt);
        (a.start, a.work) = (NOT_STARTED, work);
        let (number, worker) = (a.number, a.worker);
        self.jobs.request_mut(attempt).lined_up = false;
        self.fold(now, kind::STEP, number, worker);
        self.workers.settle(worker, now);
        if let Some(steps) = &mut self.steps {
            steps.trip(attempt).state = State::Back;
            steps.aside[worker as usize].retain(|&other| other != attempt);
        }
        if self.workers.cold[worker as usize].shared.is_some() {
            self.jobs.attempt_mut(attempt).start = now;
            self.workers.advance_shared(worker, now);
            self.workers.rejoin_shared(worker, attempt, work);
            return self.schedule_share(queue, worker);
        }
        self.workers.come_back(worker, attempt);
        if self.elaborate {
            self.workers.cold[worker as usize].waiting_bytes += self.size_of(attempt);
        }
        self.waits();
        if self.workers.has_free_core(worker) {
            self.move_up(queue, worker);
        }
    }

    /// The service of an attempt is over while it has no core.
    fn end_aside<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        failed: Option<Outcome>,
    ) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        if a.measured && failed.is_none() {
            self.measure_steps(attempt, 0, now);
        } else {
            self.count_interrupted(attempt);
        }
        if self.shedding.is_some() && failed.is_none() {
            self.note_left(a.worker, attempt, false, now);
        }
        self.leave_aside(a.worker, attempt, now);
        // Nothing is spent since.
        self.jobs.attempt_mut(attempt).start = now;
        if self.about.notes_done() {
            self.note_done(attempt, failed.is_some(), now);
        }
        let what = if failed.is_some() {
            kind::ERRED
        } else {
            kind::COMPLETED
        };
        self.fold(now, what, a.number, a.worker);
        self.ending = attempt;
        if self.elaborate {
            self.start_waiting(queue, a.worker);
        }
        self.ending = NO_WORKER;
        match failed {
            Some(outcome) => self.turn_away(queue, attempt, outcome),
            None if self.network.is_some() && self.answers_far(queue, attempt, Outcome::Ok) => {}
            None if a.open => self.answer(queue, attempt, now),
            None => self.answer_nobody(attempt),
        }
    }

    /// An attempt aside leaves its worker: its memory is free.
    pub(super) fn leave_aside(&mut self, worker: u32, attempt: u32, now: Nanos) {
        self.workers.settle(worker, now);
        let memory = self.memory_of(attempt);
        self.workers.leave_aside(worker, memory);
        if let Some(steps) = &mut self.steps {
            steps.aside[worker as usize].retain(|&other| other != attempt);
            steps.trip(attempt).state = State::Going;
        }
    }

    /// Everyone who is aside at a worker is lost.
    pub(super) fn lose_aside<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        outcome: Outcome,
    ) {
        let Some(steps) = &mut self.steps else { return };
        for attempt in std::mem::take(&mut steps.aside[worker as usize]) {
            // A copy may have been taken back with another one that was lost before it.
            if !self.is_aside(attempt) {
                continue;
            }
            self.count_interrupted(attempt);
            self.leave_aside(worker, attempt, queue.now());
            self.turn_away(queue, attempt, outcome);
        }
    }
}
