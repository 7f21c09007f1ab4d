//! The samplers against theory, and the constructors against what they promise.

use super::super::rng::{Key, Stream};
use super::*;

/// One of each kind and constructor, in nanoseconds or so.
pub(crate) fn examples() -> Vec<(&'static str, Dist)> {
    let third = [3.0, 1.0, 2.0];
    let parts = [
        Dist::Constant { value: 1e6 },
        Dist::Exponential { mean: 9e6 },
        Dist::Uniform { min: 0.0, max: 4e6 },
    ];
    let cases = [
        ("constant", Dist::constant(2.5e6)),
        ("exponential", Dist::exponential(4e6)),
        ("uniform", Dist::uniform(1e6, 3e6)),
        ("erlang 1", Dist::erlang(4e6, 1)),
        ("erlang 4", Dist::erlang(4e6, 4)),
        ("lognormal mean cv", Dist::lognormal(4e6, 1.5)),
        ("lognormal median p99", Dist::lognormal_median(2e6, 9e6)),
        ("lognormal mu sigma", Dist::lognormal_log(-5.0, 0.7, 1e9)),
        ("pareto min", Dist::pareto(1e6, 4.5, None)),
        ("pareto mean", Dist::pareto_mean(4e6, 2.5, None)),
        ("pareto min max", Dist::pareto(1e6, 0.9, Some(1e9))),
        ("pareto mean max", Dist::pareto_mean(4e6, 1.0, Some(8e7))),
        ("pareto narrow", Dist::pareto_mean(4e6, 1.5, Some(5e6))),
        ("hyperexponential cv", Dist::hyperexponential(4e6, 2.0)),
        (
            "hyperexponential means",
            Dist::hyperexponential_of(&[1e6, 9e6, 5e6], &third),
        ),
        (
            "empirical",
            Dist::empirical(&[5e6, 1e6, 2e6, 2e6, 0.0], None),
        ),
        (
            "empirical weights",
            Dist::empirical(&[5e6, 1e6, 0.0], Some(&third)),
        ),
        ("gamma", Dist::gamma(4e6, 0.6)),
        ("gamma wide", Dist::gamma(4e6, 1.7)),
        ("weibull", Dist::weibull(4e6, 0.7)),
        ("weibull narrow", Dist::weibull(4e6, 3.0)),
        ("geometric", Dist::geometric(4.0)),
        ("mixture", Dist::mixture(&parts, &third)),
    ];
    cases
        .into_iter()
        .map(|(name, dist)| (name, dist.unwrap()))
        .collect()
}

fn draws(name: &str, dist: &Dist, n: usize) -> Vec<f64> {
    let mut bits = Stream::new(&Key::new(1, 0, 0), name);
    (0..n).map(|_| dist.sample(&mut bits)).collect()
}

#[test]
fn mean_variance_and_tail_are_those_of_the_formulas() {
    let n = 1_000_000;
    for (name, dist) in examples() {
        let (mean, variance) = (dist.mean(), dist.variance());
        let draws = draws(name, &dist, n);
        let count = n as f64;
        let got = draws.iter().sum::<f64>() / count;
        let error = (variance / count).sqrt();
        assert!(
            (got - mean).abs() <= 5.0 * error + 1e-9 * mean,
            "{name}: {got} for {mean}"
        );

        let squares: Vec<f64> = draws.iter().map(|x| (x - mean) * (x - mean)).collect();
        let got = squares.iter().sum::<f64>() / count;
        let spread = squares.iter().map(|s| (s - got) * (s - got)).sum::<f64>() / count;
        let error = (spread / count).sqrt();
        // The fourth moment of this one does not exist.
        if name != "pareto mean" {
            assert!(
                (got - variance).abs() <= 5.0 * error,
                "{name}: {got} for {variance}"
            );
        }

        for factor in [0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0] {
            let bound = factor * mean;
            let p = 1.0 - dist.cdf(bound);
            let share = draws.iter().filter(|x| **x > bound).count() as f64 / count;
            let error = (p * (1.0 - p) / count).sqrt();
            assert!(
                (share - p).abs() <= 5.0 * error + 1e-12,
                "{name} above {factor}: {share} {p}"
            );
        }
    }
}

