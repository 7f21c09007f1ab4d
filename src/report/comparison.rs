//! What a person reads of a comparison: a metric, both values, the difference with its interval,
//! and a verdict in words. No colour, no more than 100 columns for the usual metrics.

use super::csv_table::visible;
use super::show;
use super::table::{Align, Table};
use crate::experiment::compare::claim::{Condition, Direction, direction};
use crate::experiment::compare::{Comparison, Row, Verdict, Why};
use crate::model::metric::{Metric, Unit};

/// A comparison with what is to be said around it.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// What A and B are called.
    pub names: [&'a str; 2],
    /// What came out.
    pub comparison: &'a Comparison,
    /// What `--fail-if` asks.
    pub conditions: &'a [Condition],
    /// Measured time, as written or printed.
    pub horizon: &'a str,
    /// The seed of both.
    pub seed: &'a str,
    /// Of every interval that is not one of a family.
    pub confidence: f64,
    /// The currency of costs.
    pub currency: &'a str,
}

/// Whether a condition holds; none where the data cannot tell.
pub fn holds(comparison: &Comparison, condition: &Condition) -> Option<bool> {
    let row = comparison
        .rows
        .iter()
        .find(|r| r.metric == condition.metric)?;
    condition.holds(row)
}

/// The verdict as a word or a few: `better`, `no difference larger than 1.2 ms`.
pub fn words(row: &Row, currency: &str) -> String {
    match row.verdict {
        Verdict::Up => side(&row.metric, true).into(),
        Verdict::Down => side(&row.metric, false).into(),
        Verdict::Same => "the same".into(),
        Verdict::Within(most) => {
            let most = size(row.metric.unit(), currency, most);
            format!("no difference larger than {most}")
        }
        Verdict::NotJudged(Why::NoData) => "not judged: too little data".into(),
        Verdict::NotJudged(Why::OneReplication) => "not judged: one replication".into(),
        Verdict::NotJudged(Why::Maximum) => "not judged: a maximum".into(),
    }
}

/// The verdict as one word, for programs.
pub fn word(row: &Row) -> &'static str {
    match row.verdict {
        Verdict::Up => side(&row.metric, true),
        Verdict::Down => side(&row.metric, false),
        Verdict::Same => "same",
        Verdict::Within(_) => "no difference",
        Verdict::NotJudged(_) => "not judged",
    }
}

fn side(metric: &Metric, up: bool) -> &'static str {
    match (direction(metric), up) {
        (None, true) => "higher",
        (None, false) => "lower",
        (Some(better), up) if (better == Direction::Higher) == up => "better",
        _ => "worse",
    }
}

/// The table with what stands above and below it.
pub fn print(told: &Told<'_>) -> String {
    let comparison = told.comparison;
    let [a, b] = told.names;
    let mut text = format!("A  {}\nB  {}\n", visible(a), visible(b));
    let plural = if comparison.pairs == 1 { "" } else { "s" };
    text.push_str(&format!(
        "{} paired replication{plural} of {}, seed {}; intervals of B - A are {} % ones\n",
        comparison.pairs,
        told.horizon,
        told.seed,
        percent(told.confidence)
    ));
    if comparison.same_demand == Some(true) {
        text.push_str("both met the same requests, replication by replication\n");
    }
    text.push('\n');
    text.push_str(&table(told));
    text.push_str(&notes(told));
    text
}

fn table(told: &Told<'_>) -> String {
    let mut table = Table::new(&[
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Left,
        Align::Left,
    ]);
    table.row(["metric", "A", "B", "B - A", "verdict"]);
    for row in &told.comparison.rows {
        let unit = row.metric.unit();
        let own = |e: Option<f64>| e.map_or("-".into(), |x| show::value(unit, told.currency, x));
        table.row([
            visible(&row.metric.to_string()).into_owned(),
            own(row.a.map(|e| e.mean)),
            own(row.b.map(|e| e.mean)),
            difference(row, told.currency),
            format!(
                "{}{}",
                words(row, told.currency),
                more(row, told.comparison)
            ),
        ]);
    }
    table.print()
}

fn difference(row: &Row, currency: &str) -> String {
    let Some(paired) = row.paired else {
        return "-".into();
    };
    let unit = row.metric.unit();
    let mut text = signed(unit, currency, paired.difference);
    if let Some(relative) = row.relative().filter(|r| *r != 0.0) {
        let sign = if relative > 0.0 { "+" } else { "-" };
        text.push_str(&format!(
            ", {sign}{} %",
            show::digits(relative.abs() * 100.0, 3)
        ));
    }
    if let (Some(low), Some(high)) = (paired.low, paired.high)
        && low < high
        && row.verdict != Verdict::Same
    {
        let ends = [low, high].map(|x| signed(unit, currency, x));
        text.push_str(&format!("\n{} to {}", ends[0], ends[1]));
    }
    text
}

/// How many replications B won, and how much pairing gained.
fn more(row: &Row, comparison: &Comparison) -> String {
    let n = row.lower + row.higher + row.equal;
    if matches!(row.verdict, Verdict::Same | Verdict::NotJudged(_)) || comparison.pairs < 2 {
        return String::new();
    }
    let mut text = match direction(&row.metric) {
        Some(Direction::Lower) => format!("\nB won {} of {n}", row.lower),
        Some(Direction::Higher) => format!("\nB won {} of {n}", row.higher),
        None => format!("\nB higher in {} of {n}", row.higher),
    };
    if row.equal == n {
        text = format!("\nequal in all {n}");
    }
    if let Some(times) = row.times_fewer() {
        text.push_str(&format!(", pairing {}", multiple(times)));
    }
    text
}

