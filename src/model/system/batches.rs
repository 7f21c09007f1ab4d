//! One long run in batches: what was counted in each of equal parts of the measured time.
//!
//! Nothing is counted twice for it: where a batch ends the counts so far are read off, and the
//! batch is the difference from the reading before. So a run that is not cut pays nothing, and one
//! that is pays for as many readings as it has batches.

use super::*;
use crate::model::tally::Tally;

/// The batches of a run.
#[derive(Clone, Debug)]
pub(super) struct Batches {
    /// How many there are to be.
    count: u32,
    /// Length of the measured time.
    length: Nanos,
    /// Those that are over.
    done: Vec<Tally>,
    /// What was counted up to the end of the last of them.
    so_far: Tally,
}

impl Batches {
    pub fn new(run: &RunSpec) -> Option<Box<Batches>> {
        let count = run.wanted.batches;
        match run.timing.horizon {
            Horizon::For(length) if count > 1 && length >= u64::from(count) => {
                Some(Box::new(Batches {
                    count,
                    length,
                    done: Vec::with_capacity(count as usize),
                    so_far: Tally::default(),
                }))
            }
            _ => None,
        }
    }

    /// When the batch that is going on ends, after the start of the measured time; the last one
    /// ends with the run.
    fn next(&self) -> Option<Nanos> {
        let number = u32::try_from(self.done.len()).expect("batches are counted in 32 bits") + 1;
        let end = u128::from(self.length) * u128::from(number) / u128::from(self.count);
        (number < self.count).then(|| u64::try_from(end).expect("within the measured time"))
    }

    fn close(&mut self, so_far: Tally) {
        self.done.push(so_far.since(&self.so_far));
        self.so_far = so_far;
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    pub(super) fn schedule_batch<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        if let Some(next) = self.measure.batches.as_ref().and_then(|b| b.next()) {
            let at = self.measure.from.saturating_add(next);
            queue.at(at, Event::Sample(Sample::BatchOver));
        }
    }

    pub(super) fn close_batch<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        if let Some(mut batches) = self.measure.batches.take() {
            batches.close(self.reading(queue.now()));
            self.measure.batches = Some(batches);
        }
        self.schedule_batch(queue);
    }

    /// All batches of a run that is over, whose counts are these.
    pub(super) fn last_batch(&mut self, whole: &Tally) -> Vec<Tally> {
        let Some(mut batches) = self.measure.batches.take() else {
            return Vec::new();
        };
        batches.close(whole.clone());
        batches.done
    }

    /// The counts so far, as if the measured time ended now.
    fn reading(&mut self, now: Nanos) -> Tally {
        let series = std::mem::take(&mut self.measure.series);
        let kept = self.measure.clone();
        self.read_areas(now, now);
        let tally = self.counted();
        self.measure = kept;
        self.measure.series = series;
        tally
    }

    /// What was measured, put together.
    pub(super) fn counted(&mut self) -> Tally {
        let mut tally = self.measure.assemble();
        for (worker, served) in tally.workers.iter_mut().zip(self.workers.served()) {
            worker.ended[Outcome::Ok.index()] = served;
        }
        tally
    }
}
