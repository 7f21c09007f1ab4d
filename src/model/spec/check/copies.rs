//! Rules about copies of a request.

use super::{MAX_COPIES, Rules};
use crate::base::codes::Code;
use crate::model::spec::{Cancel, ClientSpec, FanOutSpec};

impl Rules {
    /// Of a source, or of a step that calls.
    pub(super) fn copies(
        &mut self,
        (fan_out, client): (Option<FanOutSpec>, &ClientSpec),
        workers: usize,
        path: &str,
    ) {
        if let Some(fan) = &fan_out {
            let copies = fan.copies.map_or(workers as u64, u64::from);
            let most = u64::from(MAX_COPIES);
            let fine = (1..=most).contains(&copies) || workers == 0;
            self.range(fine, &format!("{path}.fan_out"), "1 to 10000", copies);
            let need = fan.need.map_or(copies, u64::from);
            let fine = need >= 1 && need <= copies || workers == 0;
            let allowed = format!("1 to the {copies} copies of `fan_out`");
            self.range(fine, &format!("{path}.need"), &allowed, need);
            let fine = fan.rest != Cancel::Queued;
            let allowed = "\"run\" or \"cancel\"";
            self.range(fine, &format!("{path}.rest"), allowed, "\"queued\"");
        }
        let Some(hedge) = &client.hedge else {
            return;
        };
        let path = format!("{path}.client.hedge");
        let fine = (1..=MAX_COPIES).contains(&hedge.max);
        self.range(fine, &format!("{path}.max"), "1 to 10000", hedge.max);
        if fan_out.is_some() {
            let message = format!("`{path}` and `fan_out` cannot stand together");
            let help = Some("remove one of them");
            self.add(Code::KEYS_DISAGREE, &path, message, help);
        }
    }
}
