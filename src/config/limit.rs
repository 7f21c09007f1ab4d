//! `limit` of a client: a token bucket, and places for what is out at once.

use crate::model::spec::{Fill, LimitSpec, MAX_BURST, MAX_SLOTS, PlacesSpec, RateSpec};

use super::decode::{Cx, Fields};
use super::keys::LIMIT;
use super::tree::Node;

impl Cx {
    /// A client's own limits.
    pub fn limit(&mut self, node: &Node, path: &str) -> Option<LimitSpec> {
        if node.is_none() {
            return None;
        }
        let fields = self.fields(node, path, &LIMIT)?;
        let (rate, places) = (fields.get("rate"), fields.get("in_flight"));
        if rate.is_none() && places.is_none() {
            let message = format!("`{path}` limits nothing: it has neither `rate` nor `in_flight`");
            let help = "add one of them, or write \"none\"";
            self.disagree(node.span, path, &message, help);
            return None;
        }
        if rate.is_none() {
            self.useless(&fields, &["burst", "fill"], "rate");
        }
        if places.is_none() {
            self.useless(&fields, &["pending", "wait"], "in_flight");
        }
        Some(LimitSpec {
            rate: rate.and_then(|node| self.bucket(node, &fields)),
            in_flight: places.and_then(|node| self.places(node, &fields)),
        })
    }

    /// Reports keys that need another one.
    fn useless(&mut self, fields: &Fields<'_>, keys: &[&str], needs: &str) {
        for key in keys {
            if let Some(node) = fields.get(key) {
                let path = fields.path(key);
                let message = format!("`{path}` has no effect without `{needs}`");
                let help = format!("add `{needs}`, or remove `{key}`");
                self.disagree(node.span, &path, &message, &help);
            }
        }
    }

    fn bucket(&mut self, node: &Node, fields: &Fields<'_>) -> Option<RateSpec> {
        let rate = self.rate(node, &fields.path("rate"))?;
        let burst = fields
            .get("burst")
            .and_then(|n| self.count32(n, &fields.path("burst"), 1, MAX_BURST));
        let fill = fields
            .get("fill")
            .and_then(|n| self.choice(n, &fields.path("fill"), &["even", "tick"], &[]));
        Some(RateSpec {
            rate,
            burst: burst.unwrap_or(1),
            fill: match fill {
                Some("tick") => Fill::Tick,
                _ => Fill::Even,
            },
        })
    }

    fn places(&mut self, node: &Node, fields: &Fields<'_>) -> Option<PlacesSpec> {
        let places = self.count32(node, &fields.path("in_flight"), 1, MAX_SLOTS)?;
        let pending = fields
            .get("pending")
            .and_then(|n| self.count32(n, &fields.path("pending"), 0, MAX_SLOTS));
        let wait = fields.get("wait").filter(|n| !n.is_none());
        let pending = pending.unwrap_or(0);
        if pending == 0 {
            self.useless(fields, &["wait"], "pending");
        }
        Some(PlacesSpec {
            places,
            pending,
            wait: wait.and_then(|n| self.time(n, &fields.path("wait"))),
        })
    }
}
