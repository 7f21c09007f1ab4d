//! Workers that tell a balancer when a core of theirs is idle (`jiq`).

use super::*;
use crate::engine::rng::{Bits, Keyed, path_hash};
use crate::model::spec::Register;

/// Who is on whose list.
#[derive(Clone, Debug)]
pub(super) struct Idle {
    key: Key,
    /// By service, where workers tell.
    services: Vec<Option<Telling>>,
    /// By worker: how often it is on a list now, and was put on one so far.
    listed: Vec<u32>,
    told: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Telling {
    /// What the choice of an instance is drawn for.
    purpose: u64,
    register: Register,
    instances: u32,
}

impl Idle {
    /// `None` where no worker tells.
    pub fn new(spec: &SystemSpec, key: &Key) -> Option<Box<Idle>> {
        let telling = |service: &ServiceSpec| match service.balancer.policy {
            PolicySpec::Jiq { register } => Some(Telling {
                purpose: path_hash(&format!("service/{}/idle", service.name)),
                register,
                instances: service.balancer.instances,
            }),
            _ => None,
        };
        let services: Vec<_> = spec.services.iter().map(telling).collect();
        let workers = spec.services.iter().map(|s| s.worker_count()).sum();
        services.iter().any(Option::is_some).then(|| {
            Box::new(Idle {
                key: *key,
                services,
                listed: vec![0; workers],
                told: vec![0; workers],
            })
        })
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.key = *key;
    }

    /// If the worker that a balancer picked was on its list, it is there no longer.
    #[inline(never)]
    pub fn note_taken(&mut self, front: &mut Front) {
        if let Some(worker) = front.take_taken() {
            self.listed[(front.first_worker + worker) as usize] -= 1;
        }
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Every core of every worker is idle at the start, the first ones of all before the second.
    #[cold]
    pub(super) fn begin_idle(&mut self) {
        let cores = |w: &u32| self.workers.cold[*w as usize].cores;
        let workers = 0..self.workers.len() as u32;
        let most = workers.clone().map(|w| cores(&w)).max().unwrap_or(0);
        let Some(idle) = &self.idle else { return };
        let tells = |w: &u32| {
            let cold = &self.workers.cold[*w as usize];
            cold.downs == 0 && idle.services[cold.service as usize].is_some()
        };
        let all: Vec<u32> = workers.filter(tells).collect();
        for core in 0..most {
            for &worker in &all {
                if core < self.workers.cold[worker as usize].cores {
                    self.list_idle(worker);
                }
            }
        }
    }

    /// An attempt is gone: its worker puts itself on a list for every free core that is not yet on
    /// one.
    #[inline(never)]
    pub(super) fn note_idle(&mut self, worker: u32) {
        if worker == NO_WORKER {
            return;
        }
        let cold = &self.workers.cold[worker as usize];
        let Some(idle) = &self.idle else { return };
        if idle.services[cold.service as usize].is_none() || cold.downs > 0 || cold.wedged {
            return;
        }
        let free = cold
            .cores
            .saturating_sub(self.workers.load[worker as usize]);
        for _ in idle.listed[worker as usize]..free {
            self.list_idle(worker);
        }
    }

    /// A worker puts itself on a list.
    fn list_idle(&mut self, worker: u32) {
        let cold = &self.workers.cold[worker as usize];
        let (service, number) = (cold.service as usize, cold.number);
        let first = self.first_front(service);
        let Some(idle) = &mut self.idle else { return };
        let Some(telling) = idle.services[service] else {
            return;
        };
        let told = &mut idle.told[worker as usize];
        let mut words = Keyed::new(&idle.key, telling.purpose, u64::from(number), 0, *told);
        *told = told.wrapping_add(1);
        idle.listed[worker as usize] += 1;
        let n = telling.instances;
        let chosen = match telling.register {
            _ if n == 1 => 0,
            Register::Random => words.below(n),
            Register::ShorterOfTwo => {
                let (a, mut b) = words.below_pair(n, n - 1);
                b += u32::from(b >= a);
                let length = |instance: u32| self.fronts[first + instance as usize].listed();
                if length(b) < length(a) { b } else { a }
            }
        };
        self.fronts[first + chosen as usize].add_idle(number);
    }
}
