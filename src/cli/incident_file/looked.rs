//! What was looked for in a trial, as incident files have it.

use serde::{Deserialize, Serialize};

use crate::base::units::Nanos;
use crate::model::incident::{Budget, Kind, Own, Rule, Rules, Window};
use crate::model::metric::Metric;

/// What was looked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Looked {
    built_in: Vec<LookedBy>,
    own: Vec<Condition>,
    budgets: Vec<(String, f64, Option<Nanos>)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LookedBy {
    detector: Kind,
    threshold: f64,
    window_ns: Option<Nanos>,
    parts_of_run: Option<u64>,
    timeouts: Option<u64>,
    count: u64,
    workers: Vec<(String, u32)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Condition {
    text: String,
    metric: String,
    above: bool,
    bound: f64,
    window_ns: Nanos,
}

impl Looked {
    /// Of the rules of a run.
    pub fn of(rules: &Rules) -> Looked {
        let by = |rule: &Rule| {
            let (mut window_ns, mut parts_of_run, mut timeouts) = (None, None, None);
            match rule.window {
                Window::Of(time) => window_ns = Some(time),
                Window::PartOfRun(parts) => parts_of_run = Some(parts),
                Window::Timeouts(times) => timeouts = Some(times),
            }
            LookedBy {
                detector: rule.kind,
                threshold: rule.threshold,
                window_ns,
                parts_of_run,
                timeouts,
                count: rule.count,
                workers: rule.workers.clone(),
            }
        };
        let own = |own: &Own| Condition {
            text: own.text.clone(),
            metric: own.metric.to_string(),
            above: own.above,
            bound: own.bound,
            window_ns: own.window,
        };
        let budgets = rules.budgets.iter();
        Looked {
            built_in: rules.built_in.iter().map(by).collect(),
            own: rules.own.iter().map(own).collect(),
            budgets: budgets.map(|b| (b.text.clone(), b.share, b.over)).collect(),
        }
    }

    /// The rules again.
    ///
    /// # Errors
    /// The text says which of them is none.
    pub fn rules(self) -> Result<Rules, String> {
        let by = |by: LookedBy| {
            let windows = (by.window_ns, by.parts_of_run, by.timeouts);
            Some(Rule {
                kind: by.detector,
                threshold: by.threshold,
                window: match windows {
                    (Some(time), None, None) => Window::Of(time),
                    (None, Some(parts), None) if parts > 0 => Window::PartOfRun(parts),
                    (None, None, Some(times)) => Window::Timeouts(times),
                    _ => return None,
                },
                count: by.count,
                workers: by.workers,
            })
        };
        let own = |own: Condition| {
            Ok::<_, String>(Own {
                text: own.text,
                metric: Metric::parse(&own.metric)
                    .map_err(|_| format!("no metric {}", crate::base::units::shown(&own.metric)))?,
                above: own.above,
                bound: own.bound,
                window: own.window_ns,
            })
        };
        let budgets = self.budgets.into_iter();
        let built_in: Option<Vec<Rule>> = self.built_in.into_iter().map(by).collect();
        Ok(Rules {
            built_in: built_in.ok_or("a detector has no window, or two")?,
            own: self.own.into_iter().map(own).collect::<Result<_, _>>()?,
            budgets: budgets
                .map(|(text, share, over)| Budget { text, share, over })
                .collect(),
        })
    }
}
