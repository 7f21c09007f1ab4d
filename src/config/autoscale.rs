//! `autoscale` of a service: how many workers it has as time goes on.

use crate::base::units::{Nanos, SECOND};
use crate::model::spec::{
    AutoscaleSpec, Bound, Dist, Measure, Pace, Rate, RateBy, ScaleRule, ScaleStep, ServiceSpec,
};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::{AUTOSCALE, RATE, SCALE_STEP};
use super::tree::Node;

/// Most workers of a service.
const MOST: u32 = 1_000_000;

/// A kind: its word, and its keys with their defaults beside those of all.
struct Kind {
    /// As written.
    word: &'static str,
    /// Keys and their defaults, as TOML; empty: none.
    keys: &'static [(&'static str, &'static str)],
}

/// Keys of every kind.
const COMMON: [&str; 5] = ["kind", "min", "max", "start", "drain"];

const UP: &str = "[{ pods = 4, per = \"15s\" }, { percent = 100, per = \"15s\" }]";
const DOWN: &str = "[{ percent = 100, per = \"15s\" }]";

/// Every kind of scaler.
#[rustfmt::skip]
const KINDS: [Kind; 5] = [
    Kind { word: "hpa",
        keys: &[("metric", "\"utilisation\""), ("target", ""), ("every", "\"15s\""),
            ("lag", "\"15s\""), ("tolerance", "0.1"), ("stabilise_up", "\"0s\""),
            ("stabilise_down", "\"300s\""), ("up", UP), ("down", DOWN)] },
    Kind { word: "queue_lag",
        keys: &[("target", ""), ("every", "\"15s\""), ("lag", "\"15s\""), ("tolerance", "0.1"),
            ("stabilise_up", "\"0s\""), ("stabilise_down", "\"300s\""), ("up", UP),
            ("down", DOWN)] },
    Kind { word: "target_tracking",
        keys: &[("metric", "\"utilisation\""), ("target", ""), ("every", "\"60s\""),
            ("lag", "\"0s\""), ("cooldown", "\"300s\"")] },
    Kind { word: "step",
        keys: &[("metric", "\"utilisation\""), ("every", "\"60s\""), ("lag", "\"0s\""),
            ("steps", ""), ("cooldown", "\"300s\"")] },
    Kind { word: "schedule", keys: &[("steps", "")] },
];

