//! The fingerprint of a run: one number that differs if any event differs.
//!
//! Held against a pinned value it says that a run took the same course. It takes only what the
//! model is about, never slots or sequence numbers, so that neither watching nor another event
//! queue changes it. Not cryptographic: it finds accidents, not forgers.

/// Random odd constants (the fractional digits of pi): they keep either factor of a product from
/// being 0 for any numbers that events have.
const SALT: [u64; 3] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7345,
    0xa409_3822_299f_31d1,
];

/// A rolling 64-bit hash of events in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    state: u64,
}

/// Both halves of a 128-bit product, folded into one.
#[inline]
fn fold_product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

impl Fingerprint {
    /// The fingerprint of no event.
    pub const fn new() -> Fingerprint {
        Fingerprint {
            state: 0x082e_fa98_ec4e_6c89,
        }
    }

    /// Takes in one event: its time in nanoseconds, its kind, and the request and worker it
    /// concerns (any fixed numbers if it concerns none).
    #[inline]
    pub fn fold(&mut self, time: u64, kind: u32, request: u64, worker: u32) {
        let place = u64::from(kind) << 32 | u64::from(worker);
        // The first product does not wait for the state, so a fold delays the next by one product.
        let event = fold_product(request ^ SALT[0], place ^ SALT[1]);
        self.state = fold_product(self.state ^ event, time ^ SALT[2]);
    }

    /// The hash so far.
    pub const fn value(self) -> u64 {
        self.state
    }
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(events: &[(u64, u32, u64, u32)]) -> u64 {
        let mut fingerprint = Fingerprint::new();
        for &(time, kind, request, worker) in events {
            fingerprint.fold(time, kind, request, worker);
        }
        fingerprint.value()
    }

    #[test]
    fn values_are_pinned() {
        assert_eq!(of(&[]), 0x082e_fa98_ec4e_6c89);
        assert_eq!(of(&[(0, 0, 0, 0)]), 0xffb7_4370_1b7a_b855);
        assert_eq!(
            of(&[(1, 2, 3, 4), (5, 6, 7, 8), (1_000_000_007, 3, 41, 9)]),
            0x0e58_ec2c_c206_0d81
        );
    }

    #[test]
    fn small_differences_tell() {
        let mut seen = BTreeSet::new();
        for time in 0..16 {
            for kind in 0..8 {
                for request in 0..16 {
                    for worker in 0..16 {
                        seen.insert(of(&[(time, kind, request, worker)]));
                    }
                }
            }
        }
        assert_eq!(seen.len(), 16 * 8 * 16 * 16);
        assert_ne!(
            of(&[(1, 1, 1, 1), (1, 2, 1, 1)]),
            of(&[(1, 2, 1, 1), (1, 1, 1, 1)])
        );
    }

    #[test]
    fn zeros_do_not_catch_it() {
        let mut fingerprint = Fingerprint { state: 0 };
        let mut seen = BTreeSet::new();
        for _ in 0..100_000 {
            fingerprint.fold(0, 0, 0, 0);
            assert!(seen.insert(fingerprint.value()), "it walks in a circle");
        }
    }
}
