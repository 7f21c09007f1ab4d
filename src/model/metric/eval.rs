//! From a tally to a metric's value.

use super::catalogue::{Narrows, TABLE};
use super::{Delay, Kind, Metric, Scope};
use crate::model::outcome::Outcome;
use crate::model::spec::{GroupSpec, ServiceSpec, SystemSpec};
use crate::model::tally::{BalancerTally, ClassTally, Delays, Narrow, Tally, Wanted, WorkerTally};
use crate::stats::histogram::Histogram;

const SECOND: f64 = 1e9;

/// A metric's value with what is needed to pool it over trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// A quotient of two sums; pooled as the quotient of the sums over trials.
    Quotient {
        /// Above the line.
        num: f64,
        /// Below the line.
        den: f64,
    },
    /// A quotient of two counts, `num` of `den`; none seen gives an upper bound.
    Share {
        /// How many.
        num: u64,
        /// Of how many.
        den: u64,
    },
    /// Something read off the merged distribution: a percentile or a spread.
    Read(Option<f64>),
    /// The largest of a trial; pooled as the largest of all, without interval.
    Highest(Option<f64>),
}

impl Part {
    /// The value; `None` without data.
    pub fn value(&self) -> Option<f64> {
        match *self {
            Part::Quotient { num, den } => (den != 0.0).then(|| num / den),
            Part::Share { num, den } => (den != 0).then(|| num as f64 / den as f64),
            Part::Read(value) | Part::Highest(value) => value,
        }
    }

    pub(super) fn quotient(num: f64, den: f64) -> Part {
        Part::Quotient { num, den }
    }

    pub(super) fn rate(count: u64, seconds: f64) -> Part {
        Part::Quotient {
            num: count as f64,
            den: seconds,
        }
    }

    pub(super) fn share(num: u64, den: u64) -> Part {
        Part::Share { num, den }
    }

    pub(super) fn mean(delays: &Histogram) -> Part {
        Part::Quotient {
            num: delays.sum() as f64 / SECOND,
            den: delays.count() as f64,
        }
    }

    pub(super) fn spread(delays: &Histogram) -> Part {
        Part::Read(delays.sd().map(|sd| sd / SECOND))
    }

    pub(super) fn longest(delays: &Histogram) -> Part {
        Part::Highest(delays.max().map(|max| max as f64 / SECOND))
    }

    pub(super) fn highest(value: Option<f64>) -> Part {
        Part::Highest(value)
    }

    pub(super) fn time_mean(area: u128, sums: &Sums) -> Part {
        Part::Quotient {
            num: area as f64,
            den: sums.measured_ns as f64,
        }
    }
}

/// A tally added up over one scope.
pub(super) struct Sums {
    pub trials: u64,
    pub seconds: f64,
    pub measured_ns: u128,
    pub events: u64,
    pub requests: ClassTally,
    /// Calls found in a cache, and all that could have been.
    pub cached: u64,
    pub looked_up: u64,
    /// Calls that were made for these requests, where they are not the requests themselves.
    pub calls: ClassTally,
    pub workers: WorkerTally,
    pub balancers: BalancerTally,
    pub delays: Delays,
    pub queue_max: u64,
    pub pausing_area: u128,
    /// Core-time at work while not wedged, of workers whose cores end.
    pub able_busy: u128,
    pub utilisation_max: Option<f64>,
    pub ram_share_max: Option<f64>,
    /// RAM held over time, of workers whose RAM ends, and what they have.
    pub ram_area: u128,
    pub ram_capacity: f64,
    pub workers_there: f64,
    pub breaker_opens: u64,
    pub cost_per_hour: f64,
    /// Workers provisioned, in the mean over time where they come and go.
    pub workers_mean: f64,
    by_worker: bool,
}

impl Sums {
    pub(super) fn inside_area(&self) -> u128 {
        self.workers.queue_area
            + self.workers.serving_area
            + self.balancers.queue_area
            + self.balancers.busy_area
    }

