//! A line of attempts, first come first served, which one may also leave from its middle.

use std::collections::VecDeque;

/// Marks the place of one that has left.
const GONE: u32 = u32::MAX;

/// Attempts in the order in which they came. Whoever leaves keeps no place: the mark left behind
/// is skipped, so leaving takes the same time however long the line is.
#[derive(Clone, Debug, Default)]
pub struct Line {
    entries: VecDeque<u32>,
    /// How many marks are among the entries.
    gone: usize,
    /// Entries taken off the front so far; wraps around.
    taken: u32,
}

impl Line {
    /// An empty line with room for so many.
    pub fn with_capacity(capacity: usize) -> Self {
        Line {
            entries: VecDeque::with_capacity(capacity),
            gone: 0,
            taken: 0,
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.entries.len() - self.gone
    }

    /// Puts an attempt at the end; the ticket returned is what it can leave with.
    #[inline]
    pub fn push_back(&mut self, attempt: u32) -> u32 {
        let ticket = self.taken.wrapping_add(self.entries.len() as u32);
        self.entries.push_back(attempt);
        ticket
    }

    /// Takes the first.
    #[inline]
    pub fn pop_front(&mut self) -> Option<u32> {
        let first = self.take_first()?;
        if first == GONE {
            return self.pop_front_behind_gone();
        }
        Some(first)
    }

    #[inline]
    fn take_first(&mut self) -> Option<u32> {
        let first = self.entries.pop_front()?;
        self.taken = self.taken.wrapping_add(1);
        Some(first)
    }

    #[cold]
    fn pop_front_behind_gone(&mut self) -> Option<u32> {
        loop {
            self.gone -= 1;
            let first = self.take_first()?;
            if first != GONE {
                return Some(first);
            }
        }
    }

    /// Puts an attempt before all others.
    pub fn push_front(&mut self, attempt: u32) {
        self.taken = self.taken.wrapping_sub(1);
        self.entries.push_front(attempt);
    }

    /// The first who has not left.
    pub fn front(&self) -> Option<u32> {
        self.entries.iter().copied().find(|&a| a != GONE)
    }

    /// Takes somebody out without a ticket; says whether they were in line. Looks at everyone.
    pub fn remove(&mut self, attempt: u32) -> bool {
        let Some(place) = self.entries.iter().position(|&a| a == attempt) else {
            return false;
        };
        self.leave(self.taken.wrapping_add(place as u32));
        true
    }

    /// The holder of a ticket, who is still in line, leaves.
    pub fn leave(&mut self, ticket: u32) {
        let place = ticket.wrapping_sub(self.taken) as usize;
        debug_assert_ne!(self.entries[place], GONE, "nobody leaves twice");
        self.entries[place] = GONE;
        self.gone += 1;
        while self.entries.front() == Some(&GONE) {
            self.take_first();
            self.gone -= 1;
        }
    }

    /// All who wait, in order.
    pub fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries.iter().copied().filter(|&a| a != GONE)
    }

    /// Takes out everyone, in order.
    pub fn empty(&mut self) -> Vec<u32> {
        self.taken = self.taken.wrapping_add(self.entries.len() as u32);
        self.gone = 0;
        self.entries.drain(..).filter(|&a| a != GONE).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_is_skipped_and_not_counted() {
        let mut line = Line::with_capacity(2);
        // Tickets run through the largest number.
        line.taken = u32::MAX - 1;
        let tickets: Vec<u32> = (10..16).map(|a| line.push_back(a)).collect();
        line.leave(tickets[1]);
        line.leave(tickets[2]);
        assert_eq!(line.len(), 4);
        assert_eq!(line.pop_front(), Some(10));
        assert_eq!(line.pop_front(), Some(13));
        line.leave(tickets[5]);
        line.leave(tickets[4]);
        assert_eq!((line.len(), line.pop_front()), (0, None));
        let tickets: Vec<u32> = (16..19).map(|a| line.push_back(a)).collect();
        line.leave(tickets[1]);
        assert_eq!((line.pop_front(), line.front()), (Some(16), Some(18)));
        assert_eq!((line.pop_front(), line.front()), (Some(18), None));
        let ticket = line.push_back(20);
        line.push_back(21);
        line.push_back(22);
        line.leave(ticket);
        assert_eq!(line.empty(), [21, 22]);
        assert_eq!(line.len(), 0);
        let ticket = line.push_back(30);
        line.push_back(31);
        line.leave(ticket);
        assert_eq!(line.pop_front(), Some(31));
    }
}
