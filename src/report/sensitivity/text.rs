//! The findings in words: for each metric the inputs that move it, largest first.

use super::super::csv_table::visible;
use super::super::show;
use super::super::summary::{COLUMNS, wrapped};
use super::super::table::{Align, Table, cut};
use super::{Findings, Moves, Shares, Walks};
use crate::experiment::results::{Estimate, Method};
use crate::experiment::sensitivity::{Change, Tornado, Uncertain, apart_from_0};
use crate::model::metric::{Metric, Unit};
use crate::stats::interval::Interval;

/// Inputs that are told for each metric.
const MOST: usize = 10;

/// Widest path.
const PATH: usize = 34;

/// Widest value.
const VALUE: usize = 12;

/// The whole text.
pub fn print(found: &Findings<'_>) -> String {
    let mut text = heading(found);
    for (m, metric) in found.metrics().iter().enumerate() {
        text.push('\n');
        if let Some(moves) = &found.tornado {
            text.push_str(&tornado(found, moves, m, metric));
        }
        if let Some(walks) = &found.screen {
            text.push_str(&morris(found, walks, m, metric));
        }
        if let Some(shares) = &found.variance {
            text.push_str(&sobol(shares, m, metric));
        }
        if let Some(input) = found.measure_first(m) {
            text.push_str(&format!("  measure first    {}\n", visible(&input.path)));
        }
        if let Some(input) = found.strongest_lever(m) {
            text.push_str(&format!("  strongest lever  {}\n", visible(&input.path)));
        }
    }
    if let Some(moves) = &found.tornado {
        text.push_str(&left_out(moves));
    }
    text
}

fn heading(found: &Findings<'_>) -> String {
    let base = found.base;
    let axes = match found.swept {
        true => ", without the axes of the sweep",
        false => "",
    };
    let percent = show::digits(base.confidence * 100.0, 3);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    let mut text = String::new();
    if !base.title.is_empty() {
        text.push_str(&format!("{}\n", visible(&base.title)));
    }
    text.push_str(&format!(
        "sensitivity of `{}`{axes}, seed {}; ± are {percent} % intervals\n",
        visible(found.variant()),
        base.seed
    ));
    let trials = |design: &crate::experiment::design::Design| {
        let (points, n) = (design.points.len(), design.replications);
        format!("{points} points x {n} = {} trials", design.trial_count())
    };
    if let Some(moves) = &found.tornado {
        text.push_str(&format!(
            "{} inputs moved by {} one at a time, paired with the system as it is: {}\n",
            moves.plan.rows.len(),
            share(moves.plan.by),
            trials(&moves.plan.design)
        ));
    }
    if let Some(walks) = &found.screen {
        text.push_str(&format!(
            "{} walks through {} uncertain inputs: {}\n",
            walks.plan.walks.len(),
            walks.plan.inputs.len(),
            trials(&walks.plan.design)
        ));
    }
    if let Some(shares) = &found.variance {
        text.push_str(&format!(
            "shares of the variance that {} uncertain inputs make: {}\n",
            shares.plan.inputs.len(),
            trials(&shares.plan.design)
        ));
    }
    text
}

/// A share as people say it.
pub fn share(by: f64) -> String {
    format!(
        "{} %",
        show::digits(by * 100.0, 3)
            .trim_end_matches('0')
            .trim_end_matches('.')
    )
}

/// A change with its sign.
pub fn signed(unit: Unit, currency: &str, x: f64) -> String {
    match x {
        0.0 => "0".into(),
        x if x < 0.0 => format!("-{}", show::value(unit, currency, -x)),
        x => format!("+{}", show::value(unit, currency, x)),
    }
}

/// Half of an interval about a change.
fn about(unit: Unit, currency: &str, i: &Interval) -> String {
    let Some(half) = i.half_width().filter(|half| *half > 0.0) else {
        return String::new();
    };
    let size = i.estimate.abs();
    if size == 0.0 {
        return format!("± {}", show::value(unit, currency, half));
    }
    let e = Estimate {
        mean: size,
        low: Some(size - half),
        high: Some(size + half),
        n: 0,
        method: Method::Student,
        bound: None,
    };
    show::about(unit, currency, &e)
}

