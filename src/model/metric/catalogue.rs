//! The catalogue of metrics: one row each.

use super::Unit;
use super::eval::{Part, Sums};

/// One metric.
#[derive(Clone, Copy)]
pub struct Row {
    /// Its name in files, objectives and charts.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: Unit,
    /// Which parts of the system it can be narrowed to.
    pub narrow: Narrows,
    /// One line that says what it means.
    pub about: &'static str,
    /// Its value from the sums over a scope.
    pub(super) eval: fn(&Sums) -> Part,
}

/// What a metric can be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrows {
    /// Sources and classes: it counts requests.
    Requests,
    /// Sources, classes, services and workers: it counts attempts.
    Attempts,
    /// Services and workers.
    Workers,
    /// Services.
    Services,
    /// Nothing.
    Nothing,
}

/// A family of metrics with a parameter in the name.
#[derive(Clone, Copy)]
pub struct Family {
    /// Its pattern, the parameter in capitals.
    pub pattern: &'static str,
    /// One line that says what it means.
    pub about: &'static str,
}

/// Metrics with a parameter in their name.
pub const FAMILIES: &[Family] = &[
    Family {
        pattern: "latency_pQ",
        about: "percentile of latency: p50, p90, p95, p99, p999, ...",
    },
    Family {
        pattern: "wait_pQ",
        about: "percentile of the wait",
    },
    Family {
        pattern: "response_pQ",
        about: "percentile of the response",
    },
    Family {
        pattern: "latency_over_T",
        about: "share of ok requests slower than T (250ms)",
    },
    Family {
        pattern: "response_over_T",
        about: "share of served attempts slower than T",
    },
    Family {
        pattern: "loss_CODE",
        about: "share of requests lost, their last attempt with CODE",
    },
    Family {
        pattern: "refused_CODE",
        about: "attempts refused with CODE per attempt made",
    },
    Family {
        pattern: "in_system_at_T",
        about: "attempts inside at T after the warm-up",
    },
];

macro_rules! rows {
    ($($name:literal $unit:ident $narrow:ident $about:literal $eval:expr;)*) => {
        &[$(Row { name: $name, unit: Unit::$unit, narrow: Narrows::$narrow, about: $about,
                  eval: $eval }),*]
    };
}

const HOURS_A_MONTH: f64 = 730.0;

