//! What a request does at a service, step by step, and whom it calls on the way.

use super::{ClientSpec, Dist, FanOutSpec, Held, ServiceSpec, SystemSpec, Vary};

/// One step of a request at a service.
#[derive(Clone, Debug, PartialEq)]
pub enum StepSpec {
    /// Core-time on the worker.
    Cpu {
        /// Nanoseconds on one core at speed 1.
        cpu: Dist,
        /// Nanoseconds added for each KiB (1024 bytes) of the request's size.
        per_kib: f64,
        /// What of a request has a draw of its own.
        vary: Vary,
    },
    /// Time that passes whatever the speed: a disk, somebody else's service.
    Wait {
        /// Nanoseconds.
        lasts: Dist,
        /// What is kept meanwhile.
        hold: Hold,
    },
    /// A request to another service, whose end is waited for.
    Call(Box<CallSpec>),
    /// The request fails here by chance, with an error.
    Fail {
        /// The chance, 0 to 1.
        probability: f64,
    },
}

/// A call of another service.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSpec {
    /// Index into [`SystemSpec::services`] of the service it calls.
    pub to: usize,
    /// Copies sent at once; `None`: one.
    pub fan_out: Option<FanOutSpec>,
    /// What the caller does about trouble.
    pub client: ClientSpec,
    /// What is kept meanwhile.
    pub hold: Hold,
    /// Where its answer may be found without calling; `None`: nowhere.
    pub cache: Option<CacheSpec>,
}

/// A cache beside a call: asked first, and filled by those that are answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CacheSpec {
    /// Answers are found by chance.
    Hit {
        /// 0 to 1.
        probability: f64,
    },
    /// Answers to the keys that were asked for last.
    Lru {
        /// How many.
        capacity: u32,
    },
}

/// What a request keeps while it waits in the middle of its steps. Its memory stays in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// The core goes to the next in the buffer.
    #[default]
    Nothing,
    /// The core, idle.
    Core,
}

/// Where a call stands: the service that makes it and which of its steps it is.
#[derive(Clone, Copy, Debug)]
pub struct CallSite<'s> {
    /// Index of the calling service.
    pub from: usize,
    /// Index of the step.
    pub step: usize,
    /// The call.
    pub call: &'s CallSpec,
}

/// Somebody who calls a service.
#[derive(Clone, Debug)]
pub(super) struct Calling<'s> {
    /// Where it stands in the model file.
    pub path: String,
    /// Index of the service.
    pub to: usize,
    /// Copies sent at once.
    pub fan_out: Option<FanOutSpec>,
    /// What it does about trouble.
    pub client: &'s ClientSpec,
}

impl ServiceSpec {
    /// Whether a cache of one of its calls keeps the answers to keys.
    pub fn keeps_keys(&self) -> bool {
        let lru = |c: &CallSpec| matches!(c.cache, Some(CacheSpec::Lru { .. }));
        self.calls().any(|(_, call)| lru(call))
    }

    /// The calls among its steps, with the numbers of the steps.
    pub fn calls(&self) -> impl Iterator<Item = (usize, &CallSpec)> {
        let steps = self.steps.iter().enumerate();
        steps.filter_map(|(number, step)| match step {
            StepSpec::Call(call) => Some((number, &**call)),
            _ => None,
        })
    }
}

impl SystemSpec {
    /// All calls, service by service in the order of their steps.
    pub fn call_sites(&self) -> impl Iterator<Item = CallSite<'_>> {
        let services = self.services.iter().enumerate();
        services.flat_map(|(from, service)| {
            let calls = service.calls();
            calls.map(move |(step, call)| CallSite { from, step, call })
        })
    }

    /// What everybody who calls a service does about trouble: sources first, then calls.
    pub fn clients(&self) -> impl Iterator<Item = &ClientSpec> {
        let sources = self.sources.iter().map(|s| &s.client);
        sources.chain(self.call_sites().map(|site| &site.call.client))
    }

    /// The same, with how many instances of each there are: a source is one, a service has its
    /// workers.
    pub fn callers(&self) -> impl Iterator<Item = (&ClientSpec, usize)> {
        let sources = self.sources.iter().map(|s| (&s.client, 1));
        let calls = self.call_sites();
        let calls = calls.map(|c| (&c.call.client, self.services[c.from].worker_count()));
        sources.chain(calls)
    }

    /// Everybody who calls a service, in the same order.
    pub(super) fn callings(&self) -> impl Iterator<Item = Calling<'_>> {
        let sources = self.sources.iter().map(|s| Calling {
            path: format!("source.{}", s.name),
            to: s.to,
            fan_out: s.fan_out,
            client: &s.client,
        });
        let calls = self.call_sites().map(|site| Calling {
            path: format!(
                "service.{}.steps.{}",
                self.services[site.from].name, site.step
            ),
            to: site.call.to,
            fan_out: site.call.fan_out,
            client: &site.call.client,
        });
        sources.chain(calls)
    }

    /// The service that each of those calls.
    pub fn called_services(&self) -> impl Iterator<Item = usize> {
        let sources = self.sources.iter().map(|s| s.to);
        sources.chain(self.call_sites().map(|site| site.call.to))
    }

    /// Whether any service works in steps.
    pub fn has_steps(&self) -> bool {
        self.services.iter().any(|s| !s.steps.is_empty())
    }

    /// Whether any cache keeps the answers to keys.
    pub fn keeps_keys(&self) -> bool {
        self.services.iter().any(ServiceSpec::keeps_keys)
    }

    /// Whether any step calls a service.
    pub fn is_called(&self, service: usize) -> bool {
        self.call_sites().any(|site| site.call.to == service)
    }

    /// Whether those who call a service from steps hold its memory only in service.
    pub(super) fn calls_hold_late(&self, service: usize) -> bool {
        self.services[service].memory.held == Held::Service && self.is_called(service)
    }
}

impl CallSite<'_> {
    /// What its draws are for: `service/FROM/call/TO/0`, the number telling calls of one service
    /// apart.
    pub fn path(&self, system: &SystemSpec) -> String {
        let from = &system.services[self.from];
        let before = from.calls().filter(|(step, _)| *step < self.step);
        let number = before.filter(|(_, c)| c.to == self.call.to).count();
        let to = &system.services[self.call.to].name;
        format!("service/{}/call/{to}/{number}", from.name)
    }
}

impl CallSpec {
    /// A call of one copy whose caller waits for ever.
    pub fn plain(to: usize) -> CallSpec {
        CallSpec {
            to,
            fan_out: None,
            client: ClientSpec::default(),
            hold: Hold::Nothing,
            cache: None,
        }
    }
}
