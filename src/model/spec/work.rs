//! The work of a request.

use super::{Arrivals, Dist, SourceSpec, SystemSpec};

/// Core-time that a request needs at speed 1.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkSpec {
    /// A draw plus a part in proportion to the request's size.
    Drawn {
        /// Nanoseconds on one core at speed 1.
        cpu: Dist,
        /// Nanoseconds added for each KiB (1024 bytes) of size.
        per_kib: f64,
        /// Nanoseconds added for each other request in service at that worker when this one
        /// starts.
        per_in_flight: f64,
        /// What of a request has a draw of its own.
        vary: Vary,
    },
    /// The `work` column of the trace that sends the request ([`Trace::work`](super::Trace)).
    FromTrace,
}

/// Which attempts of a request have a draw of work of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vary {
    /// A retry asks for the same work again; each copy of a fan-out and each hedge has its own.
    #[default]
    Copy,
    /// None: all attempts and copies ask for the same.
    Request,
    /// All.
    Attempt,
}

impl WorkSpec {
    /// Work that is drawn, whatever the size.
    pub fn drawn(cpu: Dist) -> WorkSpec {
        WorkSpec::Drawn {
            cpu,
            per_kib: 0.0,
            per_in_flight: 0.0,
            vary: Vary::Copy,
        }
    }

    /// What of a request has a draw of its own.
    pub fn vary(&self) -> Vary {
        match self {
            WorkSpec::Drawn { vary, .. } => *vary,
            WorkSpec::FromTrace => Vary::Copy,
        }
    }
}

impl WorkSpec {
    /// Nanoseconds that each other request in service adds.
    pub fn per_in_flight(&self) -> f64 {
        match self {
            WorkSpec::Drawn { per_in_flight, .. } => *per_in_flight,
            WorkSpec::FromTrace => 0.0,
        }
    }
}

impl SourceSpec {
    /// Whether the work of each of its requests was recorded.
    pub fn records_work(&self) -> bool {
        match &self.arrivals {
            Arrivals::Trace(trace) => !trace.work.is_empty(),
            _ => false,
        }
    }
}

impl SystemSpec {
    /// Nanoseconds that each other request in service adds to the work of a request, for the
    /// classes of all sources, in order, and then for those of each call.
    pub fn crowding(&self) -> impl Iterator<Item = f64> {
        let called = |call: &super::CallSpec| {
            let work = self.services.get(call.to).and_then(|s| s.work.as_ref());
            work.map_or(0.0, WorkSpec::per_in_flight)
        };
        let roots = self.classes().count();
        let calls = self.call_sites().map(move |site| called(site.call));
        let calls = calls.flat_map(move |more| std::iter::repeat_n(more, roots));
        let sources = self.sources.iter().flat_map(|source| {
            let usual = self.services.get(source.to).and_then(|s| s.work.as_ref());
            let recorded = source.records_work();
            source.classes.iter().map(move |class| {
                let work = class.work.as_ref().or(usual).filter(|_| !recorded);
                work.map_or(0.0, WorkSpec::per_in_flight) * class.work_factor
            })
        });
        sources.chain(calls)
    }

    /// Whether the work of a request may be drawn again when it is tried again.
    pub fn draws_again(&self) -> bool {
        let vary = |work: &Option<WorkSpec>| work.as_ref().map(WorkSpec::vary);
        let mut works = self.services.iter().map(|s| vary(&s.work));
        let mut of_classes = self.classes().map(|c| vary(&c.work));
        let attempt = |vary: Option<Vary>| vary == Some(Vary::Attempt);
        works.any(attempt) || of_classes.any(attempt)
    }
}