/// What a key of a kind is when it is left out, as TOML; empty: the kind has no such key, or it is
/// needed.
pub fn default(kind: Option<&str>, name: &str, common: &'static str) -> &'static str {
    if COMMON.contains(&name) {
        return common;
    }
    let found = KINDS.iter().find(|k| Some(k.word) == kind);
    let key = found.and_then(|k| k.keys.iter().find(|key| key.0 == name));
    key.map_or("", |key| key.1)
}

impl Cx {
    /// `autoscale` of a service that has its workers already: from now on their `count` is the
    /// most there may be.
    pub fn autoscale(&mut self, node: &Node, path: &str, service: &mut ServiceSpec) {
        let Some(scale) = self.scaler(node, path, service) else {
            return;
        };
        let (scale, max) = scale;
        match &mut service.groups[..] {
            [group] => {
                group.count = max;
                service.autoscale = Some(scale);
            }
            [] => {}
            _ => {
                let message =
                    format!("`{path}` is not supported yet with several groups of workers");
                let help = "make them one group, or each a service of its own";
                self.disagree(node.span, path, &message, help);
            }
        }
    }

    fn scaler(
        &mut self,
        node: &Node,
        path: &str,
        service: &ServiceSpec,
    ) -> Option<(AutoscaleSpec, u32)> {
        let fields = self.fields(node, path, &AUTOSCALE)?;
        for key in ["kind", "max"] {
            if fields.get(key).is_none() {
                self.missing(&fields, key, &AUTOSCALE);
            }
        }
        let words = KINDS.each_ref().map(|k| k.word);
        let word = self.choice(fields.get("kind")?, &fields.path("kind"), &words, &[])?;
        let found = KINDS.iter().find(|k| k.word == word)?;
        let own = found.keys.iter().map(|k| k.0);
        let own: Vec<&str> = own.chain(COMMON).collect();
        if !self.only(&fields, &format!("a scaler of kind `{word}`"), "kind", &own) {
            return None;
        }
        let max = self.count32(fields.get("max")?, &fields.path("max"), 1, MOST);
        let min = match fields.get("min") {
            Some(node) => self.count32(node, &fields.path("min"), 1, MOST),
            None => Some(1),
        };
        let start = match fields.get("start") {
            Some(node) => self.dist(node, &fields.path("start"), Of::Time),
            None => Some(Dist::Constant {
                value: (30 * SECOND) as f64,
            }),
        };
        let drain = self.time_or(&fields, "drain", 30 * SECOND);
        let (every, lag) = match word {
            "hpa" | "queue_lag" => (15 * SECOND, 15 * SECOND),
            _ => (60 * SECOND, 0),
        };
        let every = self.time_or(&fields, "every", every);
        let lag = self.time_or(&fields, "lag", lag);
        let rule = match word {
            "hpa" => self.hpa(&fields, None),
            "queue_lag" => self.hpa(&fields, Some(Measure::Queue)),
            "target_tracking" => self.tracking(&fields),
            "step" => self.stepping(&fields),
            _ => self.scale_schedule(&fields),
        };
        let scale = AutoscaleSpec {
            start_with: service.groups.first()?.count,
            min: min?,
            rule: rule?,
            every: every?,
            lag: lag?,
            start: start?,
            drain: drain?,
        };
        Some((scale, max?))
    }

    fn scale_measure(&mut self, fields: &Fields<'_>) -> Option<Measure> {
        match self.word(fields, "metric", &["utilisation", "in_flight", "queue"]) {
            Some("in_flight") => Some(Measure::InFlight),
            Some("queue") => Some(Measure::Queue),
            Some(_) => Some(Measure::Utilisation),
            None => fields
                .get("metric")
                .is_none()
                .then_some(Measure::Utilisation),
        }
    }

    fn scale_target(&mut self, fields: &Fields<'_>) -> Option<f64> {
        match fields.get("target") {
            Some(node) => self.number(node, &fields.path("target")),
            None => {
                self.missing(fields, "target", &AUTOSCALE);
                None
            }
        }
    }

    fn hpa(&mut self, fields: &Fields<'_>, measure: Option<Measure>) -> Option<ScaleRule> {
        let measure = measure.or_else(|| self.scale_measure(fields));
        let target = self.scale_target(fields);
        let tolerance = self.number_or(fields, "tolerance", 0.1);
        let up = self.scale_pace(fields, ("up", "stabilise_up"), 0);
        let down = self.scale_pace(fields, ("down", "stabilise_down"), 300 * SECOND);
        Some(ScaleRule::Hpa {
            measure: measure?,
            target: target?,
            tolerance,
            up: up?,
            down: down?,
        })
    }

    /// Rates and stabilisation of one direction.
    fn scale_pace(
        &mut self,
        fields: &Fields<'_>,
        (rates, stabilise): (&str, &str),
        usual: Nanos,
    ) -> Option<Pace> {
        let stabilise = self.time_or(fields, stabilise, usual);
        let percent = Rate {
            by: RateBy::Percent(100),
            per: 15 * SECOND,
        };
        let pods = Rate {
            by: RateBy::Pods(4),
            per: 15 * SECOND,
        };
        let rates = match fields.get(rates) {
            Some(node) => self.scale_rates(node, &fields.path(rates)),
            None if rates == "up" => Some(vec![pods, percent]),
            None => Some(vec![percent]),
        };
        Some(Pace {
            stabilise: stabilise?,
            rates: rates?,
        })
    }

    fn scale_rates(&mut self, node: &Node, path: &str) -> Option<Vec<Rate>> {
        let list = self.list(node, path, "a list such as [{ pods = 4, per = \"15s\" }]")?;
        let rates: Vec<_> = list
            .iter()
            .map(|node| self.scale_rate(node, path))
            .collect();
        rates.into_iter().collect()
    }

    fn scale_rate(&mut self, node: &Node, path: &str) -> Option<Rate> {
        let fields = self.fields(node, path, &RATE)?;
        if fields.get("per").is_none() {
            self.missing(&fields, "per", &RATE);
        }
        let by = match (fields.get("pods"), fields.get("percent")) {
            (Some(node), None) => {
                let pods = self.count32(node, &fields.path("pods"), 0, MOST);
                pods.map(RateBy::Pods)
            }
            (None, Some(node)) => {
                let percent = self.count32(node, &fields.path("percent"), 0, MOST);
                percent.map(RateBy::Percent)
            }
            (None, None) => {
                self.missing(&fields, "pods", &RATE);
                None
            }
            (Some(node), Some(_)) => {
                let message = format!("`{path}`: `pods` and `percent` say the same thing");
                self.disagree(node.span, path, &message, "write a rate for each");
                None
            }
        };
        let per = fields.get("per").map(|n| self.time(n, &fields.path("per")));
        Some(Rate {
            by: by?,
            per: per??,
        })
    }

    fn tracking(&mut self, fields: &Fields<'_>) -> Option<ScaleRule> {
        let (measure, target) = (self.scale_measure(fields), self.scale_target(fields));
        let cooldown = self.time_or(fields, "cooldown", 300 * SECOND);
        Some(ScaleRule::TargetTracking {
            measure: measure?,
            target: target?,
            cooldown: cooldown?,
        })
    }

    fn stepping(&mut self, fields: &Fields<'_>) -> Option<ScaleRule> {
        let measure = self.scale_measure(fields);
        let cooldown = self.time_or(fields, "cooldown", 300 * SECOND);
        let path = fields.path("steps");
        let steps: Option<Vec<_>> = self
            .steps_of(fields)?
            .iter()
            .map(|node| self.scale_step(node, &path))
            .collect();
        Some(ScaleRule::Step {
            measure: measure?,
            steps: steps?,
            cooldown: cooldown?,
        })
    }

    fn steps_of<'t>(&mut self, fields: &Fields<'t>) -> Option<&'t [Node]> {
        let Some(node) = fields.get("steps") else {
            self.missing(fields, "steps", &AUTOSCALE);
            return None;
        };
        let path = fields.path("steps");
        let list = self.list(node, &path, "a list such as [{ above = 0.8, add = 2 }]")?;
        if list.is_empty() {
            self.out_of_range(node, &path, "at least one step");
            return None;
        }
        Some(list)
    }

    fn scale_step(&mut self, node: &Node, path: &str) -> Option<ScaleStep> {
        let fields = self.fields(node, path, &SCALE_STEP)?;
        let who = "a step of the kind `step`";
        if !self.only(&fields, who, "kind", &["above", "below", "add"]) {
            return None;
        }
        let bound = match (fields.get("above"), fields.get("below")) {
            (Some(node), None) => self.number(node, &fields.path("above")).map(Bound::Above),
            (None, Some(node)) => self.number(node, &fields.path("below")).map(Bound::Below),
            (None, None) => {
                self.missing(&fields, "above", &SCALE_STEP);
                None
            }
            (Some(node), Some(_)) => {
                let message = format!("`{path}`: a step is `above` or `below`");
                self.disagree(node.span, path, &message, "write a step for each");
                None
            }
        };
        let Some(node) = fields.get("add") else {
            self.missing(&fields, "add", &SCALE_STEP);
            return None;
        };
        let add = self.integer(node, &fields.path("add"))?;
        let most = i64::from(MOST);
        if !(-most..=most).contains(&add) || add == 0 {
            let allowed = "a whole number other than 0, at most a million either way";
            self.out_of_range(node, &fields.path("add"), allowed);
            return None;
        }
        Some(ScaleStep {
            bound: bound?,
            add: i32::try_from(add).ok()?,
        })
    }

    fn scale_schedule(&mut self, fields: &Fields<'_>) -> Option<ScaleRule> {
        let path = fields.path("steps");
        let mut times = Vec::new();
        for node in self.steps_of(fields)? {
            let fields = self.fields(node, &path, &SCALE_STEP)?;
            let who = "a step of the kind `schedule`";
            if !self.only(&fields, who, "kind", &["at", "count"]) {
                return None;
            }
            for key in ["at", "count"] {
                if fields.get(key).is_none() {
                    self.missing(&fields, key, &SCALE_STEP);
                }
            }
            let at = self.time(fields.get("at")?, &fields.path("at"));
            let count = self.count32(fields.get("count")?, &fields.path("count"), 1, MOST);
            times.push((at?, count?));
        }
        Some(ScaleRule::Schedule(times))
    }
}
