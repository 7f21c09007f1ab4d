//! `weighted_round_robin`: in turn, each as often as its weight says.
//!
//! Source: nginx and HAProxy for the smooth schedule; gRPC proposal A58 for the other.

use super::fleet::{Deadlines, weighty};
use super::{Fleet, View};
use crate::engine::rng::Stream;
use crate::model::spec::Schedule;

/// Whose turn it is.
#[derive(Clone, Debug)]
pub enum WeightedRoundRobin {
    /// Credit of each grows by its weight; the most credit is next and pays for all.
    Smooth {
        /// One a worker.
        weights: Vec<f64>,
        /// One a worker.
        credit: Vec<f64>,
    },
    /// The earliest deadline is next.
    Edf(EdfTurns),
}

/// Deadlines of all.
#[derive(Clone, Debug)]
pub struct EdfTurns(Deadlines);

impl WeightedRoundRobin {
    /// For these workers; the schedule `edf` draws the first deadlines.
    pub fn new(schedule: Schedule, fleet: &Fleet, stream: &mut Stream) -> Self {
        let weights = fleet.weights.clone();
        match schedule {
            Schedule::Smooth => WeightedRoundRobin::Smooth {
                credit: vec![0.0; weights.len()],
                weights,
            },
            Schedule::Edf => WeightedRoundRobin::Edf(EdfTurns(Deadlines::new(&weights, stream))),
        }
    }

    /// The next; the lowest number on a tie.
    #[inline]
    pub fn pick(&mut self, view: &View, _: &mut Stream) -> u32 {
        let (weights, credit) = match self {
            WeightedRoundRobin::Smooth { weights, credit } => (weights, credit),
            WeightedRoundRobin::Edf(turns) => return turns.0.next(view, |_| 1.0),
        };
        let (mut best, mut total) = (None, 0.0);
        for worker in weighty(weights, view) {
            let place = worker as usize;
            let weight = view.weight(weights, worker);
            credit[place] += weight;
            total += weight;
            if best.is_none_or(|b: u32| credit[place] > credit[b as usize]) {
                best = Some(worker);
            }
        }
        let best = best.unwrap_or(view.eligible[0]);
        credit[best as usize] -= total;
        best
    }
}
