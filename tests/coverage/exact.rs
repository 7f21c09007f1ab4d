//! Known answers, worked out here: laws of the sojourn and chances of loss.
//!
//! Sources: M/M/1 and M/M/c/K from birth and death (Kleinrock 1975, chapter 3); M/G/1 by the
//! transform of Pollaczek and Khinchine, with hyperexponential work, where the sojourn is a mixture
//! of two exponentials (Kleinrock 1975, 5.7); MMPP(2)/M/c/K by linear level reduction of the
//! quasi-birth-and-death chain (Gaver, Jacobs & Latouche 1984; Latouche & Ramaswami 1999, 10.1),
//! with a last level so far up that it is never reached where the buffer is unbounded.

use veltrix::base::math::{exp, ln};

/// The law of the sojourn of those that are served, and the share of those that are not.
pub struct Answer {
    pub mean: f64,
    pub loss: f64,
    tail: Box<dyn Fn(f64) -> f64>,
}

impl Answer {
    /// Probability of a sojourn longer than `t` seconds.
    pub fn tail(&self, t: f64) -> f64 {
        (self.tail)(t)
    }

    /// By bisection.
    pub fn percentile(&self, q: f64) -> f64 {
        let (mut low, mut high) = (0.0, self.mean);
        while self.tail(high) > 1.0 - q {
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = (low + high) / 2.0;
            match self.tail(middle) > 1.0 - q {
                true => low = middle,
                false => high = middle,
            }
        }
        (low + high) / 2.0
    }
}

/// Rates in arrivals and services a second.
pub fn mm1(lambda: f64, mu: f64) -> Answer {
    let rate = mu - lambda;
    Answer {
        mean: 1.0 / rate,
        loss: 0.0,
        tail: Box::new(move |t| exp(-rate * t)),
    }
}

/// Work is exponential with one of two rates, `rates[0]` with probability `share`.
pub fn mh1(lambda: f64, share: f64, rates: [f64; 2]) -> Answer {
    let [a, b] = rates;
    let rho = lambda * (share / a + (1.0 - share) / b);
    // The transform of the sojourn is (1 - rho) N(s) / ((s + r) (s + q)), with N the numerator of
    // the work's and -r, -q the roots of s^2 + (a + b - lambda) s + product.
    let product = a * b - lambda * (a + b) + lambda * (share * a + (1.0 - share) * b);
    let sum = a + b - lambda;
    let root = (sum * sum - 4.0 * product).sqrt();
    let (r, q) = ((sum - root) / 2.0, (sum + root) / 2.0);
    let above = move |s: f64| share * a * (s + b) + (1.0 - share) * b * (s + a);
    let slow = (1.0 - rho) * above(-r) / (q - r) / r;
    let fast = (1.0 - rho) * above(-q) / (r - q) / q;
    Answer {
        mean: slow / r + fast / q,
        loss: 0.0,
        tail: Box::new(move |t| slow * exp(-r * t) + fast * exp(-q * t)),
    }
}

type Square = [[f64; 2]; 2];

fn times(a: Square, b: Square) -> Square {
    let at = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
    [[at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)]]
}

fn inverse(a: Square) -> Square {
    let det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    [
        [a[1][1] / det, -a[0][1] / det],
        [-a[1][0] / det, a[0][0] / det],
    ]
}