    pub(super) fn attempts(&self) -> u64 {
        if self.by_worker {
            self.workers.ended.iter().sum()
        } else {
            self.requests.attempts + self.calls.attempts
        }
    }

    pub(super) fn ended(&self, outcome: Outcome) -> u64 {
        let index = outcome.index();
        if self.by_worker {
            self.workers.ended[index]
        } else {
            self.requests.ended[index] + self.calls.ended[index]
        }
    }

    pub(super) fn refused(&self) -> u64 {
        Outcome::ALL
            .into_iter()
            .filter(|o| o.is_refusal())
            .map(|o| self.ended(o))
            .sum()
    }
}

/// The system that tallies are about: resolves names, gives prices and capacities.
pub struct Context<'a> {
    spec: &'a SystemSpec,
    wanted: &'a Wanted,
}

impl<'a> Context<'a> {
    /// For tallies of `spec` that measured `wanted`.
    pub fn new(spec: &'a SystemSpec, wanted: &'a Wanted) -> Self {
        Context { spec, wanted }
    }

    /// The values of these metrics, in order.
    pub fn parts(&self, metrics: &[Metric], tally: &Tally) -> Vec<Part> {
        let mut scopes: Vec<(&Scope, Sums)> = Vec::new();
        for metric in metrics {
            if !scopes.iter().any(|(s, _)| **s == metric.scope) {
                scopes.push((&metric.scope, self.sums(&metric.scope, tally)));
            }
        }
        let sums_of = |scope: &Scope| {
            let found = scopes.iter().find(|(s, _)| *s == scope);
            &found.expect("every scope was summed").1
        };
        metrics
            .iter()
            .map(|m| self.part(m, sums_of(&m.scope), tally))
            .collect()
    }

    /// A percentile as a point of its bucket, instead of the bucket's middle that is its value: for
    /// its spread. `None` for any other metric and without data.
    pub fn within_bucket(&self, metric: &Metric, tally: &Tally) -> Option<f64> {
        let Kind::Percentile(delay, share) = metric.kind else {
            return None;
        };
        let delays = self.delays(&metric.scope, tally);
        let read = pick(&delays, delay).quantile_within(share)?;
        Some(read / SECOND)
    }

    fn part(&self, metric: &Metric, sums: &Sums, tally: &Tally) -> Part {
        match metric.kind {
            Kind::Row(row) => (TABLE[row].eval)(sums),
            Kind::Percentile(delay, share) => {
                let delays = pick(&sums.delays, delay);
                Part::Read(delays.quantile(share).map(|ns| ns as f64 / SECOND))
            }
            Kind::Over(delay, limit) => {
                let delays = pick(&sums.delays, delay);
                Part::share(delays.count_above(limit), delays.count())
            }
            Kind::Lost(outcome) => {
                Part::share(sums.requests.lost[outcome.index()], sums.requests.born)
            }
            Kind::Refused(outcome) => Part::share(sums.ended(outcome), sums.attempts()),
            Kind::InsideAt(at) => {
                let index = self.wanted.inside_at.iter().position(|&t| t == at);
                let count = index
                    .and_then(|i| tally.inside_at.get(i))
                    .copied()
                    .unwrap_or(0);
                Part::quotient(count as f64, tally.trials as f64)
            }
        }
    }

    fn sums(&self, scope: &Scope, tally: &Tally) -> Sums {
        let mut sums = Sums {
            trials: tally.trials,
            seconds: tally.measured_ns as f64 / SECOND,
            measured_ns: tally.measured_ns,
            events: tally.events,
            requests: ClassTally::default(),
            calls: ClassTally::default(),
            cached: 0,
            looked_up: 0,
            workers: WorkerTally::default(),
            balancers: BalancerTally::default(),
            delays: self.delays(scope, tally),
            queue_max: tally.queue_max,
            pausing_area: tally.pausing_area,
            able_busy: 0,
            utilisation_max: None,
            ram_share_max: None,
            ram_area: 0,
            ram_capacity: 0.0,
            workers_there: 0.0,
            breaker_opens: 0,
            cost_per_hour: self.cost_per_hour(tally),
            workers_mean: 0.0,
            by_worker: matches!(scope, Scope::Worker(..) | Scope::Service(_)),
        };
        self.add_classes(scope, tally, &mut sums);
        self.add_workers(scope, tally, &mut sums);
        sums
    }

