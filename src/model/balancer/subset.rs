//! `subset`: the workers that an instance of a balancer knows.
//!
//! Source: gRPC proposal A68.

use super::Fleet;
use crate::engine::rng::{Bits, Key, Stream, hash_word};
use crate::model::spec::ServiceSpec;

/// Those that an instance knows, ascending; `None`: all.
pub(super) fn subset(
    service: &ServiceSpec,
    instance: u32,
    key: &Key,
    fleet: &Fleet,
) -> Option<Vec<u32>> {
    let size = service.balancer.subset? as usize;
    let names = fleet.names.as_ref()?;
    let path = format!("service/{}/balancer/{}/subset", service.name, instance + 1);
    let seed = Stream::new(key, &path).next_u64();
    Some(highest(names, seed, size))
}

/// The so many whose hashes together with a seed are highest.
fn highest(names: &[u64], seed: u64, size: usize) -> Vec<u32> {
    let mut all: Vec<(u64, u32)> = (0u32..)
        .zip(names)
        .map(|(worker, name)| (hash_word(seed ^ name), worker))
        .collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let mut known: Vec<u32> = all.iter().take(size).map(|w| w.1).collect();
    known.sort_unstable();
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each worker is known by its share of the instances; one that goes is replaced by one other
    /// at most.
    #[test]
    fn shares_are_even_and_one_fewer_changes_one_at_most() {
        let names: Vec<u64> = (100..110).map(hash_word).collect();
        let mut counts = [0_u32; 10];
        for seed in 0..1000 {
            let known = highest(&names, hash_word(seed), 3);
            assert!(known.len() == 3 && known.is_sorted());
            known.iter().for_each(|&w| counts[w as usize] += 1);
            let without = highest(&names[..9], hash_word(seed), 3);
            let lost = known.iter().filter(|w| !without.contains(w)).count();
            assert_eq!(lost, usize::from(known.contains(&9)));
        }
        assert!(counts.iter().all(|c| c.abs_diff(300) < 80), "{counts:?}");
        assert_eq!(highest(&names, 1, 99).len(), 10);
    }
}
