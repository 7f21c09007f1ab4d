//! The space that is searched: variants, axes, and which way along an axis is better.
//!
//! A point is made of a variant and one index an axis; its number counts them, first axis slowest.
//! No list of points exists.

use super::super::objective::{Constraint, Op};
use super::PointId;
use crate::base::units::{parse_bytes, parse_rate, parse_time};
use crate::experiment::design::Axis;
use crate::model::metric::{Kind, Metric, TABLE};

/// What is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// The variants that take part.
    pub variants: Vec<Part>,
    /// Axes, first slowest.
    pub axes: Vec<Line>,
}

/// A variant's part of the space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of the variant in the design.
    pub variant: usize,
    /// Whether the axes are for it: otherwise it is one point.
    pub swept: bool,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How many values.
    pub len: usize,
    /// Indices of its values from the worst to the best for every constraint, where theory has
    /// such an order.
    pub order: Option<Vec<usize>>,
}

impl Space {
    /// The space of these variants and axes, ordered for these constraints.
    pub fn new(variants: Vec<Part>, axes: &[Axis], constraints: &[Constraint]) -> Space {
        let line = |axis: &Axis| Line {
            len: axis.values.len(),
            order: order(axis, constraints),
        };
        Space {
            variants,
            axes: axes.iter().map(line).collect(),
        }
    }

    fn swept(&self) -> u64 {
        let lens = self.axes.iter().map(|a| a.len as u64);
        lens.fold(1, u64::saturating_mul)
    }

    fn size_of(&self, part: &Part) -> u64 {
        if part.swept { self.swept() } else { 1 }
    }

    /// Points in all.
    pub fn size(&self) -> u64 {
        self.variants.iter().map(|p| self.size_of(p)).sum()
    }

    /// The number of a point.
    pub fn number(&self, part: usize, at: &[usize]) -> PointId {
        let before: u64 = self.variants[..part].iter().map(|p| self.size_of(p)).sum();
        let places = self.axes.iter().zip(at);
        before + places.fold(0, |n, (axis, &i)| n * axis.len as u64 + i as u64)
    }

    /// The part and the indices of a point; no indices for a variant that is not swept.
    pub fn place(&self, point: PointId) -> (usize, Vec<usize>) {
        let (mut rest, mut part) = (point, 0);
        while rest >= self.size_of(&self.variants[part]) {
            rest -= self.size_of(&self.variants[part]);
            part += 1;
        }
        if !self.variants[part].swept {
            return (part, Vec::new());
        }
        let mut at = vec![0; self.axes.len()];
        for (axis, place) in self.axes.iter().zip(&mut at).rev() {
            *place = (rest % axis.len as u64) as usize;
            rest /= axis.len as u64;
        }
        (part, at)
    }
}

/// What more of something does to a system.
#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    /// It can do more work.
    Able,
    /// It lets more wait.
    Waits,
}

fn more(path: &str) -> Option<More> {
    let (owner, key) = path.rsplit_once('.')?;
    let service = owner.starts_with("service.");
    match key {
        "count" | "cores" | "ram" | "speed" if service => Some(More::Able),
        "slots" if service && owner.ends_with(".buffer") => Some(More::Waits),
        _ => None,
    }
}

/// What a constraint asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Short delays, little waiting, little use.
    Short,
    /// Few turned away.
    Admitted,
}

fn asks(constraint: &Constraint) -> Option<Asks> {
    let below = matches!(constraint.op, Op::Below | Op::AtMost);
    let name = |metric: &Metric| match metric.kind {
        Kind::Row(row) => TABLE[row].name,
        Kind::Percentile(..) | Kind::Over(..) | Kind::InsideAt(_) => "delay",
        Kind::Lost(_) | Kind::Refused(_) => "loss",
    };
    let name = name(&constraint.metric);
    match name {
        "loss" | "refused" | "unfinished" if below => Some(Asks::Admitted),
        "throughput" | "goodput" if !below => Some(Asks::Admitted),
        "delay" | "delayed" | "queue_mean" | "queue_max" | "in_system_mean" if below => {
            Some(Asks::Short)
        }
        _ if below
            && ["latency", "wait", "response", "utilisation"]
                .iter()
                .any(|w| name.starts_with(w)) =>
        {
            Some(Asks::Short)
        }
        _ => None,
    }
}

