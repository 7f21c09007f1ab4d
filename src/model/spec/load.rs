//! Offered load, from the spec alone: the first thing to know about a design.

use super::graph::Traffic;
use super::{
    Arrivals, ClassSpec, Dist, Profile, ServiceSpec, SourceSpec, StepSpec, SystemSpec, WorkSpec,
};
use crate::base::units::Nanos;

/// Core-time asked for over core-time there, without retries and faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfferedLoad {
    /// Of the busiest service's workers.
    pub workers: f64,
    /// Of the busiest balancer (0 when dispatching costs nothing).
    pub balancer: f64,
}

impl OfferedLoad {
    /// The higher of the two.
    pub fn highest(&self) -> f64 {
        self.workers.max(self.balancer)
    }
}

const SECOND: f64 = 1e9;

impl SourceSpec {
    /// Long-run requests a second while it sends; for a trace rows over the time of its last, for a
    /// closed source as if every request ended at once.
    pub fn mean_rate(&self) -> f64 {
        let factor = self.profile.as_ref().map_or(1.0, Profile::long_run);
        self.mean_batch() * self.births_a_second() * factor
    }

    /// About how many requests it sends in the first `length` nanoseconds from its start.
    pub fn expected(&self, length: f64) -> f64 {
        if let Arrivals::Trace(trace) = &self.arrivals
            && !trace.repeat
        {
            return trace.at.len() as f64 * self.mean_batch();
        }
        let length = length.max(0.0);
        let area = self.profile.as_ref().map_or(length, |p| p.area(length));
        self.mean_batch() * self.births_a_second() * area / SECOND
    }

    /// How many requests are born together on average.
    pub fn mean_batch(&self) -> f64 {
        self.batch.as_ref().map_or(1.0, Dist::mean)
    }

    /// The time of the last row of a trace that is sent once, nanoseconds of the run.
    pub fn last_row(&self) -> Option<Nanos> {
        match &self.arrivals {
            Arrivals::Trace(trace) if !trace.repeat => {
                Some(self.start.saturating_add(*trace.at.last()?))
            }
            _ => None,
        }
    }

    fn births_a_second(&self) -> f64 {
        match &self.arrivals {
            Arrivals::Poisson { rate } | Arrivals::Constant { rate } => *rate,
            Arrivals::Mmpp {
                rates,
                dwell,
                switch,
            } => {
                let share = state_shares(dwell, switch);
                rates.iter().zip(share).map(|(r, s)| r * s).sum()
            }
            Arrivals::Renewal { gap } => SECOND / gap.mean(),
            Arrivals::OnOff { rate, on, off } => rate * on.mean() / (on.mean() + off.mean()),
            Arrivals::Closed { users, think } => f64::from(*users) * SECOND / think.mean().max(1.0),
            Arrivals::Trace(trace) if trace.repeat => match trace.round() {
                Some(round) => trace.at.len() as f64 / (round as f64 / SECOND),
                None => 0.0,
            },
            Arrivals::Trace(trace) => match trace.at.last() {
                Some(&last) if last > 0 => trace.at.len() as f64 / (last as f64 / SECOND),
                _ => 0.0,
            },
        }
    }

    /// Mean core-time of a request, nanoseconds, given the service's own work.
    fn mean_work(&self, service: Option<&WorkSpec>) -> f64 {
        let one = |class: &ClassSpec| {
            let work = class.work.as_ref().or(service);
            let mean = match work {
                Some(WorkSpec::Drawn { cpu, per_kib, .. }) => {
                    cpu.mean() + per_kib * self.mean_size(class) / 1024.0
                }
                Some(WorkSpec::FromTrace) => self.trace_mean(|t| &t.work),
                None => 0.0,
            };
            mean * class.work_factor * f64::from(class.cores)
        };
        self.mean_over_classes(one)
    }

    /// Mean over its classes.
    fn mean_over_classes(&self, one: impl Fn(&ClassSpec) -> f64) -> f64 {
        let total: f64 = self.classes.iter().map(|c| c.weight).sum();
        let classes = self.classes.iter();
        classes.map(|c| c.weight / total * one(c)).sum()
    }