#[test]
fn draws_follow_the_distribution_function() {
    let n = 200_000;
    for (name, dist) in examples() {
        let mut draws = draws(name, &dist, n);
        draws.sort_by(f64::total_cmp);
        let mut distance = 0.0_f64;
        let mut at = 0;
        while at < n {
            let below = at;
            while at < n && draws[at] == draws[below] {
                at += 1;
            }
            let here = dist.cdf(draws[below]);
            let before = dist.cdf(draws[below].next_down());
            distance = distance.max((at as f64 / n as f64 - here).abs());
            distance = distance.max((below as f64 / n as f64 - before).abs());
        }
        // The Kolmogorov distance exceeds this once in ten thousand samples.
        assert!(
            distance * (n as f64).sqrt() < 2.23,
            "{name}: distance {distance}"
        );
    }
}

#[test]
fn a_mean_only_scales() {
    let pairs = [
        (Dist::exponential(1.0), Dist::exponential(8.0)),
        (Dist::erlang(1.0, 3), Dist::erlang(8.0, 3)),
        (Dist::lognormal(1.0, 2.0), Dist::lognormal(8.0, 2.0)),
        (
            Dist::pareto_mean(1.0, 2.2, None),
            Dist::pareto_mean(8.0, 2.2, None),
        ),
        (
            Dist::hyperexponential(1.0, 3.0),
            Dist::hyperexponential(8.0, 3.0),
        ),
        (Dist::gamma(1.0, 1.5), Dist::gamma(8.0, 1.5)),
        (Dist::weibull(1.0, 0.7), Dist::weibull(8.0, 0.7)),
    ];
    for (one, eight) in pairs {
        let (one, eight) = (
            draws("a", &one.unwrap(), 1000),
            draws("a", &eight.unwrap(), 1000),
        );
        for (one, eight) in one.iter().zip(&eight) {
            assert!((eight / one - 8.0).abs() < 1e-13);
        }
    }
}

#[test]
fn constructors_keep_their_promise() {
    let close = |got: f64, wanted: f64| {
        assert!((got / wanted - 1.0).abs() < 1e-9, "{got} for {wanted}");
    };
    let cv = |dist: &Dist| dist.variance().sqrt() / dist.mean();
    for mean in [1e-3, 1.0, 4e6, 1e15] {
        for wanted in [0.01, 1.0, 10.0] {
            let dist = Dist::lognormal(mean, wanted).unwrap();
            close(dist.mean(), mean);
            close(cv(&dist), wanted);
        }
        for wanted in [0.01, 0.5, 1.0, 3.0] {
            let dist = Dist::gamma(mean, wanted).unwrap();
            close(dist.mean(), mean);
            close(cv(&dist), wanted);
        }
        for shape in [0.05, 0.5, 1.0, 2.0, 1000.0] {
            close(Dist::weibull(mean, shape).unwrap().mean(), mean);
        }
        for wanted in [1.0, 1.5, 30.0, 1e4] {
            let dist = Dist::hyperexponential(mean, wanted).unwrap();
            close(dist.mean(), mean);
            close(cv(&dist), wanted);
        }
        for shape in [0.1, 0.5, 1.0, 1.5, 2.0, 3.0] {
            for ratio in [1.001, 2.0, 30.0, 1e6] {
                close(
                    Dist::pareto_mean(mean, shape, Some(mean * ratio))
                        .unwrap()
                        .mean(),
                    mean,
                );
            }
        }
    }
    let dist = Dist::lognormal_median(2.0, 9.0).unwrap();
    close(dist.cdf(2.0), 0.5);
    close(dist.cdf(9.0), 0.99);
    let dist = Dist::lognormal_log(0.5, 1.25, 1e9).unwrap();
    close(dist.mean(), 1e9 * math::exp(0.5 + 1.25 * 1.25 / 2.0));
    assert_eq!(
        Dist::pareto(1.0, 2.0, None).unwrap().variance(),
        f64::INFINITY
    );
    // A wide bound changes nothing.
    let bounded = Dist::pareto(1.0, 3.0, Some(1e12)).unwrap();
    let unbounded = Dist::pareto(1.0, 3.0, None).unwrap();
    close(bounded.mean(), unbounded.mean());
    close(bounded.variance(), unbounded.variance());
    assert_eq!(draws("a", &bounded, 1000), draws("a", &unbounded, 1000));
}

