//! A count that changes over time, and its integral.

use crate::base::units::Nanos;

/// A whole number that holds from one change to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    /// The number now.
    pub value: u64,
    since: Nanos,
    area: u128,
}

impl Level {
    /// Changes the number.
    #[inline]
    pub fn set(&mut self, now: Nanos, value: u64) {
        self.area = self.area_at(now);
        self.since = now;
        self.value = value;
    }

    /// One more.
    #[inline]
    pub fn up(&mut self, now: Nanos) {
        self.set(now, self.value + 1);
    }

    /// One fewer.
    #[inline]
    pub fn down(&mut self, now: Nanos) {
        self.set(now, self.value - 1);
    }

    /// The integral up to now.
    #[inline]
    pub fn area_at(&self, now: Nanos) -> u128 {
        self.area + u128::from(self.value) * u128::from(now - self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn the_integral_holds_each_value_until_the_next() {
        let mut level = Level::default();
        level.up(10);
        level.up(15);
        level.down(20);
        assert_eq!(level.area_at(30), 5 + 10 + 10);
    }
}
