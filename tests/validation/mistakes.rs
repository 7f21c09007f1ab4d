//! Mistakes that are easily made, each as a change of a system that is right. A comparison that
//! lets one of them pass proves nothing.

use veltrix::model::spec::*;

/// What a mistake changes.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Exponential work of the same mean.
    ExponentialWork,
    /// Constant work of the same mean.
    ConstantWork,
    /// Poisson arrivals of the same mean rate.
    Poisson,
    /// Waiting places more or fewer.
    Slots(i64),
    /// Waiting places that also hold what is in service.
    SlotsHoldService,
    /// Another policy.
    Policy(PolicySpec),
    /// All cores behind one buffer.
    OneQueue,
    /// The cores dealt out to so many workers (0: one a core), picked at random.
    Split(u32),
    /// Dispatching takes time but nobody waits for it.
    DispatchWithoutQueue,
    /// RAM is without bound.
    NoRam,
    /// Every request holds one core.
    OneCore,
    /// First come, first served.
    Fifo,
    /// Tokens come in the other way.
    Fill(Fill),
    /// Cores that never go down but are slower by as much.
    SlowedCores,
    /// Exponential patience of the same mean.
    ExponentialPatience,
    /// Constant patience of the same mean.
    ConstantPatience,
    /// One copy instead of many.
    OneCopy,
    /// No further copy when an answer is late.
    NoHedge,
    /// Refused clients do not come back.
    NoRetry,
    /// A breaker that opens one failure later.
    OpensLater,
    /// Another metric is taken for the one asked for.
    ReadAs(&'static str),
}

/// Every mistake that a change of the system can make, in the words of the truth.
pub const MADE: &[(&str, Change)] = &[
    ("exponential service", Change::ExponentialWork),
    (
        "exponential service with the same mean",
        Change::ExponentialWork,
    ),
    (
        "exponential patience of the same mean",
        Change::ExponentialPatience,
    ),
    (
        "constant patience of the same mean",
        Change::ConstantPatience,
    ),
    (
        "constant service instead of exponential",
        Change::ConstantWork,
    ),
    ("Poisson arrivals of the same rate", Change::Poisson),
    ("Poisson arrivals of the same mean rate", Change::Poisson),
    ("single arrivals of the same rate", Change::Poisson),
    ("one waiting slot too many", Change::Slots(1)),
    ("one waiting slot slipped in", Change::Slots(1)),
    ("one waiting slot too few", Change::Slots(-1)),
    (
        "the buffer size also counts requests being served",
        Change::SlotsHoldService,
    ),
    ("random policy", Change::Policy(PolicySpec::Random)),
    (
        "round robin",
        Change::Policy(PolicySpec::RoundRobin { start: Some(1) }),
    ),
    ("two different nodes", Change::Policy(PolicySpec::P2c)),
    (
        "the same node may be drawn twice",
        Change::Policy(PolicySpec::LeastRequest {
            choices: 2,
            full_scan: false,
        }),
    ),
    ("RAM ignored", Change::NoRam),
    ("every class holds one core", Change::OneCore),
    ("no priorities", Change::Fifo),
    ("first in, first out", Change::Fifo),
    ("first in, first out gives another spread", Change::Fifo),
    ("one shared queue", Change::OneQueue),
    ("each core has its own queue", Change::Split(0)),
    ("4 separate queues, random", Change::Split(4)),
    ("balancer without queue", Change::DispatchWithoutQueue),
    ("one leaf only", Change::OneCopy),
    ("no hedge", Change::NoHedge),
    ("tokens added one by one at ticks", Change::Fill(Fill::Tick)),
    ("filled evenly", Change::Fill(Fill::Even)),
    ("no retries", Change::NoRetry),
    ("refused clients never come back", Change::NoRetry),
    ("opens one failure later", Change::OpensLater),
    (
        "cores slowed by their availability instead of failing",
        Change::SlowedCores,
    ),
    (
        "wait also counts the service time",
        Change::ReadAs("response_mean"),
    ),
];

/// Mistakes that no spec of this version can make.
pub const NOT_MADE: &[(&str, &str)] = &[
    (
        "counts only waiting requests",
        "policies see waiting and in service, nothing less",
    ),
    (
        "the two queues taken as independent",
        "copies of a request arrive together, there is no other way to send them",
    ),
    (
        "mean-field limit taken for this farm",
        "a mistake of the theory, not of a simulator",
    ),
];

impl Change {
    /// The system with the mistake in it.
    pub fn make(self, right: &SystemSpec) -> SystemSpec {
        let mut spec = right.clone();
        let rate = spec.sources[0].mean_rate();
        let service = &mut spec.services[0];
        let group = &mut service.groups[0];
        let mean = match &service.work {
            Some(WorkSpec::Drawn { cpu, .. }) => cpu.mean(),
            _ => panic!("the work is drawn"),
        };
        match self {
            Change::ExponentialWork => {
                service.work = Some(WorkSpec::drawn(Dist::exponential(mean).unwrap()));
            }
            Change::ConstantWork => {
                service.work = Some(WorkSpec::drawn(Dist::constant(mean).unwrap()))
            }
            Change::Poisson => {
                spec.sources[0].arrivals = Arrivals::Poisson { rate };
                spec.sources[0].batch = None;
            }
            Change::Slots(more) => {
                let slots = i64::from(group.slots.unwrap()) + more;
                group.slots = Some(u32::try_from(slots).unwrap());
            }
            Change::SlotsHoldService => {
                group.slots = Some(group.slots.unwrap() - group.cores);
            }
            Change::Policy(policy) => service.balancer.policy = policy,
            Change::OneQueue => {
                group.cores *= group.count;
                group.count = 1;
            }
            Change::Split(nodes) => {
                group.count = if nodes == 0 { group.cores } else { nodes };
                group.cores /= group.count;
            }
            Change::NoRam => group.ram = None,
            Change::Fifo => {
                group.discipline = Discipline::Fifo;
                for class in &mut spec.sources[0].classes {
                    class.priority = 0;
                }
            }
            Change::OneCore => {
                for class in &mut spec.sources[0].classes {
                    class.cores = 1;
                }
            }
            Change::SlowedCores => {
                let fault = spec.faults.remove(0);
                let FaultWhen::Every(up) = fault.when else {
                    panic!("the fault comes again and again");
                };
                group.speed = up.mean() / (up.mean() + fault.lasts.unwrap().mean());
            }
            Change::DispatchWithoutQueue => service.balancer.cores = 1000,
            Change::Fill(fill) => {
                let limit = spec.sources[0].client.limit.as_mut().unwrap();
                limit.rate.as_mut().unwrap().fill = fill;
            }
            Change::ExponentialPatience => {
                let patience = &mut spec.sources[0].client.patience;
                let mean = patience.as_ref().unwrap().mean();
                *patience = Some(Dist::exponential(mean).unwrap());
            }
            Change::ConstantPatience => {
                let patience = &mut spec.sources[0].client.patience;
                let mean = patience.as_ref().unwrap().mean();
                *patience = Some(Dist::constant(mean).unwrap());
            }
            Change::OpensLater => match &mut service.balancer.breaker {
                Some(BreakerSpec::Consecutive { failures, .. }) => *failures += 1,
                other => panic!("{other:?} opens after no failures in a row"),
            },
            Change::NoRetry => spec.sources[0].client.retry = None,
            Change::OneCopy => spec.sources[0].fan_out = None,
            Change::NoHedge => spec.sources[0].client.hedge = None,
            Change::ReadAs(_) => {}
        }
        assert!(spec.check().is_empty(), "{:?}", spec.check());
        spec
    }
}
