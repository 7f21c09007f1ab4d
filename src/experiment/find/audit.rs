//! Whether the orders that the search stands on hold: by the runs that were made anyway, and by a
//! few that are made to find out.

use super::answer::Fate;
use super::checks::{Checks, Said};
use super::race::{Race, Record};
use super::{Halt, PointId};

/// Level at which two runs contradict an order.
const CONTRADICTS: f64 = 0.001;

impl Race<'_, '_> {
    /// Drops orders that the runs made so far contradict: a better point misses what a worse one
    /// does not.
    pub(super) fn contradictions(&mut self, point: PointId) {
        let mut wrong = Vec::new();
        for &other in self.points.keys() {
            for (better, worse) in [(point, other), (other, point)] {
                if better != worse
                    && self.grid.dominates(better, worse)
                    && self.contradict(&self.points[&better], &self.points[&worse])
                {
                    wrong.extend(self.grid.differ(better, worse));
                }
            }
        }
        for axis in wrong {
            if self.grid.ordered[axis] {
                self.grid.ordered[axis] = false;
                self.violated.push(axis);
                self.dirty = true;
            }
        }
    }

    fn contradict(&self, better: &Record, worse: &Record) -> bool {
        let checks = self.checks.list.iter().enumerate();
        let mut missed = checks.filter(|(i, _)| better.said[*i] == Said::Missed);
        missed.any(|(_, check)| {
            let of = |record: &Record| Checks::summary(&record.trials, check.bound.0);
            let (Some(better), Some(worse)) = (of(better), of(worse)) else {
                return false;
            };
            match check.small {
                true => worse.upper(CONTRADICTS) < better.lower(CONTRADICTS),
                false => worse.lower(CONTRADICTS) > better.upper(CONTRADICTS),
            }
        })
    }

    /// Runs a few points that orders made superfluous, near what decided: those one step better
    /// than the winner, and those far below the dearest that missed.
    pub(super) fn audit(&mut self, winner: Option<PointId>) -> Result<(), Halt> {
        for axis in 0..self.grid.space.axes.len() {
            if !self.grid.ordered[axis] {
                continue;
            }
            for probe in self.probes(axis, winner) {
                self.examine(probe)?;
                if self.dirty {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn probes(&self, axis: usize, winner: Option<PointId>) -> Vec<PointId> {
        let mut probes = Vec::new();
        let cost = winner.map_or(f64::INFINITY, |w| self.points[&w].cost);
        let top = self.grid.space.axes[axis].len - 1;
        if let Some((part, mut up)) = winner.map(|w| self.grid.ranks(w))
            && up.get(axis).is_some_and(|&rank| rank < top)
        {
            up[axis] += 1;
            probes.push(self.grid.point(part, &up));
        }
        let missed = self.points.iter().filter(|(p, r)| {
            let dear = matches!(r.fate, Fate::Missed(_)) && r.cost < cost;
            dear && self
                .grid
                .ranks(**p)
                .1
                .get(axis)
                .is_some_and(|&rank| rank > 0)
        });
        let dearest = missed.max_by(|x, y| x.1.cost.total_cmp(&y.1.cost).then(y.0.cmp(x.0)));
        if let Some((&p, _)) = dearest {
            let (part, mut down) = self.grid.ranks(p);
            down[axis] /= 2;
            probes.push(self.grid.point(part, &down));
        }
        probes
    }
}
