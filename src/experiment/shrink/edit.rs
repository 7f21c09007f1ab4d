//! Edits of a system that keep its numbers right: sources, services and workers that go.

use crate::model::spec::{FaultKind, SystemSpec};

/// Takes a source away, with the surges that befall it. `None`: it is the only one.
pub fn remove_source(system: &mut SystemSpec, index: usize) -> Option<()> {
    if system.sources.len() < 2 {
        return None;
    }
    system.sources.remove(index);
    system.faults.retain_mut(|fault| match &mut fault.kind {
        FaultKind::Surge { source, .. } if *source == index => false,
        FaultKind::Surge { source, .. } => {
            *source -= usize::from(*source > index);
            true
        }
        _ => true,
    });
    Some(())
}

/// Takes a service away that nobody calls, with its faults. `None`: somebody does, or it is the
/// only one.
pub fn remove_service(system: &mut SystemSpec, index: usize) -> Option<()> {
    if system.services.len() < 2 || system.sources.iter().any(|s| s.to == index) {
        return None;
    }
    system.services.remove(index);
    for source in &mut system.sources {
        source.to -= usize::from(source.to > index);
    }
    let surge = |kind: &FaultKind| matches!(kind, FaultKind::Surge { .. });
    system
        .faults
        .retain(|f| surge(&f.kind) || f.service != index);
    for fault in system.faults.iter_mut().filter(|f| !surge(&f.kind)) {
        fault.service -= usize::from(fault.service > index);
    }
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
    let workers = u32::try_from(system.services[service].worker_count()).ok()?;
    system.faults.retain_mut(|fault| {
        let here = fault.service == service && !matches!(fault.kind, FaultKind::Surge { .. });
        if !here {
            return true;
        }
        fault.workers.1 = fault.workers.1.min(workers);
        fault.workers.0 <= workers
    });
    Some(())
}
