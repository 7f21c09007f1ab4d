//! `aimd`: the limit grows by one where it is half used and all is well, and falls to a share of
//! itself where one was dropped or took too long.

use super::Left;
use crate::base::units::Nanos;
use crate::model::spec::LimitRange;

/// The machine.
#[derive(Clone, Debug)]
pub struct Aimd {
    range: LimitRange,
    backoff: f64,
    timeout: Nanos,
    limit: u32,
}

impl Aimd {
    /// Nothing heard yet.
    pub fn new(range: LimitRange, backoff: f64, timeout: Nanos) -> Self {
        Aimd {
            range,
            backoff,
            timeout,
            limit: range.start,
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    pub(super) fn hears(&mut self, left: Left) {
        let next = if left.dropped || left.took > self.timeout {
            (f64::from(self.limit) * self.backoff) as u32
        } else if u64::from(left.inside) * 2 >= u64::from(self.limit) {
            self.limit + 1
        } else {
            return;
        };
        self.limit = next.clamp(self.range.min, self.range.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Aimd {
        let range = LimitRange {
            start: 20,
            min: 18,
            max: 22,
        };
        Aimd::new(range, 0.9, 100)
    }

    fn left(took: Nanos, inside: u32, dropped: bool) -> Left {
        Left {
            took,
            inside,
            dropped,
        }
    }

    #[test]
    fn it_grows_by_one_where_half_of_it_is_used() {
        let mut machine = machine();
        let mut limits = Vec::new();
        // 9 of 20 is less than half; 10 is half; of 21 that is 11.
        for inside in [9, 10, 10, 11, 22] {
            machine.hears(left(100, inside, false));
            limits.push(machine.limit());
        }
        assert_eq!(limits, [20, 21, 21, 22, 22]);
    }

    #[test]
    fn it_falls_to_a_share_at_a_drop_or_a_long_time() {
        let mut machine = machine();
        let mut limits = vec![];
        for (took, dropped) in [(101, false), (1, true), (1, false)] {
            machine.hears(left(took, 10, dropped));
            limits.push(machine.limit());
        }
        // 20 * 0.9 = 18, 18 * 0.9 = 16.2: not below 18; then half of it is used.
        assert_eq!(limits, [18, 18, 19]);
    }
}
