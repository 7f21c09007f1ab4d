//! Numbered places that are used again: no allocation once as many exist as are ever needed at
//! once.

/// Places with a free list; the place freed last is used first.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    /// Empty.
    pub fn new() -> Self {
        Slab {
            items: Vec::new(),
            free: Vec::new(),
        }
    }

    /// The place that the next item will get.
    #[inline]
    pub fn next_place(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.items.len() as u32)
    }

    /// A place for the new item made from what the place held before, if anything.
    #[inline]
    pub fn add(&mut self, make: impl FnOnce(Option<&T>) -> T) -> u32 {
        match self.free.pop() {
            Some(place) => {
                let item = &mut self.items[place as usize];
                *item = make(Some(item));
                place
            }
            None => {
                self.items.push(make(None));
                (self.items.len() - 1) as u32
            }
        }
    }

    /// Gives a place back.
    #[inline]
    pub fn remove(&mut self, place: u32) {
        self.free.push(place);
    }

    /// How many places are in use.
    pub fn used(&self) -> usize {
        self.items.len() - self.free.len()
    }

    /// How many places there are, used or not.
    pub fn places(&self) -> u32 {
        self.items.len() as u32
    }

    /// All places, used or not.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, place: u32) -> &T {
        &self.items[place as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, place: u32) -> &mut T {
        &mut self.items[place as usize]
    }
}
