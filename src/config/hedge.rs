//! Several copies of a request: `fan_out` of a source, `hedge` of a client.

use crate::base::units::SECOND;
use crate::model::spec::{Cancel, FanOutSpec, HedgeKind, HedgeSpec, MAX_COPIES};

use super::decode::{Cx, Fields};
use super::keys::HEDGE;
use super::tree::Node;

impl Cx {
    /// `fan_out`, `need` and `rest` of a source.
    pub fn fan_out(&mut self, fields: &Fields<'_>) -> Option<FanOutSpec> {
        let Some(node) = fields.get("fan_out") else {
            for key in ["need", "rest"] {
                if let Some(node) = fields.get(key) {
                    let path = fields.path(key);
                    let message = format!("`{path}` has no effect without `fan_out`");
                    let help = format!("add `fan_out`, or remove `{key}`");
                    self.disagree(node.span, &path, &message, &help);
                }
            }
            return None;
        };
        let copies = match node.text() {
            Some("all") => None,
            Some(_) => {
                let takes = "a whole number such as 4, or \"all\"";
                self.wrong_type(node, &fields.path("fan_out"), takes);
                return None;
            }
            _ => Some(self.count32(node, &fields.path("fan_out"), 1, MAX_COPIES)?),
        };
        let need = fields
            .get("need")
            .and_then(|n| self.count32(n, &fields.path("need"), 1, MAX_COPIES));
        let rest = fields
            .get("rest")
            .and_then(|n| self.choice(n, &fields.path("rest"), &["run", "cancel"], &[]));
        let plain = copies == Some(1) && need.is_none() && rest.is_none();
        (!plain).then_some(FanOutSpec {
            copies,
            need,
            rest: match rest {
                Some("cancel") => Cancel::Full,
                _ => Cancel::Nothing,
            },
        })
    }

    /// `hedge` of a client.
    pub fn hedge(&mut self, node: &Node, path: &str) -> Option<HedgeSpec> {
        if node.is_none() {
            return None;
        }
        let fields = self.fields(node, path, &HEDGE)?;
        let Some(kind) = fields.get("kind") else {
            self.missing(&fields, "kind", &HEDGE);
            return None;
        };
        let kind = self.choice(kind, &fields.path("kind"), &["grpc", "polly", "envoy"], &[])?;
        let (kind, default) = match kind {
            "grpc" => (HedgeKind::Grpc, Some(0)),
            "polly" => (HedgeKind::Polly, Some(2 * SECOND)),
            _ => (HedgeKind::Envoy, None),
        };
        let after = match fields.get("after") {
            Some(node) => self.time(node, &fields.path("after")),
            None => {
                if default.is_none() {
                    self.missing(&fields, "after", &HEDGE);
                }
                default
            }
        };
        let max = fields
            .get("max")
            .and_then(|n| self.count32(n, &fields.path("max"), 1, MAX_COPIES));
        let cancel = self.cancel(&fields);
        Some(HedgeSpec {
            kind,
            after: after?,
            max: max.unwrap_or(1),
            cancel: cancel.unwrap_or(Cancel::Full),
        })
    }
}