    fn add_classes(&self, scope: &Scope, tally: &Tally, sums: &mut Sums) {
        let mut index = 0;
        for source in &self.spec.sources {
            for class in &source.classes {
                let inside = match scope {
                    Scope::All => true,
                    Scope::Source(name) => *name == source.name,
                    Scope::Class(name) => *name == class.name,
                    Scope::Service(name) => self.spec.services[source.to].name == *name,
                    Scope::Worker(..) => false,
                };
                if let (true, Some(counts)) = (inside, tally.classes.get(index)) {
                    sums.requests.add(counts);
                }
                index += 1;
            }
        }
        self.add_calls(scope, tally, sums);
    }

    /// Calls between services: at the service that they call they are the requests; else they are
    /// made for those of a source.
    fn add_calls(&self, scope: &Scope, tally: &Tally, sums: &mut Sums) {
        let mut counts = tally.calls.iter();
        for site in self.spec.call_sites() {
            let to = &self.spec.services[site.call.to].name;
            for source in &self.spec.sources {
                for (class, counts) in source.classes.iter().zip(&mut counts) {
                    let sum = match scope {
                        Scope::All => &mut sums.calls,
                        Scope::Source(name) if *name == source.name => &mut sums.calls,
                        Scope::Class(name) if *name == class.name => &mut sums.calls,
                        Scope::Service(name) if name == to => &mut sums.requests,
                        _ => continue,
                    };
                    sum.add(counts);
                    if site.call.cache.is_some() {
                        sums.looked_up += counts.cached + counts.born;
                        sums.cached += counts.cached;
                    }
                }
            }
        }
    }

    fn add_workers(&self, scope: &Scope, tally: &Tally, sums: &mut Sums) {
        let mut index = 0;
        for (s, service) in self.spec.services.iter().enumerate() {
            let whole = match scope {
                Scope::Service(name) => *name == service.name,
                Scope::Worker(..) => false,
                _ => true,
            };
            if let (true, Some(balancer)) = (whole, tally.balancers.get(s)) {
                sums.balancers.add(balancer);
                sums.breaker_opens += balancer.breaker_opens;
            }
            let there = self.provisioned(s, tally);
            if whole {
                sums.workers_mean += there;
            }
            let there = match service.autoscale {
                Some(_) if whole => there / service.worker_count() as f64,
                _ => 1.0,
            };
            let groups = service.groups.iter();
            let workers = groups.flat_map(|g| (0..g.count).map(move |_| g));
            for (number, group) in (1u32..).zip(workers) {
                let one = matches!(scope, Scope::Worker(name, n)
                    if *n == number && *name == service.name);
                if let (true, Some(worker)) = (whole || one, tally.workers.get(index)) {
                    add_worker(sums, (worker, group), there);
                    if one {
                        sums.breaker_opens += worker.breaker_opens;
                    }
                    if one || matches!(scope, Scope::Service(_)) {
                        sums.queue_max = sums.workers.queue_max;
                    }
                }
                index += 1;
            }
        }
    }

    /// Workers of a service that are provisioned, in the mean over time where they come and go.
    fn provisioned(&self, service: usize, tally: &Tally) -> f64 {
        let spec = &self.spec.services[service];
        match tally.balancers.get(service) {
            Some(balancer) if spec.autoscale.is_some() && tally.measured_ns > 0 => {
                balancer.provisioned_area as f64 / tally.measured_ns as f64
            }
            _ => spec.workers_at_start() as f64,
        }
    }

