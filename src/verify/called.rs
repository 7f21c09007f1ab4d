//! The system of a case behind another service that calls it: what is known must come out there as
//! well.

use super::build::Lacking;
use super::reading::Reading;
use crate::model::spec::plain::{group, service};
use crate::model::spec::*;

/// Kinds of cases that are also run from a `call` step.
pub const CALLED: &[&str] = &[
    "tandem",
    "fork_join",
    "fanout_inf",
    "hedge",
    "retrial",
    "breaker_run",
    "timeout_no_cancel",
];

/// The service that calls.
const FRONT: &str = "front";

/// The same clients, as a step of a service that does nothing but call. A balancer that is a queue
/// becomes a service that does the balancer's work and then calls.
///
/// # Errors
/// The case has none of its own work.
pub fn through_a_call(spec: &SystemSpec) -> Result<SystemSpec, Lacking> {
    let mut spec = spec.clone();
    let caller = spec.services.len();
    let [source] = &mut spec.sources[..] else {
        return Err("one source".into());
    };
    let nodes = &mut spec.services[source.to];
    if nodes.work.is_none() || source.classes.iter().any(|c| c.work.is_some()) {
        return Err("work that is the service's own".into());
    }
    let call = CallSpec {
        to: source.to,
        fan_out: source.fan_out.take(),
        client: std::mem::take(&mut source.client),
        hold: Hold::Nothing,
        cache: None,
    };
    source.to = caller;
    let mut steps = vec![StepSpec::Call(Box::new(call))];
    let mut cores = UNBOUNDED_CORES;
    if let Some(dispatch) = nodes.balancer.dispatch.take() {
        cores = std::mem::replace(&mut nodes.balancer.cores, 1);
        let cpu = StepSpec::Cpu {
            cpu: dispatch,
            per_kib: 0.0,
            vary: Vary::Copy,
        };
        steps.insert(0, cpu);
    }
    let nothing = WorkSpec::drawn(Dist::constant(0.0).map_err(|e| e.to_string())?);
    let mut front = service(FRONT, nothing, PolicySpec::Random, group(1, cores));
    (front.work, front.steps) = (None, steps);
    spec.services.push(front);
    match spec.check().first() {
        None => Ok(spec),
        Some(problem) => Err(format!("{problem:?}")),
    }
}

/// The same reading, of the calls; a tandem is what its source sees.
///
/// # Errors
/// There is no such metric.
pub fn of_calls(reading: Reading, spec: &SystemSpec, tandem: bool) -> Result<Reading, Lacking> {
    let Reading::Metric(metric) = &reading else {
        return Ok(reading);
    };
    let name = metric.to_string();
    if tandem || name.contains('@') || name == "pausing_mean" {
        return Ok(reading);
    }
    Reading::metric(&format!("{name}@{}", spec.services[0].name))
}