/// Every metric without a parameter, in the order of the columns of `results.csv`.
#[rustfmt::skip]
pub const TABLE: &[Row] = rows! {
    "offered" PerSecond Requests "requests born per second"
        |s| Part::rate(s.requests.born, s.seconds);
    "throughput" PerSecond Requests "requests answered ok at least once per second, late ones too"
        |s| Part::rate(s.requests.answered, s.seconds);
    "goodput" PerSecond Requests "requests answered ok before their client gave up, per second"
        |s| Part::rate(s.requests.ok, s.seconds);
    "latency_mean" Seconds Requests "birth to the ok answer its client waited for, retries included"
        |s| Part::mean(&s.delays.latency);
    "latency_sd" Seconds Requests "standard deviation of latency"
        |s| Part::spread(&s.delays.latency);
    "latency_max" Seconds Requests "longest latency"
        |s| Part::longest(&s.delays.latency);
    "wait_mean" Seconds Attempts "time in buffers of attempts that were served"
        |s| Part::mean(&s.delays.wait);
    "wait_sd" Seconds Attempts "standard deviation of the wait"
        |s| Part::spread(&s.delays.wait);
    "wait_max" Seconds Attempts "longest wait"
        |s| Part::longest(&s.delays.wait);
    "wait_all_mean" Seconds Attempts "the wait, attempts that gave up waiting included"
        |s| Part::quotient((s.delays.wait.sum() + s.delays.gave_up) as f64 / 1e9,
            (s.delays.wait.count() + s.delays.gave_up_n) as f64);
    "delayed" Share Attempts "share of served attempts that waited at all"
        |s| Part::share(s.delays.wait.count_above(0), s.delays.wait.count());
    "response_mean" Seconds Attempts "arrival at the service to the reply, late replies included"
        |s| Part::mean(&s.delays.response);
    "response_sd" Seconds Attempts "standard deviation of the response"
        |s| Part::spread(&s.delays.response);
    "response_max" Seconds Attempts "longest response"
        |s| Part::longest(&s.delays.response);
    "slowdown_mean" Count Attempts "mean of an attempt's response over its own work"
        |s| Part::quotient(s.delays.slowdown as f64 / (1u64 << 20) as f64,
            s.delays.slowdown_n as f64);
    "loss" Share Requests "share of requests that end otherwise than ok"
        |s| Part::share(s.requests.lost.iter().sum(), s.requests.born);
    "refused" Share Attempts "attempts refused per attempt made"
        |s| Part::share(s.refused(), s.attempts());
    "unfinished" Share Requests "share of requests still inside when the run ended"
        |s| Part::share(s.requests.unfinished, s.requests.born);
    "utilisation" Share Workers "busy core-time over core-time of workers up and not wedged"
        |s| Part::quotient(s.able_busy as f64, s.workers.able_area as f64);
    "utilisation_max" Share Services "utilisation of the busiest worker"
        |s| Part::highest(s.utilisation_max);
    "queue_mean" Count Workers "attempts waiting, balancers' buffers included (time average)"
        |s| Part::time_mean(s.workers.queue_area + s.balancers.queue_area, s);
    "queue_max" Count Workers "most attempts waiting at one moment"
        |s| Part::highest(Some(s.queue_max as f64));
    "in_system_mean" Count Workers "attempts waiting and in service (time average)"
        |s| Part::time_mean(s.inside_area(), s);
    "busy_cores_mean" Count Workers "worker cores at work (time average)"
        |s| Part::time_mean(s.workers.busy_area, s);
    "pausing_mean" Count Nothing "requests between two attempts (time average)"
        |s| Part::time_mean(s.pausing_area, s);
    "ram_mean" Share Workers "share of RAM held (time average)"
        |s| Part::quotient(s.ram_area as f64, s.ram_capacity * s.measured_ns as f64);
    "ram_max" Share Workers "highest share of RAM held by a worker at one moment"
        |s| Part::highest(s.ram_share_max);
    "ram_bytes_mean" Bytes Workers "bytes of RAM held (time average)"
        |s| Part::time_mean(s.workers.ram_area, s);
    "attempts_per_request" Count Requests "attempts made per request"
        |s| Part::quotient(s.requests.attempts as f64, s.requests.born as f64);
    "hedged" Share Requests "share of requests that sent a hedge"
        |s| Part::share(s.requests.hedged, s.requests.born);
    "retries_denied" Share Requests "retries that a budget denied per attempt made"
        |s| Part::share(s.requests.retries_denied, s.requests.attempts);
    "cached" Share Requests "calls answered from their cache per call that has one"
        |s| Part::share(s.cached, s.looked_up);
    "wasted_work" Share Requests "share of core-time spent on work nobody was waiting for"
        |s| Part::quotient(
            (s.requests.wasted_ns + s.calls.wasted_ns) as f64,
            (s.requests.core_ns + s.calls.core_ns) as f64,
        );
    "breaker_opens" PerSecond Workers "times a breaker opened per second, from half-open included"
        |s| Part::rate(s.breaker_opens, s.seconds);
    "breaker_open_share" Share Services "share of breaker-time open"
        |s| Part::quotient(s.balancers.breaker_open_area as f64,
            s.balancers.breaker_area as f64);
    "wedges" PerSecond Workers "times a worker wedged per second"
        |s| Part::rate(s.workers.wedges, s.seconds);
    "gc_share" Share Workers "share of worker-time that collections of garbage stopped"
        |s| Part::quotient(s.workers.gc_area as f64, s.workers_there * s.measured_ns as f64);
    "workers_mean" Count Services "workers provisioned (time average)"
        |s| Part::quotient(s.workers_mean * s.trials as f64, s.trials as f64);
    "cost_per_hour" Money Nothing "provisioned capacity times price, an hour"
        |s| Part::quotient(s.cost_per_hour * s.trials as f64, s.trials as f64);
    "cost_per_month" Money Nothing "the same for 730 hours"
        |s| Part::quotient(s.cost_per_hour * HOURS_A_MONTH * s.trials as f64, s.trials as f64);
    "cost_per_million" Money Nothing "cost of a million requests of goodput"
        |s| Part::quotient(s.cost_per_hour / 3600.0 * s.seconds * 1e6, s.requests.ok as f64);
    "events" Count Nothing "simulated events, warm-up and drain included"
        |s| Part::quotient(s.events as f64, s.trials as f64);
};
