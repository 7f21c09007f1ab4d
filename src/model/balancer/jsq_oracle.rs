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
    let loads = || view.eligible.iter().map(|&worker| view.load_of(worker));
    let least = loads().min().expect("at least one worker is eligible");
    let skip = match ties {
        Ties::First => 0,
        Ties::Random => match loads().filter(|&load| load == least).count() {
            1 => 0,
            several => stream.below(several as u32),
        },
    };
    let mut tied = view
        .eligible
        .iter()
        .filter(|&&worker| view.load_of(worker) == least);
    *tied
        .nth(skip as usize)
        .expect("as many are tied as were counted")
}