fn with_interval(metric: &Metric, currency: &str, i: &Interval) -> String {
    let unit = metric.unit();
    let text = format!(
        "{} {}",
        signed(unit, currency, i.estimate),
        about(unit, currency, i)
    );
    text.trim_end().to_owned()
}

/// A path that fits, its beginning left out where it is long.
pub fn short(path: &str, width: usize) -> String {
    let path = visible(path);
    let mut kept: &str = &path;
    while kept.chars().count() > width {
        match kept.split_once('.') {
            Some((_, rest)) => kept = rest,
            None => return cut(kept, width),
        }
    }
    match kept.len() == path.len() {
        true => kept.to_owned(),
        false if kept.chars().count() + 2 <= width => format!("..{kept}"),
        false => kept.to_owned(),
    }
}

fn tornado(found: &Findings<'_>, moves: &Moves<'_>, m: usize, metric: &Metric) -> String {
    let currency = found.currency();
    let estimates = moves.results.points.first().map(|p| &p.estimates);
    let base = estimates.and_then(|all| all.get(m).copied().flatten());
    let now = base.map_or("no data".into(), |e| {
        let about = show::about(metric.unit(), currency, &e);
        format!("{} {about}", show::value(metric.unit(), currency, e.mean))
    });
    let mut text = format!("{metric}: {} as it is\n", now.trim_end());
    let order = Tornado::order(&moves.effects, m);
    let (told, untold): (Vec<usize>, Vec<usize>) = order
        .into_iter()
        .partition(|&row| moves.effects[row][m].shown());
    let by = share(moves.plan.by);
    let mut table = Table::new(&[
        Align::Left,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Left,
    ]);
    for &row in told.iter().take(MOST) {
        let moved = &moves.plan.rows[row];
        let effect = moves.effects[row][m];
        let cells = |to: &Option<_>, change: Option<Change>, sign: &str| {
            let value = to.as_ref().map_or(String::new(), |t| value(t, sign, &by));
            let change = change.map(|c| {
                let unstable = if c.stable { "" } else { " !" };
                format!(
                    "{}{unstable}",
                    with_interval(metric, currency, &c.difference)
                )
            });
            (value, change.unwrap_or_default())
        };
        let (down, less) = cells(&moved.down, effect.down, "-");
        let (up, more) = cells(&moved.up, effect.up, "+");
        let name = format!("  {}", short(&moved.input.path, PATH));
        table.row([name, down, less, up, more]);
    }
    text.push_str(&table.print());
    if told.len() > MOST {
        let last = moves.effects[told[MOST]][m].size();
        text.push_str(&format!(
            "  and {} more, of {} at most\n",
            told.len() - MOST,
            show::value(metric.unit(), currency, last)
        ));
    }
    let sides = |row: &usize| moves.effects[*row][m].sides().any(|c| !c.stable);
    if told.iter().take(MOST).any(sides) {
        text.push_str("  ! no steady state: it grows with the length of the run\n");
    }
    if told.is_empty() {
        text.push_str("  no input is told from none\n");
    } else if !untold.is_empty() {
        text.push_str(&format!("  {} more not told from none\n", untold.len()));
    }
    text
}

/// Where an input was moved to; a list by its share.
fn value(to: &crate::experiment::sensitivity::Move, sign: &str, by: &str) -> String {
    match to.value.starts_with('[') || to.value.chars().count() > VALUE {
        true => format!("{sign}{by}"),
        false => visible(&to.value).into_owned(),
    }
}

fn range(uncertain: &Uncertain) -> String {
    let text = format!("{} to {}", uncertain.low, uncertain.high);
    cut(&visible(&text), 2 * VALUE)
}

