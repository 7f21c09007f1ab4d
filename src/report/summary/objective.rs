//! The objective: who meets it, at what price, and what keeps the others from it.

use super::super::show;
use super::choose::View;
use crate::experiment::objective::{Constraint, Objective, Verdict};
use crate::experiment::results::Bound;
use crate::model::metric::{Metric, Unit};

/// Lines about the objective; empty when none is stated.
pub fn print(view: View<'_>) -> String {
    let Some(objective) = &view.design.objective else {
        return String::new();
    };
    let names = objective
        .variants
        .iter()
        .map(|&v| view.design.variants[v].name.as_str());
    let names: Vec<&str> = names.collect();
    let wanted: Vec<&str> = objective
        .subject_to
        .iter()
        .map(|c| c.text.as_str())
        .collect();
    let mut text = format!(
        "objective for {}: least {}\n",
        names.join(", "),
        objective.minimise
    );
    text.push_str(&format!("  with {}\n", wanted.join(", ")));
    let judged: Vec<usize> = (0..view.design.points.len())
        .filter(|&p| view.point(p).verdicts.is_some())
        .collect();
    match view.best() {
        Some(best) => text.push_str(&met(view, objective, best, &judged)),
        None => text.push_str(&missed(view, objective, &judged)),
    }
    text
}

fn met(view: View<'_>, objective: &Objective, best: usize, judged: &[usize]) -> String {
    let meeting = judged
        .iter()
        .filter(|&&p| view.point(p).meets() == Some(true))
        .count();
    let mut text = format!(
        "  met by {meeting} of {} {}\n",
        judged.len(),
        points(judged.len())
    );
    let about_cost = objective.minimise.to_string().starts_with("cost");
    let word = if about_cost { "cheapest" } else { "best" };
    text.push_str(&format!(
        "  {word:<9} {}: {}",
        view.label(best),
        price(view, objective, best)
    ));
    let against = view.reference(best).filter(|&p| p != best);
    if let (Some(against), Some(less)) = (against, against.and_then(|p| saved(view, best, p))) {
        text.push_str(&format!(", {less} against {}", view.label(against)));
    }
    text.push('\n');
    for constraint in &objective.subject_to {
        text.push_str(&format!("            {}\n", line(view, best, constraint)));
    }
    let value = view.minimised(best).unwrap_or(f64::INFINITY);
    let below = judged
        .iter()
        .copied()
        .filter(|&p| view.minimised(p).is_some_and(|v| v < value));
    let nearest = below.max_by(|&a, &b| {
        let value = |p| view.minimised(p).unwrap_or(0.0);
        value(a).total_cmp(&value(b))
    });
    if let Some(next) = nearest {
        let word = if about_cost { "cheaper" } else { "less" };
        let price = price(view, objective, next);
        text.push_str(&format!("  {word:<9} {}: {price}, but\n", view.label(next)));
        text.push_str(&failing(view, objective, next));
    }
    text
}

fn missed(view: View<'_>, objective: &Objective, judged: &[usize]) -> String {
    let mut text = format!(
        "  met by none of {} {}\n",
        judged.len(),
        points(judged.len())
    );
    let nearest = objective
        .variants
        .iter()
        .filter_map(|&v| view.ranked(v).first().copied());
    let lines = |p: &usize| {
        view.point(*p)
            .verdicts
            .iter()
            .flatten()
            .filter(unmet)
            .count()
    };
    if let Some(nearest) = nearest.min_by_key(lines) {
        let price = price(view, objective, nearest);
        text.push_str(&format!(
            "  nearest   {}: {price}, but\n",
            view.label(nearest)
        ));
        text.push_str(&failing(view, objective, nearest));
    }
    text
}

fn unmet(verdict: &&Verdict) -> bool {
    **verdict != Verdict::Met
}

fn points(n: usize) -> &'static str {
    if n == 1 { "point" } else { "points" }
}

/// The lines that a point does not meet.
fn failing(view: View<'_>, objective: &Objective, point: usize) -> String {
    let verdicts = view.point(point).verdicts.iter().flatten();
    let failing = objective
        .subject_to
        .iter()
        .zip(verdicts)
        .filter(|(_, v)| unmet(v));
    failing
        .map(|(c, _)| format!("            {}\n", line(view, point, c)))
        .collect()
}

/// `latency_p99 < 50ms: 19.3 ms ± 0.1, met`.
fn line(view: View<'_>, point: usize, constraint: &Constraint) -> String {
    let unit = constraint.metric.unit();
    let currency = view.currency(point);
    let Some(e) = view.estimate(point, &constraint.metric) else {
        return format!("{}: no data, not shown", constraint.text);
    };
    let mut value = show::estimate(unit, currency, e);
    let about = show::about(unit, currency, e);
    if e.bound == Some(Bound::AtMost) {
        value = format!("none seen, {value}");
    }
    let verdict = match constraint.judge(Some(e)) {
        Verdict::Met => "met".to_owned(),
        Verdict::NotShown if e.bound.is_some() => "not shown: it is only a bound".to_owned(),
        Verdict::NotShown => "not shown: the bound lies inside the interval".to_owned(),
        Verdict::Missed => by_how_much(constraint, e.mean),
    };
    let gap = if about.is_empty() { "" } else { " " };
    format!("{}: {value}{gap}{about}, {verdict}", constraint.text)
}

fn by_how_much(constraint: &Constraint, value: f64) -> String {
    let times = value.max(constraint.bound) / value.min(constraint.bound);
    if times.is_finite() && times >= 1.005 {
        format!("missed by a factor of {}", show::digits(times, 3))
    } else {
        "missed".into()
    }
}

/// The value of what is minimised; costs a month, as people compare them.
fn price(view: View<'_>, objective: &Objective, point: usize) -> String {
    let monthly = Metric::parse("cost_per_month").ok();
    let hourly = objective.minimise.to_string() == "cost_per_hour";
    let month = monthly
        .filter(|_| hourly)
        .and_then(|m| view.estimate(point, &m));
    if let Some(e) = month {
        return format!(
            "{} a month",
            show::value(Unit::Money, view.currency(point), e.mean)
        );
    }
    let value = view.minimised(point).unwrap_or(0.0);
    let shown = show::value(objective.minimise.unit(), view.currency(point), value);
    format!("{} {shown}", objective.minimise)
}

/// `-46 %`.
fn saved(view: View<'_>, best: usize, against: usize) -> Option<String> {
    let minimise = &view.design.objective.as_ref()?.minimise;
    let value = |point| view.value(point, minimise);
    let (best, against) = (value(best)?, value(against)?);
    (against > 0.0).then(|| format!("{:+.0} %", (best / against - 1.0) * 100.0))
}
