//! Mistakes that are easily made, each as a change of a system that is right. A comparison that
//! lets one of them pass proves nothing.

use veltrix::model::spec::*;

use crate::systems::drawn;

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
    /// Tokens come in the other way.
    Fill(Fill),
    /// One copy instead of many.
    OneCopy,
    /// No further copy when an answer is late.
    NoHedge,
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
        "constant service instead of exponential",
        Change::ConstantWork,
    ),
    ("Poisson arrivals of the same rate", Change::Poisson),
    ("Poisson arrivals of the same mean rate", Change::Poisson),
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
    ("one shared queue", Change::OneQueue),
    ("each core has its own queue", Change::Split(0)),
    ("4 separate queues, random", Change::Split(4)),
    ("balancer without queue", Change::DispatchWithoutQueue),
    ("one leaf only", Change::OneCopy),
    ("no hedge", Change::NoHedge),
    ("tokens added one by one at ticks", Change::Fill(Fill::Tick)),
    ("filled evenly", Change::Fill(Fill::Even)),
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
                service.work = Some(drawn(Dist::exponential(mean).unwrap()));
            }
            Change::ConstantWork => service.work = Some(drawn(Dist::constant(mean).unwrap())),
            Change::Poisson => spec.sources[0].arrivals = Arrivals::Poisson { rate },
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
            Change::DispatchWithoutQueue => service.balancer.cores = 1000,
            Change::Fill(fill) => {
                let limit = spec.sources[0].client.limit.as_mut().unwrap();
                limit.rate.as_mut().unwrap().fill = fill;
            }
            Change::OneCopy => spec.sources[0].fan_out = None,
            Change::NoHedge => spec.sources[0].client.hedge = None,
            Change::ReadAs(_) => {}
        }
        assert!(spec.check().is_empty(), "{:?}", spec.check());
        spec
    }
}