fn morris(found: &Findings<'_>, walks: &Walks<'_>, m: usize, metric: &Metric) -> String {
    let (unit, currency) = (metric.unit(), found.currency());
    let mut table = Table::new(&[
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
    ]);
    let head = format!("{metric} over the ranges");
    table.row([&*head, "", "mu*", "mu", "sigma"]);
    let (mut told, mut untold, mut without) = (0, 0, 0);
    for row in walks.order(m) {
        let uncertain = &walks.plan.inputs[row];
        let Some(s) = walks.effects[row][m] else {
            continue;
        };
        if s.mu_star.estimate == 0.0 {
            without += 1;
            continue;
        }
        let sure = apart_from_0(&s.mu_star) || walks.plan.walks.len() < 2;
        untold += usize::from(!sure);
        told += usize::from(sure);
        let star = show::value(unit, currency, s.mu_star.estimate);
        let star = format!("{star} {}", about(unit, currency, &s.mu_star));
        table.row([
            format!("  {}", short(&uncertain.input.path, PATH)),
            range(uncertain),
            star.trim_end().to_owned(),
            signed(unit, currency, s.mu),
            s.sigma
                .map_or(String::new(), |x| show::value(unit, currency, x)),
        ]);
    }
    if told + untold == 0 && without > 0 {
        return format!("{head}: no input has an effect\n");
    }
    let mut text = table.print();
    if told == 0 {
        text.push_str("  no uncertain input is told from none\n");
    } else if untold > 0 {
        text.push_str(&format!("  {untold} of them not told from none\n"));
    }
    if without > 0 {
        text.push_str(&format!("  {without} more without effect\n"));
    }
    text
}

fn sobol(shares: &Shares<'_>, m: usize, metric: &Metric) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left, Align::Left]);
    let head = format!("{metric}: shares of its variance");
    table.row([&*head, "", "total", "alone"]);
    let number = |i: &Interval| {
        let half = i.half_width();
        let half = half.map_or(String::new(), |h| format!(" ± {h:.2}"));
        format!("{:.2}{half}", i.estimate)
    };
    let mut any = false;
    for row in shares.order(m) {
        let uncertain = &shares.plan.inputs[row];
        let Some(i) = shares.indices[row][m] else {
            continue;
        };
        any = true;
        table.row([
            format!("  {}", short(&uncertain.input.path, PATH)),
            range(uncertain),
            number(&i.total),
            number(&i.first),
        ]);
    }
    match any {
        true => table.print(),
        false => format!("{head}: it does not vary, or has no value at some place\n"),
    }
}

fn left_out(moves: &Moves<'_>) -> String {
    if moves.plan.left_out.is_empty() {
        return String::new();
    }
    let mut text = "\nnot varied\n".to_owned();
    for left in &moves.plan.left_out {
        let value = cut(&visible(&left.value), 2 * VALUE);
        let line = format!(
            "  {} = {value}: {}",
            visible(&left.path),
            visible(&left.reason)
        );
        text.push_str(&wrapped(&line, COLUMNS));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_beginning() {
        assert_eq!(short("service.a.work", 42), "service.a.work");
        let long = "service.events.balancer.breaker.half_open_calls";
        assert_eq!(short(long, 42), "..events.balancer.breaker.half_open_calls");
        assert_eq!(short("service.events.balancer", 22), "..events.balancer");
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(signed(Unit::Seconds, "", -0.0021), "-2.10 ms");
        assert_eq!(signed(Unit::Money, "USD", 412.0), "+$412");
        assert_eq!(signed(Unit::Share, "", 0.0), "0");
        let i = Interval {
            estimate: -0.0021,
            low: Some(-0.0024),
            high: Some(-0.0018),
            n: 5,
        };
        assert_eq!(about(Unit::Seconds, "", &i), "± 0.30");
        let exact = Interval {
            low: Some(-0.0021),
            high: Some(-0.0021),
            ..i
        };
        assert_eq!(about(Unit::Seconds, "", &exact), "");
        assert_eq!(share(0.1), "10 %");
        assert_eq!(share(0.025), "2.5 %");
    }
}