/// `239 x`, `0.5 x`; a difference that never varies is worth any number of runs.
pub fn multiple(times: f64) -> String {
    match times {
        _ if times >= 1e6 => "> 1,000,000 x".into(),
        _ if times >= 100.0 => format!("{} x", show::count(times)),
        _ => format!("{} x", show::digits(times, 2)),
    }
}

fn notes(told: &Told<'_>) -> String {
    let mut text = String::new();
    let rows = &told.comparison.rows;
    if rows.iter().any(|r| r.times_fewer().is_some()) {
        text.push_str(
            "\npairing 3.0 x: independent runs need 3 times the replications for such an \
             interval\n",
        );
    }
    if let Some(row) = rows.iter().find(|r| r.confidence > told.confidence) {
        let family = rows
            .iter()
            .filter(|r| r.confidence > told.confidence)
            .count();
        text.push_str(&format!(
            "{family} metrics are judged together (Bonferroni): each at {} %\n",
            percent(row.confidence)
        ));
    }
    for condition in told.conditions {
        let outcome = match holds(told.comparison, condition) {
            Some(true) => "holds",
            Some(false) => "does not hold",
            None => "cannot be judged, and counts as holding",
        };
        text.push_str(&format!("fail-if  {condition}: {outcome}\n"));
    }
    text
}

/// A confidence in percent, as short as it is exact to four digits: `95`, `97.5`, `99.17`.
fn percent(confidence: f64) -> String {
    let text = format!("{:.2}", confidence * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How large a difference is, whatever its sign. That of shares is in points of a percent.
fn size(unit: Unit, currency: &str, x: f64) -> String {
    match unit {
        Unit::Share => show::share(x.abs()).replace(" %", " points"),
        _ => show::value(unit, currency, x.abs()),
    }
}

fn signed(unit: Unit, currency: &str, x: f64) -> String {
    let sign = match x {
        _ if x > 0.0 => "+",
        _ if x < 0.0 => "-",
        _ => "",
    };
    format!("{sign}{}", size(unit, currency, x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::compare::contest::{self, Pick};
    use crate::experiment::compare::{compare, levels};
    use crate::experiment::fixture;
    use crate::experiment::run::Options;

    fn told(a: usize, b: usize, conditions: &[&str]) -> String {
        let design = fixture::design();
        let names = [
            "goodput",
            "latency_mean",
            "latency_p99",
            "loss",
            "queue_max",
        ];
        let mut metrics: Vec<Metric> = names.iter().map(|n| Metric::parse(n).unwrap()).collect();
        metrics.push(Metric::parse("cost_per_month").unwrap());
        let conditions: Vec<Condition> = conditions
            .iter()
            .map(|text| Condition::parse(text).unwrap())
            .collect();
        let pick = |point: usize, name| Pick {
            design: &design,
            point,
            name,
        };
        let contest = contest::contest(pick(a, "before"), pick(b, "after"), metrics.clone());
        let options = Options { threads: 2 };
        let [a, b] = contest::run(&contest, options, &(), fixture::simulate).unwrap();
        let family: Vec<Metric> = conditions.iter().map(|c| c.metric.clone()).collect();
        let levels = levels(&metrics, &family, 0.95);
        let text = print(&Told {
            names: [&a.name, &b.name],
            comparison: &compare(&metrics, &levels, &a, &b),
            conditions: &conditions,
            horizon: "60 s",
            seed: "14",
            confidence: 0.95,
            currency: "USD",
        });
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
        text
    }

    #[test]
    fn it_says_what_is_better_and_by_how_much() {
        let text = told(0, 1, &["latency_p99 worse", "loss better"]);
        for part in [
            "A  before\nB  after\n4 paired replications of 60 s, seed 14; ",
            "intervals of B - A are 95 % ones\nboth met the same requests",
            "metric ",
            "-256 ms, -98.5 %",
            "better",
            "B won 4 of 4, pairing ",
            " points",
            "-$3,569, -45.8 %",
            "not judged: a maximum",
            "independent runs need 3 times",
            "2 metrics are judged together (Bonferroni): each at 97.5 %",
            "fail-if  latency_p99 worse: does not hold\n",
            "fail-if  loss better: holds\n",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    }

    #[test]
    fn a_point_is_the_same_as_itself() {
        let text = told(3, 3, &["queue_max differs"]);
        assert!(text.contains("the same"), "{text}");
        assert!(!text.contains("B won"), "{text}");
        assert!(
            text.contains("queue_max differs: cannot be judged, and counts"),
            "{text}"
        );
    }

    #[test]
    fn signs_and_units() {
        assert_eq!(signed(Unit::Share, "USD", -0.333), "-33.3 points");
        assert_eq!(signed(Unit::Share, "USD", 2e-6), "+2e-6");
        assert_eq!(signed(Unit::Seconds, "USD", -0.25), "-250 ms");
        assert_eq!(signed(Unit::Seconds, "USD", 0.0), "0 ms");
        assert_eq!(percent(0.95), "95");
        assert_eq!(percent(1.0 - 0.05 / 3.0), "98.33");
        assert_eq!(
            (multiple(239.2).as_str(), multiple(1.9).as_str()),
            ("239 x", "1.9 x")
        );
        assert_eq!(multiple(f64::INFINITY), "> 1,000,000 x");
    }
}
