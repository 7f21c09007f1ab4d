//! A 4-ary heap of small entries: time and slot, nothing else. It knows no rank and no payload;
//! `queue` puts those back in order where an instant is shared.

use crate::base::units::Nanos;
use prefetch_index::prefetch_index;

/// A time beyond all others: nothing is there.
pub const NEVER: Nanos = Nanos::MAX;

/// An entry of the heap, ordered by time first.
pub trait Entry: Copy + Ord {
    /// Greater than every real entry.
    const LAST: Self;
    /// Largest time that an entry holds; later ones are held as this.
    const MAX_TIME: Nanos;
    /// Largest number of slots.
    const MAX_SLOTS: usize;
    /// Packs a time and a slot.
    fn new(time: Nanos, slot: u32) -> Self;
    /// Its time.
    fn time(self) -> Nanos;
    /// Its slot.
    fn slot(self) -> u32;
}

/// 8 bytes: 44 bits of time (4.9 hours) and 20 bits of slot (a million pending events).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Narrow(u64);

/// 16 bytes: any time, any number of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide(u128);

const SLOT_BITS: u32 = 20;

impl Entry for Narrow {
    const LAST: Narrow = Narrow(u64::MAX);
    const MAX_TIME: Nanos = (1 << (64 - SLOT_BITS)) - 2;
    const MAX_SLOTS: usize = 1 << SLOT_BITS;

    #[inline(always)]
    fn new(time: Nanos, slot: u32) -> Self {
        Narrow((time.min(Self::MAX_TIME) << SLOT_BITS) | u64::from(slot))
    }
    #[inline(always)]
    fn time(self) -> Nanos {
        self.0 >> SLOT_BITS
    }
    #[inline(always)]
    fn slot(self) -> u32 {
        (self.0 & ((1 << SLOT_BITS) - 1)) as u32
    }
}

impl Entry for Wide {
    const LAST: Wide = Wide(u128::MAX);
    const MAX_TIME: Nanos = NEVER - 1;
    const MAX_SLOTS: usize = u32::MAX as usize;

    #[inline(always)]
    fn new(time: Nanos, slot: u32) -> Self {
        Wide((u128::from(time) << 32) | u128::from(slot))
    }
    #[inline(always)]
    fn time(self) -> Nanos {
        (self.0 >> 32) as u64
    }
    #[inline(always)]
    fn slot(self) -> u32 {
        self.0 as u32
    }
}

const WAYS: usize = 4;

/// From so many entries on, the caches nearest to the processor no longer hold all of the heap and
/// of what its entries stand for.
const FAR: usize = 4096;
/// Levels near the root: what is there comes soon.
const NEAR_LEVELS: usize = 3;

/// The least of the children of a place, and which of them it is.
#[inline(always)]
fn least<W: Entry>(&[a, b, c, d]: &[W; WAYS]) -> (W, usize) {
    let (left, i) = if b < a { (b, 1) } else { (a, 0) };
    let (right, j) = if d < c { (d, 3) } else { (c, 2) };
    if right < left { (right, j) } else { (left, i) }
}

/// The heap. Places behind the last entry are filled with [`Entry::LAST`], so that the children
/// of a place can always be looked at as four.
#[derive(Clone, Debug)]
pub struct Heap<W> {
    items: Vec<W>,
    len: usize,
    /// Where the heap is [far](Heap::is_far): what came to the first three levels last.
    risen: [W; NEAR_LEVELS],
}

impl<W: Entry> Heap<W> {
    /// Empty.
    pub fn new() -> Self {
        Heap {
            items: vec![W::LAST; 2 * WAYS],
            len: 0,
            risen: [W::LAST; NEAR_LEVELS],
        }
    }

    /// Whether it is so large that looking ahead pays.
    #[inline(always)]
    pub fn is_far(&self) -> bool {
        self.len > FAR
    }

