//! `jsq_oracle`: join the shortest queue, all known at once and without delay. No real balancer
//! knows that; it is the bound that others are measured against.

use super::View;
use crate::engine::rng::{Bits, Stream};
use crate::model::spec::Ties;

/// Its parameter.
#[derive(Clone, Debug)]
pub struct JsqOracle {
    /// What is done about ties.
    pub ties: Ties,
}

impl JsqOracle {
    /// Looks at all.
    #[inline]
    pub fn pick(&self, view: &View, stream: &mut Stream) -> u32 {
        fewest(view, self.ties, stream)
    }
}

/// The eligible worker with the fewest requests.
pub(super) fn fewest(view: &View, ties: Ties, stream: &mut Stream) -> u32 {
    if view.eligible.len() == view.load.len() {
        return fewest_of(view.load.iter().copied(), ties, stream);
    }
    let loads = view.eligible.iter().map(|&worker| view.load_of(worker));
    view.worker(fewest_of(loads, ties, stream))
}

/// The place of the smallest load: two passes that the compiler can do many at a time.
#[inline(always)]
fn fewest_of(loads: impl Iterator<Item = u32> + Clone, ties: Ties, stream: &mut Stream) -> u32 {
    let least = loads
        .clone()
        .min()
        .expect("at least one worker is eligible");
    let tied = loads.clone().map(|load| u32::from(load == least)).sum();
    let skip = match ties {
        Ties::Random if tied > 1 => stream.below(tied),
        _ => 0,
    };
    let mut places = (0u32..).zip(loads).filter(|(_, load)| *load == least);
    places
        .nth(skip as usize)
        .expect("as many are tied as were counted")
        .0
}
