//! What a search says: the winner, what nearly won, what it took.

use super::PointId;
use super::checks::{Checks, Said};
use super::race::{Race, Record};

/// What became of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Refused without a run, and why.
    Theory(String),
    /// Its trials failed, and why.
    Failed(String),
    /// Shown to miss the constraint with this number.
    Missed(usize),
    /// Shown not to meet it with the indifference to spare.
    Near(usize),
    /// Not decided by counting within the rounds there are.
    Undecided,
    /// Met the objective in the race; it was not needed, or not yet confirmed.
    Met,
    /// Met it in the race, and was not shown to meet the constraint with this number in the
    /// confirmation.
    NotConfirmed(usize),
    /// Met it in the race and in the confirmation.
    Winner,
}

impl Fate {
    /// Whether points that are worse along every axis cannot meet the objective either.
    pub fn condemns(&self) -> bool {
        matches!(self, Fate::Theory(_) | Fate::Missed(_) | Fate::Near(_))
    }

    /// One word for files.
    pub fn word(&self) -> &'static str {
        match self {
            Fate::Theory(_) => "theory",
            Fate::Failed(_) => "failed",
            Fate::Missed(_) => "missed",
            Fate::Near(_) => "near",
            Fate::Undecided => "undecided",
            Fate::Met => "met",
            Fate::NotConfirmed(_) => "not confirmed",
            Fate::Winner => "winner",
        }
    }
}

/// An estimate with the ends of its interval.
pub type Ends = (f64, f64, f64);

/// A constraint's metric at a point that was looked at: pooled estimate and standard error of the
/// race.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub error: f64,
}

/// A point that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// Which.
    pub point: PointId,
    /// In which order, from 1.
    pub step: usize,
    /// What it costs.
    pub cost: f64,
    /// What became of it.
    pub fate: Fate,
    /// Rounds of the race that it took; 0: it was not run.
    pub round: u32,
    /// Trials of the race.
    pub trials: u32,
    /// Requests of the race.
    pub requests: u64,
    /// One a constraint.
    pub seen: Vec<Option<Seen>>,
    /// How sure the race is that each constraint is missed, 0 to 1.
    pub certainty: Vec<f64>,
}

/// The intervals of one constraint in the confirmation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confirmed {
    /// Of its metric.
    pub shown: Option<Ends>,
    /// Of the share that decided, where a percentile was judged as one.
    pub share: Option<Ends>,
}

/// The cheapest point that was shown to meet the objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Winner {
    /// Which.
    pub point: PointId,
    /// What it costs.
    pub cost: f64,
    /// How many confirmations it took, the last of them its own.
    pub attempt: u32,
    /// Fresh replications of its confirmation.
    pub replications: u32,
    /// Requests of its confirmation.
    pub requests: u64,
    /// Their intervals, one a constraint.
    pub confirmed: Vec<Confirmed>,
}

/// The dearest of the cheaper points that were run and not shown to meet the objective.
#[derive(Clone, Debug, PartialEq)]
pub struct NextCheaper {
    /// Its place in [`Answer::looked`].
    pub place: usize,
    /// The constraint that it misses.
    pub check: usize,
    /// How sure it is that it misses it, 0 to 1.
    pub certainty: f64,
}

/// What a search says.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The winner, when there is one.
    pub winner: Option<Winner>,
    /// Whether the search was stopped before its end.
    pub stopped: bool,
    /// The cheapest point that met the objective in the race, when there is no winner: its place
    /// in `looked`.
    pub best: Option<usize>,
    /// What every point not yet decided costs at least; `None`: all are decided.
    pub floor: Option<f64>,
    /// The next cheaper point that fails.
    pub next: Option<NextCheaper>,
    /// The constraint that binds: that which the next cheaper point misses, else the one that the
    /// winner meets most narrowly.
    pub binding: Option<usize>,
    /// Everything looked at, in order.
    pub looked: Vec<Looked>,
    /// Points in all.
    pub points: u64,
    /// Trials of race and confirmations.
    pub trials: u64,
    /// Requests of race and confirmations.
    pub requests: u64,
    /// Axes that were taken to be ordered.
    pub ordered: Vec<usize>,
    /// Axes whose order turned out to be wrong, so that they were searched value by value.
    pub violated: Vec<usize>,
}

