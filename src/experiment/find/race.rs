//! The race: points are run in rounds that double until they are decided, and regions of the space
//! are cut off, cheapest first.
//!
//! A region is a box along the ordered axes. Its best corner that misses a constraint condemns the
//! whole box; its cheapest corner bounds the cost of all of it. So boxes are taken in the order of
//! that bound and split until the cheapest box left costs as much as a point that is known to meet
//! the objective. Where an order turns out to be wrong, its axis is searched value by value.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::answer::{self, Answer, Fate, Looked};
use super::checks::{Checks, Said};
use super::region::{Grid, Region};
use super::space::Space;
use super::{Halt, Known, Oracle, PointId, Settings, SoFar, Trial};

/// Error of taking a point to meet the objective in the race. It only says what is confirmed, and
/// the confirmation decides: a stricter race runs points near a bound for long and is no surer.
const PASS: f64 = 0.2;

/// Rounds that a point which is not met with the indifference to spare, but looks met, gets.
const PATIENCE: u32 = 2;

/// Most winners that are confirmed, one after another.
const CONFIRMATIONS: u32 = 50;

/// What is remembered of a point.
pub(super) struct Record {
    /// In which order it was looked at.
    pub step: usize,
    /// What it costs.
    pub cost: f64,
    /// What became of it.
    pub fate: Fate,
    /// Rounds it took.
    pub round: u32,
    /// Trials of the race.
    pub trials: Vec<Trial>,
    /// What they say, one a check.
    pub said: Vec<Said>,
}

/// A search under way.
pub(super) struct Race<'a, 'o> {
    pub grid: Grid<'a>,
    pub checks: &'a Checks,
    pub settings: &'a Settings,
    pub oracle: &'o mut dyn Oracle,
    pub points: BTreeMap<PointId, Record>,
    /// Trials and requests so far, confirmations included.
    pub trials: u64,
    pub requests: u64,
    /// Confirmations so far.
    pub confirmations: u32,
    /// Axes whose order was wrong.
    pub violated: Vec<usize>,
    /// An order was found wrong since the boxes were made.
    pub dirty: bool,
    /// Constraints of points that counting did not decide, and another method did.
    pub otherwise: BTreeSet<(PointId, usize)>,
    boxes: BinaryHeap<Reverse<(u64, u64)>>,
    regions: BTreeMap<u64, Region>,
    next_box: u64,
    depth: u32,
}

/// What a corner says of its box.
enum Corner {
    Bad,
    Good,
}

/// Searches a space.
///
/// # Errors
/// A point cannot be made: the text says why.
pub fn search(
    space: &Space,
    checks: &Checks,
    settings: &Settings,
    oracle: &mut dyn Oracle,
) -> Result<Answer, String> {
    let grid = Grid::new(space);
    let depth = grid.depth();
    let mut race = Race {
        grid,
        checks,
        settings,
        oracle,
        points: BTreeMap::new(),
        trials: 0,
        requests: 0,
        confirmations: 0,
        violated: Vec::new(),
        dirty: false,
        otherwise: BTreeSet::new(),
        boxes: BinaryHeap::new(),
        regions: BTreeMap::new(),
        next_box: 0,
        depth,
    };
    match race.run() {
        Ok(winner) => Ok(answer::of(&race, winner, false)),
        Err(Halt::Stopped) => Ok(answer::of(&race, None, true)),
        Err(Halt::Wrong(text) | Halt::Failed(text)) => Err(text),
    }
}

impl Race<'_, '_> {
    fn run(&mut self) -> Result<Option<super::Winner>, Halt> {
        let mut winner: Option<super::Winner> = None;
        let mut audited = false;
        self.fill()?;
        loop {
            if self.dirty {
                self.dirty = false;
                audited = false;
                self.fill()?;
            }
            self.descend()?;
            if self.dirty {
                continue;
            }
            let Some(best) = self.best() else {
                if audited {
                    return Ok(None);
                }
                audited = true;
                self.audit(None)?;
                continue;
            };
            if winner.as_ref().is_some_and(|w| w.point == best) {
                if audited {
                    return Ok(winner);
                }
                audited = true;
                self.audit(Some(best))?;
            } else if self.confirmations >= CONFIRMATIONS {
                return Ok(None);
            } else {
                winner = self.confirm(best)?;
            }
        }
    }

