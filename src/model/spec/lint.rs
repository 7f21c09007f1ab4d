//! What of a design will surely bite, found by arithmetic alone: no rule of the format is broken,
//! and the numbers disagree all the same.

use super::graph::Traffic;
use super::{
    BreakerSpec, BreakerWindow, CheckPath, ClientBreaker, ClientSpec, Discipline, Dist, FaultSpec,
    HealthAction, ServiceSpec, SystemSpec, WorkSpec,
};
use crate::base::units::{Nanos, SECOND, print_time};

/// Attempts at one service that a request may become before it is worth a word, for each that it
/// makes where nothing goes wrong.
const AMPLIFIED: f64 = 8.0;

/// One thing that will bite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// The place in the model: `service.db.workers`.
    pub path: String,
    /// What was computed, and what follows; one line without full stop.
    pub message: String,
}

impl SystemSpec {
    /// All of them, in the order of the spec.
    pub fn lints(&self) -> Vec<Lint> {
        let mut found = Lints {
            system: self,
            traffic: self.usual_traffic(),
            found: Vec::new(),
        };
        for edge in self.callings() {
            found.deadline(&edge.path, edge.client);
            if let Some(ClientBreaker::Machine { spec, .. }) = &edge.client.breaker {
                let path = format!("{}.client.breaker", edge.path);
                found.stuck(&path, spec);
            }
        }
        found.lost_for_ever();
        found.calls_in_time();
        found.amplification();
        for (index, service) in self.services.iter().enumerate() {
            found.breaker(index, service);
            found.buffers(index, service);
        }
        found.found
    }

    /// Attempts a second at each service where nothing goes wrong.
    fn usual_traffic(&self) -> Vec<Traffic> {
        let mut sent = vec![Traffic::default(); self.services.len()];
        for source in &self.sources {
            if let Some(at) = sent.get_mut(source.to) {
                at.attempts += source.mean_rate() * self.copies(source);
            }
        }
        self.with_calls(sent, 0.0)
    }
}

struct Lints<'s> {
    system: &'s SystemSpec,
    traffic: Vec<Traffic>,
    found: Vec<Lint>,
}

fn constant(dist: Option<&Dist>) -> Option<f64> {
    dist.and_then(Dist::is_constant)
}

