//! The run seen once more up to a while after its incident: every birth, and counts of attempts by
//! place in short bins.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::units::{Nanos, SECOND};
use crate::model::incident::Place;
use crate::model::outcome::Outcome;
use crate::model::source::{BirthRow, births};
use crate::model::spec::{Arrivals, SystemSpec};
use crate::model::trial::{AttemptRow, Observer, RunSpec};

/// The usual length of a bin, and the shortest.
const BIN: Nanos = SECOND / 10;
const SHORTEST: Nanos = SECOND / 1000;

/// Bins are longer rather than more than this.
const MOST_BINS: u64 = 2000;

/// Attempts of one bin at one place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// First attempts that arrived.
    pub first: u64,
    /// Further ones.
    pub again: u64,
    /// Core-time that they need, nanoseconds at speed 1.
    pub work: u64,
    /// Attempts answered in time.
    pub ok: u64,
    /// Attempts that ended in any other way.
    pub failed: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.first += other.first;
        self.again += other.again;
        self.work = self.work.saturating_add(other.work);
        self.ok += other.ok;
        self.failed += other.failed;
    }
}

/// What was seen.
#[derive(Debug)]
pub struct Recording<'a> {
    /// Every request of a source that is not closed, source by source in the order of births.
    pub births: Vec<BirthRow>,
    /// Length of a bin.
    pub bin: Nanos,
    /// Of each worker, through all services, and then of each balancer: counts by bin.
    places: Vec<Vec<Counts>>,
    /// Attempts by class, through all sources.
    classes: Vec<Vec<u64>>,
    /// First worker of each service, and the number of all.
    firsts: Vec<usize>,
    given_up: &'a AtomicBool,
}

impl<'a> Recording<'a> {
    /// Of a run up to `stop`. Births are drawn here, attempts are for the run to tell.
    pub fn new(
        (spec, run): (&SystemSpec, &RunSpec),
        stop: Nanos,
        given_up: &'a AtomicBool,
    ) -> Recording<'a> {
        let mut firsts = vec![0];
        for service in &spec.services {
            let before = firsts.last().copied().unwrap_or(0);
            firsts.push(before + service.worker_count());
        }
        let workers = firsts.last().copied().unwrap_or(0);
        let bin = BIN.min((stop / 50).max(SHORTEST)).max(stop / MOST_BINS);
        Recording {
            births: drawn(spec, run, stop),
            bin,
            places: vec![Vec::new(); workers + spec.services.len()],
            classes: vec![Vec::new(); spec.classes().count()],
            firsts,
            given_up,
        }
    }

    /// Counts at a place between two moments, to the bin: those of all workers and balancers for
    /// the system or a class.
    pub fn counts(&self, place: Place, from: Nanos, to: Nanos) -> Counts {
        let workers = self.places.len() - (self.firsts.len() - 1);
        let of_service = |s: usize| {
            let inside = self.firsts[s]..self.firsts[s + 1];
            inside.chain(std::iter::once(workers + s))
        };
        let places: Vec<usize> = match place {
            Place::Worker(worker) => vec![worker as usize],
            Place::Balancer(service) | Place::Service(service) => {
                of_service(service as usize).collect()
            }
            Place::System | Place::Class(_) => (0..self.places.len()).collect(),
        };
        let mut sum = Counts::default();
        for place in places {
            for counts in within(&self.places[place], self.bin, from, to) {
                sum.add(counts);
            }
        }
        sum
    }

    /// Attempts of a class between two moments, to the bin.
    pub fn of_class(&self, class: usize, from: Nanos, to: Nanos) -> u64 {
        within(&self.classes[class], self.bin, from, to)
            .iter()
            .sum()
    }

    /// What `value` makes of each birth, summed by bin up to `to`.
    pub fn summed(&self, to: Nanos, value: impl Fn(&BirthRow) -> f64) -> Vec<f64> {
        let mut bins = vec![0.0; (to / self.bin) as usize];
        for birth in &self.births {
            if let Some(bin) = bins.get_mut((birth.at / self.bin) as usize) {
                *bin += value(birth);
            }
        }
        bins
    }

    fn place(&self, row: &AttemptRow) -> usize {
        let service = row.service as usize;
        match row.worker {
            Some(worker) => self.firsts[service] + worker as usize - 1,
            None => self.places.len() - (self.firsts.len() - 1) + service,
        }
    }
}

/// What sources that are not closed send up to a moment.
fn drawn(spec: &SystemSpec, run: &RunSpec, stop: Nanos) -> Vec<BirthRow> {
    let open = |s: &usize| !matches!(spec.sources[*s].arrivals, Arrivals::Closed { .. });
    let until = (stop.saturating_sub(1), usize::MAX);
    let sources = (0..spec.sources.len()).filter(open);
    let births = sources.filter_map(|source| births((spec, source), run, None, until));
    births.flatten().collect()
}

/// Bins that lie between two moments.
fn within<T>(bins: &[T], bin: Nanos, from: Nanos, to: Nanos) -> &[T] {
    let end = ((to / bin) as usize).min(bins.len());
    let start = ((from / bin) as usize).min(end);
    &bins[start..end]
}

fn slot<T: Default + Clone>(bins: &mut Vec<T>, number: u64) -> &mut T {
    let number = number as usize;
    if bins.len() <= number {
        bins.resize(number + 1, T::default());
    }
    &mut bins[number]
}

impl Observer for Recording<'_> {
    fn begin(&mut self) {
        self.places.iter_mut().for_each(Vec::clear);
        self.classes.iter_mut().for_each(Vec::clear);
    }

    fn attempt(&mut self, row: &AttemptRow) {
        let (place, bin) = (self.place(row), self.bin);
        let arrived = slot(&mut self.places[place], row.arrived / bin);
        match row.attempt {
            0 | 1 => arrived.first += 1,
            _ => arrived.again += 1,
        }
        arrived.work = arrived.work.saturating_add(row.work);
        *slot(&mut self.classes[row.class as usize], row.arrived / bin) += 1;
        if let (Some(end), Some(outcome)) = (row.end, row.outcome) {
            let ended = slot(&mut self.places[place], end / bin);
            match outcome {
                Outcome::Ok => ended.ok += 1,
                _ => ended.failed += 1,
            }
        }
    }

    fn given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }
}