    /// Mean size of its requests, bytes.
    fn mean_bytes(&self) -> f64 {
        self.mean_over_classes(|class| self.mean_size(class))
    }

    /// Mean of what multiplies the work of its requests.
    fn mean_factor(&self) -> f64 {
        self.mean_over_classes(|class| class.work_factor)
    }

    pub(super) fn mean_size(&self, class: &ClassSpec) -> f64 {
        match &self.arrivals {
            Arrivals::Trace(t) if !t.size.is_empty() => self.trace_mean(|t| &t.size),
            _ => class.size.mean(),
        }
    }

    fn trace_mean(&self, column: impl Fn(&super::Trace) -> &Vec<Nanos>) -> f64 {
        let Arrivals::Trace(trace) = &self.arrivals else {
            return 0.0;
        };
        let values = column(trace);
        let sum: u128 = values.iter().map(|&v| u128::from(v)).sum();
        if values.is_empty() {
            0.0
        } else {
            sum as f64 / values.len() as f64
        }
    }
}

impl SystemSpec {
    /// Attempts that a source makes for a request that meets no trouble: one, or one a copy.
    pub(super) fn copies(&self, source: &SourceSpec) -> f64 {
        self.copies_of(source.to, source.fan_out)
    }

    /// Attempts in all services of a request of a source that meets no trouble.
    fn attempts_in_all(&self, source: &SourceSpec) -> f64 {
        let mut traffic = vec![Traffic::default(); self.services.len()];
        traffic[source.to].attempts = self.copies(source);
        self.with_calls(traffic, 0.0)
            .iter()
            .map(|t| t.attempts)
            .sum()
    }

    /// About how many attempts are made in the first `length` nanoseconds from the start of a
    /// source for its requests, calls included, without retries and hedges.
    pub fn expected_attempts(&self, source: &SourceSpec, length: f64) -> f64 {
        let requests = match source.arrivals {
            Arrivals::Closed { .. } => self.rate_of(source) * length.max(0.0) / SECOND,
            _ => source.expected(length),
        };
        requests * self.attempts_in_all(source)
    }

    /// Requests a second of a source when nobody waits for a core: [`SourceSpec::mean_rate`], but
    /// a closed source also waits for its work to be done, and sends no more than workers can do.
    fn rate_of(&self, source: &SourceSpec) -> f64 {
        let (Arrivals::Closed { users, think }, Some(service)) =
            (&source.arrivals, self.services.get(source.to))
        else {
            return source.mean_rate();
        };
        let work = match service.steps.is_empty() {
            true => source.mean_work(service.work.as_ref()),
            false => service.work_in_steps(0.0).max(1.0),
        };
        let groups = service.groups.iter();
        let fastest = groups.clone().map(|g| g.speed).fold(0.0, f64::max);
        let cores: f64 = groups
            .map(|g| f64::from(g.count) * f64::from(g.cores) * g.speed)
            .sum();
        let round = think.mean() + work / fastest;
        (f64::from(*users) * SECOND / round.max(1.0)).min(cores * SECOND / work)
    }

    /// The load that this system is offered in the long run, by its open sources: closed ones ask
    /// only as fast as they are answered.
    pub fn offered_load(&self) -> OfferedLoad {
        let mut load = OfferedLoad {
            workers: 0.0,
            balancer: 0.0,
        };
        let calls = self.traffic_of_calls();
        for (index, service) in self.services.iter().enumerate() {
            let callers = || {
                let here = self.sources.iter().filter(move |s| s.to == index);
                here.filter(|s| !matches!(s.arrivals, Arrivals::Closed { .. }))
            };
            let attempts = |s: &SourceSpec| s.mean_rate() * self.copies(s);
            let capacity: f64 = service
                .groups
                .iter()
                .map(|g| f64::from(g.count) * f64::from(g.cores) * g.speed)
                .sum();
            let Traffic {
                attempts: called,
                bytes,
            } = calls[index];
            let asked: f64 = match service.steps.is_empty() {
                true => {
                    let sent = callers().map(|s| attempts(s) * s.mean_work(service.work.as_ref()));
                    sent.sum::<f64>() + called * service.work_called(bytes / called.max(1e-300))
                }
                false => {
                    let sent = callers().map(|s| {
                        attempts(s) * service.work_in_steps(s.mean_bytes()) * s.mean_factor()
                    });
                    sent.sum::<f64>() + called * service.work_in_steps(bytes / called.max(1e-300))
                }
            };
            load.workers = load.workers.max(asked / SECOND / capacity);
            if let Some(dispatch) = &service.balancer.dispatch {
                let rate: f64 = callers().map(attempts).sum::<f64>() + called;
                let cores = f64::from(service.balancer.cores);
                let cores = cores * f64::from(service.balancer.instances);
                load.balancer = load.balancer.max(rate * dispatch.mean() / SECOND / cores);
            }
        }
        load
    }