    /// Where it is far, what the last [`Heap::pop`] brought to a level: 0 is the root, entries of
    /// level 1 are among the next few, of level 2 among the next twenty or so.
    #[inline(always)]
    pub fn risen(&self, level: usize) -> W {
        self.risen[level]
    }

    /// The time of the earliest entry, [`NEVER`] when empty.
    #[inline(always)]
    pub fn earliest(&self) -> Nanos {
        if self.len == 0 {
            NEVER
        } else {
            self.items[0].time()
        }
    }

    /// Adds an entry.
    #[inline(always)]
    pub fn push(&mut self, entry: W) {
        if self.len + WAYS + 1 >= self.items.len() {
            self.grow();
        }
        let mut place = self.len;
        self.len += 1;
        let items = &mut self.items[..];
        while place > 0 {
            let parent = (place - 1) / WAYS;
            if items[parent] <= entry {
                break;
            }
            items[place] = items[parent];
            place = parent;
        }
        items[place] = entry;
    }

    #[cold]
    fn grow(&mut self) {
        let longer = 2 * self.items.len();
        self.items.resize(longer, W::LAST);
    }

    /// Takes the earliest entry.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<W> {
        let len = self.len.checked_sub(1)?;
        let items = &mut self.items[..];
        let top = items[0];
        let last = items[len];
        items[len] = W::LAST;
        self.len = len;
        if len == 0 {
            return Some(top);
        }
        if len > FAR {
            self.sink_far(last);
            return Some(top);
        }
        let mut place = 0;
        loop {
            let first = place * WAYS + 1;
            if first >= len {
                break;
            }
            let Some(four) = items[first..].first_chunk::<WAYS>() else {
                break;
            };
            let (child, k) = least(four);
            if last <= child {
                break;
            }
            items[place] = child;
            place = first + k;
        }
        items[place] = last;
        Some(top)
    }

    /// The rest of [`Heap::pop`] in a far heap: fetches two levels ahead of itself, and keeps what
    /// rose to the first levels.
    #[inline(never)]
    fn sink_far(&mut self, last: W) {
        let len = self.len;
        let items = &mut self.items[..];
        let mut place = 0;
        let mut level = 0;
        loop {
            let first = place * WAYS + 1;
            if first >= len {
                break;
            }
            let below = first * WAYS + 1;
            prefetch_index(&*items, below);
            prefetch_index(&*items, below + WAYS * WAYS / 2);
            prefetch_index(&*items, below + WAYS * WAYS - 1);
            let Some(four) = items[first..].first_chunk::<WAYS>() else {
                break;
            };
            let (child, k) = least(four);
            if last <= child {
                break;
            }
            if level < NEAR_LEVELS {
                self.risen[level] = child;
            }
            level += 1;
            items[place] = child;
            place = first + k;
        }
        items[place] = last;
    }
}

impl<W: Entry> Default for Heap<W> {
    fn default() -> Self {
        Heap::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorts<W: Entry>() {
        let mut heap = Heap::<W>::new();
        let mut state = 7u64;
        let mut expected = Vec::new();
        for slot in 0..5000u32 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let time = state >> 40;
            heap.push(W::new(time, slot));
            expected.push((time, slot));
            if state & 3 == 0 {
                let least = *expected.iter().min().unwrap();
                expected.retain(|e| *e != least);
                let got = heap.pop().unwrap();
                assert_eq!((got.time(), got.slot()), least);
            }
        }
        expected.sort_unstable();
        for e in expected {
            let got = heap.pop().unwrap();
            assert_eq!((got.time(), got.slot()), e);
        }
        assert!(heap.pop().is_none());
        assert_eq!(heap.earliest(), NEVER);
    }

    #[test]
    fn entries_come_out_in_order() {
        sorts::<Narrow>();
        sorts::<Wide>();
    }

    #[test]
    fn narrow_entries_clamp_late_times() {
        assert_eq!(Narrow::new(u64::MAX - 1, 5).time(), Narrow::MAX_TIME);
        assert!(Narrow::new(u64::MAX, u32::MAX >> 12) < Narrow::LAST);
    }
}