/// Indices from the worst value to the best, where each path is one of those that are known to
/// help, the values have sizes that differ, and every constraint agrees.
fn order(axis: &Axis, constraints: &[Constraint]) -> Option<Vec<usize>> {
    let needs_runs = constraints
        .iter()
        .filter(|c| !super::screen::is_known(&c.metric));
    let asked: Vec<Asks> = needs_runs.map(asks).collect::<Option<_>>()?;
    let mut found: Option<Vec<usize>> = None;
    for (lane, path) in axis.paths.iter().enumerate() {
        let up = match more(path)? {
            More::Able => true,
            More::Waits => {
                let up = asked.contains(&Asks::Admitted);
                if up && asked.contains(&Asks::Short) {
                    return None;
                }
                up
            }
        };
        let sizes = axis.values.iter().map(|row| size(&row[lane]));
        let sizes: Vec<f64> = sizes.collect::<Option<_>>()?;
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by(|&a, &b| sizes[a].total_cmp(&sizes[b]));
        if order.windows(2).any(|w| sizes[w[0]] == sizes[w[1]]) {
            return None;
        }
        if !up {
            order.reverse();
        }
        if found.as_ref().is_some_and(|f| *f != order) {
            return None;
        }
        found = Some(order);
    }
    found
}

/// How large a value is, in the unit that it was written in.
fn size(text: &str) -> Option<f64> {
    let text = text.trim_matches(['"', '\'']);
    if text == "unbounded" {
        return Some(f64::INFINITY);
    }
    let number = || text.replace('_', "").parse::<f64>().ok();
    number()
        .or_else(|| parse_bytes(text).map(|b| b as f64).ok())
        .or_else(|| parse_time(text).map(|t| t as f64).ok())
        .or_else(|| parse_rate(text).ok())
        .filter(|x| !x.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(path: &str, values: &[&str]) -> Axis {
        Axis {
            paths: vec![path.into()],
            values: values.iter().map(|v| vec![(*v).to_owned()]).collect(),
        }
    }

    fn constraint(metric: &str, op: Op) -> Constraint {
        Constraint {
            text: metric.into(),
            metric: Metric::parse(metric).unwrap(),
            op,
            bound: 1.0,
        }
    }

    #[test]
    fn capacity_helps_and_slots_help_one_side_only() {
        let (p99, loss) = (
            constraint("latency_p99", Op::Below),
            constraint("loss", Op::Below),
        );
        let ram = axis(
            "service.s.workers.ram",
            &["\"64GiB\"", "\"1GiB\"", "\"900MiB\""],
        );
        let both = [p99.clone(), loss.clone()];
        assert_eq!(order(&ram, &both), Some(vec![2, 1, 0]));
        let slots = axis(
            "service.s.workers.buffer.slots",
            &["4", "16", "\"unbounded\""],
        );
        assert_eq!(order(&slots, &both), None);
        assert_eq!(order(&slots, &[loss]), Some(vec![0, 1, 2]));
        assert_eq!(order(&slots, &[p99]), Some(vec![2, 1, 0]));
    }

    #[test]
    fn what_is_not_known_to_help_has_no_order() {
        let p99 = [constraint("latency_p99", Op::Below)];
        for (path, values) in [
            ("service.s.balancer.policy", ["\"p2c\"", "\"random\""]),
            ("source.s.client.timeout", ["\"1s\"", "\"2s\""]),
            ("service.s.workers.count", ["4", "4"]),
        ] {
            assert_eq!(order(&axis(path, &values), &p99), None, "{path}");
        }
        let busy = [constraint("utilisation", Op::Above)];
        assert_eq!(
            order(&axis("service.s.workers.count", &["4", "5"]), &busy),
            None
        );
    }

    #[test]
    fn numbers_and_places_are_each_others_inverse() {
        let line = |len| Line { len, order: None };
        let space = Space {
            variants: vec![
                Part {
                    variant: 0,
                    swept: false,
                },
                Part {
                    variant: 2,
                    swept: true,
                },
                Part {
                    variant: 3,
                    swept: true,
                },
            ],
            axes: vec![line(3), line(4)],
        };
        assert_eq!(space.size(), 25);
        assert_eq!(space.place(0), (0, vec![]));
        assert_eq!(space.place(1), (1, vec![0, 0]));
        assert_eq!(space.place(6), (1, vec![1, 1]));
        for point in 0..25 {
            let (part, at) = space.place(point);
            assert_eq!(space.number(part, &at), point);
        }
    }
}
