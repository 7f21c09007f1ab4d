//! Look-aside caches of calls: which answers are kept, and which make room. Time in no part of it.

use std::collections::BTreeMap;

use super::spec::CacheSpec;

/// A cache in a run.
#[derive(Clone, Debug)]
pub enum Cache {
    /// Hits by chance.
    Chance(f64),
    /// The keys asked for last.
    Lru(Lru),
}

/// The keys that were asked for last, so many. A key counts as asked for when it is found, and when
/// its answer is put in.
#[derive(Clone, Debug)]
pub struct Lru {
    capacity: usize,
    /// When each key was asked for last; a number that only grows.
    last: BTreeMap<u64, u64>,
    /// Which key that was.
    order: BTreeMap<u64, u64>,
    next: u64,
}

impl Cache {
    /// Empty.
    pub fn new(spec: &CacheSpec) -> Cache {
        match *spec {
            CacheSpec::Hit { probability } => Cache::Chance(probability),
            CacheSpec::Lru { capacity } => Cache::Lru(Lru {
                capacity: capacity as usize,
                last: BTreeMap::new(),
                order: BTreeMap::new(),
                next: 0,
            }),
        }
    }

    /// Whether a call finds its answer. `chance`: a draw from 0 to 1 of its own.
    pub fn finds(&mut self, key: u64, chance: impl FnOnce() -> f64) -> bool {
        match self {
            Cache::Chance(probability) => chance() < *probability,
            Cache::Lru(lru) => lru.finds(key),
        }
    }

    /// Drops the keys for which this says so.
    pub fn flush(&mut self, mut goes: impl FnMut(u64) -> bool) {
        if let Cache::Lru(lru) = self {
            lru.order.retain(|_, &mut key| !goes(key));
            lru.last = lru.order.iter().map(|(&when, &key)| (key, when)).collect();
        }
    }

    /// A call has its answer.
    pub fn keep(&mut self, key: u64) {
        if let Cache::Lru(lru) = self {
            lru.keep(key);
        }
    }
}

impl Lru {
    fn finds(&mut self, key: u64) -> bool {
        let found = self.last.contains_key(&key);
        if found {
            self.touch(key);
        }
        found
    }

    fn keep(&mut self, key: u64) {
        self.touch(key);
        if self.last.len() > self.capacity
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.last.remove(&oldest);
        }
    }

    fn touch(&mut self, key: u64) {
        if let Some(before) = self.last.insert(key, self.next) {
            self.order.remove(&before);
        }
        self.order.insert(self.next, key);
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two places; worked out by hand: which of a, b, c are there after each step.
    #[test]
    fn the_one_not_asked_for_longest_makes_room() {
        let mut cache = Cache::new(&CacheSpec::Lru { capacity: 2 });
        let (a, b, c) = (1, 2, 3);
        let never = || unreachable!("nothing is drawn");
        assert!(!cache.finds(a, never), "empty");
        assert!(!cache.finds(a, never), "asking does not fill it");
        cache.keep(a);
        cache.keep(b);
        assert!(cache.finds(a, never), "a is now the later one");
        cache.keep(c);
        assert!(!cache.finds(b, never), "b made room");
        assert!(cache.finds(a, never) && cache.finds(c, never));
        cache.keep(a);
        cache.keep(b);
        assert!(
            !cache.finds(c, never),
            "an answer put in again is as good as asked for"
        );
        assert!(cache.finds(a, never));
    }

    #[test]
    fn what_is_flushed_is_gone_and_the_rest_keeps_its_turn() {
        let mut cache = Cache::new(&CacheSpec::Lru { capacity: 3 });
        let never = || unreachable!("nothing is drawn");
        for key in [1, 2, 3] {
            cache.keep(key);
        }
        cache.flush(|key| key == 2);
        assert!(!cache.finds(2, never));
        cache.keep(4);
        cache.keep(5);
        assert!(!cache.finds(1, never), "the oldest of 1, 3, 4 made room");
        assert!(cache.finds(3, never) && cache.finds(4, never) && cache.finds(5, never));
        cache.flush(|_| true);
        assert!([3, 4, 5].iter().all(|&key| !cache.finds(key, never)));
    }

    #[test]
    fn a_chance_is_a_chance() {
        let mut cache = Cache::new(&CacheSpec::Hit { probability: 0.5 });
        assert!(cache.finds(1, || 0.49) && !cache.finds(1, || 0.5));
    }
}
