//! The parts of a system with everything plain, of which a caller then changes what matters.

use super::*;
use crate::base::units::SECOND;

/// No bytes, no memory.
fn nothing() -> Dist {
    Dist::constant(0.0).expect("zero is a constant")
}

/// The only class of its source, or one of several of the same weight.
pub fn class(name: &str) -> ClassSpec {
    ClassSpec {
        priority: 0,
        cores: 1,
        name: name.into(),
        weight: 1.0,
        size: nothing(),
        work: None,
        work_factor: 1.0,
        apart: false,
        memory: None,
        key: None,
    }
}

/// Sends to the first service; nobody gives up, nobody tries again.
pub fn source(name: &str, arrivals: Arrivals) -> SourceSpec {
    SourceSpec {
        name: name.into(),
        to: 0,
        arrivals,
        batch: None,
        profile: None,
        start: 0,
        stop: None,
        classes: vec![class("default")],
        fan_out: None,
        client: ClientSpec::default(),
    }
}

/// Workers of one group, all alike.
pub fn service(name: &str, work: WorkSpec, policy: PolicySpec, group: GroupSpec) -> ServiceSpec {
    ServiceSpec {
        steps: Vec::new(),
        name: name.into(),
        work: Some(work),
        memory: MemorySpec {
            held: Held::Admission,
            base: nothing(),
            per_byte: 0.0,
        },
        balancer: balancer(policy),
        network: None,
        groups: vec![group],
        autoscale: None,
    }
}

/// A balancer that takes no time and has no buffer.
pub fn balancer(policy: PolicySpec) -> BalancerSpec {
    BalancerSpec {
        bytes: None,
        on_full: OnFull::Reject,
        policy,
        dispatch: None,
        instances: 1,
        cores: 1,
        slots: None,
        breaker: None,
        health: None,
        outlier: None,
        panic_threshold: PANIC_THRESHOLD,
        subset: None,
        breaker_share: BreakerShare::Instance,
        slow_start: None,
        zone_aware: None,
    }
}

/// A fault of these workers (from, to) of the first service.
pub fn fault(name: &str, kind: FaultKind, workers: (u32, u32), when: FaultWhen) -> FaultSpec {
    FaultSpec {
        name: name.into(),
        enabled: true,
        kind,
        service: 0,
        workers,
        zone: None,
        class: None,
        when,
        lasts: None,
        unit: FaultUnit::Worker,
        in_service: None,
        shared: false,
        delay: None,
    }
}

/// Workers that are all alike, with nothing special about them.
pub fn group(count: u32, cores: u32) -> GroupSpec {
    GroupSpec {
        ram_base: 0,
        ram_policy: RamPolicy::Refuse,
        pressure: None,
        gc: None,
        shed: None,
        discipline: Discipline::Fifo,
        bytes: None,
        name: None,
        zone: None,
        count,
        cores,
        ram: None,
        speed: 1.0,
        weight: 1.0,
        slots: None,
        on_full: OnFull::Reject,
        restart: Dist::constant(SECOND as f64).expect("a second is a constant"),
        cold_start: None,
        price_per_hour: 0.0,
    }
}
