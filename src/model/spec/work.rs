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
    /// Whether the work of a request may be drawn again when it is tried again.
    pub fn draws_again(&self) -> bool {
        let vary = |work: &Option<WorkSpec>| work.as_ref().map(WorkSpec::vary);
        let mut works = self.services.iter().map(|s| vary(&s.work));
        let mut of_classes = self.classes().map(|c| vary(&c.work));
        let attempt = |vary: Option<Vary>| vary == Some(Vary::Attempt);
        works.any(attempt) || of_classes.any(attempt)
    }
}
