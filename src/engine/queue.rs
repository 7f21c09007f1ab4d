//! The event queue: a total order of (time, rank, sequence).
//!
//! Time is whole nanoseconds. Rank is declared by the model for each kind of event. Sequence is
//! taken when an event is scheduled, whichever structure holds it, so the order is total and does
//! not depend on where an event was kept:
//!
//! * **registers** hold the next arrival of each source,
//! * **lanes** hold events with a constant delay, first in, first out,
//! * the **heap** holds everything else, as 8 bytes of time and slot,
//! * the **instant** holds events of the present time that share it, ordered by rank and sequence.
//!
//! Most instants belong to one event, and then rank and sequence are never looked at. When
//! several share one, all of them are taken out into the instant and served from there.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::marker::PhantomData;

use prefetch_index::prefetch_index;

use super::heap::{Entry, Heap, NEVER};
use crate::base::units::Nanos;

/// What can happen, as plain data. The queue keeps it as one word: a pending event is two words,
/// and moving it costs no more than that.
pub trait Event: Copy {
    /// Its place among events of the same instant, low first, below 16.
    fn rank(&self) -> u8;
    /// As one word.
    fn pack(self) -> u64;
    /// From the word that [`Event::pack`] made.
    fn unpack(word: u64) -> Self;
}

/// How soon an event comes that [`Queue::foresee`] tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soon {
    /// It is among the next few.
    AmongNext,
    /// It is the next, unless it comes from elsewhere than the heap.
    Next,
}

/// A lane or the heap: where events of one constant delay go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane(u32);

/// A register: where the next event of one source waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register(u32);

/// Registers and lanes beyond these go into the heap: each is looked at for every event.
const MOST_HEADS: usize = 12;
const IN_HEAP: u32 = u32::MAX;
const RANK_SHIFT: u32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    /// Rank in the top bits, sequence below: different for each event.
    key: u64,
    word: u64,
}

/// One of the structures beside the heap.
#[derive(Clone, Debug)]
enum Head {
    Register(Pending),
    Lane(VecDeque<(Nanos, Pending)>),
}

/// The queue. `Clone` as a whole, so that a run can be branched.
#[derive(Clone, Debug)]
pub struct Queue<W, E> {
    now: Nanos,
    next_sequence: u64,
    heap: Heap<W>,
    /// What is in each slot, and its key: that is only looked at where an instant is shared, so it
    /// has memory of its own.
    slots: Vec<u64>,
    keys: Vec<u64>,
    free: Vec<u32>,
    /// Earliest time in each head.
    head_times: Vec<Nanos>,
    heads: Vec<Head>,
    instant: BinaryHeap<Reverse<Pending>>,
    exhausted: bool,
    events: PhantomData<E>,
}

impl<W: Entry, E: Event> Queue<W, E> {
    /// Empty, at time 0.
    pub fn new() -> Self {
        Queue {
            now: 0,
            next_sequence: 0,
            heap: Heap::new(),
            slots: Vec::new(),
            keys: Vec::new(),
            free: Vec::new(),
            head_times: Vec::new(),
            heads: Vec::new(),
            instant: BinaryHeap::new(),
            exhausted: false,
            events: PhantomData,
        }
    }

    /// A register of its own for a source of events.
    pub fn add_register(&mut self) -> Register {
        Register(self.add_head(Head::Register(Pending { key: 0, word: 0 })))
    }

    /// A lane of its own for events that are always scheduled by the same delay.
    pub fn add_lane(&mut self) -> Lane {
        Lane(self.add_head(Head::Lane(VecDeque::new())))
    }

    fn add_head(&mut self, head: Head) -> u32 {
        if self.heads.len() == MOST_HEADS {
            return IN_HEAP;
        }
        self.heads.push(head);
        self.head_times.push(NEVER);
        (self.heads.len() - 1) as u32
    }

    /// The time of the event taken last.
    #[inline(always)]
    pub fn now(&self) -> Nanos {
        self.now
    }

    /// Whether more events were pending at once than entries of this width can number.
    #[inline(always)]
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    /// Whether nothing is pending at all.
    pub fn is_empty(&self) -> bool {
        let heads = self.head_times.iter();
        self.instant.is_empty()
            && self.heap.earliest() == NEVER
            && heads.copied().all(|time| time == NEVER)
    }

    /// Whether no other event shares the present instant: an event scheduled now would be next.
    #[inline(always)]
    pub fn alone(&self) -> bool {
        self.instant.is_empty()
    }

