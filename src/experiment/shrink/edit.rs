//! Edits of a system that keep its numbers right: sources, services and workers that go.

use crate::model::spec::{EdgeEnd, ScaleRule, StepSpec, SystemSpec};

/// Takes a source away, with the faults that befall it or its way. `None`: it is the only one.
pub fn remove_source(system: &mut SystemSpec, index: usize) -> Option<()> {
    if system.sources.len() < 2 {
        return None;
    }
    system.sources.remove(index);
    system.faults.retain_mut(|fault| {
        let kind = &mut fault.kind;
        let source = match kind.source_mut() {
            Some(source) => Some(source),
            None => match fault.kind.edge_mut().map(|edge| &mut edge.from) {
                Some(EdgeEnd::Source(source)) => Some(source),
                _ => None,
            },
        };
        let Some(source) = source else { return true };
        let stays = *source != index;
        *source -= usize::from(*source > index);
        stays
    });
    Some(())
}

/// Takes a service away that nobody calls, with its faults. `None`: somebody does, or it is the
/// only one.
pub fn remove_service(system: &mut SystemSpec, index: usize) -> Option<()> {
    if system.services.len() < 2 || system.called_services().any(|called| called == index) {
        return None;
    }
    system.services.remove(index);
    for source in &mut system.sources {
        source.to -= usize::from(source.to > index);
    }
    for step in system.services.iter_mut().flat_map(|s| &mut s.steps) {
        if let StepSpec::Call(call) = step {
            call.to -= usize::from(call.to > index);
        }
    }
    system.faults.retain(|f| match f.kind.edge() {
        Some(edge) => edge.from != EdgeEnd::Service(index) && edge.to != index,
        None => !f.kind.befalls_workers() || f.kind.is_everywhere() || f.service != index,
    });
    for fault in &mut system.faults {
        if let Some(edge) = fault.kind.edge_mut() {
            edge.to -= usize::from(edge.to > index);
            if let EdgeEnd::Service(from) = &mut edge.from {
                *from -= usize::from(*from > index);
            }
        } else if fault.kind.befalls_workers() {
            fault.service -= usize::from(fault.service > index);
        }
    }
    forget_empty_zones(system);
    Some(())
}

/// Gives a group of workers another size (0: it goes), and faults the workers that are left.
/// `None`: that would be none.
pub fn resize(system: &mut SystemSpec, (service, group): (usize, usize), count: u32) -> Option<()> {
    let groups = &mut system.services[service].groups;
    if count == 0 {
        if groups.len() < 2 {
            return None;
        }
        groups.remove(group);
    } else {
        groups[group].count = count;
    }
    if let Some(scale) = &mut system.services[service].autoscale {
        scale.min = scale.min.min(count);
        scale.start_with = scale.start_with.min(count);
        if let ScaleRule::Schedule(times) = &mut scale.rule {
            times.iter_mut().for_each(|t| t.1 = t.1.min(count));
        }
    }
    let workers = u32::try_from(system.services[service].worker_count()).ok()?;
    system.faults.retain_mut(|fault| {
        let here = fault.service == service && fault.kind.befalls_workers();
        if !here || fault.kind.is_everywhere() {
            return true;
        }
        fault.workers.1 = fault.workers.1.min(workers);
        fault.workers.0 <= workers
    });
    forget_empty_zones(system);
    Some(())
}

/// Faults of zones go where nobody is left in them; one of all services is the first's again.
fn forget_empty_zones(system: &mut SystemSpec) {
    let mut faults = std::mem::take(&mut system.faults);
    faults.retain_mut(|fault| {
        if fault.zone.is_none() {
            return true;
        }
        let first = system.befallen(fault).first().copied();
        if let (true, Some((service, _))) = (fault.kind.is_everywhere(), first) {
            fault.service = service;
        }
        first.is_some()
    });
    system.faults = faults;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::plain::{group, service, source};
    use crate::model::spec::{Arrivals, CallSpec, Dist, PolicySpec, PriceSpec, WorkSpec};

    #[test]
    fn a_service_that_goes_takes_nobodys_calls_with_it() {
        let work = || WorkSpec::drawn(Dist::constant(1.0).unwrap());
        let plain = |name| service(name, work(), PolicySpec::Random, group(1, 1));
        let mut front = plain("front");
        front.work = None;
        front.steps = vec![StepSpec::Call(Box::new(CallSpec::plain(2)))];
        let mut system = SystemSpec {
            title: String::new(),
            sources: vec![source("people", Arrivals::Poisson { rate: 1.0 })],
            services: vec![front, plain("idle"), plain("db")],
            faults: Vec::new(),
            prices: PriceSpec::default(),
        };
        assert_eq!(remove_service(&mut system, 2), None, "front calls it");
        assert_eq!(remove_service(&mut system, 1), Some(()));
        let names: Vec<&str> = system.services.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["front", "db"]);
        assert!(system.is_called(1) && system.check().is_empty());
    }
}
