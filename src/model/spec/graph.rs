//! Who calls whom: the order of services along calls, and what one request can become on its way.

use super::{CallSpec, ClientSpec, FanOutSpec, StepSpec, SystemSpec};

/// Most services on one path of calls.
pub const MAX_DEPTH: usize = 32;

/// How often a service is asked, a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Attempts.
    pub attempts: f64,
    /// Bytes of the sizes of those, summed.
    pub bytes: f64,
}

impl SystemSpec {
    /// The services in an order in which nobody calls one before; `None`: some call each other in
    /// a circle.
    pub fn call_order(&self) -> Option<Vec<usize>> {
        let sites: Vec<(usize, usize)> = self.call_sites().map(|s| (s.from, s.call.to)).collect();
        let mut left: Vec<usize> = (0..self.services.len()).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let called = |s: usize| {
                sites
                    .iter()
                    .any(|&(from, to)| to == s && left.contains(&from))
            };
            let next = left.iter().position(|&s| !called(s))?;
            order.push(left.remove(next));
        }
        Some(order)
    }

    /// Services that call each other in a circle, in the order of the calls; empty: none do.
    pub fn circle(&self) -> Vec<usize> {
        if self.call_order().is_some() {
            return Vec::new();
        }
        for start in 0..self.services.len() {
            let mut path = Vec::new();
            if self.leads_back(start, start, &mut path) {
                return path;
            }
        }
        Vec::new()
    }

    fn leads_back(&self, at: usize, start: usize, path: &mut Vec<usize>) -> bool {
        if path.contains(&at) {
            return at == start;
        }
        path.push(at);
        let found = self.services[at]
            .calls()
            .any(|(_, call)| self.leads_back(call.to, start, path));
        if !found {
            path.pop();
        }
        found
    }

    /// Services on the longest path of calls; in a circle there is no end to it.
    pub fn depth(&self) -> usize {
        let Some(order) = self.call_order() else {
            return usize::MAX;
        };
        let mut depth = vec![1; self.services.len()];
        for &from in &order {
            for (_, call) in self.services[from].calls() {
                depth[call.to] = depth[call.to].max(depth[from] + 1);
            }
        }
        depth.into_iter().max().unwrap_or(0)
    }

    /// Copies that a caller sends of a request that meets no trouble.
    pub(super) fn copies_of(&self, to: usize, fan_out: Option<FanOutSpec>) -> f64 {
        let workers = self.services.get(to).map_or(1, |s| s.worker_count());
        let copies = fan_out.map(|f| f.copies.unwrap_or(workers as u32));
        f64::from(copies.unwrap_or(1))
    }

    /// What all services are asked for when the sources ask for so much: calls added, without
    /// retries and hedges.
    pub fn with_calls(&self, mut traffic: Vec<Traffic>) -> Vec<Traffic> {
        for from in self.call_order().unwrap_or_default() {
            let mut reach = 1.0;
            for step in &self.services[from].steps {
                match step {
                    StepSpec::Fail { probability } => reach *= 1.0 - probability,
                    StepSpec::Call(call) => {
                        let copies = reach * self.copies_of(call.to, call.fan_out);
                        let Traffic { attempts, bytes } = traffic[from];
                        traffic[call.to].attempts += attempts * copies;
                        traffic[call.to].bytes += bytes * copies;
                    }
                    _ => {}
                }
            }
        }
        traffic
    }

    /// The most attempts that one request of a source can become at each service, every retry and
    /// every hedge of every caller on its way used up; infinite where one tries without end.
    pub fn amplification(&self, source: usize) -> Vec<f64> {
        let mut most = vec![0.0; self.services.len()];
        let sent = &self.sources[source];
        most[sent.to] = self.tries(&sent.client) * self.copies_of(sent.to, sent.fan_out);
        for from in self.call_order().unwrap_or_default() {
            for (_, call) in self.services[from].calls() {
                most[call.to] += most[from] * self.most_of(call);
            }
        }
        most
    }

    fn most_of(&self, call: &CallSpec) -> f64 {
        self.tries(&call.client) * self.copies_of(call.to, call.fan_out)
    }

    fn tries(&self, client: &ClientSpec) -> f64 {
        let tries = client.retry.as_ref().map_or(1, |r| r.most_attempts());
        let hedges = client.hedge.map_or(0, |h| h.max);
        let tries = match tries {
            u32::MAX => f64::INFINITY,
            tries => f64::from(tries),
        };
        tries * f64::from(1 + hedges)
    }
}