    /// The cheapest point that the race has met, and no confirmation has refused.
    pub fn best(&self) -> Option<PointId> {
        let met = self
            .points
            .iter()
            .filter(|(_, r)| matches!(r.fate, Fate::Met | Fate::Winner));
        met.min_by(|a, b| a.1.cost.total_cmp(&b.1.cost).then(a.0.cmp(b.0)))
            .map(|(point, _)| *point)
    }

    fn best_cost(&self) -> Option<f64> {
        self.best().map(|point| self.points[&point].cost)
    }

    /// What every box left costs at least; `None`: nothing is left.
    pub fn floor(&self) -> Option<f64> {
        self.boxes
            .peek()
            .map(|Reverse((cost, _))| f64::from_bits(*cost))
    }

    fn cost(&mut self, part: usize, ranks: &[usize]) -> Result<f64, Halt> {
        let point = self.grid.point(part, ranks);
        Ok(self.known(point)?.cost)
    }

    fn known(&mut self, point: PointId) -> Result<Known, Halt> {
        if self.oracle.stopped() {
            return Err(Halt::Stopped);
        }
        self.oracle.known(point)
    }

    /// Makes the boxes anew, for the orders that stand.
    fn fill(&mut self) -> Result<(), Halt> {
        self.boxes.clear();
        self.regions.clear();
        let free = self.look_at_costs()?;
        for region in self.grid.roots(&free) {
            self.push(region)?;
        }
        Ok(())
    }

    /// Drops orders along which cost goes up and down, and says along which the best value costs
    /// no more than any other.
    fn look_at_costs(&mut self) -> Result<Vec<bool>, Halt> {
        const LOOKS: usize = 33;
        let axes = &self.grid.space.axes;
        let mut free = vec![false; axes.len()];
        let Some(part) = self.grid.space.variants.iter().position(|p| p.swept) else {
            return Ok(free);
        };
        for a in 0..axes.len() {
            if !self.grid.ordered[a] {
                continue;
            }
            let (mut rises, mut falls) = (false, false);
            for top in [false, true] {
                let ends = |b: usize| match top && self.grid.ordered[b] {
                    true => axes[b].len - 1,
                    false => 0,
                };
                let mut ranks: Vec<usize> = (0..axes.len()).map(ends).collect();
                let mut last = None;
                let looks = LOOKS.min(axes[a].len);
                for look in 0..looks {
                    ranks[a] = look * (axes[a].len - 1) / (looks - 1).max(1);
                    let cost = self.cost(part, &ranks)?;
                    rises |= last.is_some_and(|l| cost > l);
                    falls |= last.is_some_and(|l| cost < l);
                    last = Some(cost);
                }
            }
            self.grid.ordered[a] = !(rises && falls);
            free[a] = !rises;
        }
        Ok(free)
    }

    fn push(&mut self, region: Region) -> Result<(), Halt> {
        let cost = self.cost(region.part, &region.lo)?;
        self.next_box += 1;
        // Costs are not negative, and then their bits sort as they do.
        let bits = cost.max(0.0).to_bits();
        self.boxes.push(Reverse((bits, self.next_box)));
        self.regions.insert(self.next_box, region);
        Ok(())
    }

    /// Takes boxes, cheapest first, until none left may hold anything cheaper than the best point.
    fn descend(&mut self) -> Result<(), Halt> {
        while !self.dirty
            && let Some(floor) = self.floor()
            && self.best_cost().is_none_or(|best| floor < best)
        {
            // It stays where it is while its corner is run: a search that is stopped there still
            // knows that it is open.
            let Some(&Reverse(top)) = self.boxes.peek() else {
                break;
            };
            let region = self.regions[&top.1].clone();
            let (region, rest) = self.clipped(region)?;
            let corner = self.corner(&region)?;
            self.boxes.pop();
            self.regions.remove(&top.1);
            for part in rest {
                self.push(part)?;
            }
            if matches!(corner, Corner::Good) && !region.is_point() {
                let axis = self.longest(&region)?;
                let (worse, better) = region.halves(axis);
                self.push(worse)?;
                self.push(better)?;
            }
        }
        Ok(())
    }

