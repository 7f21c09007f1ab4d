//! `jiq`: workers with a free core put themselves on the list of an instance; the first on the
//! list is taken, and with an empty one any worker at random.
//!
//! Source: Lu, Xie, Kliot, Geller, Larus & Greenberg 2011, "Join-Idle-Queue".

use std::collections::VecDeque;

use super::View;
use crate::engine::rng::{Bits, Stream};

/// The list of an instance.
#[derive(Clone, Debug, Default)]
pub struct Jiq {
    list: VecDeque<u32>,
    /// The worker picked last, if it was on the list.
    taken: Option<u32>,
}

impl Jiq {
    /// The first on the list that is let in, whether or not it is still idle; else at random.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, stream: &mut Stream) -> u32 {
        let first = self.list.iter().position(|&worker| view.lets_in(worker));
        self.taken = first.and_then(|place| self.list.remove(place));
        let random = |stream: &mut Stream| view.worker(stream.below(view.count()));
        self.taken.unwrap_or_else(|| random(stream))
    }

    /// A worker has a free core.
    pub fn add(&mut self, worker: u32) {
        self.list.push_back(worker);
    }

    /// How many are on the list.
    pub fn listed(&self) -> usize {
        self.list.len()
    }

    /// The worker picked last, if it was on the list; asked once.
    pub fn take_taken(&mut self) -> Option<u32> {
        self.taken.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;

    /// Each step: who comes on the list, who is let in, and who is taken from it (none: anyone).
    #[test]
    fn the_first_on_the_list_is_taken_and_else_anyone() {
        let all: &[u32] = &[0, 1, 2, 3];
        type Row = (&'static [u32], &'static [u32], Option<u32>);
        let rows: &[Row] = &[
            (&[], all, None),
            (&[2, 0], all, Some(2)),
            (&[3], all, Some(0)),
            // Passed while it is shut off, and first again after it.
            (&[1], &[0, 1, 2], Some(1)),
            (&[], &[0, 1, 2], None),
            (&[], all, Some(3)),
            (&[], all, None),
        ];
        let mut policy = Jiq::default();
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        for (row, (added, eligible, wanted)) in rows.iter().enumerate() {
            added.iter().for_each(|&worker| policy.add(worker));
            let view = View {
                eligible,
                // It is not looked at whether the first is still idle.
                load: &[7, 7, 7, 7],
                now: 0,
                key: 0,
                open: true,
            };
            let picked = policy.pick(&view, &mut stream);
            let taken = policy.take_taken();
            assert_eq!(taken, *wanted, "row {row}");
            assert!(eligible.contains(&picked) && taken.is_none_or(|w| w == picked));
            assert_eq!(policy.take_taken(), None);
        }
    }
}
