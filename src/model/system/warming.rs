//! Cold starts: a worker that came back is slow at first.

use super::*;
use crate::model::spec::ColdStartSpec;

/// Steps in which speed rises.
const STEPS: u32 = 16;

/// How warm each worker is, in a system where any starts cold.
#[derive(Clone, Debug)]
pub(super) struct Warming {
    of: Vec<Warmth>,
}

#[derive(Clone, Copy, Debug)]
struct Warmth {
    /// Moves on with each start: steps of an earlier one are stale.
    start: u32,
    /// Steps done; all of them: warm.
    step: u32,
    since: Nanos,
}

impl Warming {
    /// Everybody warm; `None`: nobody ever starts cold.
    pub fn new(spec: &SystemSpec) -> Option<Box<Warming>> {
        let mut groups = spec.services.iter().flat_map(|s| &s.groups);
        let workers = spec.services.iter().map(|s| s.worker_count()).sum();
        let warm = Warmth {
            start: 0,
            step: STEPS,
            since: 0,
        };
        groups.any(|g| g.cold_start.is_some()).then(|| {
            Box::new(Warming {
                of: vec![warm; workers],
            })
        })
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    fn cold_start_of(&self, worker: u32) -> Option<ColdStartSpec> {
        let cold = &self.workers.cold[worker as usize];
        self.spec.services[cold.service as usize].groups[cold.group as usize].cold_start
    }

    /// What a worker's speed is multiplied by for being cold: in each step what a straight rise
    /// has in the middle of it.
    pub(super) fn warmth(&self, worker: u32) -> f64 {
        let step = self.warming.as_ref().map(|w| w.of[worker as usize].step);
        match (step, self.cold_start_of(worker)) {
            (Some(step), Some(cold)) if step < STEPS => {
                let risen = (f64::from(step) + 0.5) / f64::from(STEPS);
                cold.factor + (1.0 - cold.factor) * risen
            }
            _ => 1.0,
        }
    }

    /// A worker has come back cold.
    pub(super) fn start_cold<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        if self.cold_start_of(worker).is_none() {
            return;
        }
        if let Some(warming) = &mut self.warming {
            let warmth = &mut warming.of[worker as usize];
            *warmth = Warmth {
                start: warmth.start.wrapping_add(1),
                step: 0,
                since: queue.now(),
            };
        }
        self.change_speed(queue, worker);
        self.schedule_warmer(queue, worker);
    }

    fn schedule_warmer<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let (Some(warming), Some(cold)) = (&self.warming, self.cold_start_of(worker)) else {
            return;
        };
        let warmth = warming.of[worker as usize];
        let steps = u128::from(warmth.step + 1);
        let passed = u128::from(cold.lasts) * steps / u128::from(STEPS);
        let at = warmth
            .since
            .saturating_add(u64::try_from(passed).unwrap_or(Nanos::MAX));
        let start = warmth.start;
        queue.at(at, Event::Warmer { worker, start });
    }

    /// A worker is one step warmer.
    #[cold]
    pub(super) fn warmer<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        start: u32,
    ) {
        let Some(warming) = &mut self.warming else {
            return;
        };
        let warmth = &mut warming.of[worker as usize];
        if warmth.start != start {
            return;
        }
        warmth.step += 1;
        let step = warmth.step;
        self.fold(queue.now(), kind::WARMER, u64::from(step), worker);
        self.change_speed(queue, worker);
        if step < STEPS {
            self.schedule_warmer(queue, worker);
        }
    }
}
