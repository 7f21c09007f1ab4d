//! Parts of a system that may go, each by a number: of clients, balancers, workers, services and
//! classes, and columns of recorded rows.

use super::rows::{change, nothing};
use crate::base::units::SECOND;
use crate::model::spec::{
    Arrivals, BalancerSpec, BreakerShare, Cancel, ClassSpec, Discipline, Dist, GroupSpec, Held,
    MemorySpec, OnFull, PolicySpec, RamPolicy, ServiceSpec, SourceSpec, SystemSpec, WorkSpec,
};

/// A part: what it is called, and how it goes. Says whether anything was there.
type Part<T> = (&'static str, fn(&mut T) -> bool);

/// Takes what stands in an option; whether there was anything.
fn taken<T>(option: &mut Option<T>) -> bool {
    option.take().is_some()
}

/// Sets a value; whether it was another.
fn set<T: PartialEq>(place: &mut T, value: T) -> bool {
    let other = *place != value;
    *place = value;
    other
}

const OF_CLIENTS: &[Part<SourceSpec>] = &[
    ("fan-out", |s| tidy(taken(&mut s.fan_out), s)),
    ("hedges", |s| tidy(taken(&mut s.client.hedge), s)),
    ("retries", |s| tidy(taken(&mut s.client.retry), s)),
    ("budget of retries", |s| {
        let retry = s.client.retry.as_mut();
        retry.is_some_and(|r| taken(&mut r.budget))
    }),
    ("timeout", |s| taken(&mut s.client.timeout)),
    ("deadline", |s| {
        s.client.propagate_deadline = false;
        taken(&mut s.client.deadline)
    }),
    ("passing on of the deadline", |s| {
        set(&mut s.client.propagate_deadline, false)
    }),
    ("patience", |s| taken(&mut s.client.patience)),
    ("cancelling", |s| set(&mut s.client.cancel, Cancel::Nothing)),
    ("limits", |s| taken(&mut s.client.limit)),
    ("breaker of the client", |s| taken(&mut s.client.breaker)),
    ("limit of the rate", |s| {
        let limit = s.client.limit.as_mut().filter(|l| l.in_flight.is_some());
        limit.is_some_and(|l| taken(&mut l.rate))
    }),
    ("limit of what is in flight", |s| {
        let limit = s.client.limit.as_mut().filter(|l| l.rate.is_some());
        limit.is_some_and(|l| taken(&mut l.in_flight))
    }),
    ("batches", |s| taken(&mut s.batch)),
    ("profile", |s| taken(&mut s.profile)),
];

/// What a breaker says of retries goes with the last of them.
fn tidy(done: bool, source: &mut SourceSpec) -> bool {
    source.tidy_breaker();
    done
}

const OF_BALANCERS: &[Part<BalancerSpec>] = &[
    ("breakers", |b| {
        b.breaker_share = BreakerShare::Instance;
        taken(&mut b.breaker)
    }),
    ("health checks", |b| taken(&mut b.health)),
    ("ejection of outliers", |b| taken(&mut b.outlier)),
    ("policy", |b| simpler(b, 0)),
    ("policy", |b| simpler(b, 1)),
    ("policy", |b| simpler(b, 2)),
    ("policy", |b| simpler(b, 3)),
    ("slow start", |b| taken(&mut b.slow_start)),
    ("subset of the workers", |b| taken(&mut b.subset)),
    ("instances of the balancer", |b| {
        b.breaker_share = BreakerShare::Instance;
        set(&mut b.instances, 1)
    }),
    ("sharing of breakers", |b| {
        set(&mut b.breaker_share, BreakerShare::Instance)
    }),
    ("time of dispatch", |b| {
        b.cores = 1;
        taken(&mut b.dispatch)
    }),
    ("buffer of the balancer", |b| {
        b.on_full = OnFull::Reject;
        taken(&mut b.slots) | taken(&mut b.bytes)
    }),
    ("bytes of the balancer's buffer", |b| taken(&mut b.bytes)),
];

const OF_GROUPS: &[Part<GroupSpec>] = &[
    ("RAM", |g| {
        (g.ram_base, g.ram_policy) = (0, RamPolicy::Refuse);
        g.pressure = None;
        taken(&mut g.ram)
    }),
    ("RAM of an idle worker", |g| set(&mut g.ram_base, 0)),
    ("killing for want of RAM", |g| {
        set(&mut g.ram_policy, RamPolicy::Refuse)
    }),
    ("pressure of RAM", |g| taken(&mut g.pressure)),
    ("garbage collection", |g| taken(&mut g.gc)),
    ("shedding", |g| taken(&mut g.shed)),
    ("discipline", |g| set(&mut g.discipline, Discipline::Fifo)),
    ("buffer", |g| {
        g.on_full = OnFull::Reject;
        taken(&mut g.slots) | taken(&mut g.bytes)
    }),
    ("slots", |g| taken(&mut g.slots)),
    ("bytes of the buffer", |g| taken(&mut g.bytes)),
    ("what a full buffer does", |g| {
        set(&mut g.on_full, OnFull::Reject)
    }),
    ("speed", |g| set(&mut g.speed, 1.0)),
    ("weight", |g| set(&mut g.weight, 1.0)),
    ("cold start", |g| taken(&mut g.cold_start)),
    ("restart time", |g| {
        let value = (10 * SECOND) as f64;
        set(&mut g.restart, Dist::Constant { value })
    }),
];

const OF_CLASSES: &[Part<ClassSpec>] = &[
    ("work", |c| {
        c.work != Some(WorkSpec::FromTrace) && taken(&mut c.work)
    }),
    ("work factor", |c| set(&mut c.work_factor, 1.0)),
    ("memory", |c| taken(&mut c.memory)),
    ("size", |c| set(&mut c.size, nothing())),
    ("priority", |c| set(&mut c.priority, 0)),
    ("cores", |c| set(&mut c.cores, 1)),
    ("key", |c| taken(&mut c.key)),
];

/// The simplest policies, the simplest first; another one of them only if it is simpler.
fn simpler(balancer: &mut BalancerSpec, rank: usize) -> bool {
    let simple = [
        PolicySpec::RoundRobin { start: Some(1) },
        PolicySpec::First,
        PolicySpec::RoundRobin { start: None },
        PolicySpec::Random,
    ];
    let now = simple.iter().position(|p| *p == balancer.policy);
    if now.is_some_and(|now| now <= rank) {
        return false;
    }
    balancer.policy = simple[rank];
    true
}

/// Goes through things, and through the parts of each.
fn of<'s, T: 's>(
    mut things: impl Iterator<Item = (String, &'s mut T)>,
    parts: &[Part<T>],
    n: usize,
) -> Option<String> {
    let (name, thing) = things.nth(n / parts.len())?;
    let (part, go) = parts[n % parts.len()];
    let what = if go(thing) {
        format!("{part} of {name}")
    } else {
        String::new()
    };
    Some(what)
}

/// Part `n` of what clients do.
pub fn client_part(system: &mut SystemSpec, n: usize) -> Option<String> {
    let sources = system.sources.iter_mut();
    of(
        sources.map(|s| (format!("source {}", s.name), s)),
        OF_CLIENTS,
        n,
    )
}

/// Part `n` of the balancers.
pub fn balancer_part(system: &mut SystemSpec, n: usize) -> Option<String> {
    let services = system.services.iter_mut();
    let all = services.map(|s| (format!("service {}", s.name), &mut s.balancer));
    of(all, OF_BALANCERS, n)
}

/// Part `n` of the groups of workers.
pub fn group_part(system: &mut SystemSpec, n: usize) -> Option<String> {
    let services = system.services.iter_mut();
    let all = services.flat_map(|s| {
        let name = format!("workers of service {}", s.name);
        s.groups.iter_mut().map(move |g| (name.clone(), g))
    });
    of(all, OF_GROUPS, n)
}

/// Part `n` of the classes.
pub fn class_part(system: &mut SystemSpec, n: usize) -> Option<String> {
    let sources = system.sources.iter_mut();
    let all = sources.flat_map(|s| {
        let of = s.name.clone();
        let classes = s.classes.iter_mut();
        classes.map(move |c| (format!("class {} of source {of}", c.name), c))
    });
    let what = of(all, OF_CLASSES, n)?;
    let classes = system.sources.iter_mut().flat_map(|s| &mut s.classes);
    // What is no longer said needs no streams of its own.
    let plain = classes.filter(|c| c.work.is_none() && c.memory.is_none());
    plain.for_each(|class| class.apart = false);
    Some(what)
}

/// A service keeps the workers that it has at the start; whether others ever came.
fn stop_scaling(service: &mut ServiceSpec) -> bool {
    let Some(scale) = service.autoscale.take() else {
        return false;
    };
    for group in &mut service.groups {
        group.count = scale.start_with;
    }
    true
}

/// Part `n` of what services say of every request: what nobody asks for, that workers come and go,
/// then their memory.
pub fn service_part(system: &mut SystemSpec, n: usize) -> Option<String> {
    let index = n / 3;
    let callers = system.sources.iter().filter(|s| s.to == index);
    let own =
        callers.flat_map(|s| &s.classes).all(|c| c.work.is_some()) && !system.is_called(index);
    let service = system.services.get_mut(index)?;
    let name = format!("of service {}", service.name);
    let plain = MemorySpec {
        held: Held::Admission,
        base: nothing(),
        per_byte: 0.0,
    };
    let (what, gone) = match n % 3 {
        0 => ("work", own && taken(&mut service.work)),
        1 => ("autoscaling", stop_scaling(service)),
        _ => ("memory", set(&mut service.memory, plain)),
    };
    Some(if gone {
        format!("{what} {name}")
    } else {
        String::new()
    })
}

/// Part `n` of recorded rows: a column goes, or all rows have the same.
pub fn row_part(system: &mut SystemSpec, n: usize) -> Option<String> {
    const PARTS: usize = 6;
    let source = system.sources.get_mut(n / PARTS)?;
    let Arrivals::Trace(trace) = &source.arrivals else {
        return Some(String::new());
    };
    let trace = trace.clone();
    let most = |column: &[u64]| Dist::Constant {
        value: column.iter().copied().max().unwrap_or(0) as f64,
    };
    let (what, there) = match n % PARTS {
        0 => ("sizes", !trace.size.is_empty()),
        1 => ("memory", !trace.memory.is_empty()),
        2 => ("turns", !trace.priority.is_empty()),
        3 => ("differences of work", !trace.work.is_empty()),
        4 => ("keys", !trace.key.is_empty()),
        _ => ("differences of memory", !trace.memory.is_empty()),
    };
    if !there {
        return Some(String::new());
    }
    let part = n % PARTS;
    for class in &mut source.classes {
        match part {
            1 => class.memory = None,
            3 => class.work = Some(WorkSpec::drawn(most(&trace.work))),
            5 => {
                let held = class.memory.as_ref().map_or(Held::Admission, |m| m.held);
                class.memory = Some(MemorySpec {
                    held,
                    base: most(&trace.memory),
                    per_byte: 0.0,
                });
            }
            _ => {}
        }
    }
    change(source, |trace| match part {
        0 => trace.size.clear(),
        2 => trace.priority.clear(),
        3 => trace.work.clear(),
        4 => trace.key.clear(),
        _ => trace.memory.clear(),
    });
    Some(format!("{what} of the requests of source {}", source.name))
}
