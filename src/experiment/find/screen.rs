//! What theory refuses without a run. Only what surely cannot meet the objective in the long run
//! is refused; everything else is run.

use super::super::objective::{Constraint, Op};
use super::simulated::Question;
use crate::model::metric::{Kind, Metric, Scope, TABLE};
use crate::model::spec::{Arrivals, FaultKind, SystemSpec, WorkSpec};
use crate::model::trial::{Horizon, Timing};

const HOURS_A_MONTH: f64 = 730.0;

/// Whether a metric is known without a run: what is provisioned and what it costs.
pub fn is_known(metric: &Metric) -> bool {
    let known = ["cost_per_hour", "cost_per_month", "workers_mean"];
    let row = match metric.kind {
        Kind::Row(row) => TABLE[row].name,
        _ => return false,
    };
    metric.scope == Scope::All && known.contains(&row)
}

/// The value of a metric that is known without a run; `None` for any other.
pub fn known(metric: &Metric, system: &SystemSpec) -> Option<f64> {
    if !is_known(metric) {
        return None;
    }
    let workers = system.services.iter().map(|s| s.worker_count());
    match metric.to_string().as_str() {
        "cost_per_hour" => Some(system.cost_per_hour()),
        "cost_per_month" => Some(system.cost_per_hour() * HOURS_A_MONTH),
        _ => Some(workers.sum::<usize>() as f64),
    }
}

/// Why a system cannot meet these constraints, if theory says so.
pub fn hopeless(system: &SystemSpec, question: &Question) -> Option<String> {
    let constraints = &question.constraints;
    let exact =
        |c: &&Constraint| known(&c.metric, system).is_some_and(|value| !c.op.holds(value, c.bound));
    if let Some(c) = constraints.iter().find(exact) {
        return Some(format!("`{}` does not hold", c.text));
    }
    let load = system.offered_load().highest();
    let lasting = !question.terminating && is_lasting(system, &question.timing);
    if load < 1.0 || load.is_nan() || !lasting {
        return None;
    }
    let below = |c: &&Constraint| matches!(c.op, Op::Below | Op::AtMost);
    let mut short = constraints.iter().filter(below);
    if loses_nothing(system) {
        return short.find(|c| is_delay(&c.metric)).map(|c| {
            format!(
                "offered load {load:.3}: without an end to the queue, `{}` cannot hold",
                c.text
            )
        });
    }
    let of_workers = system.offered_load().workers;
    short.find_map(|c| {
        let is_loss = c.metric.scope == Scope::All
            && matches!(c.metric.kind, Kind::Row(r) if TABLE[r].name == "loss");
        let kept = is_loss.then(|| least_kept(system, c.bound))??;
        let excess = of_workers * kept;
        (excess > 1.0).then(|| {
            format!(
                "offered load {of_workers:.3}: at a loss of {} the workers would have to do \
                 {excess:.3} of what they can",
                c.bound
            )
        })
    })
}

/// Whether the load is the same for ever: no end, no profile, no trace, no surge.
fn is_lasting(system: &SystemSpec, timing: &Timing) -> bool {
    let open = |arrivals: &Arrivals| {
        matches!(
            arrivals,
            Arrivals::Poisson { .. }
                | Arrivals::Constant { .. }
                | Arrivals::Renewal { .. }
                | Arrivals::Mmpp { .. }
                | Arrivals::OnOff { .. }
        )
    };
    let sources = system.sources.iter().all(|s| {
        open(&s.arrivals) && s.profile.is_none() && s.stop.is_none() && s.fan_out.is_none()
    });
    let faults = system
        .faults
        .iter()
        .filter(|f| f.enabled)
        .all(|f| match f.kind {
            FaultKind::Slow { factor } => factor <= 1.0,
            FaultKind::Steal { .. }
            | FaultKind::Pause
            | FaultKind::Crash
            | FaultKind::ZoneDown { .. }
            | FaultKind::Restart => true,
            _ => false,
        });
    matches!(timing.horizon, Horizon::For(_)) && sources && faults
}

/// Whether every request is served in the end, however long it waits.
fn loses_nothing(system: &SystemSpec) -> bool {
    let services = system.services.iter().all(|s| {
        let groups = s.groups.iter().all(|g| {
            g.slots.is_none() && g.bytes.is_none() && (g.ram.is_none() || !system.holds_memory())
        });
        let balancer = &s.balancer;
        groups && balancer.slots.is_none() && balancer.bytes.is_none() && balancer.breaker.is_none()
    });
    let clients = system.sources.iter().all(|s| {
        let c = &s.client;
        c.timeout.is_none()
            && c.deadline.is_none()
            && c.patience.is_none()
            && c.limit.is_none()
            && c.breaker.is_none()
            && c.hedge.is_none()
    });
    services && clients && !system.faults.iter().any(|f| f.enabled)
}

fn is_delay(metric: &Metric) -> bool {
    let all = metric.scope == Scope::All;
    all && match metric.kind {
        Kind::Percentile(..) => true,
        Kind::Row(row) => ["latency_mean", "wait_mean", "response_mean"].contains(&TABLE[row].name),
        _ => false,
    }
}

/// The least share of all work that is done when at most the share `loss` of requests is lost,
/// were it always the largest that are lost. By Cauchy and Schwarz the largest share `x` of
/// requests holds at most `x + cv sqrt(x (1 - x))` of the work. `None` where the work of a
/// request is not known from the spec, or something but the workers decides.
fn least_kept(system: &SystemSpec, loss: f64) -> Option<f64> {
    let ([source], [service]) = (&system.sources[..], &system.services[..]) else {
        return None;
    };
    if source.client.hedge.is_some() || !(0.0..1.0).contains(&loss) {
        return None;
    }
    let total: f64 = source.classes.iter().map(|c| c.weight).sum();
    let (mut mean, mut square) = (0.0, 0.0);
    for class in &source.classes {
        let Some(WorkSpec::Drawn { cpu, per_kib, .. }) =
            class.work.as_ref().or(service.work.as_ref())
        else {
            return None;
        };
        let size = per_kib / 1024.0;
        let factor = class.work_factor * f64::from(class.cores);
        let m = (cpu.mean() + size * class.size.mean()) * factor;
        let v = (cpu.variance() + size * size * class.size.variance()) * factor * factor;
        mean += class.weight / total * m;
        square += class.weight / total * (v + m * m);
    }
    let cv = ((square / (mean * mean) - 1.0).max(0.0)).sqrt();
    let kept = 1.0 - loss - cv * (loss * (1.0 - loss)).sqrt();
    kept.is_finite().then_some(kept)
}
