//! Breakers, wherever they stand.

use super::*;
use crate::base::units::{Nanos, SECOND, print_time};
use crate::model::spec::AccrualWait;

const MILLISECOND: Nanos = 1_000_000;

/// Most parts of a window.
const MAX_PARTS: u64 = 100_000;

impl Rules {
    fn calls(&mut self, value: u32, path: String) {
        let fine = (1..=MAX_CALLS).contains(&value);
        self.range(fine, &path, "1 to 1048576", value);
    }

    /// Every worker has a breaker with a window of its own.
    fn windows(&mut self, calls: u32, workers: usize, path: &str) {
        let all = u64::from(calls).saturating_mul(workers as u64);
        if all > MAX_WINDOW_CALLS {
            let path = format!("{path}.window");
            let message = format!(
                "`{path}`: {workers} breakers that remember {calls} calls each are {all} calls, \
                 the limit is {MAX_WINDOW_CALLS}"
            );
            self.add(
                Code::TOO_LARGE_DESIGN,
                &path,
                message,
                Some("use a smaller `window`"),
            );
        }
    }

    /// A breaker, of which there are so many.
    pub(super) fn breaker(&mut self, breaker: &BreakerSpec, workers: usize, path: &str) {
        self.some_failures(breaker.counts(), &format!("{path}.counts"));
        match breaker {
            BreakerSpec::Consecutive {
                failures,
                half_open_calls,
                successes,
                ..
            } => {
                self.calls(*failures, format!("{path}.failures"));
                self.calls(*half_open_calls, format!("{path}.half_open_calls"));
                self.calls(*successes, format!("{path}.successes"));
            }
            BreakerSpec::Resilience4j {
                window,
                min_calls,
                failure_share,
                slow_after,
                slow_share,
                half_open_calls,
                half_open_max,
                automatic,
                lost_reply,
                ..
            } => {
                match window {
                    BreakerWindow::Calls(calls) => {
                        self.calls(*calls, format!("{path}.window"));
                        self.windows(*calls, workers, path);
                    }
                    BreakerWindow::Seconds(seconds) => {
                        let fine = (1..=86_400).contains(seconds);
                        let path = format!("{path}.window");
                        self.range(fine, &path, "1 to 86400 whole seconds", seconds);
                    }
                }
                self.calls(*min_calls, format!("{path}.min_calls"));
                self.calls(*half_open_calls, format!("{path}.half_open_calls"));
                self.share(*failure_share, &format!("{path}.failure_share"));
                self.share(*slow_share, &format!("{path}.slow_share"));
                self.range(
                    *slow_after > 0,
                    &format!("{path}.slow_after"),
                    "above 0",
                    "0s",
                );
                let fine = half_open_max.is_none_or(|t| t > 0);
                self.range(fine, &format!("{path}.half_open_max"), "above 0", "0s");
                // It goes round by itself: a turn must take time.
                let place = format!("{path}.half_open_max");
                if let Some(most) = half_open_max.filter(|_| *automatic) {
                    let fine = most == 0 || most >= MILLISECOND;
                    self.range(
                        fine,
                        &place,
                        "1ms or more with `automatic`",
                        print_time(most),
                    );
                }
                let fine = (0.0..=1.0).contains(lost_reply);
                self.range(fine, &format!("{path}.lost_reply"), "0 to 1", lost_reply);
            }
            BreakerSpec::Hystrix {
                window,
                every,
                min_calls,
                failure_share,
                ..
            } => {
                let place = format!("{path}.every");
                self.span((*every, MILLISECOND), "1ms to 1d", &place);
                let parts = window / (*every).max(1);
                let whole = *window == parts.saturating_mul(*every);
                // What is wrong with `every` is said above.
                let fine = *every == 0 || whole && (1..=MAX_PARTS).contains(&parts);
                let allowed = format!("1 to {MAX_PARTS} times `every` ({})", print_time(*every));
                self.range(
                    fine,
                    &format!("{path}.window"),
                    &allowed,
                    print_time(*window),
                );
                self.calls(*min_calls, format!("{path}.min_calls"));
                let percent = failure_share * 100.0;
                let whole = (percent - percent.round()).abs() < 1e-9;
                let fine = whole && (1.0..=100.0).contains(&percent.round());
                let allowed = "a whole number of percent, such as 0.35, above 0 and at most 1";
                self.range(
                    fine,
                    &format!("{path}.failure_share"),
                    allowed,
                    failure_share,
                );
            }
            BreakerSpec::Polly8 {
                window,
                min_calls,
                failure_share,
                ..
            } => {
                self.span(
                    (*window, 500 * MILLISECOND),
                    "500ms to 1d",
                    &format!("{path}.window"),
                );
                let fine = (2..=MAX_CALLS).contains(min_calls);
                self.range(
                    fine,
                    &format!("{path}.min_calls"),
                    "2 to 1048576",
                    min_calls,
                );
                self.share(*failure_share, &format!("{path}.failure_share"));
            }
            BreakerSpec::FailureAccrual {
                failures,
                window,
                min_calls,
                failure_share,
                wait,
                ..
            } => {
                self.calls(*failures, format!("{path}.failures"));
                self.span(
                    (*window, 5 * MILLISECOND),
                    "5ms to 1d",
                    &format!("{path}.window"),
                );
                self.calls(*min_calls, format!("{path}.min_calls"));
                self.share(*failure_share, &format!("{path}.failure_share"));
                if let AccrualWait::EqualJitter { base, cap } = wait {
                    self.range(*base > 0, &format!("{path}.base"), "above 0", "0s");
                    let allowed = format!("at least `base` ({})", print_time(*base));
                    self.range(
                        cap >= base,
                        &format!("{path}.cap"),
                        &allowed,
                        print_time(*cap),
                    );
                }
            }
        }
    }

    /// A share that something happens at.
    fn share(&mut self, share: f64, path: &str) {
        let fine = share > 0.0 && share <= 1.0;
        let allowed = "a share above 0 and at most 1 (0..=1 without 0)";
        self.range(fine, path, allowed, share);
    }

    /// A time from the one given up to a day.
    fn span(&mut self, (time, least): (Nanos, Nanos), allowed: &str, path: &str) {
        let fine = (least..=86_400 * SECOND).contains(&time);
        self.range(fine, path, allowed, print_time(time));
    }
}