    /// The axis whose halves differ most in cost.
    fn longest(&mut self, region: &Region) -> Result<usize, Halt> {
        let mut best: Option<(f64, usize, usize)> = None;
        for a in 0..region.lo.len() {
            if region.lo[a] == region.hi[a] {
                continue;
            }
            let mut ranks = region.lo.clone();
            ranks[a] = region.hi[a];
            let cost = self.cost(region.part, &ranks)?;
            let length = region.hi[a] - region.lo[a];
            let better = best.is_none_or(|(c, l, _)| cost > c || cost == c && length > l);
            if better {
                best = Some((cost, length, a));
            }
        }
        Ok(best.expect("a box that is no point has a longest side").2)
    }

    /// Cuts off what costs as much as the best point, unless the best corner is known anyway.
    fn clipped(&mut self, mut region: Region) -> Result<(Region, Vec<Region>), Halt> {
        let mut rest = Vec::new();
        let corner = self.grid.point(region.part, &region.hi);
        let Some(best) = self.best_cost() else {
            return Ok((region, rest));
        };
        if self.points.contains_key(&corner) || self.condemned(corner).is_some() {
            return Ok((region, rest));
        }
        for a in 0..region.lo.len() {
            let mut ranks = region.lo.clone();
            let (mut cheap, mut dear) = (region.lo[a], region.hi[a] + 1);
            while dear - cheap > 1 {
                let middle = (cheap + dear) / 2;
                ranks[a] = middle;
                match self.cost(region.part, &ranks)? < best {
                    true => cheap = middle,
                    false => dear = middle,
                }
            }
            if cheap < region.hi[a] {
                let (keep, off) = region.cut(a, cheap);
                rest.push(off);
                region = keep;
            }
        }
        Ok((region, rest))
    }

    /// A point that misses the objective and is at least as good as this one.
    pub fn condemned(&self, point: PointId) -> Option<PointId> {
        let mut bad = self.points.iter().filter(|(_, r)| r.fate.condemns());
        bad.find(|(p, _)| **p != point && self.grid.dominates(**p, point))
            .map(|(p, _)| *p)
    }

    /// What the best corner of a box says, run if nothing tells.
    fn corner(&mut self, region: &Region) -> Result<Corner, Halt> {
        let point = self.grid.point(region.part, &region.hi);
        if !self.points.contains_key(&point) {
            if self.condemned(point).is_some() {
                return Ok(Corner::Bad);
            }
            // A worse point that meets the objective speaks for a better one, but no point becomes
            // the answer unseen.
            let mut met = self
                .points
                .iter()
                .filter(|(_, r)| matches!(r.fate, Fate::Met));
            if !region.is_point() && met.any(|(p, _)| self.grid.dominates(point, *p)) {
                return Ok(Corner::Good);
            }
        }
        self.examine(point)?;
        Ok(match self.points[&point].fate.condemns() {
            true => Corner::Bad,
            false => Corner::Good,
        })
    }

    /// The error that each of this point's constraints may make in all.
    fn level(&self) -> f64 {
        let tests = self.checks.list.len().max(1) * self.depth as usize;
        self.settings.half() / tests as f64
    }

    /// Runs a point until it is decided, unless that was done before.
    pub fn examine(&mut self, point: PointId) -> Result<(), Halt> {
        if self.points.contains_key(&point) {
            return Ok(());
        }
        let Known { cost, hopeless } = self.known(point)?;
        let mut record = Record {
            step: self.points.len() + 1,
            cost,
            fate: Fate::Undecided,
            round: 0,
            trials: Vec::new(),
            said: vec![Said::Open; self.checks.list.len()],
        };
        match hopeless {
            Some(why) => record.fate = Fate::Theory(why),
            None => self.decide(point, &mut record)?,
        }
        self.points.insert(point, record);
        self.contradictions(point);
        self.oracle.progress(SoFar {
            looked: self.points.len(),
            trials: self.trials,
            best: self.best_cost(),
        });
        Ok(())
    }

