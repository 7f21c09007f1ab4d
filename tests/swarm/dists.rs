//! Quantities and distributions, as they are written.

use crate::draw::Draw;
use crate::features::Feature::*;
use crate::model::Making;
use crate::text::{Node, Table};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Time,
    Bytes,
    Count,
}

/// A whole number of the least unit, in a unit that fits.
pub fn number(kind: Kind, value: u64) -> String {
    let units: &[(&str, u64)] = match kind {
        Kind::Time => &[
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1000),
            ("ns", 1),
        ],
        Kind::Bytes => &[("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)],
        Kind::Count => return value.to_string(),
    };
    let fits = |u: &&(&str, u64)| value.is_multiple_of(u.1) && (value > 0 || u.1 > 1);
    let (unit, size) = units.iter().find(fits).unwrap_or(&units[units.len() - 1]);
    format!("\"{}{unit}\"", value / size)
}

type Write = fn(&mut Making, &mut Table, f64, Kind);

/// Every kind of distribution with what it needs, around a mean.
const DISTS: &[(&str, Write)] = &[
    ("constant", |m, t, mean, k| quantity(m, t, "value", mean, k)),
    ("exponential", |m, t, mean, k| {
        quantity(m, t, "mean", mean, k)
    }),
    ("uniform", |m, t, mean, k| {
        quantity(m, t, "min", mean * 0.2, k);
        quantity(m, t, "max", mean * 8.0, k);
    }),
    ("erlang", |m, t, mean, k| {
        quantity(m, t, "mean", mean, k);
        t.put("k", m.draw.from(1, 9));
    }),
    ("lognormal", |m, t, mean, k| match m.draw.from(0, 1) {
        0 => {
            quantity(m, t, "mean", mean, k);
            t.put("cv", number_of(m.draw.between(0.1, 3.0)));
        }
        _ => {
            quantity(m, t, "median", mean * 0.1, k);
            quantity(m, t, "p99", mean * 10.0, k);
        }
    }),
    ("pareto", |m, t, mean, k| {
        match m.draw.from(0, 1) {
            0 => quantity(m, t, "mean", mean, k),
            _ => quantity(m, t, "min", mean * 0.1, k),
        }
        t.put("shape", number_of(m.draw.between(1.1, 3.0)));
        // On a lattice a greatest value may come down on the mean.
        if m.draw.chance(0.5) && !m.features.on(Lattice) {
            quantity(m, t, "max", mean * 100.0, k);
        }
    }),
    ("hyperexponential", |m, t, mean, k| {
        match m.draw.from(0, 1) {
            0 => {
                quantity(m, t, "mean", mean, k);
                t.put("cv", number_of(m.draw.between(1.0, 5.0)));
            }
            _ => {
                let means = (0..3).map(|_| one(m, mean, k)).collect();
                t.node("means", Node::List(means));
                t.put("weights", "[0.5, 2, 1]");
            }
        }
    }),
    ("gamma", |m, t, mean, k| {
        quantity(m, t, "mean", mean, k);
        t.put("cv", number_of(m.draw.between(0.1, 3.0)));
    }),
    ("weibull", |m, t, mean, k| {
        quantity(m, t, "mean", mean, k);
        t.put("shape", number_of(m.draw.between(0.4, 3.0)));
    }),
    ("empirical", |m, t, mean, k| {
        let values = (0..4).map(|_| one(m, mean, k)).collect();
        t.node("values", Node::List(values));
        if m.draw.chance(0.5) {
            t.put("weights", "[1, 2.5, 0.5, 1]");
        }
    }),
    ("mixture", |m, t, mean, k| {
        let of = (0..2).map(|_| simple(m, mean, k)).collect();
        t.node("of", Node::List(of));
        t.put("weights", "[3, 1]");
    }),
    ("geometric", |_, t, mean, _| {
        t.put("mean", number_of((mean + 1.0).round()))
    }),
];

fn number_of(value: f64) -> String {
    format!("{value:?}")
}

/// Always a whole number, which may be written as one of any kind.
fn one(m: &mut Making, mean: f64, kind: Kind) -> Node {
    Node::Value(number(kind, whole(m, mean, kind)))
}

fn whole(m: &mut Making, mean: f64, kind: Kind) -> u64 {
    match kind {
        Kind::Time => m.nanos(mean),
        Kind::Bytes | Kind::Count => ((mean * m.draw.scale(0.5, 2.0)) as u64).max(1),
    }
}

fn quantity(m: &mut Making, table: &mut Table, key: &str, mean: f64, kind: Kind) {
    let node = one(m, mean, kind);
    table.node(key, node);
}

fn simple(m: &mut Making, mean: f64, kind: Kind) -> Node {
    match m.draw.from(0, 1) {
        0 => one(m, mean, kind),
        _ => of(m, DISTS[1], mean, kind),
    }
}

fn of(m: &mut Making, dist: (&str, Write), mean: f64, kind: Kind) -> Node {
    let mut table = Table::default();
    table.text("dist", dist.0);
    dist.1(m, &mut table, mean, kind);
    Node::Table(table)
}

/// A quantity alone or a distribution, of times or sizes, roughly of this mean. Where times lie
/// on a lattice most are constant.
pub fn any(m: &mut Making, mean: f64, kind: Kind) -> Node {
    if m.features.on(Zeros) && m.draw.chance(0.15) {
        return Node::Value(number(kind, 0));
    }
    positive(m, mean, kind)
}

/// The same, never always 0.
pub fn positive(m: &mut Making, mean: f64, kind: Kind) -> Node {
    let alone = if m.features.on(Lattice) { 0.8 } else { 0.25 };
    if m.draw.chance(alone) {
        return one(m, mean, kind);
    }
    let dist = m.draw.from(0, DISTS.len() as u64 - 2) as usize;
    of(m, DISTS[dist], mean, kind)
}

/// How many arrive together: 1 or more.
pub fn batch(m: &mut Making) -> Node {
    match m.draw.from(0, 3) {
        0 => Node::Value(m.draw.from(1, 6).to_string()),
        1 => of(m, DISTS[DISTS.len() - 1], 2.0, Kind::Count),
        2 => Node::Value("{ dist = \"uniform\", min = 1, max = 7 }".into()),
        _ => Node::Value("{ dist = \"empirical\", values = [1, 2, 9] }".into()),
    }
}

/// A random share with few digits.
pub fn share(draw: &mut Draw, low: f64, high: f64) -> String {
    number_of(draw.between(low, high))
}
