//! Boxes of points between a worst and a best corner, in ranks along the axes.
//!
//! Along an ordered axis the rank of a value is its place from the worst to the best; along any
//! other it is its index, and a box has one value there.

use super::PointId;
use super::space::Space;

/// A box. Both corners belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// Part of the space.
    pub part: usize,
    /// Ranks of the worst corner; empty for a variant that is not swept.
    pub lo: Vec<usize>,
    /// Ranks of the best corner.
    pub hi: Vec<usize>,
}

/// A space with the axes that are taken to be ordered at the moment.
pub(super) struct Grid<'a> {
    /// The space.
    pub space: &'a Space,
    /// Whether each axis is taken to be ordered.
    pub ordered: Vec<bool>,
}

impl<'a> Grid<'a> {
    /// Every order that theory has.
    pub fn new(space: &'a Space) -> Grid<'a> {
        Grid {
            space,
            ordered: space.axes.iter().map(|a| a.order.is_some()).collect(),
        }
    }

    /// The point at these ranks.
    pub fn point(&self, part: usize, ranks: &[usize]) -> PointId {
        let at: Vec<usize> = ranks
            .iter()
            .enumerate()
            .map(
                |(a, &rank)| match (&self.space.axes[a].order, self.ordered[a]) {
                    (Some(order), true) => order[rank],
                    _ => rank,
                },
            )
            .collect();
        self.space.number(part, &at)
    }

    /// The part and the ranks of a point.
    pub fn ranks(&self, point: PointId) -> (usize, Vec<usize>) {
        let (part, mut at) = self.space.place(point);
        for (a, place) in at.iter_mut().enumerate() {
            if let (Some(order), true) = (&self.space.axes[a].order, self.ordered[a]) {
                let rank = order.iter().position(|i| i == place);
                *place = rank.expect("an order has every index");
            }
        }
        (part, at)
    }

    /// Whether the first point is at least as good as the second along every axis, by the orders.
    pub fn dominates(&self, best: PointId, worst: PointId) -> bool {
        let ((p, best), (q, worst)) = (self.ranks(best), self.ranks(worst));
        let one = |a: usize| match self.ordered[a] {
            true => best[a] >= worst[a],
            false => best[a] == worst[a],
        };
        p == q && (0..best.len()).all(one)
    }

    /// Axes along which two points differ.
    pub fn differ(&self, a: PointId, b: PointId) -> Vec<usize> {
        let ((_, a), (_, b)) = (self.space.place(a), self.space.place(b));
        (0..a.len().min(b.len()))
            .filter(|&i| a[i] != b[i])
            .collect()
    }

    /// One box for each part and each combination of values along axes without an order. Along
    /// `free` axes only the best value is needed.
    pub fn roots(&self, free: &[bool]) -> Vec<Region> {
        let mut roots = Vec::new();
        for (part, of) in self.space.variants.iter().enumerate() {
            if !of.swept {
                roots.push(Region {
                    part,
                    lo: Vec::new(),
                    hi: Vec::new(),
                });
                continue;
            }
            let axes = &self.space.axes;
            let first: Vec<usize> = (0..axes.len())
                .map(|a| {
                    if self.ordered[a] && free[a] {
                        axes[a].len - 1
                    } else {
                        0
                    }
                })
                .collect();
            let mut lo = first.clone();
            loop {
                let top = |a: usize| {
                    if self.ordered[a] {
                        axes[a].len - 1
                    } else {
                        lo[a]
                    }
                };
                roots.push(Region {
                    part,
                    hi: (0..axes.len()).map(top).collect(),
                    lo: lo.clone(),
                });
                // The next combination along axes without an order, the last fastest.
                let turns = (0..axes.len()).rev().filter(|&a| !self.ordered[a]);
                let mut more = false;
                for a in turns {
                    lo[a] += 1;
                    if lo[a] < axes[a].len {
                        more = true;
                        break;
                    }
                    lo[a] = 0;
                }
                if !more {
                    break;
                }
            }
        }
        roots
    }

    /// How many boxes on the way to one point may have their best corner run: the tests that could
    /// cut off any one point.
    pub fn depth(&self) -> u32 {
        let axes = self.space.axes.iter().zip(&self.ordered);
        let ordered = axes.filter(|(_, ordered)| **ordered).map(|(a, _)| a.len);
        2 + ordered
            .map(|len| usize::BITS - len.leading_zeros())
            .sum::<u32>()
    }
}

impl Region {
    /// Whether it is a single point.
    pub fn is_point(&self) -> bool {
        self.lo == self.hi
    }

    /// The halves along an axis, the worse first.
    pub fn halves(&self, axis: usize) -> (Region, Region) {
        let middle = (self.lo[axis] + self.hi[axis]) / 2;
        self.cut(axis, middle)
    }

    /// The part up to this rank, and the rest.
    pub fn cut(&self, axis: usize, last: usize) -> (Region, Region) {
        let (mut worse, mut better) = (self.clone(), self.clone());
        worse.hi[axis] = last;
        better.lo[axis] = last + 1;
        (worse, better)
    }
}

#[cfg(test)]
mod tests {
    use super::super::space::{Line, Part};
    use super::*;

    fn space() -> Space {
        Space {
            variants: vec![Part {
                variant: 0,
                swept: true,
            }],
            axes: vec![
                Line {
                    len: 3,
                    order: Some(vec![1, 0, 2]),
                },
                Line {
                    len: 2,
                    order: None,
                },
            ],
        }
    }

    #[test]
    fn ranks_follow_the_order_and_back() {
        let space = space();
        let grid = Grid::new(&space);
        for point in 0..6 {
            let (part, ranks) = grid.ranks(point);
            assert_eq!(grid.point(part, &ranks), point);
        }
        // Value 1 is the worst of the first axis, value 2 the best.
        assert!(grid.dominates(4, 2) && grid.dominates(0, 2) && !grid.dominates(2, 0));
        assert!(
            !grid.dominates(5, 2),
            "another value along an axis without order"
        );
    }

    #[test]
    fn roots_are_one_a_value_without_an_order() {
        let space = space();
        let mut grid = Grid::new(&space);
        let roots = grid.roots(&[false, false]);
        assert_eq!(roots.len(), 2);
        assert_eq!((&roots[1].lo, &roots[1].hi), (&vec![0, 1], &vec![2, 1]));
        assert_eq!(grid.roots(&[true, false])[0].lo, [2, 0]);
        grid.ordered[0] = false;
        assert!(grid.roots(&[false, false]).iter().all(Region::is_point));
        assert_eq!(grid.roots(&[false, false]).len(), 6);
        let (worse, better) = roots[0].halves(0);
        assert_eq!((worse.hi[0], better.lo[0]), (1, 2));
    }
}
