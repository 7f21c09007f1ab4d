//! The parts of a system as they are at time 0, made from its spec.

use super::*;

/// Whether anything looks at a request between its birth and the failure of its first attempt.
pub(super) fn needs_requests(spec: &SystemSpec) -> bool {
    let clients = spec.sources.iter().map(|s| &s.client);
    let balancers = spec.services.iter().map(|s| &s.balancer);
    spec.holds_memory()
        || spec.has_steps()
        || spec.has_network()
        || spec.sources.iter().any(|s| s.fan_out.is_some())
        || clients.into_iter().any(|c| {
            c.timeout.is_some()
                || c.retry.is_some()
                || c.limit.is_some()
                || c.breaker.is_some()
                || c.hedge.is_some()
                || c.deadline.is_some()
                || c.may_leave()
        })
        || balancers
            .into_iter()
            .any(|b| b.dispatch.is_some() || b.breaker.is_some())
}

/// The sources, each with its register.
pub(super) fn sources<'s, W: Entry>(
    spec: &'s SystemSpec,
    run: &RunSpec,
    key: &Key,
    queue: &mut Queue<W, Event>,
) -> Vec<Source<'s>> {
    let last = last_birth(spec, run.timing.horizon);
    let mut first_class = 0;
    let mut all = Vec::new();
    for source in &spec.sources {
        let register = queue.add_register();
        all.push(Source::new(spec, source, *key, first_class, register, last));
        first_class += source.classes.len() as u32;
    }
    all
}

/// The caller of each class.
pub(super) fn callers_of_classes(spec: &SystemSpec) -> Vec<u32> {
    let sources = (0u32..).zip(&spec.sources);
    let mut all: Vec<u32> = sources
        .flat_map(|(i, s)| s.classes.iter().map(move |_| i))
        .collect();
    let (sources, roots) = (spec.sources.len() as u32, all.len());
    for (caller, _) in (sources..).zip(spec.call_sites()) {
        all.extend(std::iter::repeat_n(caller, roots));
    }
    all
}

/// What each class asks for beyond work and memory.
pub(super) fn needs(spec: &SystemSpec) -> Vec<Needs> {
    let mut all: Vec<Needs> = spec.classes_with_memory().map(Needs::new).collect();
    for site in spec.call_sites() {
        let memory = &spec.services[site.call.to].memory;
        all.extend(spec.classes().map(|class| Needs::of_call(class, memory)));
    }
    all
}

/// The callers, each with its lane if its timeout is always the same.
pub(super) fn callers<'s, W: Entry>(
    spec: &'s SystemSpec,
    key: &Key,
    queue: &mut Queue<W, Event>,
) -> Vec<Caller<'s>> {
    let sources = spec.sources.iter();
    let calls = spec
        .call_sites()
        .map(|site| Caller::of_step(spec, site, *key));
    let sources = sources.map(|s| Caller::of_source(spec, s, *key));
    let mut all: Vec<_> = sources.chain(calls).collect();
    for caller in &mut all {
        if let Some(Dist::Constant { value }) = caller.client.timeout {
            caller.timeouts = Some((queue.add_lane(), whole(value)));
        }
    }
    all
}

/// Where restart times are drawn from, unless they are always the same.
pub(super) fn restarts(spec: &SystemSpec, key: &Key) -> Vec<Option<Stream>> {
    let mut streams = Vec::new();
    for service in &spec.services {
        let groups = service.groups.iter();
        let workers = groups.flat_map(|g| (0..g.count).map(move |_| g));
        for (number, group) in (0u32..).zip(workers) {
            let path = || format!("{}/restart", fault::worker_path(service, number));
            let drawn = !matches!(group.restart, Dist::Constant { .. });
            streams.push(drawn.then(|| Stream::new(key, &path())));
        }
    }
    streams
}
