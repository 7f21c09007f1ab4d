//! Single values of a configuration, set otherwise.

use crate::base::units::Nanos;
use crate::model::spec::{
    BreakerShare, BreakerSpec, BreakerWindow, Cancel, Dist, Failures, MAX_SLOTS, OnFull,
    PolicySpec, ScaleRule, SourceSpec, SystemSpec, Ties,
};

/// A value set otherwise. Services and sources by their index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// No attempt but the first.
    NoRetries(usize),
    /// One retry at most.
    OneRetry(usize),
    /// No further copies.
    NoHedges(usize),
    /// Clients wait twice as long.
    PatientClients(usize),
    /// Workers drop what is older than its client waits.
    Deadlines(usize),
    /// Abandoned attempts leave buffers.
    CancelQueued(usize),
    /// Weights in proportion to cores and speed.
    EvenWeights(usize),
    /// Another policy.
    Policy(usize, PolicySpec),
    /// No breaker.
    NoBreaker(usize),
    /// A breaker for each worker, over 100 calls.
    Breaker(usize),
    /// Full buffers turn one away and nothing more happens.
    Reject(usize),
    /// Waiting places of each worker times a factor.
    Slots(usize, f64),
    /// One more waiting place at each worker.
    OneMoreSlot(usize),
    /// Waiting places of each worker without end.
    EndlessSlots(usize),
    /// Waiting places of the balancer times a factor.
    BalancerSlots(usize, f64),
    /// Cores of the balancer times two.
    BalancerCores(usize),
    /// RAM of each worker times two.
    Ram(usize),
    /// More workers in the first group.
    Workers(usize, u32),
}

fn times(slots: u32, factor: f64) -> u32 {
    ((f64::from(slots) * factor) as u32).clamp(1, MAX_SLOTS)
}

/// A breaker as one would put it in: half of 100 calls failed.
fn breaker() -> Option<BreakerSpec> {
    Some(BreakerSpec::Resilience4j {
        window: BreakerWindow::Calls(100),
        min_calls: 100,
        failure_share: 0.5,
        slow_after: 60_000_000_000,
        slow_share: 1.0,
        open_for: Dist::constant(5e9).ok()?,
        half_open_calls: 10,
        half_open_max: None,
        automatic: false,
        lost_reply: 0.0,
        counts: Failures::ALL,
    })
}

/// All the time that a client gives a request: its timeouts, attempt after attempt.
fn whole_patience(spec: &SystemSpec, source: usize) -> Option<Nanos> {
    let client = &spec.sources[source].client;
    let timeout = client.timeout.as_ref()?.mean();
    let attempts = client.retry.as_ref().map_or(1, |r| r.most_attempts());
    Some((timeout * f64::from(attempts.min(10))) as Nanos)
}

impl Setting {
    /// Sets it; `false`: it is so already, or does not apply.
    pub fn set(self, spec: &mut SystemSpec) -> bool {
        let before = spec.clone();
        self.change(spec);
        spec.sources.iter_mut().for_each(SourceSpec::tidy_breaker);
        *spec != before && spec.check().is_empty()
    }

    fn change(self, spec: &mut SystemSpec) {
        match self {
            Setting::NoRetries(source) => spec.sources[source].client.retry = None,
            Setting::OneRetry(source) => {
                if let Some(retry) = &mut spec.sources[source].client.retry {
                    retry.attempts = retry.attempts.min(2);
                }
            }
            Setting::NoHedges(source) => spec.sources[source].client.hedge = None,
            Setting::PatientClients(source) => {
                let timeout = &mut spec.sources[source].client.timeout;
                let twice = timeout
                    .as_ref()
                    .and_then(|d| Dist::constant(2.0 * d.mean()).ok());
                *timeout = twice.or_else(|| timeout.take());
            }
            Setting::Deadlines(source) => {
                let patience = whole_patience(spec, source);
                let client = &mut spec.sources[source].client;
                client.deadline = client.deadline.or(patience);
                client.propagate_deadline = client.deadline.is_some();
            }
            Setting::CancelQueued(source) => {
                let client = &mut spec.sources[source].client;
                if client.timeout.is_some() && client.cancel == Cancel::Nothing {
                    client.cancel = Cancel::Queued;
                }
            }
            other => other.change_service(spec),
        }
    }

    fn change_service(self, spec: &mut SystemSpec) {
        match self {
            Setting::EvenWeights(service) => {
                if spec.services[service].balancer.policy.weighs() {
                    for group in &mut spec.services[service].groups {
                        group.weight = f64::from(group.cores) * group.speed;
                    }
                    level(spec, service);
                }
            }
            Setting::Policy(service, policy) => {
                let service = &mut spec.services[service];
                service.balancer.policy = policy;
                if !policy.weighs() {
                    service.groups.iter_mut().for_each(|g| g.weight = 1.0);
                }
            }
            Setting::NoBreaker(service) => {
                let balancer = &mut spec.services[service].balancer;
                balancer.breaker = None;
                balancer.breaker_share = BreakerShare::Instance;
                for source in spec.sources.iter_mut().filter(|s| s.to == service) {
                    source.client.breaker = None;
                }
            }
            Setting::Breaker(service) => spec.services[service].balancer.breaker = breaker(),
            Setting::BalancerSlots(service, factor) => {
                let slots = &mut spec.services[service].balancer.slots;
                *slots = slots.map(|s| times(s, factor));
            }
            Setting::BalancerCores(service) => {
                let balancer = &mut spec.services[service].balancer;
                if balancer.dispatch.is_some() {
                    balancer.cores = balancer.cores.saturating_mul(2);
                }
            }
            Setting::Workers(service, more) => {
                let service = &mut spec.services[service];
                if let Some(group) = service.groups.first_mut() {
                    group.count += more;
                }
                // Of workers that come and go so many more are there all the time.
                if let Some(scale) = &mut service.autoscale {
                    scale.start_with += more;
                    scale.min += more;
                    if let ScaleRule::Schedule(times) = &mut scale.rule {
                        times.iter_mut().for_each(|t| t.1 += more);
                    }
                }
            }
            other => other.change_groups(spec),
        }
    }

    fn change_groups(self, spec: &mut SystemSpec) {
        let (Setting::Reject(service)
        | Setting::Slots(service, _)
        | Setting::OneMoreSlot(service)
        | Setting::EndlessSlots(service)
        | Setting::Ram(service)) = self
        else {
            return;
        };
        for group in &mut spec.services[service].groups {
            match self {
                Setting::Reject(_) => group.on_full = OnFull::Reject,
                Setting::Slots(_, factor) => group.slots = group.slots.map(|s| times(s, factor)),
                Setting::OneMoreSlot(_) => group.slots = group.slots.map(|s| s + 1),
                Setting::EndlessSlots(_) => group.slots = None,
                _ => group.ram = group.ram.map(|r| r.saturating_mul(2)),
            }
        }
    }
}

/// The policy that always knows best.
pub fn ideal() -> PolicySpec {
    PolicySpec::JsqOracle { ties: Ties::Random }
}

/// Weights are small numbers: relative to the largest, which stays what a largest was.
fn level(spec: &mut SystemSpec, service: usize) {
    let groups = &mut spec.services[service].groups;
    let most = groups.iter().map(|g| g.weight).fold(0.0, f64::max);
    if most > 0.0 {
        groups.iter_mut().for_each(|g| g.weight /= most);
    }
}
