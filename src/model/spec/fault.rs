//! What goes wrong, as data.

use super::Dist;
use crate::base::units::Nanos;

/// Something that goes wrong on workers of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpec {
    /// Its name, unique among faults; part of its streams' paths.
    pub name: String,
    /// Off: it does not happen.
    pub enabled: bool,
    /// What happens.
    pub kind: FaultKind,
    /// Index into [`SystemSpec::services`](super::SystemSpec::services).
    pub service: usize,
    /// First and last worker (from 1) within the service; each target by itself.
    pub workers: (u32, u32),
    /// When it happens.
    pub when: FaultWhen,
    /// How long, nanoseconds; `None`: to the end of the run (a crash: until restarted).
    pub lasts: Option<Dist>,
    /// What goes down by itself; only pauses and crashes know cores.
    pub unit: FaultUnit,
    /// What becomes of a request in service; only for pauses and crashes. `None`: a pause resumes
    /// it, a crash loses it, a core that goes down by itself resumes it.
    pub in_service: Option<InService>,
    /// It befalls all its targets at once, by one common draw.
    pub shared: bool,
}

/// What goes down by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaultUnit {
    /// A whole worker.
    #[default]
    Worker,
    /// Each core; its request goes back to the head of the buffer, which needs no slot.
    Core,
}

/// What becomes of a request in service where something goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InService {
    /// It goes on with the work that is left.
    Resume,
    /// It starts anew with its whole work.
    Restart,
    /// It is lost.
    Lost,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultKind {
    /// Speed is multiplied by the factor.
    Slow {
        /// 0.2 = a fifth as fast.
        factor: f64,
    },
    /// Nothing moves; what is aboard stays, cores stay occupied.
    Pause,
    /// Down; what is aboard is lost.
    Crash,
    /// Restarted by hand: what is aboard is lost, and it is back after its group's restart time.
    Restart,
    /// The rate of a source is multiplied; the fault's service and workers say nothing.
    Surge {
        /// Index into [`SystemSpec::sources`](super::SystemSpec::sources).
        source: usize,
        /// 3 = three times as many requests.
        factor: f64,
    },
    /// Only a part of the RAM is left: nothing aboard is killed, but less is let in.
    RamCap {
        /// The part that is left, 0 to 1.
        share: f64,
    },
    /// RAM leaks away until a restart or crash.
    Leak {
        /// Bytes a second.
        rate: f64,
    },
    /// Attempts fail, each by itself.
    Error {
        /// Chance of each, 0 to 1.
        probability: f64,
        /// Before or after the work.
        when: ErrorWhen,
    },
}

/// When an attempt that is to fail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorWhen {
    /// When its work is done.
    End,
    /// At once, without work.
    Start,
}

/// When a fault happens.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultWhen {
    /// From the start of the run.
    Always,
    /// Once, at this time of the run.
    At(Nanos),
    /// Again and again: time from the end of one to the start of the next, nanoseconds.
    Every(Dist),
}
