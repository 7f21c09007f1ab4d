//! Who calls a service: the client behaviour of a source, or of a `call` step of another service.
//! What it draws is keyed by the number of the request, never by the order of events.

use super::outcome::Outcome;
use super::source::{pause, whole};
use super::spec::{CallSite, ClientSpec, SourceSpec, SystemSpec};
use crate::base::units::Nanos;
use crate::engine::dist::Dist;
use crate::engine::queue::Lane;
use crate::engine::rng::{Key, Keyed, path_hash};

/// A caller in a run.
#[derive(Clone, Debug)]
pub struct Caller<'s> {
    /// What it does about trouble.
    pub client: &'s ClientSpec,
    /// The service that it calls.
    pub to: u32,
    /// Where its timeouts wait, and how long they are, when that is always the same.
    pub timeouts: Option<(Lane, Nanos)>,
    /// Hash of the path of its draws.
    pub path: u64,
    /// What its time on the network is drawn for.
    pub network: u64,
    /// The key of its draws.
    pub key: Key,
    purposes: Purposes,
}

/// What keyed draws are for.
#[derive(Clone, Copy, Debug)]
struct Purposes {
    retry: u64,
    timeout: u64,
    dispatch: u64,
    worker: u64,
}

impl<'s> Caller<'s> {
    /// A source as caller of its service.
    pub fn of_source(system: &SystemSpec, source: &'s SourceSpec, key: Key) -> Self {
        let path = format!("source/{}", source.name);
        let called = &system.services[source.to].name;
        Caller {
            client: &source.client,
            to: source.to as u32,
            timeouts: None,
            path: path_hash(&path),
            network: path_hash(&format!("{path}/network")),
            key,
            purposes: Purposes::new(&path, called, &source.name),
        }
    }

    /// A step of a service as caller of another.
    pub fn of_step(system: &SystemSpec, site: CallSite<'s>, key: Key) -> Self {
        let path = site.path(system);
        let called = &system.services[site.call.to].name;
        Caller {
            client: &site.call.client,
            to: site.call.to as u32,
            timeouts: None,
            path: path_hash(&path),
            network: path_hash(&format!("{path}/network")),
            key,
            purposes: Purposes::new(&path, called, &path),
        }
    }

    /// Goes its own way under another key: what is drawn from now on is.
    pub fn rekey(&mut self, key: &Key) {
        self.key = *key;
    }

    /// How long the client waits for this attempt (from 1); `None`: for ever.
    #[inline]
    pub fn timeout(&self, number: u64, attempt: u32) -> Option<Nanos> {
        let dist = self.client.timeout.as_ref()?;
        let mut keyed = Keyed::new(&self.key, self.purposes.timeout, number, 0, attempt);
        Some(whole(dist.sample(&mut keyed)))
    }

    /// The pause before the next attempt after this many were made and the last ended like this;
    /// `None`: no more attempts.
    pub fn pause(&self, number: u64, made: u32, outcome: Outcome) -> Option<Nanos> {
        let retry = self.client.retry.as_ref()?;
        let kind = outcome.failure()?;
        if made >= retry.most_attempts() || !retry.on.has(kind) {
            return None;
        }
        let draw = |made| Keyed::new(&self.key, self.purposes.retry, number, 0, made);
        Some(pause(&retry.backoff, made, draw))
    }

    /// How long dispatching this attempt takes.
    #[inline]
    pub fn dispatch(&self, dist: &Dist, number: u64, attempt: u32) -> Nanos {
        if let Dist::Constant { value } = dist {
            return whole(*value);
        }
        let mut keyed = Keyed::new(&self.key, self.purposes.dispatch, number, 0, attempt);
        whole(dist.sample(&mut keyed))
    }

    /// How long this attempt takes from its balancer to a worker or back: the ways of an attempt
    /// are numbered.
    pub fn to_worker(&self, dist: &Dist, number: u64, way: u32, attempt: u32) -> Nanos {
        let mut keyed = Keyed::new(&self.key, self.purposes.worker, number, way, attempt);
        whole(dist.sample(&mut keyed))
    }
}

impl Purposes {
    /// Of the caller with this path, for the service of this name, which knows it by another name.
    fn new(path: &str, called: &str, name: &str) -> Purposes {
        Purposes {
            retry: path_hash(&format!("{path}/retry")),
            timeout: path_hash(&format!("{path}/timeout")),
            dispatch: path_hash(&format!("service/{called}/dispatch/{name}")),
            worker: path_hash(&format!("service/{called}/network/{name}")),
        }
    }
}
