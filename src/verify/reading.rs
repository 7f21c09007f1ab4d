//! What is read off a run for each word of the known answers.

use super::measure::{Measured, S};
use super::read::Case;
use crate::model::metric::{Context, Metric};
use crate::model::spec::SystemSpec;
use crate::model::tally::Wanted;

/// What is read off a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// A metric of experiments.
    Metric(Metric),
    /// Mean slowdown of the requests of at least some work.
    SlowdownInBand,
    /// The 99th percentile of latency, in seconds, from every single one.
    ExactP99,
    /// Core-seconds for a request, over all its copies.
    WorkMean,
    /// Share of requests that neither a breaker nor a full buffer refused.
    Admitted,
}

impl Reading {
    /// The metric of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn metric(name: &str) -> Result<Reading, String> {
        Metric::parse(name)
            .map(Reading::Metric)
            .map_err(|e| e.to_string())
    }

    /// What a word of the truth stands for.
    ///
    /// # Errors
    /// Nothing that this version can measure.
    pub fn of(case: &Case, word: &str) -> Result<Reading, String> {
        match word {
            "slowdown.in_band" => Ok(Reading::SlowdownInBand),
            "work.mean" => Ok(Reading::WorkMean),
            "admitted.fraction" => Ok(Reading::Admitted),
            "sojourn.p99" if case.kind == "hedge" => Ok(Reading::ExactP99),
            _ => Reading::metric(&name(case, word)?),
        }
    }
}

/// The metric of ours that a word of theirs stands for.
fn name(case: &Case, word: &str) -> Result<String, String> {
    let (what, how) = word.split_once('.').unwrap_or((word, ""));
    let late_too = case.kind == "timeout_no_cancel";
    Ok(match (what, how) {
        ("sojourn", "over_tau") if case.kind == "fanout_inf" => "latency_over_500ms".into(),
        ("hedge", "fraction") => "hedged".into(),
        ("sojourn", "over_tau") => {
            let tau = case.model["client"]["timeout_s"].as_f64();
            format!(
                "response_over_{}s",
                tau.ok_or("over_tau without a timeout")?
            )
        }
        ("sojourn", how) if late_too => format!("response_{how}"),
        ("sojourn", how) => format!("latency_{how}"),
        ("wait", "delayed_prob") => "delayed".into(),
        ("wait", how) => match how.split_once('.') {
            Some((class, how)) => format!("wait_{how}@class:{class}"),
            None => format!("wait_{how}"),
        },
        ("wait_all", "mean") => "wait_all_mean".into(),
        ("abandon", "prob") => "loss_VX3108".into(),
        ("orbit", "mean") => "pausing_mean".into(),
        ("attempts", "per_request") => "attempts_per_request".into(),
        ("attempt", "block_prob") => "refused".into(),
        ("full", "fraction") => "loss_VX3102".into(),
        ("failure", "fraction") => "loss_VX3110".into(),
        ("breaker", "rejected_fraction") => "loss_VX3105".into(),
        ("breaker", "trips_per_second") => "breaker_opens".into(),
        ("breaker", "open_fraction") => "breaker_open_share".into(),
        ("loss", "prob") => "loss".into(),
        ("loss", class) => format!("loss@class:{class}"),
        ("slowdown", how) => format!("slowdown_{how}"),
        ("cores_used", "mean") => "busy_cores_mean".into(),
        // A GiB of theirs is a byte of ours.
        ("ram_used", "mean") => "ram_bytes_mean".into(),
        ("queue", "mean") => "queue_mean".into(),
        ("system", "mean") => "in_system_mean".into(),
        ("busy_cores", "mean") => "busy_cores_mean".into(),
        ("throughput", "") => "throughput".into(),
        _ => return Err(format!("no metric for `{word}`")),
    })
}

/// The metrics of experiments among them.
pub fn metrics(readings: &[Reading]) -> Vec<Metric> {
    let metrics = readings.iter().filter_map(|reading| match reading {
        Reading::Metric(metric) => Some(metric.clone()),
        _ => None,
    });
    metrics.collect()
}

/// The value of one reading, of a run that was made for all of them; NaN where it has no data.
pub fn value(spec: &SystemSpec, measured: &Measured, one: &Reading, all: &[Reading]) -> f64 {
    let read = |metric: &Metric| {
        let wanted = Wanted::for_metrics(spec, &metrics(all));
        let parts =
            Context::new(spec, &wanted).parts(std::slice::from_ref(metric), &measured.tally);
        parts
            .first()
            .and_then(|part| part.value())
            .unwrap_or(f64::NAN)
    };
    let named = |name: &str| match Reading::metric(name) {
        Ok(Reading::Metric(metric)) => read(&metric),
        _ => f64::NAN,
    };
    match one {
        Reading::Metric(metric) => read(metric),
        Reading::SlowdownInBand => measured.band.sum / measured.band.n as f64,
        Reading::ExactP99 => {
            let mut all = measured.band.latencies.clone();
            all.sort_unstable();
            let rank = (all.len() * 99).div_ceil(100);
            let at = rank.checked_sub(1).and_then(|i| all.get(i));
            at.map_or(f64::NAN, |&ns| ns as f64 / S as f64)
        }
        Reading::WorkMean => {
            let classes = measured.classes.iter().chain(&measured.calls);
            let core: u128 = classes.map(|class| class.core_ns).sum();
            core as f64 / S as f64 / measured.born() as f64
        }
        Reading::Admitted => {
            let at = &spec.services[0].name;
            1.0 - named(&format!("loss_VX3102@{at}")) - named(&format!("loss_VX3105@{at}"))
        }
    }
}
