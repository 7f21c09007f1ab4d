//! `client`: what a caller does about trouble.

use crate::model::spec::{Cancel, ClientSpec, FailureKind, Failures};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::CLIENT;
use super::tree::Node;

impl Cx {
    /// `client`
    pub fn client(&mut self, node: &Node, path: &str) -> ClientSpec {
        if node.is_none() {
            return ClientSpec::default();
        }
        let Some(fields) = self.fields(node, path, &CLIENT) else {
            return ClientSpec::default();
        };
        let cancel = self.cancel(&fields);
        let deadline = fields
            .get("deadline")
            .filter(|n| !n.is_none())
            .and_then(|n| self.time(n, &fields.path("deadline")));
        let propagates = fields
            .get("propagate_deadline")
            .and_then(|n| self.boolean(n, &fields.path("propagate_deadline")));
        let timeout = match fields.get("timeout").filter(|n| !n.is_none()) {
            Some(node) => self.dist(node, &fields.path("timeout"), Of::Time),
            None => None,
        };
        let retry = match fields.get("retry").filter(|n| !n.is_none()) {
            Some(node) => self.retry(node, &fields.path("retry")),
            None => None,
        };
        let patience = match fields.get("patience").filter(|n| !n.is_none()) {
            Some(node) => self.dist(node, &fields.path("patience"), Of::Time),
            None => None,
        };
        let limit = fields
            .get("limit")
            .and_then(|n| self.limit(n, &fields.path("limit")));
        let hedge = fields
            .get("hedge")
            .and_then(|n| self.hedge(n, &fields.path("hedge")));
        let breaker = match fields.get("breaker").filter(|n| !n.is_none()) {
            Some(node) => self.client_breaker(node, &fields.path("breaker")),
            None => None,
        };
        let network = match fields.get("network").filter(|n| !n.is_none()) {
            Some(node) => self.dist(node, &fields.path("network"), Of::Time),
            None => None,
        };
        ClientSpec {
            network: network.filter(|d| d.is_constant() != Some(0.0)),
            breaker,
            hedge,
            timeout,
            deadline,
            propagate_deadline: propagates.unwrap_or(false),
            cancel: cancel.unwrap_or_default(),
            patience,
            retry,
            limit,
        }
    }

    /// `cancel`: what is taken back.
    pub fn cancel(&mut self, fields: &Fields<'_>) -> Option<Cancel> {
        let node = fields.get("cancel")?;
        let words = &["none", "queued", "full"];
        Some(
            match self.choice(node, &fields.path("cancel"), words, &[])? {
                "none" => Cancel::Nothing,
                "queued" => Cancel::Queued,
                _ => Cancel::Full,
            },
        )
    }

    /// A list of kinds of failures; all of them when it is left out.
    pub fn failures(&mut self, fields: &Fields<'_>, key: &str) -> Failures {
        let Some(node) = fields.get(key) else {
            return Failures::ALL;
        };
        let path = fields.path(key);
        let takes = "a list such as [\"error\", \"timeout\"]";
        let Some(list) = node.array() else {
            self.wrong_type(node, &path, takes);
            return Failures::ALL;
        };
        if list.is_empty() {
            self.out_of_range(node, &path, "a list of at least one kind of failure");
        }
        let words = FailureKind::WORDS.map(|(word, _)| word);
        let mut found = Failures::NONE;
        for item in list {
            let word = self.choice(item, &path, &words, &[]);
            let known = FailureKind::WORDS.iter().find(|k| Some(k.0) == word);
            let Some(&(word, kind)) = known else { continue };
            if found.has(kind) {
                let message = format!("`{path}` names `{word}` twice");
                self.disagree(item.span, &path, &message, "name it once");
            }
            found = found.with(kind);
        }
        found
    }
}