/// Poisson arrivals at `rates[i]` while in phase `i`, which is left at `leave[i]`; `cores` of rate
/// `mu`, room for `room` requests in all.
pub fn mmpp(rates: [f64; 2], leave: [f64; 2], mu: f64, cores: usize, room: usize) -> Answer {
    let down = |n: usize| n.min(cores) as f64 * mu;
    // What happens within level n, given the level above; then from level n to n + 1.
    let within = |n: usize, up: [f64; 2], back: Square| {
        let stay = |i: usize| -leave[i] - up[i] - down(n) + back[i][i];
        [
            [stay(0), leave[0] + back[0][1]],
            [leave[1] + back[1][0], stay(1)],
        ]
    };
    let mut steps = vec![[[0.0; 2]; 2]; room];
    let mut level = within(room, [0.0; 2], [[0.0; 2]; 2]);
    for n in (0..room).rev() {
        let negative = level.map(|row| row.map(|x| -x));
        steps[n] = times([[rates[0], 0.0], [0.0, rates[1]]], inverse(negative));
        let back = steps[n].map(|row| row.map(|x| x * down(n + 1)));
        level = within(n, rates, back);
    }
    // The row that the matrix of level 0 takes to nothing.
    let mut row = [level[1][0], -level[0][0]];
    // What an arrival sees: states by their share of arrivals.
    let mut seen = vec![row[0] * rates[0] + row[1] * rates[1]];
    for step in &steps {
        let at = |j: usize| row[0] * step[0][j] + row[1] * step[1][j];
        row = [at(0), at(1)];
        seen.push(row[0] * rates[0] + row[1] * rates[1]);
    }
    let all: f64 = seen.iter().sum();
    let loss = seen.pop().unwrap() / all;
    let seen: Vec<f64> = seen.iter().map(|s| s / all / (1.0 - loss)).collect();
    let wait = |n: usize| (n + 1).saturating_sub(cores) as f64 / (cores as f64 * mu);
    Answer {
        mean: seen
            .iter()
            .enumerate()
            .map(|(n, s)| s * (wait(n) + 1.0 / mu))
            .sum(),
        loss,
        tail: Box::new(move |t| sojourn_tail(&seen, mu, cores, t)),
    }
}

/// As [`mmpp`] with one rate.
pub fn mmck(lambda: f64, mu: f64, cores: usize, room: usize) -> Answer {
    mmpp([lambda; 2], [1.0; 2], mu, cores, room)
}

/// With `seen[n]` an arrival finds `n` others: it waits for `n + 1 - cores` ends, each after an
/// exponential time of rate `cores mu`, and is served at `mu`.
fn sojourn_tail(seen: &[f64], mu: f64, cores: usize, t: f64) -> f64 {
    let rate = cores as f64 * mu;
    // Erlang tails of all orders, and those with a service added: with one core a further order,
    // else by partial fractions.
    let mut term = exp(-rate * t);
    let mut erlang = 0.0;
    let mut sum = exp(-mu * t);
    let mut total = 0.0;
    for (n, share) in seen.iter().enumerate() {
        if n >= cores {
            let j = n + 1 - cores;
            erlang += term;
            term *= rate * t / j as f64;
            sum = match cores {
                1 => erlang + term,
                _ => (rate * sum - mu * erlang) / (rate - mu),
            };
        }
        total += share * sum;
    }
    total
}

#[test]
fn the_formulas_agree() {
    let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} is not {b}");
    let (one, wide) = (mm1(500.0, 1000.0), mmck(500.0, 1000.0, 1, 300));
    near(wide.mean, one.mean);
    near(wide.percentile(0.99), one.percentile(0.99));
    near(one.percentile(0.99), ln(100.0) / 500.0);
    // M/M/1/K loses (1 - rho) rho^K / (1 - rho^(K + 1)).
    near(mmck(0.5, 1.0, 1, 3).loss, 0.0625 / (1.0 - 0.0625));
    // Erlang B of 2 cores and a load of 1: 1/5; of 3 Erlangs on 3 cores: 4.5 / 13.
    near(mmck(1.0, 1.0, 2, 2).loss, 0.2);
    near(mmck(3.0, 1.0, 3, 3).loss, 4.5 / 13.0);
    // Pollaczek and Khinchine: rho / (1 - rho) (1 + cv^2) / 2 of waiting.
    let (share, rates) = (0.2, [400.0, 1600.0]);
    let mean = 0.2 / 400.0 + 0.8 / 1600.0;
    let square = 2.0 * (0.2 / (400.0 * 400.0) + 0.8 / (1600.0 * 1600.0));
    let h = mh1(500.0, share, rates);
    near(h.mean, mean + 500.0 * square / 2.0 / (1.0 - 500.0 * mean));
    near(h.tail(0.0), 1.0);
    // The case mmpp-m-1 of tests/truth.
    let m = mmpp([0.2, 1.6], [0.05, 0.1], 1.0, 1, 3000);
    near(
        (m.mean * 2.0 / 3.0 * 1e8).round(),
        (8.22684673026_f64 * 1e8).round(),
    );
    // The mean is the integral of the tail, with many cores too.
    let m = mmpp([900.0, 3000.0], [20.0, 50.0], 500.0, 4, 12);
    let step = 1e-6;
    let sum: f64 = (0..60_000)
        .map(|i| m.tail((f64::from(i) + 0.5) * step) * step)
        .sum();
    assert!((sum / m.mean - 1.0).abs() < 1e-6, "{sum} {}", m.mean);
}
