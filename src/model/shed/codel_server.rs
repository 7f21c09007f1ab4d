//! `codel_server`: what is let in while the buffer has not been empty for an interval may wait as
//! long as the target, all else as long as the interval; what waited longer is dropped at its turn.

use crate::base::units::Nanos;

/// The machine.
#[derive(Clone, Debug)]
pub struct CodelServer {
    target: Nanos,
    interval: Nanos,
    /// When nobody waited last.
    empty: Nanos,
}

impl CodelServer {
    /// Nobody waits.
    pub fn new(target: Nanos, interval: Nanos) -> Self {
        CodelServer {
            target,
            interval,
            empty: 0,
        }
    }

    /// One is let in behind so many; says how long it may wait.
    pub(super) fn lets_in(&mut self, now: Nanos, waiting: u32) -> Nanos {
        if waiting == 0 {
            self.empty = now;
        }
        if now - self.empty > self.interval {
            self.target
        } else {
            self.interval
        }
    }

    /// The turn of one has come that leaves so many behind.
    pub(super) fn turn(&mut self, now: Nanos, left_behind: u32) {
        if left_behind == 0 {
            self.empty = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    /// Maurer, "Fail at Scale": empty within the last 100 ms, and it may wait for 100; else 5.
    #[test]
    fn the_wait_allowed_falls_once_the_buffer_has_not_been_empty_for_an_interval() {
        let mut machine = CodelServer::new(5 * MS, 100 * MS);
        assert_eq!(machine.lets_in(300 * MS, 0), 100 * MS);
        assert_eq!(machine.lets_in(310 * MS, 1), 100 * MS);
        assert_eq!(
            machine.lets_in(400 * MS, 2),
            100 * MS,
            "exactly an interval"
        );
        assert_eq!(machine.lets_in(400 * MS + 1, 3), 5 * MS);
        // A turn that leaves somebody behind changes nothing, one that leaves nobody does.
        machine.turn(500 * MS, 1);
        assert_eq!(machine.lets_in(500 * MS, 1), 5 * MS);
        machine.turn(510 * MS, 0);
        assert_eq!(machine.lets_in(610 * MS, 1), 100 * MS);
        assert_eq!(machine.lets_in(610 * MS + 1, 1), 5 * MS);
    }
}
