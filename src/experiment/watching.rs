//! What is looked for in the trials of a point: the detectors of the design, with the error budgets
//! of its objective.

use super::design::Design;
use super::objective::{Constraint, Objective, Op};
use crate::model::incident::{Budget, Reading, Rules};
use crate::model::metric::{Delay, Kind, Metric, Scope, TABLE};
use crate::model::trial::LookFor;

/// What is looked for in the trials of a point: of conditions those that its system can have.
pub fn look_for(design: &Design, point: usize) -> LookFor {
    let variant = design.points[point].variant;
    let objective = design.objective.as_ref();
    let objective = objective.filter(|o| o.variants.contains(&variant));
    let mut rules = Rules {
        budgets: objective.map(budgets).unwrap_or_default(),
        ..design.detectors.clone()
    };
    let system = &design.points[point].system;
    let there =
        |metric: &Metric| metric.check(system).is_ok() && Reading::of(metric, system).is_ok();
    rules.own.retain(|own| there(&own.metric));
    LookFor {
        rules,
        stations: true,
        stop: None,
        states: Vec::new(),
    }
}

/// The error budgets of an objective: what share of requests each of its lines lets go wrong. Only
/// upper bounds of losses and of percentiles of latency, over the whole system, are budgets.
pub fn budgets(objective: &Objective) -> Vec<Budget> {
    objective.subject_to.iter().filter_map(budget).collect()
}

fn budget(constraint: &Constraint) -> Option<Budget> {
    let Metric { kind, scope } = &constraint.metric;
    if !matches!(constraint.op, Op::Below | Op::AtMost) || *scope != Scope::All {
        return None;
    }
    let (share, over) = match *kind {
        Kind::Row(row) if TABLE[row].name == "loss" => (constraint.bound, None),
        Kind::Percentile(Delay::Latency, share) => {
            let over = crate::model::source::whole(constraint.bound * 1e9);
            (1.0 - share, Some(over))
        }
        Kind::Over(Delay::Latency, over) => (constraint.bound, Some(over)),
        _ => return None,
    };
    (share > 0.0).then(|| Budget {
        text: constraint.text.clone(),
        share,
        over,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_has_budgets_where_it_counts_requests() {
        let line = |metric: &str, op: Op, bound: f64| Constraint {
            text: metric.into(),
            metric: Metric::parse(metric).unwrap(),
            op,
            bound,
        };
        let objective = Objective {
            variants: vec![0],
            minimise: Metric::parse("cost_per_hour").unwrap(),
            subject_to: vec![
                line("latency_mean", Op::Below, 0.01),
                line("latency_p99", Op::Below, 0.05),
                line("loss", Op::Below, 1e-4),
                line("latency_over_250ms", Op::AtMost, 0.02),
                line("goodput", Op::Above, 100.0),
                line("loss@class:upload", Op::Below, 1e-4),
            ],
            confidence: 0.95,
            indifference: 0.05,
        };
        let found = budgets(&objective);
        let found: Vec<(f64, Option<u64>)> = found.iter().map(|b| (b.share, b.over)).collect();
        assert_eq!(found.len(), 3);
        assert!((found[0].0 - 0.01).abs() < 1e-12);
        assert_eq!(found[0].1, Some(50_000_000));
        assert_eq!(found[1], (1e-4, None));
        assert_eq!(found[2], (0.02, Some(250_000_000)));
    }
}
