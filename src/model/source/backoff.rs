//! How long a client pauses before it tries again. Every pause is a keyed draw of its request and
//! the number of attempts made, so that nobody's retry moves another draw.
//!
//! Sources: `aws-samples/aws-arch-backoff-simulator:src/backoff_simulator.py` (`full_jitter`,
//! `equal_jitter`, `decorrelated`); Envoy, router filter; gRPC proposal A6; `resilience4j`,
//! `IntervalFunction.java`; Polly, `RetryHelper.cs`; MiSim, `ExponentialBackoffRetryStrategy.java`.

use super::whole;
use crate::base::math::{exp_m1, pow};
use crate::base::units::Nanos;
use crate::engine::rng::{Bits, Keyed};
use crate::model::spec::{BackoffKind, BackoffSpec};

/// Beyond so many attempts no pause grows any more: it is longer than any run.
const LONGEST: u32 = 500;

/// The pause after so many attempts (1 or more). `draw` gives the draws that belong to a number of
/// attempts.
pub fn pause(spec: &BackoffSpec, made: u32, draw: impl Fn(u32) -> Keyed) -> Nanos {
    let (kind, base, cap) = match spec {
        BackoffSpec::Drawn(dist) => return whole(dist.sample(&mut draw(made))),
        BackoffSpec::Kind { kind, base, cap } => (*kind, *base, *cap),
    };
    let unit = |number: u32| draw(number).unit();
    let (b, m) = (base as f64, cap as f64);
    let grown = |doublings: u32| {
        let doubled = u128::from(base) << doublings.min(63);
        u128::from(cap).min(doubled) as f64
    };
    let number = made.min(LONGEST);
    let steps = f64::from(number.saturating_sub(1));
    match kind {
        BackoffKind::None => 0,
        BackoffKind::FullJitter => whole(grown(made) * unit(made)),
        BackoffKind::EqualJitter => {
            let half = grown(made) / 2.0;
            whole(half + half * unit(made))
        }
        BackoffKind::Decorrelated => {
            let next = |last: f64, i: u32| (b + (3.0 * last - b) * unit(i)).min(m);
            whole((1..=made).fold(b, next))
        }
        BackoffKind::Envoy => {
            let most = u128::from(base) * ((1 << made.min(63)) - 1);
            whole(u128::from(cap).min(most) as f64 * unit(made))
        }
        BackoffKind::Grpc => whole(grown(made.saturating_sub(1)) * (0.8 + 0.4 * unit(made))),
        BackoffKind::Resilience4j => {
            let interval = (b * pow(1.5, steps)).min(m);
            whole(interval * (0.5 + unit(made)))
        }
        BackoffKind::Polly => {
            let before = match number {
                0 | 1 => 0.0,
                _ => smooth(steps - 1.0 + unit(number - 1)),
            };
            let grown = smooth(steps + unit(number)) - before;
            whole((b / 1.4 * grown).min(m))
        }
        BackoffKind::Misim => whole((b * pow(3.0, steps)).min(m) * unit(made)),
    }
}