#[test]
fn distribution_functions_have_known_values() {
    let cases = [
        (Dist::erlang(4.0, 4), 4.0, 0.566_529_879_633_291),
        (Dist::erlang(4.0, 4), 8.0, 0.957_619_888_008_316),
        (Dist::erlang(4.0, 4), 1.0, 0.018_988_156_876_153_8),
        (Dist::erlang(1000.0, 1000), 1000.0, 0.504_205_244_180_215),
        (Dist::exponential(2.0), 2.0, 0.632_120_558_828_557_7),
        (Dist::pareto(1.0, 2.0, None), 2.0, 0.75),
        (Dist::pareto(1.0, 1.0, Some(4.0)), 2.0, 2.0 / 3.0),
        (Dist::uniform(1.0, 3.0), 1.5, 0.25),
        (
            Dist::lognormal_log(0.0, 1.0, 1.0),
            math::exp(1.959_963_984_540_054),
            0.975,
        ),
        // A gamma of shape 4 is an erlang of 4 stages; of shape 1/2 half the square of a normal.
        (Dist::gamma(4.0, 0.5), 8.0, 0.957_619_888_008_316),
        (Dist::gamma(4.0, 0.5), 1.0, 0.018_988_156_876_153_8),
        (Dist::gamma(0.5, 2.0_f64.sqrt()), 0.5, 0.682_689_492_137_086),
        (Dist::weibull(1.0, 1.0), 2.0, 0.864_664_716_763_387_3),
        // The mean of shape 2 is half the root of pi times the scale.
        (Dist::weibull(2.0, 2.0), 2.0, 0.544_061_872_233_968_5),
        (Dist::geometric(4.0), 2.5, 0.4375),
        (Dist::geometric(1.0), 1.0, 1.0),
        (
            Dist::mixture(
                &[
                    Dist::Constant { value: 1.0 },
                    Dist::Exponential { mean: 2.0 },
                ],
                &[1.0, 3.0],
            ),
            2.0,
            0.25 + 0.75 * 0.632_120_558_828_557_7,
        ),
    ];
    for (dist, x, wanted) in cases {
        let got = dist.clone().unwrap().cdf(x);
        assert!(
            (got - wanted).abs() < 1e-12,
            "{dist:?} at {x}: {got} for {wanted}"
        );
    }
    for (name, dist) in examples() {
        assert_eq!(dist.cdf(-1.0), 0.0, "{name}");
        assert!((dist.cdf(1e30) - 1.0).abs() < 1e-12, "{name}");
    }
}

#[test]
fn what_is_constant_is_told() {
    let told = |dist: Result<Dist, DistError>| dist.unwrap().is_constant();
    assert_eq!(told(Dist::constant(0.0)), Some(0.0));
    assert_eq!(told(Dist::uniform(3.0, 3.0)), Some(3.0));
    assert_eq!(told(Dist::empirical(&[7.0, 7.0], None)), Some(7.0));
    assert_eq!(told(Dist::uniform(3.0, 4.0)), None);
    assert_eq!(told(Dist::exponential(3.0)), None);
    assert_eq!(told(Dist::geometric(1.0)), Some(1.0));
    let (three, four) = (Dist::Constant { value: 3.0 }, Dist::Constant { value: 4.0 });
    let same = Dist::mixture(&[three.clone(), three.clone()], &[1.0, 2.0]);
    assert_eq!(told(same), Some(3.0));
    assert_eq!(told(Dist::mixture(&[three, four], &[1.0, 2.0])), None);
    let dist = Dist::lognormal(3.0, 0.0).unwrap();
    let value = dist.is_constant().unwrap();
    assert!(draws("a", &dist, 100).iter().all(|draw| *draw == value));
}

