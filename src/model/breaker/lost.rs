//! Results that never reach a breaker: which, is a draw for each attempt, whoever hears of it.

use crate::engine::rng::{Bits, Key, Keyed, path_hash};
use crate::model::fault::Try;
use crate::model::spec::BreakerSpec;

/// Which results are lost.
#[derive(Clone, Debug)]
pub struct Lost {
    key: Key,
    share: f64,
    /// What draws are for, by source.
    purposes: Vec<u64>,
}

impl Lost {
    /// Those of a breaker; `None`: it hears everything. `paths`: what draws are for, by source.
    pub fn new(
        spec: &BreakerSpec,
        key: &Key,
        paths: impl Iterator<Item = String>,
    ) -> Option<Box<Lost>> {
        let share = spec.lost_reply();
        (share > 0.0).then(|| {
            Box::new(Lost {
                key: *key,
                share,
                purposes: paths.map(|path| path_hash(&path)).collect(),
            })
        })
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.key = *key;
    }

    /// Whether the result of an attempt is lost.
    pub fn takes(&self, of: Try) -> bool {
        let purpose = self.purposes[of.source as usize];
        Keyed::new(&self.key, purpose, of.request, 0, of.attempt).unit() < self.share
    }
}