/// `2^t * tanh(sqrt(4 t))`: the time by which Polly would have tried `t` times.
fn smooth(t: f64) -> f64 {
    let x = (4.0 * t).sqrt();
    let twice = exp_m1(2.0 * x);
    let tanh = if x > 20.0 { 1.0 } else { twice / (twice + 2.0) };
    pow(2.0, t) * tanh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::dist::Dist;
    use crate::engine::rng::Key;

    const MS: u64 = 1_000_000;

    fn draws(request: u64) -> impl Fn(u32) -> Keyed {
        move |attempt| Keyed::new(&Key::new(1, 0, 0), 7, request, 0, attempt)
    }

    fn of(kind: BackoffKind, base: u64, cap: u64) -> BackoffSpec {
        BackoffSpec::Kind { kind, base, cap }
    }

    /// Least and greatest pause of 4000 requests, in thousandths of a millisecond.
    fn range(spec: &BackoffSpec, made: u32) -> (f64, f64) {
        let all = (0..4000).map(|request| pause(spec, made, draws(request)) as f64 / 1e6);
        all.fold((f64::MAX, 0.0), |(a, b), p| (p.min(a), p.max(b)))
    }

    /// Every pause lies in its interval and comes near both ends of it.
    #[test]
    fn pauses_fill_their_intervals() {
        use BackoffKind::*;
        let cases: &[(BackoffKind, u64, u64, u32, f64, f64)] = &[
            (FullJitter, 10, 50, 1, 0.0, 20.0),
            (FullJitter, 10, 50, 3, 0.0, 50.0),
            (EqualJitter, 10, 50, 1, 10.0, 20.0),
            (EqualJitter, 10, 50, 4, 25.0, 50.0),
            (Decorrelated, 10, 1000, 1, 10.0, 30.0),
            (Decorrelated, 10, 15, 3, 10.0, 15.0),
            (Envoy, 25, 250, 1, 0.0, 25.0),
            (Envoy, 25, 250, 3, 0.0, 175.0),
            (Envoy, 25, 250, 9, 0.0, 250.0),
            (Grpc, 100, 1000, 1, 80.0, 120.0),
            (Grpc, 100, 1000, 3, 320.0, 480.0),
            (Grpc, 100, 1000, 9, 800.0, 1200.0),
            (Resilience4j, 500, 1 << 40, 1, 250.0, 750.0),
            (Resilience4j, 500, 1 << 40, 3, 562.5, 1687.5),
            (Resilience4j, 500, 1000, 3, 500.0, 1500.0),
            (
                Polly,
                2000,
                1 << 40,
                1,
                0.0,
                2000.0 / 1.4 * 2.0 * 0.964_027_580_075_817,
            ),
            (Misim, 10, 1000, 1, 0.0, 10.0),
            (Misim, 10, 1000, 3, 0.0, 90.0),
            (Misim, 10, 1000, 9, 0.0, 1000.0),
        ];
        for &(kind, base, cap, made, least, most) in cases {
            let (low, high) = range(&of(kind, base * MS, cap * MS), made);
            let near = (most - least) / 30.0;
            assert!(low >= least - 1e-6, "{kind:?} {made}: {low}");
            assert!(low <= least + near, "{kind:?} {made}: {low}");
            assert!(high <= most + 1e-6, "{kind:?} {made}: {high}");
            assert!(high >= most - near, "{kind:?} {made}: {high}");
        }
    }

    /// The first four pauses of one request, to the nanosecond.
    #[test]
    fn pauses_are_those_that_they_were() {
        let golden = |kind| {
            let spec = of(kind, 25 * MS, 250 * MS);
            [1, 2, 3, 4].map(|made| pause(&spec, made, draws(3)))
        };
        let all = BackoffKind::ALL.map(golden);
        assert_eq!(all, GOLDEN);
    }

    #[test]
    fn a_distribution_gives_each_attempt_its_own_draw() {
        let dist = Dist::exponential(1e9).unwrap();
        let pauses = [1, 2].map(|made| pause(&BackoffSpec::Drawn(dist.clone()), made, draws(3)));
        let expected = [1, 2].map(|made| whole(dist.sample(&mut draws(3)(made))));
        assert_eq!(pauses, expected);
        assert_ne!(pauses[0], pauses[1]);
    }

    const GOLDEN: [[u64; 4]; 9] = [
        [12_230_793, 50_125_720, 123_441_936, 191_279_536],
        [31_115_397, 75_062_860, 161_720_968, 220_639_768],
        [37_230_793, 68_455_179, 136_323_356, 250_000_000],
        [6_115_397, 37_594_290, 108_011_694, 191_279_536],
        [22_446_159, 50_025_144, 104_688_387, 221_209_452],
        [18_615_397, 37_547_145, 62_843_045, 106_744_344],
        [16_015_851, 33_789_265, 59_420_991, 133_354_253],
        [6_115_397, 37_594_290, 138_872_178, 191_279_536],
        [0, 0, 0, 0],
    ];

    /// The pauses of Polly's own formula, from the draws, written out.
    #[test]
    fn polly_is_the_difference_of_its_curve() {
        let draw = |number: u32| draws(5)(number).unit();
        let curve = |t: f64| 2f64.powf(t) * (4.0 * t).sqrt().tanh();
        let spec = of(BackoffKind::Polly, 2000 * MS, u64::MAX);
        let mut before = 0.0;
        for made in 1..=6 {
            let next = curve(f64::from(made - 1) + draw(made));
            let expected = 2e9 / 1.4 * (next - before);
            let off = pause(&spec, made, draws(5)) as f64 - expected;
            assert!(off.abs() < 2.0, "{made}: off by {off}");
            before = next;
        }
    }

    #[test]
    fn nothing_overflows() {
        for kind in BackoffKind::ALL {
            for base in [0, 1, 1 << 62] {
                let spec = of(kind, base, 1 << 62);
                let last = if kind == BackoffKind::Decorrelated {
                    999
                } else {
                    u32::MAX
                };
                for made in [0, 1, 63, 64, 501, last] {
                    let pause = pause(&spec, made, draws(1));
                    let most = if kind.is_scattered() { 2 } else { 1 };
                    assert!(pause <= most << 62, "{kind:?} {base} {made}: {pause}");
                }
            }
        }
    }
}
