//! Workers that answer the probes of balancers (`prequal`).

use super::*;
use crate::model::balancer::{Answer, Latencies};

/// What workers remember for those who probe them.
#[derive(Clone, Debug)]
pub(super) struct Probes {
    /// By service: how long an end is remembered, where workers are probed.
    ages: Vec<Option<Nanos>>,
    /// By worker.
    latencies: Vec<Latencies>,
    /// By place of an attempt: how many others were in flight at its worker when it was sent
    /// there, and when that was.
    sent: Vec<(u32, Nanos)>,
}

impl Probes {
    /// `None` where nobody is probed.
    pub fn new(spec: &SystemSpec) -> Option<Box<Probes>> {
        let age = |service: &ServiceSpec| match service.balancer.policy {
            PolicySpec::Prequal(probes) => Some(probes.age),
            _ => None,
        };
        let ages: Vec<_> = spec.services.iter().map(age).collect();
        let workers = spec.services.iter().map(|s| s.worker_count()).sum();
        ages.iter().any(Option::is_some).then(|| {
            Box::new(Probes {
                ages,
                latencies: vec![Latencies::default(); workers],
                sent: Vec::new(),
            })
        })
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// An attempt is sent to a worker (numbered within the service), and the probes that go with
    /// it to others, or to the same, where they find it.
    #[inline(never)]
    pub(super) fn send_probes(&mut self, attempt: u32, front: usize, picked: u32, now: Nanos) {
        let front = &mut self.fronts[front];
        let Some(probes) = self.about.probes.as_mut().filter(|_| front.probes()) else {
            return;
        };
        let place = attempt as usize;
        if place >= probes.sent.len() {
            probes.sent.resize(place + 1, (0, 0));
        }
        let (first, load) = (front.first_worker, &self.workers.load);
        probes.sent[place] = (load[(first + picked) as usize], now);
        let age = probes.ages[front.service as usize].unwrap_or(0);
        let since = now.saturating_sub(age);
        front.probe(now, |number| {
            let worker = (first + number) as usize;
            let cold = &self.workers.cold[worker];
            let answers = cold.downs == 0 && cold.speed > 0.0;
            let in_flight = load[worker] + u32::from(number == picked);
            answers.then(|| Answer {
                in_flight,
                latency: probes.latencies[worker].at(in_flight, since),
            })
        });
    }

    /// A worker remembers how long an attempt took that has ended there, well or in an error.
    pub(super) fn note_latency(&mut self, attempt: u32, now: Nanos) {
        let worker = self.jobs.attempt(attempt).worker as usize;
        let service = self.workers.cold[worker].service as usize;
        let Some(probes) = &mut self.about.probes else {
            return;
        };
        if probes.ages[service].is_some() {
            let (met, sent) = probes.sent[attempt as usize];
            probes.latencies[worker].note(met, now - sent, now);
        }
    }

    /// A worker begins anew and remembers nothing.
    pub(super) fn forget_latencies(&mut self, worker: u32) {
        if let Some(probes) = &mut self.about.probes {
            probes.latencies[worker as usize].forget();
        }
    }
}
