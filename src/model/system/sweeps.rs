//! Sweeps for outliers, and what balancers hear for them.

use super::*;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// The first sweep of each balancer that looks for outliers.
    pub(super) fn schedule_sweeps<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        for (number, front) in (0u32..).zip(&self.fronts) {
            if let Some(every) = front.sweeps_every() {
                queue.at(every, Event::Sweep { front: number });
            }
        }
    }

    /// A balancer looks at how its workers did since it last looked.
    #[cold]
    pub(super) fn sweep<W: Entry>(&mut self, queue: &mut Queue<W, Event>, number: u32) {
        let now = queue.now();
        let front = &mut self.fronts[number as usize];
        let (back, ejected) = front.sweep(now);
        let (first, every) = (front.first_worker, front.sweeps_every());
        for worker in back {
            let worker = first + worker as u32;
            self.fold(now, kind::BACK_IN, u64::from(number), worker);
        }
        for worker in ejected {
            let worker = first + worker as u32;
            self.fold(now, kind::EJECTED, u64::from(number), worker);
        }
        if let Some(every) = every {
            queue.at(now.saturating_add(every), Event::Sweep { front: number });
        }
    }

    /// The balancer of an attempt hears how it ended.
    #[cold]
    pub(super) fn tell_front(&mut self, attempt: u32, outcome: Outcome, now: Nanos) {
        let at = self.front_of(attempt);
        let worker = self.jobs.attempt(attempt).worker;
        let front = &mut self.fronts[at];
        if worker == NO_WORKER || !front.looks_for_outliers() {
            return;
        }
        if front.judge(worker - front.first_worker, outcome, now) {
            self.fold(now, kind::EJECTED, at as u64, worker);
        }
    }
}
