//! Balancing policies: one file each, one row each in the table below.
//!
//! A policy gets a read-only view of what its balancer knows and its own stream. It can't reach
//! the queue or change a worker. "Fewest" always counts waiting and in service.

mod aperture;
mod central_queue;
mod client_wrr;
#[cfg(test)]
mod conformance;
mod first;
mod fleet;
mod front;
mod hashing;
mod hosts;
mod jiq;
mod jsq_oracle;
mod latencies;
mod least_connections;
mod least_request;
mod maglev;
mod p2c;
mod peak_ewma;
mod prequal;
mod random;
mod random_n;
mod rendezvous;
mod ring_hash;
mod round_robin;
mod slow_start;
mod subset;
mod weighted_round_robin;
mod zones;

pub use client_wrr::Done;
pub use fleet::Fleet;
pub use front::{Ask, Front};
pub use latencies::Latencies;
pub use prequal::Answer;

use super::spec::PolicySpec;
use crate::base::units::Nanos;
use crate::engine::rng::Stream;
use slow_start::Slow;

/// What a balancer knows when it picks.
pub struct View<'a> {
    /// Workers that may be picked, ascending, at least one. Numbered from 0 within the service.
    pub eligible: &'a [u32],
    /// Attempts waiting and in service at each worker of the service.
    pub load: &'a [u32],
    /// When it is.
    pub now: Nanos,
    /// What the request is about, where the policy looks at it.
    pub key: u64,
    /// Whether it will hear how the attempt ends.
    pub open: bool,
    /// Who weighs less than usual, if that is looked at.
    slow: Option<&'a Slow>,
}

impl View<'_> {
    /// How many may be picked.
    #[inline(always)]
    fn count(&self) -> u32 {
        self.eligible.len() as u32
    }

    /// The eligible worker in this place. Usually everyone is eligible, and the place is the
    /// number.
    #[inline(always)]
    fn worker(&self, place: u32) -> u32 {
        if self.eligible.len() == self.load.len() {
            place
        } else {
            self.eligible[place as usize]
        }
    }

    /// Whether a worker may be picked.
    #[inline]
    fn lets_in(&self, worker: u32) -> bool {
        self.eligible.len() == self.load.len() || self.eligible.binary_search(&worker).is_ok()
    }

    /// What a worker weighs now.
    #[inline]
    fn weight(&self, weights: &[f64], worker: u32) -> f64 {
        let weight = weights[worker as usize];
        match self.slow {
            Some(slow) => weight * slow.factor(worker, self.now),
            None => weight,
        }
    }

    #[inline(always)]
    fn load_of(&self, worker: u32) -> u32 {
        self.load[worker as usize]
    }
}

