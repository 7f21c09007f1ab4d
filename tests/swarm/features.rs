//! What a model may have. Each model draws which of these are on at all, and then uses those that
//! are on often: so rare things meet each other, and are also seen alone.

use crate::draw::Draw;

macro_rules! features {
    ($($name:ident $often:literal;)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Feature { $($name,)* }

        /// Each with the share of the models in which it is on.
        pub const FEATURES: &[(Feature, f64)] = &[$((Feature::$name, $often),)*];
    };
}

features! {
    // Load.
    Renewal 0.3;
    Mmpp 0.3;
    OnOff 0.3;
    Closed 0.3;
    Trace 0.3;
    Batch 0.25;
    Profile 0.25;
    StartStop 0.25;
    Classes 0.5;
    Size 0.5;
    Memory 0.4;
    Priority 0.3;
    Keys 0.25;
    ClassCores 0.25;
    HeldService 0.2;
    Crowded 0.2;
    // Workers.
    Groups 0.4;
    Speed 0.3;
    Weight 0.3;
    Slots 0.6;
    Bytes 0.2;
    Wedge 0.3;
    OnFull 0.4;
    Discipline 0.35;
    Unbounded 0.15;
    Sharing 0.25;
    Ram 0.4;
    RamBase 0.3;
    OomKill 0.2;
    Strained 0.2;
    Shed 0.25;
    Scaled 0.2;
    Restart 0.3;
    ColdStart 0.3;
    // Balancers.
    Policy 0.7;
    CentralQueue 0.2;
    Dispatch 0.3;
    FrontBuffer 0.4;
    Instances 0.25;
    Subset 0.2;
    Zones 0.4;
    SlowStart 0.2;
    Consecutive 0.25;
    Resilience4j 0.25;
    Hystrix 0.2;
    Polly8 0.2;
    Accrual 0.2;
    Automatic 0.3;
    LostReply 0.2;
    BreakerShare 0.4;
    Outlier 0.3;
    Health 0.3;
    // Clients.
    Timeout 0.4;
    Retry 0.4;
    Backoff 0.3;
    Budget 0.3;
    Failures 0.25;
    Deadline 0.3;
    Cancel 0.3;
    Patience 0.3;
    Rate 0.2;
    InFlight 0.25;
    Hedge 0.25;
    FanOut 0.25;
    ClientBreaker 0.25;
    EnvoyLimits 0.15;
    // Faults.
    Slow 0.25;
    Pause 0.25;
    Crash 0.25;
    RestartFault 0.2;
    Error 0.2;
    RamCap 0.2;
    Leak 0.2;
    Poison 0.15;
    Surge 0.2;
    Disabled 0.1;
    Shared 0.2;
    CoreFault 0.2;
    InService 0.2;
    // How the model is written and run.
    Lattice 0.3;
    Zeros 0.2;
    WarmUp 0.4;
    Prices 0.2;
    Defaults 0.3;
}

use Feature::*;

/// What can't stand together in one model (VX1010): one side of each goes.
const APART: &[(&[Feature], &[Feature])] = &[(
    &[CentralQueue, CoreFault, InService],
    &[
        ClassCores,
        HeldService,
        Bytes,
        OnFull,
        Discipline,
        Unbounded,
        Sharing,
        OomKill,
    ],
)];

/// Those that are on in a model.
pub struct Features(Vec<Feature>);

impl Features {
    pub fn new(draw: &mut Draw) -> Features {
        // Few in some models, many in others.
        let much = draw.pick(&[0.4, 1.0, 1.0, 1.6]);
        let on = FEATURES.iter().filter(|f| draw.chance(f.1 * much));
        let mut on: Vec<Feature> = on.map(|f| f.0).collect();
        for (one, other) in APART {
            let gone = if draw.chance(0.4) { other } else { one };
            let both = [one, other]
                .iter()
                .all(|side| on.iter().any(|f| side.contains(f)));
            if both {
                on.retain(|f| !gone.contains(f));
            }
        }
        Features(on)
    }

    pub fn none() -> Features {
        Features(Vec::new())
    }

    pub fn on(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }
}

impl std::fmt::Debug for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
