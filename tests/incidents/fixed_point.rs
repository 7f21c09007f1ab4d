//! I-4 has an exact answer while its clients wait for ever. Arrivals are Poisson, so one that
//! arrives finds as many in flight as there are on average (PASTA), and with Little's law
//! n = rate x (1 s + 0.01 s + 0.01 s x n).

use crate::seen::Runs;
use crate::{asked, on_all_cores};

/// In flight at a rate, each request adding 0.01 s to itself and to those that find it.
fn in_flight(rate: f64) -> f64 {
    rate * 1.01 / (1.0 - 0.01 * rate)
}

#[test]
fn in_flight_and_time_are_those_of_the_fixed_point() {
    let (_, seeds) = asked();
    for (variant, rate, rounded) in [
        ("patient-at-40", 40.0, (67.0, 1.7)),
        ("patient-at-80", 80.0, (404.0, 5.0)),
    ] {
        let exact = in_flight(rate);
        assert_eq!(exact.round(), rounded.0);
        assert!((exact / rate - rounded.1).abs() < 0.06, "{}", exact / rate);
        // The network holds a request for 0.2 s more.
        let exact = exact + 0.2 * rate;
        let values = on_all_cores(seeds, |i| {
            let runs = Runs::new("collapse-without-backoff", i as u64 + 1);
            let seen = runs.with(variant, "", Some("2000s"));
            seen.mean("in_system_mean", (200.0, 2000.0))
        });
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
        let error = (squares / (n - 1.0) / n).sqrt();
        println!("{variant}: {mean:.2} +- {error:.2}, exact {exact:.2}");
        // Of three seeds the error itself is known badly: Student's bound of one in a thousand.
        let bound = if seeds > 3 { 3.7 } else { 31.6 };
        assert!(
            (mean - exact).abs() < bound * error,
            "{variant}: {mean} {exact}"
        );
        assert!(error < 0.03 * exact, "{variant}: {error}");
    }
}