macro_rules! policies {
    ($($name:literal $file:ident :: $policy:ident $about:literal;)*) => {
        /// Name and one line of each policy.
        pub const POLICIES: &[(&str, &str)] = &[$(($name, $about)),*];

        /// Any of the policies, with its state.
        #[derive(Clone, Debug)]
        pub enum Policy {
            $(#[doc = $about] $policy($file::$policy)),*
        }

        impl Policy {
            /// Picks one of the eligible workers.
            #[inline(always)]
            pub fn pick(&mut self, view: &View, stream: &mut Stream) -> u32 {
                match self { $(Policy::$policy(policy) => policy.pick(view, stream)),* }
            }
        }
    };
}

policies! {
    "random" random::Random "uniform over the eligible workers, or by weight";
    "round_robin" round_robin::RoundRobin "in turn; a refused attempt has used up its turn";
    "weighted_round_robin" weighted_round_robin::WeightedRoundRobin
        "in turn, each as often as its weight says";
    "least_request" least_request::LeastRequest
        "fewest of `choices` drawn with replacement, or of all";
    "p2c" p2c::P2c "fewer of two different workers drawn at random (Finagle)";
    "random_n" random_n::RandomN "fewest for its weight of `choices` drawn by weight (HAProxy)";
    "least_connections" least_connections::LeastConnections
        "fewest for its weight of all, in turn among equals (HAProxy)";
    "first" first::First "lowest number with a free core, else with a free place (HAProxy)";
    "jsq_oracle" jsq_oracle::JsqOracle "fewest of all, known at once: an oracle";
    "central_queue" central_queue::CentralQueue
        "workers pull from one shared buffer, first come first served";
    "ring_hash" ring_hash::RingHash "the next place clockwise on a ring of hashes (Envoy)";
    "maglev" maglev::Maglev "whose place it is in a table of hashes (Envoy)";
    "rendezvous" rendezvous::Rendezvous "the highest hash of worker and key together";
    "peak_ewma" peak_ewma::PeakEwma
        "quicker of two, by round trips whose mean jumps to peaks (Finagle)";
    "jiq" jiq::Jiq "whoever told this balancer first that a core is idle, else at random";
    "aperture" aperture::Aperture
        "fewer of two among the first few, as many as load asks for (Finagle)";
    "client_wrr" client_wrr::ClientWrr
        "in turn, by weights that come out of what workers report (gRPC)";
    "prequal" prequal::Prequal
        "quickest of those with few in flight, by probes of earlier requests (Prequal)";
}

impl Policy {
    /// The policy of a spec for these workers; may draw its start.
    pub fn new(spec: &PolicySpec, fleet: &Fleet, stream: &mut Stream) -> Policy {
        match *spec {
            PolicySpec::Random => Policy::Random(random::Random::new(fleet)),
            PolicySpec::RoundRobin { start } => {
                let workers = fleet.weights.len() as u32;
                Policy::RoundRobin(round_robin::RoundRobin::new(start, workers, stream))
            }
            PolicySpec::WeightedRoundRobin { schedule } => Policy::WeightedRoundRobin(
                weighted_round_robin::WeightedRoundRobin::new(schedule, fleet, stream),
            ),
            PolicySpec::LeastRequest { choices, full_scan } => Policy::LeastRequest(
                least_request::LeastRequest::new(choices, full_scan, fleet, stream),
            ),
            PolicySpec::P2c => Policy::P2c(p2c::P2c),
            PolicySpec::RandomN { choices } => {
                Policy::RandomN(random_n::RandomN::new(choices, fleet))
            }
            PolicySpec::LeastConnections => {
                Policy::LeastConnections(least_connections::LeastConnections::new(fleet))
            }
            PolicySpec::First => Policy::First(first::First::new(fleet)),
            PolicySpec::CentralQueue => {
                Policy::CentralQueue(central_queue::CentralQueue::new(fleet))
            }
            PolicySpec::JsqOracle { ties } => Policy::JsqOracle(jsq_oracle::JsqOracle { ties }),
            PolicySpec::RingHash { bounded_load, .. } => {
                Policy::RingHash(ring_hash::RingHash::new(fleet, bounded_load))
            }
            PolicySpec::Maglev { bounded_load, .. } => {
                Policy::Maglev(maglev::Maglev::new(fleet, bounded_load))
            }
            PolicySpec::Rendezvous { bounded_load } => {
                Policy::Rendezvous(rendezvous::Rendezvous::new(fleet, bounded_load))
            }
            PolicySpec::PeakEwma { decay } => {
                Policy::PeakEwma(peak_ewma::PeakEwma::new(decay, fleet.weights.len()))
            }
            PolicySpec::Jiq { .. } => Policy::Jiq(jiq::Jiq::default()),
            PolicySpec::ClientWrr(spec) => {
                Policy::ClientWrr(client_wrr::ClientWrr::new(spec, fleet, stream))
            }
            PolicySpec::Prequal(spec) => Policy::Prequal(prequal::Prequal::new(spec)),
            PolicySpec::Aperture(band) => {
                let workers = fleet.weights.len() as u32;
                Policy::Aperture(aperture::Aperture::new(band, workers, stream))
            }
        }
    }

    /// An attempt at a worker has ended, well or not, so long after it was sent there.
    pub fn hear(&mut self, worker: u32, took: Nanos, now: Nanos) {
        match self {
            Policy::PeakEwma(policy) => policy.hear(worker, took, now),
            Policy::Aperture(policy) => policy.hear(now),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;
    use crate::model::spec::{Band, OrcaSpec, ProbeSpec, Register, Schedule, Ties};

    /// Workers of 2 cores and 1 waiting place.
    fn fleet(weights: &[f64], spec: &PolicySpec) -> Fleet {
        Fleet {
            weights: weights.to_vec(),
            cores: vec![2; weights.len()],
            room: vec![3; weights.len()],
            ..Fleet::hashing(weights, spec)
        }
    }

    fn counts(spec: PolicySpec, eligible: &[u32], load: &[u32], picks: u32) -> Vec<u32> {
        weighed(spec, &vec![1.0; load.len()], eligible, load, picks)
    }

    fn weighed(
        spec: PolicySpec,
        weights: &[f64],
        eligible: &[u32],
        load: &[u32],
        picks: u32,
    ) -> Vec<u32> {
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        let mut policy = Policy::new(&spec, &fleet(weights, &spec), &mut stream);
        let mut counts = vec![0; load.len()];
        for pick in 0..picks {
            let view = View {
                eligible,
                load,
                now: u64::from(pick),
                key: u64::from(pick),
                open: true,
                slow: None,
            };
            counts[policy.pick(&view, &mut stream) as usize] += 1;
        }
        counts
    }

    fn all() -> Vec<PolicySpec> {
        vec![
            PolicySpec::Random,
            PolicySpec::RoundRobin { start: None },
            PolicySpec::LeastRequest {
                choices: 2,
                full_scan: false,
            },
            PolicySpec::LeastRequest {
                choices: 2,
                full_scan: true,
            },
            PolicySpec::P2c,
            PolicySpec::WeightedRoundRobin {
                schedule: Schedule::Smooth,
            },
            PolicySpec::WeightedRoundRobin {
                schedule: Schedule::Edf,
            },
            PolicySpec::RandomN { choices: 2 },
            PolicySpec::LeastConnections,
            PolicySpec::First,
            PolicySpec::CentralQueue,
            PolicySpec::JsqOracle { ties: Ties::Random },
            PolicySpec::JsqOracle { ties: Ties::First },
            PolicySpec::RingHash {
                ring_size: 1024,
                bounded_load: None,
            },
            PolicySpec::RingHash {
                ring_size: 8,
                bounded_load: Some(1.25),
            },
            PolicySpec::Maglev {
                table_size: 65_537,
                bounded_load: Some(1.0),
            },
            PolicySpec::Rendezvous {
                bounded_load: Some(2.0),
            },
            PolicySpec::PeakEwma {
                decay: 10_000_000_000,
            },
            PolicySpec::Jiq {
                register: Register::Random,
            },
            PolicySpec::Aperture(Band::default()),
            PolicySpec::ClientWrr(OrcaSpec::default()),
            PolicySpec::Prequal(ProbeSpec::default()),
        ]
    }

    #[test]
    fn every_policy_picks_only_the_eligible() {
        for spec in all() {
            let picked = counts(spec, &[1, 3], &[0, 5, 0, 5, 0], 200);
            assert_eq!(picked[1] + picked[3], 200, "{spec:?}");
            assert_eq!(counts(spec, &[2], &[9, 9, 9], 10)[2], 10, "{spec:?}");
        }
    }

    #[test]
    fn random_is_uniform_and_round_robin_takes_turns() {
        let picked = counts(PolicySpec::Random, &[0, 1, 2, 3], &[0; 4], 40_000);
        assert!(
            picked.iter().all(|&c| (9_500..10_500).contains(&c)),
            "{picked:?}"
        );
        let turns = PolicySpec::RoundRobin { start: Some(3) };
        assert_eq!(counts(turns, &[0, 1, 2, 3], &[0; 4], 1), [0, 0, 1, 0]);
        assert_eq!(counts(turns, &[0, 1, 2, 3], &[0; 4], 8), [2; 4]);
        assert_eq!(counts(turns, &[0, 3], &[0; 4], 4), [2, 0, 0, 2]);
    }

    /// Of two hosts, drawn twice with replacement, the busier is still taken a quarter of the
    /// time; two different ones never are.
    #[test]
    fn least_request_draws_with_replacement_and_p2c_without() {
        let with = PolicySpec::LeastRequest {
            choices: 2,
            full_scan: false,
        };
        let busier = counts(with, &[0, 1], &[7, 2], 40_000)[0];
        assert!((9_500..10_500).contains(&busier), "{busier}");
        assert_eq!(counts(PolicySpec::P2c, &[0, 1], &[7, 2], 1_000)[0], 0);
    }

    #[test]
    fn p2c_never_draws_the_same_worker_twice() {
        // Worker 1 is the busiest of three: it can only be picked if drawn twice.
        assert_eq!(counts(PolicySpec::P2c, &[0, 1, 2], &[0, 9, 0], 3_000)[1], 0);
    }

    #[test]
    fn the_oracle_finds_the_fewest_and_breaks_ties_as_told() {
        let load = [3, 1, 4, 1, 5];
        let everyone = [0, 1, 2, 3, 4];
        let first = counts(
            PolicySpec::JsqOracle { ties: Ties::First },
            &everyone,
            &load,
            100,
        );
        assert_eq!(first, [0, 100, 0, 0, 0]);
        let fair = counts(
            PolicySpec::JsqOracle { ties: Ties::Random },
            &everyone,
            &load,
            20_000,
        );
        assert_eq!(fair[0] + fair[2] + fair[4], 0);
        assert!((9_500..10_500).contains(&fair[1]), "{fair:?}");
    }

    #[test]
    fn weighted_turns_are_exact_and_leave_out_who_weighs_nothing() {
        for schedule in [Schedule::Smooth, Schedule::Edf] {
            let spec = PolicySpec::WeightedRoundRobin { schedule };
            let all = [0, 1, 2, 3];
            let counts = weighed(spec, &[5.0, 1.0, 2.0, 0.0], &all, &[0; 4], 800);
            assert_eq!(counts, [500, 100, 200, 0], "{schedule:?}");
        }
    }

    #[test]
    fn random_draws_by_weight() {
        let counts = weighed(PolicySpec::Random, &[3.0, 1.0], &[0, 1], &[0; 2], 40_000);
        assert!((29_500..30_500).contains(&counts[0]), "{counts:?}");
    }

    /// 3 + 1 turns of the first count as much as 1 + 1 of the second weighs.
    #[test]
    fn least_request_with_weights_goes_by_load_and_weight() {
        let spec = PolicySpec::LeastRequest {
            choices: 2,
            full_scan: false,
        };
        let counts = weighed(spec, &[4.0, 1.0], &[0, 1], &[3, 1], 300);
        assert_eq!(counts, [200, 100]);
    }

    #[test]
    fn random_n_and_least_connections_divide_by_the_weight() {
        let spec = PolicySpec::RandomN { choices: 40 };
        let weights = [4.0, 1.0, 1.0];
        let counts = weighed(spec, &weights, &[0, 1, 2], &[3, 1, 1], 50);
        assert_eq!(counts, [50, 0, 0]);
        let spec = PolicySpec::LeastConnections;
        assert_eq!(weighed(spec, &weights, &[0, 1, 2], &[8, 2, 2], 9), [3; 3]);
        assert_eq!(counts_of_equals(), [0, 6, 0, 6]);
    }

    fn counts_of_equals() -> Vec<u32> {
        let spec = PolicySpec::LeastConnections;
        counts(spec, &[0, 1, 2, 3], &[4, 1, 3, 1], 12)
    }

    #[test]
    fn first_fills_cores_then_places_then_the_lowest_number() {
        let pick = |load: &[u32]| counts(PolicySpec::First, &[0, 1, 2], load, 1);
        assert_eq!(pick(&[2, 1, 0]), [0, 1, 0]);
        assert_eq!(pick(&[3, 2, 2]), [0, 1, 0]);
        assert_eq!(pick(&[3, 3, 3]), [1, 0, 0]);
    }
}
