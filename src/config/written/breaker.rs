//! Breakers, as they are written.

use super::pen::{Pen, number, table};
use crate::base::units::SECOND;
use crate::config::dist::Of;
use crate::config::tree::quoted;
use crate::model::spec::{AccrualWait, Around, BreakerSpec, BreakerWindow, ClientBreaker};

/// A key and its value.
pub type Param = (&'static str, String);

impl Pen<'_> {
    /// The table of a client's breaker.
    pub fn client_breaker(&mut self, breaker: &ClientBreaker, path: &str) -> String {
        let limits = match breaker {
            ClientBreaker::Machine { spec, around } => {
                let stands = match around {
                    Around::Attempt => vec![],
                    Around::Call => vec![("around", quoted("call"))],
                };
                return self.breaker(spec, &stands, path);
            }
            ClientBreaker::Envoy(limits) => limits,
        };
        let bound = |most: Option<u32>| most.map_or_else(|| quoted("unbounded"), |n| n.to_string());
        let pending = Some(limits.pending).filter(|&n| n != u32::MAX);
        let mut params = vec![
            ("kind", quoted("envoy_limits")),
            ("connections", bound(limits.connections)),
            ("requests", bound(limits.requests)),
            ("retries", bound(limits.retries)),
        ];
        // Where nobody waits nothing can be said of those who do.
        if limits.waits() {
            params.push(("pending", bound(pending)));
        } else if limits.pending != 0 {
            self.inexact(path);
        }
        table(&params)
    }

    /// The table of a breaker; `stands`: what it says of where it stands.
    pub fn breaker(&mut self, breaker: &BreakerSpec, stands: &[Param], path: &str) -> String {
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
                automatic,
                lost_reply,
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
                if *automatic {
                    params.push(("automatic", "true".into()));
                }
                if *lost_reply > 0.0 {
                    params.push(("lost_reply", number(*lost_reply)));
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
        params.extend(stands.iter().cloned());
        if let Some(counts) = self.failures(breaker.counts(), path) {
            params.push(("counts", counts));
        }
        table(&params)
    }
}
