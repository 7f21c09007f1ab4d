//! Who waits at a worker, and whose turn is next.
//!
//! Once the turn has come to somebody who can't start yet it stays with them: nobody overtakes.

use std::collections::{BTreeMap, VecDeque};

use crate::model::line::Line as Fifo;
use crate::model::spec::Discipline;

/// Those who wait, in the order of a discipline.
#[derive(Clone, Debug)]
pub struct Line {
    order: Order,
    /// Whose turn has come, but who could not start yet.
    turn: Option<u32>,
    /// Who had begun and waits to go on: before all others, first come first served.
    back: VecDeque<u32>,
}

#[derive(Clone, Debug)]
enum Order {
    /// First come, first served.
    Fifo(Fifo),
    /// Last come, first served.
    Lifo(VecDeque<u32>),
    /// Last come, first served while more than so many wait; else first come, first served.
    Adaptive {
        line: VecDeque<u32>,
        above: usize,
        /// The one taken last had waited longest.
        was_oldest: bool,
    },
    /// Lowest key first, then first come, first served. The number counts arrivals.
    Keyed(BTreeMap<(u64, u64), u32>, u64),
}

impl Line {
    /// Nobody waits; places for so many are set aside.
    pub fn new(discipline: Discipline, set_aside: usize) -> Self {
        let order = match discipline {
            Discipline::Fifo | Discipline::Ps => Order::Fifo(Fifo::with_capacity(set_aside)),
            Discipline::Lifo => Order::Lifo(VecDeque::with_capacity(set_aside)),
            Discipline::AdaptiveLifo { above } => Order::Adaptive {
                line: VecDeque::with_capacity(set_aside),
                above: above as usize,
                was_oldest: false,
            },
            Discipline::Priority | Discipline::Edf => Order::Keyed(BTreeMap::new(), 0),
        };
        Line {
            order,
            turn: None,
            back: VecDeque::new(),
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        let others = match &self.order {
            Order::Fifo(line) => line.len(),
            Order::Lifo(line) | Order::Adaptive { line, .. } => line.len(),
            Order::Keyed(line, _) => line.len(),
        };
        others + self.back.len() + usize::from(self.turn.is_some())
    }

    /// One more waits; returns a ticket to leave with. The key counts only where the discipline
    /// has one.
    #[inline]
    pub fn push(&mut self, attempt: u32, key: u64) -> u32 {
        match &mut self.order {
            Order::Fifo(line) => return line.push_back(attempt),
            Order::Lifo(line) | Order::Adaptive { line, .. } => line.push_back(attempt),
            Order::Keyed(line, next) => {
                line.insert((key, *next), attempt);
                *next += 1;
            }
        }
        0
    }

    /// As [`Line::push`] where it is known that there are no keys.
    #[inline(always)]
    pub fn push_back(&mut self, attempt: u32) -> u32 {
        match &mut self.order {
            Order::Fifo(line) => line.push_back(attempt),
            _ => self.push(attempt, 0),
        }
    }

    /// As [`Line::pop`] where it is known that nobody's turn was kept.
    #[inline(always)]
    pub fn pop_front(&mut self) -> Option<u32> {
        match &mut self.order {
            Order::Fifo(line) => line.pop_front(),
            _ => self.pop(),
        }
    }

    /// Somebody who waits leaves with the ticket that they got.
    pub fn leave(&mut self, attempt: u32, ticket: u32) {
        if self.turn == Some(attempt) {
            self.turn = None;
            return;
        }
        match &mut self.order {
            Order::Fifo(line) => line.leave(ticket),
            _ => {
                self.remove(attempt);
            }
        }
    }

    /// Somebody who had begun waits to go on.
    pub fn come_back(&mut self, attempt: u32) {
        self.back.push_back(attempt);
    }

    /// Somebody comes back to be the next.
    pub fn push_front(&mut self, attempt: u32) {
        if let Some(turn) = self.turn.take() {
            self.put_first(turn);
        }
        self.put_first(attempt);
    }

    fn put_first(&mut self, attempt: u32) {
        match &mut self.order {
            Order::Fifo(line) => line.push_front(attempt),
            Order::Lifo(line) => line.push_back(attempt),
            Order::Adaptive { line, above, .. } if line.len() < *above => line.push_front(attempt),
            Order::Adaptive { line, .. } => line.push_back(attempt),
            Order::Keyed(line, next) => {
                line.insert((0, *next), attempt);
                *next += 1;
            }
        }
    }

    /// Takes the one whose turn it is.
    #[inline(never)]
    pub fn pop(&mut self) -> Option<u32> {
        if let Some(attempt) = self.back.pop_front() {
            return Some(attempt);
        }
        if let Some(attempt) = self.turn.take() {
            return Some(attempt);
        }
        match &mut self.order {
            Order::Fifo(line) => line.pop_front(),
            Order::Lifo(line) => line.pop_back(),
            Order::Adaptive {
                line,
                above,
                was_oldest,
            } => {
                *was_oldest = line.len() <= *above;
                match *was_oldest {
                    true => line.pop_front(),
                    false => line.pop_back(),
                }
            }
            Order::Keyed(line, _) => line.pop_first().map(|(_, attempt)| attempt),
        }
    }

    /// Whose turn it is. It stays theirs until they start or leave.
    pub fn turn(&mut self) -> Option<u32> {
        if let Some(&attempt) = self.back.front() {
            return Some(attempt);
        }
        if self.turn.is_none() {
            self.turn = self.pop();
        }
        self.turn
    }

    /// The one who has waited longest of those who have not begun.
    pub fn oldest(&self) -> Option<u32> {
        let others = match &self.order {
            Order::Fifo(line) => line.front(),
            Order::Lifo(line) | Order::Adaptive { line, .. } => line.front().copied(),
            Order::Keyed(line, _) => line.iter().min_by_key(|e| e.0.1).map(|e| *e.1),
        };
        match (self.turn, &self.order) {
            (
                Some(turn),
                Order::Fifo(_)
                | Order::Adaptive {
                    was_oldest: true, ..
                },
            ) => Some(turn),
            (turn, _) => others.or(turn),
        }
    }

    /// Takes somebody out; says whether they waited here. Looks at everyone.
    pub fn remove(&mut self, attempt: u32) -> bool {
        if self.turn == Some(attempt) {
            self.turn = None;
            return true;
        }
        if let Some(place) = self.back.iter().position(|&a| a == attempt) {
            return self.back.remove(place).is_some();
        }
        match &mut self.order {
            Order::Fifo(line) => line.remove(attempt),
            Order::Lifo(line) | Order::Adaptive { line, .. } => {
                let place = line.iter().position(|&a| a == attempt);
                place.and_then(|place| line.remove(place)).is_some()
            }
            Order::Keyed(line, _) => {
                let key = line.iter().find(|e| *e.1 == attempt).map(|e| *e.0);
                key.and_then(|key| line.remove(&key)).is_some()
            }
        }
    }

    /// All who wait, whose turn has come first, and then in some order.
    pub fn all(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        let turn = self.turn.into_iter();
        match &self.order {
            Order::Fifo(line) => Box::new(turn.chain(line.all())),
            Order::Lifo(line) | Order::Adaptive { line, .. } => {
                Box::new(turn.chain(line.iter().copied()))
            }
            Order::Keyed(line, _) => Box::new(turn.chain(line.values().copied())),
        }
    }

    /// Takes everybody out, in the order of their turns.
    pub fn empty(&mut self) -> Vec<u32> {
        std::iter::from_fn(|| self.pop()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(discipline: Discipline) -> Line {
        let mut line = Line::new(discipline, 4);
        for (attempt, key) in [(1, 5), (2, 3), (3, 5), (4, 3)] {
            line.push(attempt, key);
        }
        line
    }

    #[test]
    fn each_discipline_has_its_order() {
        assert_eq!(filled(Discipline::Fifo).empty(), [1, 2, 3, 4]);
        assert_eq!(filled(Discipline::Lifo).empty(), [4, 3, 2, 1]);
        assert_eq!(filled(Discipline::Priority).empty(), [2, 4, 1, 3]);
        assert_eq!(filled(Discipline::Edf).empty(), [2, 4, 1, 3]);
    }

    /// With four waiting and a bound of three the newest goes, then, three being no more than
    /// three, the oldest.
    #[test]
    fn beyond_a_bound_the_newest_goes_first() {
        let all = |above| filled(Discipline::AdaptiveLifo { above }).empty();
        assert_eq!(all(4), [1, 2, 3, 4]);
        assert_eq!(all(3), [4, 1, 2, 3]);
        assert_eq!(all(2), [4, 3, 1, 2]);
        assert_eq!(all(0), [4, 3, 2, 1]);

        // Whose turn has come keeps it, and is the oldest if he had waited longest.
        let mut line = filled(Discipline::AdaptiveLifo { above: 3 });
        assert_eq!((line.turn(), line.oldest()), (Some(4), Some(1)));
        line.push(5, 0);
        assert_eq!(line.empty(), [4, 5, 1, 2, 3]);
        let mut line = filled(Discipline::AdaptiveLifo { above: 4 });
        assert_eq!((line.turn(), line.oldest()), (Some(1), Some(1)));

        // Who comes back is the next, on whichever side of the bound.
        for above in [0, 3, 4, 5, 9] {
            let mut line = filled(Discipline::AdaptiveLifo { above });
            line.push_front(8);
            assert_eq!(line.pop(), Some(8), "{above}");
        }
    }

    #[test]
    fn a_turn_that_has_come_is_kept() {
        let mut line = filled(Discipline::Lifo);
        assert_eq!(line.turn(), Some(4));
        line.push(5, 0);
        assert_eq!((line.turn(), line.len()), (Some(4), 5));
        assert_eq!(line.empty(), [4, 5, 3, 2, 1]);
    }

    #[test]
    fn who_comes_back_goes_before_all_who_have_not_begun() {
        for discipline in [Discipline::Fifo, Discipline::Lifo, Discipline::Edf] {
            let mut line = filled(discipline);
            let first = line.turn();
            line.come_back(8);
            line.come_back(9);
            assert_eq!(
                (line.turn(), line.len()),
                (Some(8), 6),
                "nobody overtakes them"
            );
            let oldest = line.oldest();
            assert!(oldest.is_some_and(|a| a < 8), "they are not displaced");
            assert!(line.remove(9) && !line.remove(9));
            assert_eq!((line.pop(), line.pop()), (Some(8), first));
        }
    }

    #[test]
    fn the_longest_waiting_and_those_who_leave_are_found() {
        for discipline in [Discipline::Fifo, Discipline::Lifo, Discipline::Priority] {
            let mut line = filled(discipline);
            assert_eq!(line.oldest(), Some(1), "{discipline:?}");
            assert!(line.remove(3) && !line.remove(3));
            assert_eq!(line.len(), 3);
        }
    }
}