    /// What the workers cost that were provisioned, money an hour.
    fn cost_per_hour(&self, tally: &Tally) -> f64 {
        if !self.spec.scales() {
            return self.spec.cost_per_hour();
        }
        let of = |(index, service): (usize, &ServiceSpec)| -> f64 {
            let groups = service.groups.iter();
            match service.autoscale {
                Some(_) => {
                    let price: f64 = groups.map(|g| g.price_per_hour).sum();
                    self.provisioned(index, tally) * price
                }
                None => groups.map(|g| f64::from(g.count) * g.price_per_hour).sum(),
            }
        };
        self.spec.services.iter().enumerate().map(of).sum()
    }

    /// Delays over a scope. Those over everything are always kept.
    fn delays(&self, scope: &Scope, tally: &Tally) -> Delays {
        let mut sum = Delays::default();
        for narrow in narrows(self.spec, scope) {
            let kept = match narrow {
                Narrow::All => Some(0),
                _ => self
                    .wanted
                    .scopes
                    .iter()
                    .position(|n| *n == narrow)
                    .map(|i| i + 1),
            };
            if let Some(delays) = kept.and_then(|i| tally.delays.get(i)) {
                sum.add(delays);
            }
        }
        sum
    }
}

/// Adds a worker, of which there is this share in the mean over time.
fn add_worker(sums: &mut Sums, (worker, group): (&WorkerTally, &GroupSpec), there: f64) {
    sums.workers.add(worker);
    sums.workers_there += there;
    let busy = worker.busy_area - worker.wedged_busy_area;
    if group.core_count().is_some() {
        sums.able_busy += busy;
    }
    if worker.able_area > 0 {
        let share = busy as f64 / worker.able_area as f64;
        sums.utilisation_max = Some(sums.utilisation_max.map_or(share, |m| m.max(share)));
    }
    if let Some(ram) = group.ram.filter(|&r| r > 0) {
        sums.ram_area += worker.ram_area;
        sums.ram_capacity += ram as f64 * there;
        let share = worker.ram_max as f64 / ram as f64;
        sums.ram_share_max = Some(sums.ram_share_max.map_or(share, |m| m.max(share)));
    }
}

fn pick(delays: &Delays, delay: Delay) -> &Histogram {
    match delay {
        Delay::Latency => &delays.latency,
        Delay::Wait => &delays.wait,
        Delay::Response => &delays.response,
    }
}

/// The parts of the system that a scope's delays are made of.
pub(super) fn narrows(spec: &SystemSpec, scope: &Scope) -> Vec<Narrow> {
    let number = |i: usize| u32::try_from(i).expect("counts of parts fit 32 bits");
    let service = |name: &str| spec.services.iter().position(|s| s.name == name);
    match scope {
        Scope::All => vec![Narrow::All],
        Scope::Source(name) => {
            let found = spec.sources.iter().position(|s| s.name == *name);
            found
                .map(|i| Narrow::Source(number(i)))
                .into_iter()
                .collect()
        }
        Scope::Service(name) => service(name)
            .map(|i| Narrow::Service(number(i)))
            .into_iter()
            .collect(),
        Scope::Worker(name, n) => {
            let found = service(name).filter(|&i| (*n as usize) <= spec.services[i].worker_count());
            let before =
                |i: usize| -> usize { spec.services[..i].iter().map(|s| s.worker_count()).sum() };
            found
                .map(|i| Narrow::Worker(number(before(i)) + n - 1))
                .into_iter()
                .collect()
        }
        Scope::Class(name) => {
            let classes = spec.sources.iter().flat_map(|s| &s.classes).enumerate();
            let named = classes.filter(|(_, c)| c.name == *name);
            named.map(|(i, _)| Narrow::Class(number(i))).collect()
        }
    }
}

impl Narrows {
    /// Whether a metric that narrows like this makes sense for a scope.
    pub fn allows(self, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Source(_) | Scope::Class(_) => {
                matches!(self, Narrows::Requests | Narrows::Attempts)
            }
            Scope::Service(_) => self != Narrows::Nothing,
            Scope::Worker(..) => matches!(self, Narrows::Attempts | Narrows::Workers),
        }
    }
}
