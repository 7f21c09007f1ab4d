//! Scalers, as they are written.

use super::pen::{Pen, number, table};
use crate::config::dist::Of;
use crate::config::tree::quoted;
use crate::model::spec::{AutoscaleSpec, Bound, Measure, Pace, RateBy, ScaleRule};

impl Pen<'_> {
    /// A scaler for at most so many workers.
    pub fn autoscale(&mut self, scale: &AutoscaleSpec, max: u32, path: &str) {
        let (word, params) = self.scale_rule(&scale.rule, path);
        let mut all = vec![
            ("kind", quoted(word)),
            ("min", scale.min.to_string()),
            ("max", max.to_string()),
        ];
        all.extend(params);
        if !matches!(scale.rule, ScaleRule::Schedule(_)) {
            all.push(("every", self.time(scale.every, path)));
            all.push(("lag", self.time(scale.lag, path)));
        }
        all.push(("start", self.dist(&scale.start, Of::Time, path)));
        all.push(("drain", self.time(scale.drain, path)));
        self.line("autoscale", &table(&all));
    }

    fn scale_rule(
        &mut self,
        rule: &ScaleRule,
        path: &str,
    ) -> (&'static str, Vec<(&'static str, String)>) {
        match rule {
            ScaleRule::Hpa {
                measure,
                target,
                tolerance,
                up,
                down,
            } => {
                let mut params = Vec::new();
                let word = match measure {
                    Measure::Queue => "queue_lag",
                    _ => {
                        params.push(("metric", metric(*measure)));
                        "hpa"
                    }
                };
                params.push(("target", number(*target)));
                params.push(("tolerance", number(*tolerance)));
                params.push(("stabilise_up", self.time(up.stabilise, path)));
                params.push(("stabilise_down", self.time(down.stabilise, path)));
                params.push(("up", self.rates(up, path)));
                params.push(("down", self.rates(down, path)));
                (word, params)
            }
            ScaleRule::TargetTracking {
                measure,
                target,
                cooldown,
            } => {
                let cooldown = self.time(*cooldown, path);
                let params = vec![
                    ("metric", metric(*measure)),
                    ("target", number(*target)),
                    ("cooldown", cooldown),
                ];
                ("target_tracking", params)
            }
            ScaleRule::Step {
                measure,
                steps,
                cooldown,
            } => {
                let steps = steps.iter().map(|step| {
                    let bound = match step.bound {
                        Bound::Above(bound) => ("above", number(bound)),
                        Bound::Below(bound) => ("below", number(bound)),
                    };
                    table(&[bound, ("add", step.add.to_string())])
                });
                let steps = list(steps);
                let cooldown = self.time(*cooldown, path);
                let params = vec![
                    ("metric", metric(*measure)),
                    ("steps", steps),
                    ("cooldown", cooldown),
                ];
                ("step", params)
            }
            ScaleRule::Schedule(times) => {
                let steps: Vec<String> = times
                    .iter()
                    .map(|&(at, count)| {
                        let at = self.time(at, path);
                        table(&[("at", at), ("count", count.to_string())])
                    })
                    .collect();
                ("schedule", vec![("steps", list(steps.into_iter()))])
            }
        }
    }

    fn rates(&mut self, pace: &Pace, path: &str) -> String {
        let rates: Vec<String> = pace
            .rates
            .iter()
            .map(|rate| {
                let by = match rate.by {
                    RateBy::Pods(pods) => ("pods", pods.to_string()),
                    RateBy::Percent(percent) => ("percent", percent.to_string()),
                };
                table(&[by, ("per", self.time(rate.per, path))])
            })
            .collect();
        list(rates.into_iter())
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn metric(measure: Measure) -> String {
    quoted(match measure {
        Measure::Utilisation => "utilisation",
        Measure::InFlight => "in_flight",
        Measure::Queue => "queue",
    })
}