/// How long a caller waits for one attempt at most, where that is always the same.
fn patience(client: &ClientSpec) -> Option<f64> {
    let deadline = client.deadline.map(|d| d as f64);
    let timeout = constant(client.timeout.as_ref());
    match (timeout, deadline) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn time(nanos: f64) -> String {
    // Three digits are enough for a word of warning.
    let whole = nanos.round() as Nanos;
    let mut step: Nanos = 1;
    while whole / step >= 1000 {
        step *= 10;
    }
    print_time((whole + step / 2) / step * step)
}

impl Lints<'_> {
    fn add(&mut self, path: String, message: String) {
        self.found.push(Lint { path, message });
    }

    /// Timeouts, as often as is tried, must fit into the deadline.
    fn deadline(&mut self, path: &str, client: &ClientSpec) {
        let (Some(timeout), Some(deadline)) = (constant(client.timeout.as_ref()), client.deadline)
        else {
            return;
        };
        let tries = client.retry.as_ref().map_or(1, |r| r.most_attempts());
        let all = timeout * f64::from(tries);
        if tries > 1 && tries < u32::MAX && all > deadline as f64 {
            let fit = (deadline as f64 / timeout).floor();
            self.add(
                format!("{path}.client.deadline"),
                format!(
                    "{tries} attempts of {} take {}, without pauses; the deadline of {} has room \
                     for {fit}",
                    time(timeout),
                    time(all),
                    time(deadline as f64)
                ),
            );
        }
    }

    /// Who calls where messages are lost must stop waiting some time.
    fn lost_for_ever(&mut self) {
        let system = self.system;
        for (caller, calling) in system.callings().enumerate() {
            let Some(way) = system.edge_of(caller) else {
                continue;
            };
            let loses = |f: &&FaultSpec| f.enabled && f.kind.edge() == Some(way) && f.kind.loses();
            let Some(fault) = system.faults.iter().find(loses) else {
                continue;
            };
            if calling.client.timeout.is_none() && calling.client.deadline.is_none() {
                self.add(
                    format!("{}.client", calling.path),
                    format!(
                        "what `{}` loses on `{}` is waited for to the end of the run: there is no \
                         timeout and no deadline",
                        fault.name,
                        system.edge_name(way)
                    ),
                );
            }
        }
    }

    /// A call that is tried for longer than its caller's caller waits goes on for nobody.
    fn calls_in_time(&mut self) {
        let edges: Vec<_> = self.system.callings().collect();
        for site in self.system.call_sites() {
            let client = &site.call.client;
            let tries = client.retry.as_ref().map_or(1, |r| r.most_attempts());
            let Some(once) = constant(client.timeout.as_ref()) else {
                continue;
            };
            let all = match client.deadline {
                Some(deadline) => deadline as f64,
                None if tries == u32::MAX => f64::INFINITY,
                None => once * f64::from(tries),
            };
            let callers = edges.iter().filter(|edge| edge.to == site.from);
            let waits = callers.filter_map(|edge| patience(edge.client));
            let Some(shortest) = waits.reduce(f64::min) else {
                continue;
            };
            if all > shortest && !client.propagate_deadline {
                let from = &self.system.services[site.from].name;
                let to = &self.system.services[site.call.to].name;
                let all = match all.is_finite() {
                    true => time(all),
                    false => "without end".to_owned(),
                };
                self.add(
                    format!("service.{from}.steps.{}.client", site.step),
                    format!(
                        "{from} tries its call of {to} for {all}, but who waits for {from} gives \
                         up after {}: what is left is for nobody",
                        time(shortest)
                    ),
                );
            }
        }
    }

    /// Retries of several callers on one path multiply.
    fn amplification(&mut self) {
        for (index, source) in self.system.sources.iter().enumerate() {
            let mut usual = vec![Traffic::default(); self.system.services.len()];
            usual[source.to].attempts = self.system.copies(source);
            let usual = self.system.with_calls(usual, 0.0);
            let most = self.system.amplification(index);
            let worst = most
                .iter()
                .zip(&usual)
                .enumerate()
                .filter(|(_, (_, u))| u.attempts > 0.0);
            let worst = worst.map(|(s, (most, usual))| (s, *most, most / usual.attempts));
            let Some((service, most, factor)) = worst.reduce(|a, b| if b.2 > a.2 { b } else { a })
            else {
                continue;
            };
            if factor >= AMPLIFIED {
                let name = &self.system.services[service].name;
                let most = match most.is_finite() {
                    true => {
                        format!("{most:.0} attempts, {factor:.0} times what it is without trouble")
                    }
                    false => "attempts without end".to_owned(),
                };
                self.add(
                    format!("source.{}", source.name),
                    format!(
                        "when {name} fails, one request of {} becomes {most}: retries and hedges \
                         on the way multiply",
                        source.name
                    ),
                );
            }
        }
    }

    fn breaker(&mut self, index: usize, service: &ServiceSpec) {
        let Some(breaker) = &service.balancer.breaker else {
            return;
        };
        let path = format!("service.{}.balancer.breaker", service.name);
        self.stuck(&path, breaker);
        let (window, least) = match breaker {
            BreakerSpec::Resilience4j {
                window: BreakerWindow::Seconds(seconds),
                min_calls,
                ..
            } => (f64::from(*seconds) * SECOND as f64, *min_calls),
            BreakerSpec::Hystrix {
                window, min_calls, ..
            }
            | BreakerSpec::Polly8 {
                window, min_calls, ..
            }
            | BreakerSpec::FailureAccrual {
                window, min_calls, ..
            } => (*window as f64, *min_calls),
            _ => return,
        };
        let each = service.worker_count() as f64
            * match service.balancer.shares_breakers() {
                true => 1.0,
                false => f64::from(service.balancer.instances),
            };
        let calls = self.traffic[index].attempts / each * window / SECOND as f64;
        if calls > 0.0 && calls < f64::from(least) {
            self.add(
                format!("{path}.min_calls"),
                format!(
                    "each of {each:.0} breakers sees about {calls:.1} calls in its window of {}, \
                     and judges from {least} on: it will hardly ever open",
                    time(window)
                ),
            );
        }
    }

    /// A half-open breaker that waits for a result which never comes.
    fn stuck(&mut self, path: &str, breaker: &BreakerSpec) {
        if let BreakerSpec::Resilience4j {
            half_open_calls,
            half_open_max: None,
            lost_reply,
            ..
        } = breaker
            && *lost_reply > 0.0
        {
            self.add(
                format!("{path}.half_open_max"),
                format!(
                    "a result is lost with probability {lost_reply}, and {half_open_calls} results \
                     end the half-open state: without `half_open_max` it stays there, refusing \
                     all, as soon as one of them is lost"
                ),
            );
        }
    }

    /// A full buffer must be served before those in it have gone.
    fn buffers(&mut self, index: usize, service: &ServiceSpec) {
        let work = match &service.work {
            Some(WorkSpec::Drawn { cpu, .. }) => cpu.mean(),
            _ => service.work_in_steps(0.0),
        };
        let edges: Vec<_> = self.system.callings().collect();
        let callers = edges.iter().filter(|edge| edge.to == index);
        let leaves = |edge: &&super::steps::Calling<'_>| !edge.client.may_leave();
        let shortest = callers
            .filter(leaves)
            .filter_map(|edge| patience(edge.client));
        let shortest = shortest.reduce(f64::min);
        for group in &service.groups {
            let (Some(slots), Some(cores)) = (group.slots, group.core_count()) else {
                continue;
            };
            if group.shares() || slots == 0 {
                continue;
            }
            let drain = f64::from(slots) * work / (f64::from(cores) * group.speed);
            let path = service.path_of(group);
            if let Discipline::AdaptiveLifo { above } = group.discipline
                && slots <= above
            {
                self.add(
                    format!("{path}.discipline"),
                    format!(
                        "no more than {slots} wait, and the last come is served first only while \
                         more than {above} do: this is `fifo`"
                    ),
                );
            }
            // Where the last come goes first, those who wait long were given up.
            let newest_first = matches!(
                group.discipline,
                Discipline::Lifo | Discipline::AdaptiveLifo { .. }
            );
            if let Some(shortest) = shortest.filter(|&shortest| drain > shortest && !newest_first) {
                self.add(
                    format!("{path}.buffer.slots"),
                    format!(
                        "a full buffer of {slots} takes {} to serve, but who waits in it gives up \
                         after {}: {} slots are served in time",
                        time(drain),
                        time(shortest),
                        (shortest / drain * f64::from(slots)).floor()
                    ),
                );
            }
            let health = service.balancer.health.as_ref();
            if let Some(health) = health.filter(|h| {
                h.action == HealthAction::Restart
                    && h.path == CheckPath::Deep
                    && drain > h.timeout as f64
            }) {
                self.add(
                    format!("service.{}.balancer.health", service.name),
                    format!(
                        "a check waits {} for its answer, and behind a full buffer of {slots} one \
                         takes {}: overload alone gets workers restarted",
                        time(health.timeout as f64),
                        time(drain)
                    ),
                );
            }
        }
    }
}