impl Answer {
    /// Requests of the whole grid, had every point been run as long as the winner's confirmation.
    pub fn full_requests(&self) -> Option<f64> {
        let winner = self.winner.as_ref()?;
        Some(self.points as f64 * winner.requests as f64)
    }

    /// The winner's record.
    pub fn won(&self) -> Option<&Looked> {
        let point = self.winner.as_ref()?.point;
        self.looked.iter().find(|l| l.point == point)
    }
}

pub(super) fn looked(checks: &Checks, point: PointId, record: &Record) -> Looked {
    let seen = |gauge: usize| {
        let s = Checks::summary(&record.trials, gauge)?;
        Some(Seen {
            estimate: s.estimate,
            error: s.error,
        })
    };
    let list = checks.list.iter();
    Looked {
        point,
        step: record.step,
        cost: record.cost,
        fate: record.fate.clone(),
        round: record.round,
        trials: record.trials.len() as u32,
        requests: record.trials.iter().map(|t| t.requests).sum(),
        seen: list.clone().map(|c| seen(c.shown)).collect(),
        certainty: list.map(|c| c.certainty_missed(&record.trials)).collect(),
    }
}

pub(super) fn of(race: &Race<'_, '_>, winner: Option<Winner>, stopped: bool) -> Answer {
    let looked = race.looked();
    let place = |point: PointId| looked.iter().position(|l| l.point == point);
    let best = race.best().and_then(place).filter(|_| winner.is_none());
    let next = winner
        .as_ref()
        .and_then(|w| next_cheaper(race, &looked, w.cost));
    let narrow = || {
        let confirmed = &winner.as_ref()?.confirmed;
        let slack = |i: &usize| {
            let check = &race.checks.list[*i];
            let ends = confirmed[*i].share.or(confirmed[*i].shown);
            ends.map_or(f64::INFINITY, |(_, low, high)| {
                let end = if check.small { high } else { low };
                ((check.bound.1 - end) / check.bound.1).abs()
            })
        };
        (0..confirmed.len()).min_by(|a, b| slack(a).total_cmp(&slack(b)))
    };
    let binding = next.as_ref().map(|n| n.check).or_else(narrow);
    let axes = 0..race.grid.space.axes.len();
    Answer {
        best,
        floor: race.floor().filter(|_| stopped),
        binding,
        next,
        stopped,
        points: race.grid.space.size(),
        trials: race.trials,
        requests: race.requests,
        ordered: axes.filter(|&a| race.grid.ordered[a]).collect(),
        violated: race.violated.clone(),
        looked,
        winner,
    }
}

fn next_cheaper(race: &Race<'_, '_>, looked: &[Looked], cost: f64) -> Option<NextCheaper> {
    let below = looked.iter().enumerate().filter(|(_, l)| {
        let run = !matches!(
            l.fate,
            Fate::Theory(_) | Fate::Failed(_) | Fate::Met | Fate::Winner
        );
        run && l.cost < cost
    });
    let (place, l) = below.max_by(|a, b| a.1.cost.total_cmp(&b.1.cost).then(b.0.cmp(&a.0)))?;
    let check = match l.fate {
        Fate::Missed(check) | Fate::Near(check) | Fate::NotConfirmed(check) => check,
        _ => {
            let said = &race.points[&l.point].said;
            let open = said.iter().position(|s| *s != Said::Met);
            open.unwrap_or(0)
        }
    };
    Some(NextCheaper {
        place,
        check,
        certainty: l.certainty.get(check).copied().unwrap_or(0.0),
    })
}
