//! Whom of its workers a balancer leaves out: those that are ejected as outliers or were found
//! unfit, unless so many are out that it rather asks them all.

use super::Front;
use crate::base::units::Nanos;
use crate::engine::rng::{Bits, Key, Stream};
use crate::model::health::{End, Found, Outlier};
use crate::model::outcome::Outcome;
use crate::model::spec::{FailureKind, ServiceSpec, WHOLE};

/// What a balancer thinks of its workers.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    outlier: Option<Outlier>,
    /// By worker: found unfit by its checks.
    unfit: Vec<bool>,
    /// Whether a trigger ejects, where that is a matter of chance.
    stream: Stream,
    /// Workers that it knows.
    known: Vec<u32>,
    /// Below this share of good workers all are asked, in millionths.
    panic: u64,
}

impl Hosts {
    /// `None` where nobody is ever left out.
    pub fn new(
        service: &ServiceSpec,
        instance: u32,
        key: &Key,
        known: Option<&[u32]>,
    ) -> Option<Box<Hosts>> {
        let spec = &service.balancer;
        if !spec.leaves_out() {
            return None;
        }
        let workers = service.worker_count();
        let known: Vec<u32> = match known {
            Some(known) => known.to_vec(),
            None => (0..workers as u32).collect(),
        };
        let path = format!("service/{}/balancer/{}/outlier", service.name, instance + 1);
        Some(Box::new(Hosts {
            outlier: spec
                .outlier
                .as_ref()
                .map(|o| Outlier::new(o, workers, known.len())),
            unfit: vec![false; workers],
            stream: Stream::new(key, &path),
            known,
            panic: u64::from(spec.panic_threshold),
        }))
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.stream.rekey(key);
    }

    /// From now on it knows these workers (ascending): of those who come and go nothing is known.
    pub fn know(&mut self, workers: &[u32], now: Nanos) {
        let before = std::mem::replace(&mut self.known, workers.to_vec());
        for worker in 0..self.unfit.len() as u32 {
            let was = before.binary_search(&worker).is_ok();
            if was == workers.binary_search(&worker).is_ok() {
                continue;
            }
            self.unfit[worker as usize] = false;
            if let Some(outlier) = &mut self.outlier {
                outlier.forget(worker as usize, now);
            }
        }
        if let Some(outlier) = &mut self.outlier {
            outlier.count_known(workers.len());
        }
    }

    /// Time between two sweeps, if there are any.
    pub fn every(&self) -> Option<Nanos> {
        self.outlier.as_ref().map(Outlier::every)
    }

    /// Whether a worker is one that it asks, all else apart.
    pub fn is_good(&self, worker: u32) -> bool {
        let out = |o: &Outlier| o.is_out(worker as usize);
        !self.unfit[worker as usize] && !self.outlier.as_ref().is_some_and(out)
    }

    /// Whether so few are good that it asks them all.
    pub fn panics(&self) -> bool {
        let good = self.known.iter().filter(|&&w| self.is_good(w));
        (good.count() as u64) * u64::from(WHOLE) < self.panic * self.known.len() as u64
    }

    /// Whether nobody is asked.
    pub fn has_none(&self) -> bool {
        !self.panics() && !self.known.iter().any(|&w| self.is_good(w))
    }

    /// A call of a worker ended; says whether that ejects it.
    pub fn hears(&mut self, worker: u32, outcome: Outcome, now: Nanos) -> bool {
        let end = match outcome.failure() {
            _ if outcome == Outcome::Ok => End::Well,
            Some(FailureKind::Error) => End::Error,
            Some(_) => End::Gateway,
            None => return false,
        };
        let (outlier, stream) = (&mut self.outlier, &mut self.stream);
        let outlier = outlier.as_mut();
        outlier.is_some_and(|o| o.hears(worker as usize, end, now, &mut |m| chance(stream, m)))
    }

    /// What a check found of a worker, and whether it is known to be well; says whether that lets
    /// an outlier back.
    pub fn hears_of_health(&mut self, worker: u32, found: Found, well: bool, now: Nanos) -> bool {
        match found {
            Found::Same => {}
            Found::Unfit => self.unfit[worker as usize] = true,
            Found::Fit => self.unfit[worker as usize] = false,
        }
        let outlier = self.outlier.as_mut().filter(|_| well);
        outlier.is_some_and(|o| o.restore(worker as usize, now))
    }

    /// A sweep: who is back, and who is ejected.
    pub fn sweep(&mut self, now: Nanos) -> (Vec<usize>, Vec<usize>) {
        let stream = &mut self.stream;
        let outlier = self.outlier.as_mut();
        let sweep = |o: &mut Outlier| o.sweep(now, &mut |m| chance(stream, m));
        outlier.map(sweep).unwrap_or_default()
    }
}

impl Front<'_> {
    /// What becomes of an attempt for which nobody was eligible.
    #[cold]
    pub fn nobody(&self) -> Outcome {
        match &self.hosts {
            Some(hosts) if hosts.has_none() || self.gives_up() => Outcome::NoWorker,
            _ => Outcome::BreakerOpen,
        }
    }

    /// From now on it knows these of its workers (ascending).
    #[cold]
    pub fn know(&mut self, workers: &[u32], now: Nanos) {
        if let Some(hosts) = &mut self.hosts {
            hosts.know(workers, now);
        }
        self.known = Some(workers.to_vec());
        self.refresh(now);
    }

    /// Whether it hears how calls of its workers end, breakers apart.
    #[inline]
    pub fn looks_for_outliers(&self) -> bool {
        self.hosts.as_ref().is_some_and(|h| h.every().is_some())
    }

    /// Time between two sweeps for outliers, if it looks for any.
    pub fn sweeps_every(&self) -> Option<Nanos> {
        self.hosts.as_ref()?.every()
    }

    /// A call of a worker ended; says whether that ejects it.
    #[cold]
    pub fn judge(&mut self, worker: u32, outcome: Outcome, now: Nanos) -> bool {
        let hosts = self.hosts.as_mut();
        let ejected = hosts.is_some_and(|h| h.hears(worker, outcome, now));
        if ejected {
            self.refresh(now);
        }
        ejected
    }

    /// What a health check found of a worker, and whether it is known to be well; says whether
    /// that lets an outlier back.
    #[cold]
    pub fn hears_of_health(
        &mut self,
        worker: u32,
        (found, well): (Found, bool),
        now: Nanos,
    ) -> bool {
        let hosts = self.hosts.as_mut();
        let back = hosts.is_some_and(|h| h.hears_of_health(worker, found, well, now));
        if back || found != Found::Same {
            self.refresh(now);
        }
        back
    }

    /// A sweep for outliers: who is back, and who is ejected.
    #[cold]
    pub fn sweep(&mut self, now: Nanos) -> (Vec<usize>, Vec<usize>) {
        let hosts = self.hosts.as_mut();
        let changes = hosts.map(|h| h.sweep(now)).unwrap_or_default();
        if changes != (Vec::new(), Vec::new()) {
            self.refresh(now);
        }
        changes
    }
}

/// Whether something happens that is likely by so many millionths; draws only if that is open.
fn chance(stream: &mut Stream, millionths: u32) -> bool {
    match millionths {
        0 => false,
        WHOLE => true,
        _ => stream.unit() * f64::from(WHOLE) < f64::from(millionths),
    }
}