#[test]
fn what_makes_no_distribution_is_refused() {
    let nan = f64::NAN;
    let infinite = f64::INFINITY;
    let cases = [
        (
            Dist::constant(-1.0),
            "the value of a constant must be 0 or more and finite",
        ),
        (
            Dist::exponential(0.0),
            "the mean of an exponential must be above 0 and finite",
        ),
        (
            Dist::exponential(nan),
            "the mean of an exponential must be above 0 and finite",
        ),
        (
            Dist::exponential(infinite),
            "the mean of an exponential must be above 0 and finite",
        ),
        (
            Dist::uniform(2.0, 1.0),
            "the max of a uniform must not be below its min",
        ),
        (
            Dist::erlang(1.0, 0),
            "the k of an erlang must be 1 to 1000, not 0",
        ),
        (
            Dist::lognormal(1.0, -0.1),
            "the cv of a lognormal must be 0 or more and finite",
        ),
        (
            Dist::lognormal_median(2.0, 1.0),
            "the p99 of a lognormal must not be below its median",
        ),
        (
            Dist::lognormal_log(0.0, 60.0, 1.0),
            "the spread of this lognormal is beyond any number",
        ),
        (
            Dist::pareto(1.0, 0.9, None),
            "a pareto with shape 0.9 has no mean: give a shape above 1, or a max",
        ),
        (
            Dist::pareto_mean(1.0, 1.0, None),
            "a pareto with shape 1 has no mean: give a shape above 1, or a max",
        ),
        (
            Dist::pareto(1.0, 2.0, Some(1.0)),
            "the max of a pareto must be above its min and finite",
        ),
        (
            Dist::pareto_mean(1.0, 2.0, Some(1.0)),
            "the max of a pareto must be above its mean and finite",
        ),
        (
            Dist::pareto_mean(1.0, 1e-3, Some(1e6)),
            "no min gives a pareto with shape 0.001 this mean and max",
        ),
        (
            Dist::hyperexponential(1.0, 0.5),
            "the cv of a hyperexponential must be at least 1, not 0.5",
        ),
        (
            Dist::hyperexponential_of(&[1.0], &[1.0, 2.0]),
            "a hyperexponential needs one weight a mean: weights 2, means 1",
        ),
        (
            Dist::empirical(&[], None),
            "an empirical needs at least one value",
        ),
        (
            Dist::empirical(&[1.0], Some(&[0.0])),
            "the sum of the weights of an empirical must be above 0 and finite",
        ),
        (
            Dist::gamma(1.0, 0.0),
            "the cv of a gamma must be 0.001 to 1000, not 0",
        ),
        (
            Dist::weibull(1.0, nan),
            "the shape of a weibull must be 0.05 to 1000, not NaN",
        ),
        (
            Dist::geometric(0.5),
            "the mean of a geometric must be 1 to 1e12, not 0.5",
        ),
        (
            Dist::mixture(&[], &[1.0]),
            "a mixture needs one weight a distribution: weights 1, distributions 0",
        ),
    ];
    for (dist, message) in cases {
        assert_eq!(dist.unwrap_err().to_string(), message);
    }
}

#[test]
fn the_list_names_every_kind() {
    assert_eq!(DISTRIBUTIONS.len(), 12);
    for (name, _, _) in DISTRIBUTIONS {
        assert!(
            examples()
                .iter()
                .any(|(example, _)| example.starts_with(name)),
            "{name}"
        );
    }
}
