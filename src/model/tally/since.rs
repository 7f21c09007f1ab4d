//! What a tally counted since an earlier state of it.

use super::{BalancerTally, ByOutcome, ClassTally, Delays, Tally, WorkerTally};

/// Differences, one by one; what is not in `earlier` was 0.
fn each<T: Clone + Default>(now: &[T], earlier: &[T], since: impl Fn(&T, &T) -> T) -> Vec<T> {
    let nothing = T::default();
    let earlier = earlier.iter().chain(std::iter::repeat(&nothing));
    now.iter().zip(earlier).map(|(n, e)| since(n, e)).collect()
}

fn outcomes(now: &ByOutcome, earlier: &ByOutcome) -> ByOutcome {
    std::array::from_fn(|i| now[i] - earlier[i])
}

impl Tally {
    /// What was counted since an earlier state of the same trial's tally. Maxima are not counts:
    /// they stay those of the whole.
    #[must_use]
    pub fn since(&self, earlier: &Tally) -> Tally {
        Tally {
            trials: self.trials,
            measured_ns: self.measured_ns - earlier.measured_ns,
            events: self.events.saturating_sub(earlier.events),
            classes: each(&self.classes, &earlier.classes, ClassTally::since),
            calls: each(&self.calls, &earlier.calls, ClassTally::since),
            balancers: each(&self.balancers, &earlier.balancers, BalancerTally::since),
            workers: each(&self.workers, &earlier.workers, WorkerTally::since),
            delays: each(&self.delays, &earlier.delays, Delays::since),
            queue_max: self.queue_max,
            pausing_area: self.pausing_area - earlier.pausing_area,
            inside_at: self.inside_at.clone(),
        }
    }
}

impl ClassTally {
    fn since(&self, earlier: &ClassTally) -> ClassTally {
        ClassTally {
            born: self.born - earlier.born,
            answered: self.answered - earlier.answered,
            ok: self.ok - earlier.ok,
            lost: outcomes(&self.lost, &earlier.lost),
            unfinished: self.unfinished - earlier.unfinished,
            cached: self.cached - earlier.cached,
            attempts: self.attempts - earlier.attempts,
            hedged: self.hedged - earlier.hedged,
            retries_denied: self.retries_denied - earlier.retries_denied,
            ended: outcomes(&self.ended, &earlier.ended),
            core_ns: self.core_ns - earlier.core_ns,
            wasted_ns: self.wasted_ns - earlier.wasted_ns,
        }
    }
}

impl BalancerTally {
    fn since(&self, earlier: &BalancerTally) -> BalancerTally {
        BalancerTally {
            queue_area: self.queue_area - earlier.queue_area,
            busy_area: self.busy_area - earlier.busy_area,
            provisioned_area: self.provisioned_area - earlier.provisioned_area,
            breaker_opens: self.breaker_opens - earlier.breaker_opens,
            breaker_open_area: self.breaker_open_area - earlier.breaker_open_area,
            breaker_area: self.breaker_area - earlier.breaker_area,
        }
    }
}

impl WorkerTally {
    fn since(&self, earlier: &WorkerTally) -> WorkerTally {
        WorkerTally {
            ended: outcomes(&self.ended, &earlier.ended),
            busy_area: self.busy_area - earlier.busy_area,
            serving_area: self.serving_area - earlier.serving_area,
            wedged_busy_area: self.wedged_busy_area - earlier.wedged_busy_area,
            able_area: self.able_area - earlier.able_area,
            queue_area: self.queue_area - earlier.queue_area,
            queue_max: self.queue_max,
            ram_area: self.ram_area - earlier.ram_area,
            ram_max: self.ram_max,
            gc_area: self.gc_area - earlier.gc_area,
            wedges: self.wedges - earlier.wedges,
            breaker_opens: self.breaker_opens - earlier.breaker_opens,
        }
    }
}

impl Delays {
    fn since(&self, earlier: &Delays) -> Delays {
        Delays {
            latency: self.latency.since(&earlier.latency),
            wait: self.wait.since(&earlier.wait),
            response: self.response.since(&earlier.response),
            gave_up: self.gave_up - earlier.gave_up,
            gave_up_n: self.gave_up_n - earlier.gave_up_n,
            slowdown: self.slowdown - earlier.slowdown,
            slowdown_n: self.slowdown_n - earlier.slowdown_n,
        }
    }
}
