//! Typed indices: a number that says what it counts, and a vector only that number can index.
//!
//! State is kept in dense columns. With plain `usize` indices nothing stops a worker's number from
//! reading a column of requests; here that does not compile. Knows nothing of what the ids name.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// An index of one kind, counted from 0. Declared with [`typed_ids!`](crate::typed_ids).
pub trait Id: Copy + Eq + Ord + fmt::Debug {
    /// The id of the element at this place.
    fn new(index: usize) -> Self;
    /// The place of the element.
    fn index(self) -> usize;
}

/// Declares typed ids: each a `u32` in memory, with `new(usize)`, `index()` and an order.
#[macro_export]
macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The id of the element at this place, counted from 0.
            ///
            /// # Panics
            /// If the place does not fit 32 bits; every table is limited far below that.
            #[inline]
            pub const fn new(index: usize) -> Self {
                assert!(index <= u32::MAX as usize, "an id fits 32 bits");
                Self(index as u32)
            }

            /// The place of the element, counted from 0.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl $crate::base::ids::Id for $name {
            #[inline]
            fn new(index: usize) -> Self {
                Self::new(index)
            }
            #[inline]
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

typed_ids! {
    /// One source of requests.
    SourceId;
    /// One service: a balancer with its workers.
    ServiceId;
    /// One group of equal workers of a service.
    GroupId;
    /// One worker. The spec numbers them through the whole system, from 0; what a user reads
    /// (`events[14]`) counts within the service, from 1.
    WorkerId;
    /// One class of requests.
    ClassId;
    /// One fault of the model file.
    FaultId;
}

/// A vector whose index is one kind of id and no other.
#[derive(Clone, PartialEq, Eq)]
pub struct IdVec<I, T> {
    items: Vec<T>,
    kind: PhantomData<fn(I)>,
}

impl<I: Id, T> IdVec<I, T> {
    /// An empty vector.
    pub const fn new() -> Self {
        Self {
            items: Vec::new(),
            kind: PhantomData,
        }
    }

    /// `len` copies of `value`.
    pub fn filled(value: T, len: usize) -> Self
    where
        T: Clone,
    {
        Self::from(vec![value; len])
    }

    /// Appends an element and returns its id.
    pub fn push(&mut self, value: T) -> I {
        let id = I::new(self.items.len());
        self.items.push(value);
        id
    }

    /// The number of elements.
    #[inline]
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no element.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The element, or `None` when the id is past the end.
    #[inline]
    pub fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    /// The elements in the order of their ids.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The elements, to be changed, in the order of their ids.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// The ids in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + DoubleEndedIterator + use<I, T> {
        (0..self.items.len()).map(I::new)
    }

    /// Each id with its element.
    pub fn iter_enumerated(
        &self,
    ) -> impl ExactSizeIterator<Item = (I, &T)> + DoubleEndedIterator + '_ {
        self.items
            .iter()
            .enumerate()
            .map(|(i, item)| (I::new(i), item))
    }

    /// The elements without their ids: for a scan over a column.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }
}

impl<I: Id, T> Default for IdVec<I, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: Id, T> From<Vec<T>> for IdVec<I, T> {
    fn from(items: Vec<T>) -> Self {
        Self {
            items,
            kind: PhantomData,
        }
    }
}

impl<I: Id, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(items: It) -> Self {
        Self::from(Vec::from_iter(items))
    }
}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    #[inline]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<'a, I: Id, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<I, T: fmt::Debug> fmt::Debug for IdVec<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.fmt(f)
    }
}

/// A vector is indexed by its own id and by nothing else:
///
/// ```compile_fail,E0308
/// use veltrix::base::ids::{IdVec, SourceId, WorkerId};
/// let busy: IdVec<WorkerId, u32> = IdVec::filled(0, 3);
/// let _ = busy[SourceId::new(0)];
/// ```
#[cfg(doctest)]
struct OtherIdsAreRefused;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_place() {
        let id = WorkerId::new(13);
        assert_eq!(id.index(), 13);
        assert_eq!(format!("{id:?}"), "WorkerId(13)");
        assert!(WorkerId::new(2) < WorkerId::new(10));
        assert_eq!(size_of::<WorkerId>(), 4);
    }

    #[test]
    #[should_panic(expected = "an id fits 32 bits")]
    fn an_id_never_wraps() {
        let _ = ClassId::new(1 << 32);
    }

    #[test]
    fn push_returns_the_id_that_indexes() {
        let mut names: IdVec<ServiceId, &str> = IdVec::new();
        assert!(names.is_empty());
        let web = names.push("web");
        let db = names.push("db");
        assert_eq!((names[web], names[db], names.len()), ("web", "db", 2));
        names[db] = "store";
        assert_eq!(names.get(db), Some(&"store"));
        assert_eq!(names.get(ServiceId::new(2)), None);
    }

    #[test]
    fn iteration_follows_the_ids() {
        let mut counts: IdVec<GroupId, u64> = [5, 7, 9].into_iter().collect();
        for count in counts.iter_mut() {
            *count += 1;
        }
        assert_eq!(counts.as_slice(), [6, 8, 10]);
        assert_eq!(counts.iter().sum::<u64>(), 24);
        assert_eq!((&counts).into_iter().count(), 3);
        let pairs: Vec<_> = counts
            .iter_enumerated()
            .map(|(id, n)| (id.index(), *n))
            .collect();
        assert_eq!(pairs, [(0, 6), (1, 8), (2, 10)]);
        assert_eq!(counts.ids().last(), Some(GroupId::new(2)));
        assert_eq!(format!("{counts:?}"), "[6, 8, 10]");
        assert_eq!(IdVec::<FaultId, u8>::filled(3, 2), IdVec::from(vec![3, 3]));
        assert!(IdVec::<SourceId, u8>::default().is_empty());
    }
}