    /// What each service is asked for by calls of others, for open sources.
    fn traffic_of_calls(&self) -> Vec<Traffic> {
        let mut sent = vec![Traffic::default(); self.services.len()];
        let open = |s: &&SourceSpec| !matches!(s.arrivals, Arrivals::Closed { .. });
        for source in self.sources.iter().filter(open) {
            let attempts = source.mean_rate() * self.copies(source);
            if let Some(at) = sent.get_mut(source.to) {
                at.attempts += attempts;
                at.bytes += attempts * source.mean_bytes();
            }
        }
        let mut all = self.with_calls(sent.clone(), 1.0);
        for (all, sent) in all.iter_mut().zip(sent) {
            all.attempts -= sent.attempts;
            all.bytes -= sent.bytes;
        }
        all
    }
}

impl ServiceSpec {
    /// Mean core-time of a request of so many bytes that is called from a step, nanoseconds.
    fn work_called(&self, bytes: f64) -> f64 {
        match &self.work {
            Some(WorkSpec::Drawn { cpu, per_kib, .. }) => cpu.mean() + per_kib * bytes / 1024.0,
            _ => 0.0,
        }
    }

    /// Mean core-time of a request of so many bytes over all its steps, nanoseconds.
    pub(super) fn work_in_steps(&self, bytes: f64) -> f64 {
        let (mut reach, mut work) = (1.0, 0.0);
        for step in &self.steps {
            match step {
                StepSpec::Cpu { cpu, per_kib, .. } => {
                    work += reach * (cpu.mean() + per_kib * bytes / 1024.0);
                }
                StepSpec::Fail { probability } => reach *= 1.0 - probability,
                _ => {}
            }
        }
        work
    }
}

/// Share of time in each state of a Markov chain in continuous time with these mean stays:
/// solves the embedded chain by elimination (Grassmann, Taksar & Heyman 1985: no subtractions),
/// then weighs by the stays.
pub fn state_shares(dwell: &[f64], switch: &[Vec<f64>]) -> Vec<f64> {
    let n = dwell.len();
    let mut p: Vec<Vec<f64>> = switch.to_vec();
    for k in (1..n).rev() {
        let (head, tail) = p.split_at_mut(k);
        let from_k = &tail[0];
        let out: f64 = from_k[..k].iter().sum();
        for row in head {
            row[k] /= out;
            let into_k = row[k];
            for (to, through) in row.iter_mut().zip(&from_k[..k]) {
                *to += into_k * through;
            }
        }
    }
    let mut share = vec![0.0; n];
    share[0] = 1.0;
    for k in 1..n {
        share[k] = (0..k).map(|i| share[i] * p[i][k]).sum();
    }
    for (s, d) in share.iter_mut().zip(dwell) {
        *s *= d;
    }
    let total: f64 = share.iter().sum();
    share.iter().map(|s| s / total).collect()
}

#[cfg(test)]
mod tests {
    use super::state_shares;

    #[test]
    fn shares_of_time_follow_stays_and_switches() {
        let two = state_shares(&[3.0, 1.0], &[vec![0.0, 1.0], vec![1.0, 0.0]]);
        assert!((two[0] - 0.75).abs() < 1e-12);
        let cycle = state_shares(
            &[1.0, 2.0, 5.0],
            &[
                vec![0.0, 1.0, 0.0],
                vec![0.0, 0.0, 1.0],
                vec![1.0, 0.0, 0.0],
            ],
        );
        assert!((cycle[2] - 0.625).abs() < 1e-12);
    }
}
