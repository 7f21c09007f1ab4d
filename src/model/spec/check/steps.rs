//! Rules about services that work in steps and call each other.

use super::{Rules, least};
use crate::base::codes::Code;
use crate::model::spec::graph::{MAX_DEPTH, Traffic};
use crate::model::spec::{
    ClassSpec, FaultSpec, FaultUnit, Held, Hold, MAX_COPIES, PolicySpec, ServiceSpec, SourceSpec,
    StepSpec, SystemSpec, WorkSpec,
};

/// Most attempts that one request may become without any trouble.
const MAX_CALLS: f64 = 100_000.0;

impl Rules {
    /// Every service with steps, and the graph of calls.
    pub(super) fn steps(&mut self, system: &SystemSpec) {
        if !system.has_steps() {
            return;
        }
        let circle = system.circle();
        if let Some(&first) = circle.first() {
            let name = |&s: &usize| format!("`{}`", system.services[s].name);
            let mut names: Vec<String> = circle.iter().map(name).collect();
            names.push(name(&first));
            let path = format!("service.{}.steps", system.services[first].name);
            let message = format!(
                "services call each other in a circle: {}",
                names.join(" calls ")
            );
            let help = Some("break the circle: a request would never come to its end");
            self.add(Code::KEYS_DISAGREE, &path, message, help);
            return;
        }
        let depth = system.depth();
        if depth > MAX_DEPTH {
            let message =
                format!("a path of calls goes through {depth} services: the limit is {MAX_DEPTH}");
            self.add(Code::TOO_LARGE_DESIGN, "service", message, None);
        }
        for (index, service) in system.services.iter().enumerate() {
            if !service.steps.is_empty() {
                self.stepped(system, index, service);
            }
            self.called(system, index, service);
        }
        self.calls_in_all(system);
    }

    fn stepped(&mut self, system: &SystemSpec, index: usize, service: &ServiceSpec) {
        let path = format!("service.{}.steps", service.name);
        for (number, step) in service.steps.iter().enumerate() {
            self.step(system, step, &format!("{path}.{number}"), service);
        }
        let mut refuse = |path: &str, what: &str, help: &str| {
            let message = format!("{what} do not go together with `steps`");
            self.add(Code::KEYS_DISAGREE, path, message, Some(help));
        };
        if service.balancer.policy == PolicySpec::CentralQueue {
            let path = format!("service.{}.balancer.policy", service.name);
            let help = "take a policy that sends: a request comes back to its own worker";
            refuse(&path, "workers that pull", help);
        }
        let late = |held: Held| held == Held::Service;
        let help = "let it be held from admission: while a request waits it keeps its RAM";
        if late(service.memory.held) {
            let path = format!("service.{}.memory.held", service.name);
            refuse(&path, "RAM that is held in service only", help);
        }
        for source in system.sources.iter().filter(|s| s.to == index) {
            for class in &source.classes {
                let path = format!("source.{}.class.{}", source.name, class.name);
                self.class_in_steps(source, class, &path);
            }
        }
        let cores = |f: &&FaultSpec| f.service == index && f.enabled && f.unit == FaultUnit::Core;
        for fault in system.faults.iter().filter(cores) {
            let path = format!("fault.{}.unit", fault.name);
            let message = "cores that go down by themselves do not go together with `steps`";
            let help = Some("let the whole worker go down");
            self.add(Code::KEYS_DISAGREE, &path, message.into(), help);
        }
    }

    fn class_in_steps(&mut self, source: &SourceSpec, class: &ClassSpec, path: &str) {
        let mut refuse = |key: &str, what: &str, help: &str| {
            let path = format!("{path}.{key}");
            let message = format!("{what} do not go together with `steps` of the service called");
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        };
        if class.work.is_some() || source.records_work() {
            let help = "remove it, or give the service one piece of `work`";
            refuse("work", "amounts of work of its own", help);
        }
        if class.cores > 1 {
            refuse("cores", "several cores", "let a request take one core");
        }
        if class
            .memory
            .as_ref()
            .is_some_and(|m| m.held == Held::Service)
        {
            let help = "let it be held from admission: while a request waits it keeps its RAM";
            refuse("memory.held", "RAM that is held in service only", help);
        }
    }

    fn step(&mut self, system: &SystemSpec, step: &StepSpec, path: &str, service: &ServiceSpec) {
        match step {
            StepSpec::Cpu { cpu, per_kib, .. } => {
                let fine = least(cpu) >= 0.0;
                self.range(fine, &format!("{path}.cpu"), "0 or more", least(cpu));
                let fine = (0.0..=1e15).contains(per_kib);
                let path = format!("{path}.per_kib");
                self.range(fine, &path, "0 to 11 days", per_kib);
            }
            StepSpec::Wait { lasts, hold } => {
                let fine = least(lasts) >= 0.0;
                self.range(fine, &format!("{path}.wait"), "0 or more", least(lasts));
                self.hold(*hold, path, service);
            }
            StepSpec::Call(call) => {
                self.hold(call.hold, path, service);
                let workers = system.services[call.to].worker_count();
                self.copies((call.fan_out, &call.client), workers, path);
                let several = (call.fan_out.is_some(), true);
                self.client(&call.client, several, &format!("{path}.client"));
            }
            StepSpec::Fail { probability } => {
                let fine = (0.0..=1.0).contains(probability);
                self.range(fine, &format!("{path}.fail"), "0 to 1", probability);
            }
        }
    }

    /// A core can only be held by somebody who has one of his own.
    fn hold(&mut self, hold: Hold, path: &str, service: &ServiceSpec) {
        if hold == Hold::Core && service.groups.iter().any(|g| g.shares()) {
            let path = format!("{path}.hold");
            let message = "there is no core to hold where all inside share the cores".to_owned();
            let help = Some("remove it, or take another `discipline` and bounded `cores`");
            self.add(Code::KEYS_DISAGREE, &path, message, help);
        }
    }

    /// What a service must have that is called from a step.
    fn called(&mut self, system: &SystemSpec, index: usize, service: &ServiceSpec) {
        if !system.is_called(index) || !service.steps.is_empty() {
            return;
        }
        let path = format!("service.{}.work", service.name);
        match &service.work {
            None => {
                let message = format!(
                    "`service.{}` is called from a step and needs `work` or `steps`",
                    service.name
                );
                self.add(Code::MISSING_KEY, &path, message, None);
            }
            Some(WorkSpec::FromTrace) => {
                let message = "a call from a step has no row of a trace to take its work from";
                let help = Some("give the work as a distribution");
                self.add(Code::KEYS_DISAGREE, &path, message.into(), help);
            }
            Some(WorkSpec::Drawn { .. }) => {}
        }
    }

    /// What one request becomes must end, and be bounded.
    fn calls_in_all(&mut self, system: &SystemSpec) {
        for source in &system.sources {
            let mut traffic = vec![Traffic::default(); system.services.len()];
            traffic[source.to].attempts = 1.0;
            let all: f64 = system.with_calls(traffic).iter().map(|t| t.attempts).sum();
            if all > MAX_CALLS {
                let path = format!("source.{}.to", source.name);
                let message = format!(
                    "one request makes {all:.0} attempts in all services: the limit is {MAX_CALLS}"
                );
                let help = format!(
                    "ask fewer: a `fan_out` may be at most {MAX_COPIES}, and they multiply"
                );
                self.add(Code::TOO_LARGE_DESIGN, &path, message, Some(&help));
            }
        }
    }
}