    #[inline(always)]
    fn pending(&mut self, event: E) -> Pending {
        let key = (u64::from(event.rank()) << RANK_SHIFT) | self.next_sequence;
        self.next_sequence += 1;
        Pending {
            key,
            word: event.pack(),
        }
    }

    /// Schedules an event at a time, not before now.
    #[inline(always)]
    pub fn at(&mut self, time: Nanos, event: E) {
        debug_assert!(time >= self.now, "time never goes back");
        let pending = self.pending(event);
        if time == self.now {
            self.instant.push(Reverse(pending));
        } else {
            self.push(time, pending);
        }
    }

    #[inline(always)]
    fn push(&mut self, time: Nanos, pending: Pending) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = pending.word;
                self.keys[slot as usize] = pending.key;
                slot
            }
            None => {
                if self.slots.len() >= W::MAX_SLOTS {
                    self.exhausted = true;
                    return;
                }
                self.slots.push(pending.word);
                self.keys.push(pending.key);
                (self.slots.len() - 1) as u32
            }
        };
        self.heap.push(W::new(time, slot));
    }

    /// Schedules the next event of a source; its register must be free.
    #[inline(always)]
    pub fn register(&mut self, register: Register, time: Nanos, event: E) {
        debug_assert!(time >= self.now, "time never goes back");
        if time == self.now || register.0 == IN_HEAP {
            return self.at(time, event);
        }
        let pending = self.pending(event);
        let index = register.0 as usize;
        debug_assert!(
            self.head_times[index] == NEVER,
            "a register holds one event"
        );
        self.head_times[index] = time;
        if let Head::Register(held) = &mut self.heads[index] {
            *held = pending;
        }
    }

    /// Schedules an event in a lane, not before the last one there.
    #[inline(always)]
    pub fn lane(&mut self, lane: Lane, time: Nanos, event: E) {
        if time == self.now || lane.0 == IN_HEAP {
            return self.at(time, event);
        }
        let pending = self.pending(event);
        let index = lane.0 as usize;
        if let Head::Lane(line) = &mut self.heads[index] {
            debug_assert!(
                line.back().is_none_or(|b| b.0 <= time),
                "a lane keeps its order"
            );
            if line.is_empty() {
                self.head_times[index] = time;
            }
            line.push_back((time, pending));
        }
    }

    /// Drops events from the front of a lane as long as they are stale, whenever they are due:
    /// they would have no effect.
    #[inline]
    pub fn drop_while(&mut self, lane: Lane, mut stale: impl FnMut(E) -> bool) {
        let Some(Head::Lane(line)) = self.heads.get_mut(lane.0 as usize) else {
            return;
        };
        while line.front().is_some_and(|(_, p)| stale(E::unpack(p.word))) {
            line.pop_front();
        }
        self.head_times[lane.0 as usize] = line.front().map_or(NEVER, |f| f.0);
    }

    /// Takes the next event, [packed](Event::pack); time moves to it. `None` when nothing is left.
    #[inline(always)]
    pub fn take(&mut self) -> Option<u64> {
        if !self.instant.is_empty() {
            return self.instant.pop().map(|p| p.0.word);
        }
        let heap_time = self.heap.earliest();
        let mut time = heap_time;
        let mut from = None;
        let mut shared = false;
        for (index, &head) in self.head_times.iter().enumerate() {
            if head < time {
                time = head;
                from = Some(index);
                shared = false;
            } else if head == time {
                shared = true;
            }
        }
        if time == NEVER {
            return None;
        }
        self.now = time;
        let Some(index) = from else {
            let slot = self.take_heap();
            if !shared && self.heap.earliest() != time {
                return Some(self.slots[slot as usize]);
            }
            return Some(self.share(self.in_slot(slot)));
        };
        let first = self.take_head(index);
        if !shared && self.head_times[index] != time {
            return Some(first.word);
        }
        Some(self.share(first))
    }

    /// Where very many events are pending: tells of some that come soon, each at several times.
    #[inline(always)]
    pub fn foresee(&self, mut tell: impl FnMut(E, Soon)) {
        if !self.heap.is_far() {
            return;
        }
        prefetch_index(&self.slots, self.heap.risen(2).slot() as usize);
        for (level, soon) in [(1, Soon::AmongNext), (0, Soon::Next)] {
            if let Some(&word) = self.slots.get(self.heap.risen(level).slot() as usize) {
                tell(E::unpack(word), soon);
            }
        }
    }

    #[inline(always)]
    fn take_heap(&mut self) -> u32 {
        let entry = self.heap.pop().expect("the heap was looked at");
        self.free.push(entry.slot());
        entry.slot()
    }

    fn in_slot(&self, slot: u32) -> Pending {
        Pending {
            key: self.keys[slot as usize],
            word: self.slots[slot as usize],
        }
    }

    #[inline(always)]
    fn take_head(&mut self, index: usize) -> Pending {
        let (pending, next) = match &mut self.heads[index] {
            Head::Register(pending) => (*pending, NEVER),
            Head::Lane(line) => {
                let first = line.pop_front().expect("the lane was looked at").1;
                (first, line.front().map_or(NEVER, |f| f.0))
            }
        };
        self.head_times[index] = next;
        pending
    }

    /// Several events share the instant: all are taken out, the first of them is returned.
    #[cold]
    fn share(&mut self, first: Pending) -> u64 {
        self.instant.push(Reverse(first));
        while self.heap.earliest() == self.now {
            let slot = self.take_heap();
            self.instant.push(Reverse(self.in_slot(slot)));
        }
        for index in 0..self.heads.len() {
            while self.head_times[index] == self.now {
                let next = self.take_head(index);
                self.instant.push(Reverse(next));
            }
        }
        self.instant.pop().expect("one was put in").0.word
    }
}

