//! What a condition of the user's own is read from: which metrics can be watched over a running
//! window, and of which workers and balancers.

use std::ops::Range;

use crate::model::metric::{Kind, Metric, Scope, TABLE};
use crate::model::outcome::Outcome;
use crate::model::spec::SystemSpec;

/// What is divided by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Requests born, by time.
    Offered,
    /// Requests answered at least once, by time.
    Throughput,
    /// Requests answered in time, by time.
    Goodput,
    /// Requests lost, by requests ended.
    Loss,
    /// Attempts refused, or with one outcome, by attempts made.
    Refused(Option<Outcome>),
    /// Attempts made, by requests born.
    Attempts,
    /// Core-time busy, by core-time able.
    Utilisation,
    /// Attempts waiting, by time.
    Waiting,
    /// Attempts waiting and in service, by time.
    Inside,
    /// RAM held, by RAM.
    Ram,
}

/// Metrics by name.
const NAMES: [(&str, What); 10] = [
    ("offered", What::Offered),
    ("throughput", What::Throughput),
    ("goodput", What::Goodput),
    ("loss", What::Loss),
    ("refused", What::Refused(None)),
    ("attempts_per_request", What::Attempts),
    ("utilisation", What::Utilisation),
    ("queue_mean", What::Waiting),
    ("in_system_mean", What::Inside),
    ("ram_mean", What::Ram),
];

/// A metric as it is read while a run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What.
    pub what: What,
    /// Of which workers.
    pub workers: Range<usize>,
    /// Of which balancers, by their services.
    pub services: Range<usize>,
}

impl Reading {
    /// How a metric is read; the text says why one can't be watched.
    ///
    /// # Errors
    /// It is none of the counts and time averages that add up over a window.
    pub fn of(metric: &Metric, spec: &SystemSpec) -> Result<Reading, String> {
        let what = match metric.kind {
            Kind::Row(row) => NAMES.iter().find(|(name, _)| *name == TABLE[row].name),
            _ => None,
        };
        let what = match (what, metric.kind) {
            (Some((_, what)), _) => *what,
            (None, Kind::Refused(outcome)) => What::Refused(Some(outcome)),
            _ => {
                let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                return Err(format!("a condition is about {names} or refused_CODE"));
            }
        };
        let of_workers = matches!(
            what,
            What::Utilisation | What::Waiting | What::Inside | What::Ram
        );
        let mut first = 0;
        for (index, service) in spec.services.iter().enumerate() {
            let last = first + service.worker_count();
            match &metric.scope {
                Scope::Service(name) if of_workers && *name == service.name => {
                    return Ok(Reading {
                        what,
                        workers: first..last,
                        services: index..index + 1,
                    });
                }
                Scope::Worker(name, number) if of_workers && *name == service.name => {
                    let worker = first + *number as usize - 1;
                    return Ok(Reading {
                        what,
                        workers: worker..worker + 1,
                        services: index..index,
                    });
                }
                _ => {}
            }
            first = last;
        }
        if metric.scope != Scope::All {
            return Err(
                "a condition can be narrowed to a service or worker, and only where it is \
                        about utilisation, queue_mean, in_system_mean or ram_mean"
                    .into(),
            );
        }
        Ok(Reading {
            what,
            workers: 0..first,
            services: 0..spec.services.len(),
        })
    }
}
