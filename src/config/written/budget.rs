//! Retry budgets, as they are written.

use super::pen::{number, table};
use crate::base::units::print_time;
use crate::config::tree::quoted;
use crate::model::spec::{BudgetSpec, Deposit};

/// A budget of retries.
pub fn budget(spec: &BudgetSpec) -> String {
    let milli = |thousandths: u32| number(f64::from(thousandths) / 1000.0);
    let mut params = vec![("kind", quoted(spec.word()))];
    match *spec {
        BudgetSpec::Finagle {
            percent_milli,
            ttl,
            min_per_second,
        } => params.extend([
            ("percent", milli(percent_milli)),
            ("ttl", quoted(&print_time(ttl).replace(' ', ""))),
            ("min_per_second", min_per_second.to_string()),
        ]),
        BudgetSpec::Envoy {
            percent_milli,
            min_concurrent,
        } => params.extend([
            ("percent", milli(percent_milli)),
            ("min_concurrent", min_concurrent.to_string()),
        ]),
        BudgetSpec::GrpcThrottle {
            tokens,
            ratio_milli,
        } => params.extend([
            ("tokens", tokens.to_string()),
            ("ratio", milli(ratio_milli)),
        ]),
        BudgetSpec::TokenBucket {
            tokens,
            ratio_milli,
            deposit,
        } => params.extend([
            ("tokens", tokens.to_string()),
            ("ratio", milli(ratio_milli)),
            (
                "deposit",
                quoted(match deposit {
                    Deposit::Success => "success",
                    Deposit::Call => "call",
                }),
            ),
        ]),
        BudgetSpec::FailureShare { percent_milli } => {
            params.push(("percent", milli(percent_milli)));
        }
    }
    table(&params)
}
