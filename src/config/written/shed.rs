//! Shedders, as they are written.

use super::pen::{number, table};
use crate::base::units::{Nanos, print_time};
use crate::config::tree::quoted;
use crate::model::spec::{LimitRange, ShedSpec};

/// A shedder of workers.
pub fn shed(spec: &ShedSpec) -> String {
    let time = |nanos: Nanos| quoted(&print_time(nanos).replace(' ', ""));
    let range = |limit: LimitRange| {
        [
            ("start", limit.start.to_string()),
            ("min", limit.min.to_string()),
            ("max", limit.max.to_string()),
        ]
    };
    let mut params = vec![("kind", quoted(spec.word()))];
    match *spec {
        ShedSpec::Codel { target, interval } | ShedSpec::CodelServer { target, interval } => {
            params.extend([("target", time(target)), ("interval", time(interval))]);
        }
        ShedSpec::Aimd {
            limit,
            backoff,
            timeout,
        } => {
            params.extend(range(limit));
            params.extend([("backoff", number(backoff)), ("timeout", time(timeout))]);
        }
        ShedSpec::Vegas { limit } => params.extend(range(limit)),
        ShedSpec::Gradient2 {
            limit,
            smoothing,
            queue,
            tolerance,
            long_window,
        } => {
            params.extend(range(limit));
            params.extend([
                ("smoothing", number(smoothing)),
                ("queue", queue.to_string()),
                ("tolerance", number(tolerance)),
                ("long_window", long_window.to_string()),
            ]);
        }
    }
    table(&params)
}
