//! Everything that can happen, and in what order within an instant.

use crate::engine::queue;

/// An event. Numbers are indices into the system's columns; an `epoch` or `generation` that has
/// moved on makes the event stale: it is dropped without effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A fault starts at one of its targets.
    FaultStart {
        /// Index of the target.
        target: u32,
    },
    /// A fault ends there.
    FaultEnd {
        /// Index of the target.
        target: u32,
    },
    /// A worker comes back.
    Restart {
        /// Its number in the system.
        worker: u32,
        /// Which of its lives was to be ended.
        epoch: u32,
    },
    /// A worker that started cold is one step warmer.
    Warmer {
        /// Its number in the system.
        worker: u32,
        /// Which of its starts.
        start: u32,
    },
    /// A worker has collected its garbage.
    Collected {
        /// Its number in the system.
        worker: u32,
        /// Which of its collections.
        number: u32,
    },
    /// The workers of a service are counted, and what is missing or too much is changed.
    Scale {
        /// The service.
        service: u32,
    },
    /// A worker that was asked for is there.
    Started {
        /// Its number in the system.
        worker: u32,
        /// Which of its states.
        epoch: u32,
    },
    /// A worker that is to go has had its time.
    Drained {
        /// Its number in the system.
        worker: u32,
        /// Which of its states.
        epoch: u32,
    },
    /// An attempt's core has done its work.
    Complete {
        /// The attempt.
        attempt: u32,
        /// Which stretch of its service.
        phase: u32,
    },
    /// A balancer has dispatched an attempt.
    Dispatched {
        /// The attempt.
        attempt: u32,
    },
    /// A client's timeout runs out.
    Timeout {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// The patience of an attempt that waits runs out.
    Patience {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// A source's next request is born.
    Arrive {
        /// The source.
        source: u32,
    },
    /// A request tries again.
    Retry {
        /// The request.
        request: u32,
    },
    /// A dispatched attempt reaches the point of being routed.
    Route {
        /// The attempt.
        attempt: u32,
    },
    /// The first of those who share a worker's cores is done.
    ShareDone {
        /// The worker.
        worker: u32,
        /// Which of its ends.
        epoch: u32,
    },
    /// A worker that went down by itself comes back.
    Recover {
        /// The worker.
        worker: u32,
    },
    /// Another copy of a request is due.
    Hedge {
        /// The request.
        request: u32,
        /// Which of its timers.
        timer: u32,
    },
    /// A user of a closed source has thought and sends.
    ThinkOver {
        /// The source.
        source: u32,
        /// Which of its users.
        user: u32,
    },
    /// An attempt that waited for a place with its client sets out.
    SetOut {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// An attempt has waited for such a place as long as it may.
    PendingOver {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// A balancer looks for outliers among its workers.
    Sweep {
        /// The balancer, through all services and instances.
        front: u32,
    },
    /// The health of a worker is checked, or the time of such a check is over.
    Check {
        /// The worker.
        worker: u32,
        /// Which of these.
        what: u32,
    },
    /// An attempt has waited in the middle of its steps, or hears the end of its call.
    StepOver {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// An attempt makes its call.
    Call {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// An attempt comes off the network at the service that it was sent to.
    Reach {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// An answer comes off the network at its client.
    Reply {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// Something is measured; moves nothing.
    Sample(Sample),
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Measured time begins.
    WarmUpOver,
    /// A window of the time series ends.
    WindowOver,
    /// Attempts inside are counted.
    Inside,
    /// A batch of the measured time ends.
    BatchOver,
    /// Measured time ends.
    HorizonOver,
    /// The run ends.
    DrainOver,
}

impl queue::Event for Event {
    /// The one table of ranks.
    ///
    /// | rank | what | why there |
    /// |---|---|---|
    /// | 1 | faults and recoveries | what happens at the instant meets the system as it then is |
    /// | 2 | ends of service, dispatch, steps, calls | a core is free before an arrival asks |
    /// | 3 | timers | an answer at the last nanosecond is in time |
    /// | 4 | arrivals: requests, retries, calls, routing | they meet the room that ends left |
    /// | 5 | samples | they see the settled state |
    #[inline(always)]
    fn rank(&self) -> u8 {
        match self {
            Event::FaultStart { .. }
            | Event::FaultEnd { .. }
            | Event::Restart { .. }
            | Event::Warmer { .. }
            | Event::Collected { .. }
            | Event::Started { .. }
            | Event::Drained { .. }
            | Event::Recover { .. } => 1,
            Event::Complete { .. }
            | Event::Dispatched { .. }
            | Event::ShareDone { .. }
            | Event::StepOver { .. }
            | Event::Reply { .. } => 2,
            Event::Timeout { .. } | Event::PendingOver { .. } | Event::Patience { .. } => 3,
            Event::Sweep { .. } | Event::Check { .. } | Event::Scale { .. } => 3,
            Event::Arrive { .. }
            | Event::Retry { .. }
            | Event::Route { .. }
            | Event::SetOut { .. }
            | Event::Hedge { .. }
            | Event::Call { .. }
            | Event::Reach { .. }
            | Event::ThinkOver { .. } => 4,
            Event::Sample(_) => 5,
        }
    }

    #[inline(always)]
    fn pack(self) -> u64 {
        let word = |tag: u64, index: u32, life: u32| {
            debug_assert!(
                index < 1 << INDEX_BITS,
                "fewer than 2^27 of anything at once"
            );
            tag << (32 + INDEX_BITS) | u64::from(index) << 32 | u64::from(life)
        };
        match self {
            Event::Complete { attempt, phase } => word(0, attempt, phase),
            Event::Arrive { source } => word(1, source, 0),
            Event::Timeout {
                attempt,
                generation,
            } => word(2, attempt, generation),
            Event::Dispatched { attempt } => word(3, attempt, 0),
            Event::Route { attempt } => word(4, attempt, 0),
            Event::Retry { request } => word(5, request, 0),
            Event::FaultStart { target } => word(6, target, 0),
            Event::FaultEnd { target } => word(7, target, 0),
            Event::Restart { worker, epoch } => word(8, worker, epoch),
            Event::Warmer { worker, start } => word(18, worker, start),
            Event::Collected { worker, number } => word(19, worker, number),
            Event::Scale { service } => word(11, service, 0),
            Event::Started { worker, epoch } => word(12, worker, epoch),
            Event::Drained { worker, epoch } => word(13, worker, epoch),
            Event::StepOver {
                attempt,
                generation,
            } => word(30, attempt, generation),
            Event::Call {
                attempt,
                generation,
            } => word(31, attempt, generation),
            Event::Reach {
                attempt,
                generation,
            } => word(24, attempt, generation),
            Event::Reply {
                attempt,
                generation,
            } => word(25, attempt, generation),
            Event::Sample(sample) => word(9, sample as u32, 0),
            Event::ShareDone { worker, epoch } => word(22, worker, epoch),
            Event::Recover { worker } => word(23, worker, 0),
            Event::Sweep { front } => word(28, front, 0),
            Event::Check { worker, what } => word(29, worker, what),
            Event::Hedge { request, timer } => word(17, request, timer),
            Event::ThinkOver { source, user } => word(16, source, user),
            Event::SetOut {
                attempt,
                generation,
            } => word(14, attempt, generation),
            Event::PendingOver {
                attempt,
                generation,
            } => word(15, attempt, generation),
            Event::Patience {
                attempt,
                generation,
            } => word(10, attempt, generation),
        }
    }

    #[inline(always)]
    fn unpack(word: u64) -> Self {
        let (index, life) = ((word >> 32) as u32 & ((1 << INDEX_BITS) - 1), word as u32);
        match word >> (32 + INDEX_BITS) {
            0 => Event::Complete {
                attempt: index,
                phase: life,
            },
            1 => Event::Arrive { source: index },
            2 => Event::Timeout {
                attempt: index,
                generation: life,
            },
            3 => Event::Dispatched { attempt: index },
            4 => Event::Route { attempt: index },
            5 => Event::Retry { request: index },
            6 => Event::FaultStart { target: index },
            7 => Event::FaultEnd { target: index },
            8 => Event::Restart {
                worker: index,
                epoch: life,
            },
            22 => Event::ShareDone {
                worker: index,
                epoch: life,
            },
            23 => Event::Recover { worker: index },
            28 => Event::Sweep { front: index },
            29 => Event::Check {
                worker: index,
                what: life,
            },
            17 => Event::Hedge {
                request: index,
                timer: life,
            },
            16 => Event::ThinkOver {
                source: index,
                user: life,
            },
            14 => Event::SetOut {
                attempt: index,
                generation: life,
            },
            15 => Event::PendingOver {
                attempt: index,
                generation: life,
            },
            18 => Event::Warmer {
                worker: index,
                start: life,
            },
            11 => Event::Scale { service: index },
            12 => Event::Started {
                worker: index,
                epoch: life,
            },
            13 => Event::Drained {
                worker: index,
                epoch: life,
            },
            19 => Event::Collected {
                worker: index,
                number: life,
            },
            10 => Event::Patience {
                attempt: index,
                generation: life,
            },
            24 => Event::Reach {
                attempt: index,
                generation: life,
            },
            25 => Event::Reply {
                attempt: index,
                generation: life,
            },
            30 => Event::StepOver {
                attempt: index,
                generation: life,
            },
            31 => Event::Call {
                attempt: index,
                generation: life,
            },
            _ => Event::Sample(Sample::ALL[index as usize]),
        }
    }
}

/// Bits of a packed event's index; below them 32 of its life, above them its tag.
const INDEX_BITS: u32 = 27;

impl Sample {
    const ALL: [Sample; 6] = [
        Sample::WarmUpOver,
        Sample::WindowOver,
        Sample::Inside,
        Sample::BatchOver,
        Sample::HorizonOver,
        Sample::DrainOver,
    ];
}

/// Numbers under which events enter the fingerprint; never reused.
pub(super) mod kind {
    pub const BORN: u32 = 1;
    pub const ROUTED: u32 = 2;
    pub const COMPLETED: u32 = 3;
    pub const TIMED_OUT: u32 = 4;
    pub const RETRIED: u32 = 5;
    pub const FAULT_STARTED: u32 = 6;
    pub const FAULT_ENDED: u32 = 7;
    pub const RESTARTED: u32 = 8;
    /// A worker went down by itself.
    pub const FELL: u32 = 40;
    /// It is back.
    pub const RECOVERED: u32 = 41;
    /// An attempt waits at its sender for a worker that is full.
    pub const BLOCKED: u32 = 42;
    /// An attempt waited for a place with its client and sets out.
    pub const SET_OUT: u32 = 25;
    /// An attempt ran into its client's own limit.
    pub const LIMITED: u32 = 26;
    /// A caller's breaker lets nothing go.
    pub const TURNED_BACK: u32 = 29;
    /// Work done, and an error the answer.
    pub const ERRED: u32 = 30;
    /// A worker that started cold is one step warmer.
    pub const WARMER: u32 = 31;
    /// Waits in a shared buffer.
    pub const SHARED: u32 = 50;
    /// A worker is ejected as an outlier, and is back.
    pub const EJECTED: u32 = 60;
    pub const BACK_IN: u32 = 61;
    /// A worker begins and ends a collection of garbage; RAM presses it, and no longer.
    pub const COLLECTING: u32 = 32;
    pub const COLLECTED: u32 = 33;
    pub const PRESSED: u32 = 34;
    pub const RELIEVED: u32 = 35;
    /// A service is to have another number of workers; one comes, is to go, and is gone.
    pub const SCALED: u32 = 80;
    pub const STARTED: u32 = 81;
    pub const DRAINING: u32 = 82;
    pub const GONE: u32 = 83;
    /// A worker was found unfit by its checks, and fit again.
    pub const UNFIT: u32 = 62;
    pub const FIT: u32 = 63;
    pub const GAVE_UP: u32 = 20;
    /// An attempt is dropped at its turn: its deadline has passed.
    pub const EXPIRED: u32 = 21;
    /// A copy of a request is sent.
    pub const COPY: u32 = 27;
    /// An attempt is taken back by its client.
    pub const CANCELLED: u32 = 28;
    /// An attempt goes on to its next step.
    pub const STEP: u32 = 70;
    /// A service calls another.
    pub const CALLED: u32 = 71;
    /// Nobody waits for a call any more.
    pub const ABANDONED: u32 = 72;
    /// The answer to a call is found without making it.
    pub const CACHED: u32 = 73;
    /// An attempt comes off the network at its service.
    pub const REACHED: u32 = 74;
    /// An answer comes off the network at its client.
    pub const REPLIED: u32 = 75;
    /// An attempt or its answer is lost on the way between client and service.
    pub const LOST_ON_WAY: u32 = 76;
    /// Demand: what a request is, apart from what becomes of it.
    pub const DEMAND: u32 = 10;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::queue::Event as _;

    #[test]
    fn events_survive_packing() {
        let (index, life) = ((1 << INDEX_BITS) - 1, u32::MAX);
        let mut events = vec![
            Event::Complete {
                attempt: index,
                phase: life,
            },
            Event::Arrive { source: index },
            Event::Timeout {
                attempt: index,
                generation: life,
            },
            Event::Patience {
                attempt: index,
                generation: life,
            },
            Event::Dispatched { attempt: index },
            Event::Route { attempt: index },
            Event::Retry { request: index },
            Event::FaultStart { target: index },
            Event::FaultEnd { target: index },
            Event::Restart {
                worker: index,
                epoch: life,
            },
            Event::SetOut {
                attempt: index,
                generation: life,
            },
            Event::PendingOver {
                attempt: index,
                generation: life,
            },
            Event::ThinkOver {
                source: index,
                user: life,
            },
            Event::Warmer {
                worker: index,
                start: life,
            },
            Event::Hedge {
                request: index,
                timer: life,
            },
        ];
        events.push(Event::ShareDone {
            worker: index,
            epoch: life,
        });
        events.push(Event::Recover { worker: index });
        events.push(Event::Sweep { front: index });
        events.push(Event::Check {
            worker: index,
            what: life,
        });
        events.push(Event::StepOver {
            attempt: index,
            generation: life,
        });
        events.push(Event::Call {
            attempt: index,
            generation: life,
        });
        events.push(Event::Reach {
            attempt: index,
            generation: life,
        });
        events.push(Event::Reply {
            attempt: index,
            generation: life,
        });
        events.extend(Sample::ALL.map(Event::Sample));
        for event in events {
            assert_eq!(Event::unpack(event.pack()), event);
        }
    }
}