impl<W: Entry, E: Event> Default for Queue<W, E> {
    fn default() -> Self {
        Queue::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::heap::{Narrow, Wide};
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Ev(u8, u32);
    impl Event for Ev {
        fn rank(&self) -> u8 {
            self.0
        }
        fn pack(self) -> u64 {
            u64::from(self.0) << 32 | u64::from(self.1)
        }
        fn unpack(word: u64) -> Self {
            Ev((word >> 32) as u8, word as u32)
        }
    }

    fn next<W: Entry>(queue: &mut Queue<W, Ev>) -> Option<Ev> {
        queue.take().map(Ev::unpack)
    }

    fn drain<W: Entry>(mut queue: Queue<W, Ev>) -> Vec<(Nanos, u32)> {
        let mut out = Vec::new();
        while let Some(event) = next(&mut queue) {
            out.push((queue.now(), event.1));
        }
        out
    }

    #[test]
    fn rank_then_sequence_decide_within_an_instant_wherever_events_are_kept() {
        let mut queue = Queue::<Narrow, Ev>::new();
        let register = queue.add_register();
        let lane = queue.add_lane();
        queue.at(10, Ev(4, 1));
        queue.register(register, 10, Ev(4, 2));
        queue.lane(lane, 10, Ev(3, 3));
        queue.at(10, Ev(2, 4));
        queue.lane(lane, 10, Ev(2, 5));
        queue.at(11, Ev(1, 6));
        let order: Vec<u32> = drain(queue).into_iter().map(|e| e.1).collect();
        assert_eq!(order, [4, 5, 3, 1, 2, 6]);
    }

    #[test]
    fn the_present_instant_can_be_joined() {
        let mut queue = Queue::<Wide, Ev>::new();
        queue.at(5, Ev(4, 1));
        queue.at(5, Ev(5, 2));
        assert_eq!(next(&mut queue), Some(Ev(4, 1)));
        assert!(!queue.alone());
        queue.at(5, Ev(1, 3));
        assert_eq!(next(&mut queue), Some(Ev(1, 3)));
        assert_eq!(next(&mut queue), Some(Ev(5, 2)));
        assert_eq!(next(&mut queue), None);
    }

    /// A load with many ties gives the same order for both widths, and that of a plain sort.
    #[test]
    fn both_widths_keep_the_total_order() {
        fn play<W: Entry>() -> Vec<(Nanos, u32)> {
            let mut queue = Queue::<W, Ev>::new();
            let register = queue.add_register();
            let lane = queue.add_lane();
            let mut state = 1u64;
            let mut name = 0;
            let mut out = Vec::new();
            queue.register(register, 1, Ev(4, 0));
            while let Some(event) = next(&mut queue) {
                out.push((queue.now(), event.1));
                if out.len() > 4000 {
                    break;
                }
                if event.0 == 4 {
                    name += 1;
                    queue.register(register, queue.now() + u64::from(name % 3), Ev(4, name));
                }
                state = state.wrapping_mul(6364136223846793005).wrapping_add(99991);
                if state >> 63 == 0 {
                    name += 1;
                    queue.at(
                        queue.now() + (state >> 60),
                        Ev((state >> 33) as u8 % 3, name),
                    );
                    name += 1;
                    queue.lane(lane, queue.now() + 4, Ev(3, name));
                }
            }
            out
        }
        let narrow = play::<Narrow>();
        assert_eq!(narrow, play::<Wide>());
        assert!(narrow.windows(2).all(|w| w[0].0 <= w[1].0));
    }
}
