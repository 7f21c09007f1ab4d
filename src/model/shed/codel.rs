//! `codel`: drops at its turn, once waits have stayed at or above a target for a whole interval;
//! the next drops come sooner and sooner, until a wait is below the target again.

use crate::base::units::Nanos;

/// A drop this many intervals after the last one goes on at the pace of before.
const RECENTLY: u64 = 16;

/// The machine.
#[derive(Clone, Debug)]
pub struct Codel {
    target: Nanos,
    interval: Nanos,
    /// When waits will have been long for an interval; `None`: the last was short.
    long_from: Option<Nanos>,
    dropping: bool,
    /// When the next is dropped.
    next: Nanos,
    /// Drops since dropping began, from the pace of before.
    count: u32,
    /// `count` when dropping began last.
    began_with: u32,
    /// What the last drop leaves to the one that comes after it.
    after: After,
}

/// What the drop before this turn says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// Nothing, or there was none.
    Nothing,
    /// It began the dropping: this one is served.
    First,
    /// It was one of many: the time of the next is still to be found.
    Another,
}

impl Codel {
    /// Nothing waited yet.
    pub fn new(target: Nanos, interval: Nanos) -> Self {
        Codel {
            target,
            interval,
            long_from: None,
            dropping: false,
            next: 0,
            count: 0,
            began_with: 0,
            after: After::Nothing,
        }
    }

    /// The turn of one has come that waited for so long and leaves so many behind.
    pub(super) fn drops(&mut self, now: Nanos, waited: Nanos, left_behind: u32) -> bool {
        let may = self.may_drop(now, waited, left_behind);
        match std::mem::replace(&mut self.after, After::Nothing) {
            After::First => return false,
            After::Another if may => self.next = self.pace(self.next),
            After::Another | After::Nothing => {}
        }
        if self.dropping {
            self.dropping = may;
            let drops = may && now >= self.next;
            if drops {
                self.count = self.count.saturating_add(1);
                self.after = After::Another;
            }
            return drops;
        }
        if may {
            self.dropping = true;
            let before = self.count - self.began_with;
            let recently = now.saturating_sub(self.next) < RECENTLY.saturating_mul(self.interval);
            self.count = if before > 1 && recently { before } else { 1 };
            self.next = self.pace(now);
            self.began_with = self.count;
            self.after = After::First;
        }
        may
    }

    /// Waits have been long for an interval.
    fn may_drop(&mut self, now: Nanos, waited: Nanos, left_behind: u32) -> bool {
        if waited < self.target || left_behind <= 1 {
            self.long_from = None;
            return false;
        }
        let from = *self
            .long_from
            .get_or_insert(now.saturating_add(self.interval));
        now >= from
    }

    fn pace(&self, from: Nanos) -> Nanos {
        let gap = self.interval as f64 / f64::from(self.count).sqrt();
        from.saturating_add(gap as Nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    /// Turns as (ms, wait in ms, left behind), and whether each is dropped.
    fn turns(machine: &mut Codel, script: &[(u64, u64, u32, bool)]) {
        for &(at, waited, behind, dropped) in script {
            let got = machine.drops(at * MS, waited * MS, behind);
            assert_eq!(got, dropped, "at {at} ms, {waited} ms waited");
        }
    }

    /// RFC 8289, section 5: the first long wait starts the clock, and the first at or after an
    /// interval of nothing but long ones is dropped; the one behind it is served in any case.
    #[test]
    fn waits_must_be_long_for_a_whole_interval() {
        let mut machine = Codel::new(5 * MS, 100 * MS);
        let script = [
            (0, 4, 9, false),
            (10, 5, 9, false),
            (109, 50, 9, false),
            (110, 50, 9, true),
            (110, 50, 9, false),
            // The next is due one interval later, then 100 / sqrt(2) = 70.7 ms after that.
            (209, 50, 9, false),
            (210, 50, 9, true),
            (210, 50, 9, false),
            (280, 50, 9, false),
            (281, 50, 9, true),
            // And 57.7 ms later the one after.
            (281, 50, 9, false),
            (338, 50, 9, false),
            (339, 50, 9, true),
        ];
        turns(&mut machine, &script);
    }

    #[test]
    fn a_short_wait_and_a_short_buffer_begin_anew() {
        for (waited, behind) in [(4, 9), (50, 1)] {
            let mut machine = Codel::new(5 * MS, 100 * MS);
            let script = [
                (0, 5, 9, false),
                (99, waited, behind, false),
                (100, 5, 9, false),
                (199, 5, 9, false),
                (200, 5, 2, true),
            ];
            turns(&mut machine, &script);
        }
    }

    /// Several are dropped at once when several are due: 100 and 170.7 ms after the first.
    #[test]
    fn what_is_overdue_is_dropped_in_one_go() {
        let mut machine = Codel::new(5 * MS, 100 * MS);
        let script = [
            (0, 5, 9, false),
            (100, 50, 9, true),
            (100, 50, 9, false),
            (275, 50, 9, true),
            (275, 50, 9, true),
            (275, 50, 9, false),
            // The next: 100 + 100 + 70.7 + 57.7 = 328.4 ms.
            (328, 50, 9, false),
            (329, 50, 9, true),
            // A short wait ends the dropping at once.
            (329, 4, 9, false),
            (330, 50, 9, false),
        ];
        turns(&mut machine, &script);
    }

    /// Soon after, it goes on at the pace of before: three drops after the first, so that the next
    /// is due 100 / sqrt(3) = 57.7 ms after the one that begins. Long after, it begins with one.
    #[test]
    fn the_pace_of_before_is_kept_for_sixteen_intervals() {
        for (again, due) in [(500, 58), (500 + 2000, 100)] {
            let mut machine = Codel::new(5 * MS, 100 * MS);
            let first = [
                (0, 5, 9, false),
                (100, 50, 9, true),
                (100, 50, 9, false),
                (200, 50, 9, true),
                (271, 50, 9, true),
                (329, 50, 9, true),
                (329, 4, 9, false),
            ];
            turns(&mut machine, &first);
            let second = [
                (again - 100, 5, 9, false),
                (again, 50, 9, true),
                (again, 50, 9, false),
                (again + due - 1, 50, 9, false),
                (again + due, 50, 9, true),
            ];
            turns(&mut machine, &second);
        }
    }
}
