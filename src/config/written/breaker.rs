//! Breakers, as they are written.

use super::pen::{Pen, number, table};
use crate::base::units::SECOND;
use crate::config::dist::Of;
use crate::config::tree::quoted;
use crate::model::spec::{AccrualWait, BreakerSpec, BreakerWindow};

impl Pen<'_> {
    /// The table of a breaker.
    pub fn breaker(&mut self, breaker: &BreakerSpec, path: &str) -> String {
        let mut params = match breaker {
            BreakerSpec::Consecutive {
                failures,
                open_for,
                half_open_calls,
                successes,
                ..
            } => vec![
                ("kind", quoted("consecutive")),
                ("failures", failures.to_string()),
                ("open_for", self.dist(open_for, Of::Time, path)),
                ("half_open_calls", half_open_calls.to_string()),
                ("successes", successes.to_string()),
            ],
            BreakerSpec::Resilience4j {
                window,
                min_calls,
                failure_share,
                slow_after,
                slow_share,
                open_for,
                half_open_calls,
                half_open_max,
                ..
            } => {
                let window = match window {
                    BreakerWindow::Calls(calls) => calls.to_string(),
                    BreakerWindow::Seconds(seconds) => {
                        self.time(u64::from(*seconds) * SECOND, path)
                    }
                };
                let mut params = vec![
                    ("kind", quoted("resilience4j")),
                    ("window", window),
                    ("min_calls", min_calls.to_string()),
                    ("failure_share", number(*failure_share)),
                    ("slow_after", self.time(*slow_after, path)),
                    ("slow_share", number(*slow_share)),
                    ("open_for", self.dist(open_for, Of::Time, path)),
                    ("half_open_calls", half_open_calls.to_string()),
                ];
                if let Some(most) = half_open_max {
                    params.push(("half_open_max", self.time(*most, path)));
                }
                params
            }
            BreakerSpec::Hystrix {
                window,
                every,
                min_calls,
                failure_share,
                open_for,
                ..
            } => vec![
                ("kind", quoted("hystrix")),
                ("window", self.time(*window, path)),
                ("every", self.time(*every, path)),
                ("min_calls", min_calls.to_string()),
                ("failure_share", number(*failure_share)),
                ("open_for", self.dist(open_for, Of::Time, path)),
            ],
            BreakerSpec::Polly8 {
                window,
                min_calls,
                failure_share,
                open_for,
                ..
            } => vec![
                ("kind", quoted("polly8")),
                ("window", self.time(*window, path)),
                ("min_calls", min_calls.to_string()),
                ("failure_share", number(*failure_share)),
                ("open_for", self.dist(open_for, Of::Time, path)),
            ],
            BreakerSpec::FailureAccrual {
                failures,
                window,
                min_calls,
                failure_share,
                wait,
                ..
            } => {
                let mut params = vec![
                    ("kind", quoted("failure_accrual")),
                    ("failures", failures.to_string()),
                    ("window", self.time(*window, path)),
                    ("min_calls", min_calls.to_string()),
                    ("failure_share", number(*failure_share)),
                ];
                match wait {
                    AccrualWait::EqualJitter { base, cap } => {
                        params.push(("base", self.time(*base, path)));
                        params.push(("cap", self.time(*cap, path)));
                    }
                    AccrualWait::Drawn(dist) => {
                        params.push(("open_for", self.dist(dist, Of::Time, path)));
                    }
                }
                params
            }
        };
        if let Some(counts) = self.failures(breaker.counts(), path) {
            params.push(("counts", counts));
        }
        table(&params)
    }
}