    fn decide(&mut self, point: PointId, record: &mut Record) -> Result<(), Halt> {
        let rounds = self.settings.rounds;
        // As much for each look: most of the requests go to the late ones.
        let fail = self.level() / f64::from(rounds);
        let pass = PASS / self.checks.list.len().max(1) as f64 / f64::from(rounds);
        let mut near_since = None;
        for round in 1..=rounds {
            let wanted = self.settings.at(round);
            let from = record.trials.len() as u32;
            match self.more(point, from, wanted - from) {
                Ok(trials) => record.trials.extend(trials),
                Err(Halt::Failed(why)) => {
                    record.fate = Fate::Failed(why);
                    return Ok(());
                }
                Err(halt) => return Err(halt),
            }
            record.round = round;
            for (check, said) in self.checks.list.iter().zip(&mut record.said) {
                *said = check.said(&record.trials, pass, fail);
            }
            if let Some(check) = record.said.iter().position(|s| *s == Said::Missed) {
                record.fate = Fate::Missed(check);
                return Ok(());
            }
            if record.said.iter().all(|s| *s == Said::Met) {
                record.fate = Fate::Met;
                return Ok(());
            }
            if self.is_too_rare(record, pass) {
                self.by_other_means(point, record);
                return Ok(());
            }
            if let Some(check) = record.said.iter().position(|s| *s == Said::Near) {
                let since = *near_since.get_or_insert(round);
                let looks = self.checks.list[check].looks_met(&record.trials);
                if !looks || round >= since + PATIENCE {
                    record.fate = Fate::Near(check);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether a constraint asks for so little that even none seen to the last round would not
    /// show it, while nothing is left that more rounds could decide.
    fn is_too_rare(&self, record: &Record, pass: f64) -> bool {
        let last = self.settings.rounds;
        let times = f64::from(self.settings.at(last)) / record.trials.len() as f64;
        let checks = self.checks.list.iter().zip(&record.said);
        checks
            .filter(|(_, said)| **said != Said::Met)
            .all(|(check, _)| {
                let s = Checks::summary(&record.trials, check.bound.0);
                let least = s.map_or(0.0, |s| s.least_upper(pass, times));
                check.small && least > check.bound.1
            })
    }

    /// What counting cannot decide goes to the one place for that. What more rounds would decide
    /// does not: there another method is no surer, and dearer.
    fn by_other_means(&mut self, point: PointId, record: &mut Record) {
        for check in 0..record.said.len() {
            if record.said[check] == Said::Met {
                continue;
            }
            let level = self.level();
            let Some(said) = self.oracle.undecided(point, check, 0, level) else {
                continue;
            };
            self.requests += said.requests;
            match said.met {
                Some(true) => {
                    record.said[check] = Said::Met;
                    self.otherwise.insert((point, check));
                }
                Some(false) => {
                    record.fate = Fate::Missed(check);
                    return;
                }
                None => {}
            }
        }
        if record.said.iter().all(|s| *s == Said::Met) {
            record.fate = Fate::Met;
        }
    }

    /// Runs replications and counts them.
    pub fn more(&mut self, point: PointId, from: u32, count: u32) -> Result<Vec<Trial>, Halt> {
        let trials = self.oracle.trials(point, from, count)?;
        self.trials += trials.len() as u64;
        self.requests += trials.iter().map(|t| t.requests).sum::<u64>();
        Ok(trials)
    }

    /// Everything looked at, in order.
    pub fn looked(&self) -> Vec<Looked> {
        let mut all: Vec<Looked> = self
            .points
            .iter()
            .map(|(&point, record)| answer::looked(self.checks, point, record))
            .collect();
        all.sort_by_key(|l| l.step);
        all
    }
}
