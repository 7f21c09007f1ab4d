//! Exact numbers of M/M/c and M/M/c/K, by the birth and death equations.

use veltrix::base::math::exp;

/// A queue with `c` cores and room for `k` waiting (`None`: without end), arrivals at rate
/// `lambda`, service at rate `mu`.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    pub lambda: f64,
    pub mu: f64,
    pub c: usize,
    pub k: Option<usize>,
}

impl Queue {
    /// Shares of time with 0, 1, ... inside; of an endless queue as far as it matters. `None`: it
    /// has no steady state.
    fn shares(&self) -> Option<Vec<f64>> {
        let a = self.lambda / self.mu;
        let full = match self.k {
            Some(k) => self.c + k,
            None if a >= self.c as f64 => return None,
            None => {
                let rho = a / self.c as f64;
                // What is left out is rho to this power.
                self.c + (40.0 / (1.0 - rho)).ceil() as usize
            }
        };
        let mut shares = vec![1.0];
        for n in 1..=full {
            let last = shares[n - 1];
            shares.push(last * a / n.min(self.c) as f64);
        }
        let total: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= total);
        Some(shares)
    }

    /// Share of requests refused.
    pub fn loss(&self) -> f64 {
        match (self.k, self.shares()) {
            (Some(_), Some(shares)) => *shares.last().unwrap(),
            _ => 0.0,
        }
    }

    /// Mean wait of those served, seconds; infinite without a steady state.
    pub fn wait_mean(&self) -> f64 {
        let Some(shares) = self.shares() else {
            return f64::INFINITY;
        };
        let waiting: f64 = (self.c..shares.len())
            .map(|n| (n - self.c) as f64 * shares[n])
            .sum();
        waiting / (self.lambda * (1.0 - self.loss()))
    }

    /// Share of those served that wait longer than `t` seconds.
    pub fn wait_over(&self, t: f64) -> f64 {
        let Some(shares) = self.shares() else {
            return 1.0;
        };
        let x = self.c as f64 * self.mu * t;
        let last = if self.k.is_some() {
            shares.len() - 1
        } else {
            shares.len()
        };
        let (mut term, mut tail, mut sum) = (exp(-x), exp(-x), 0.0);
        for (j, share) in shares[self.c.min(last)..last].iter().enumerate() {
            sum += share * tail;
            term *= x / (j + 1) as f64;
            tail += term;
        }
        sum / (1.0 - self.loss())
    }

    /// Share of requests that take longer than `t` seconds in all, of M/M/1.
    pub fn latency_over(&self, t: f64) -> f64 {
        assert!(self.c == 1 && self.k.is_none());
        match self.mu > self.lambda {
            true => exp(-(self.mu - self.lambda) * t),
            false => 1.0,
        }
    }
}

#[test]
fn the_formulas_are_those_of_the_truth_cases() {
    // mmck-c1-k10-rho80 and Erlang's C for two cores at 0.75.
    let queue = Queue {
        lambda: 0.8,
        mu: 1.0,
        c: 1,
        k: Some(10),
    };
    assert!((queue.loss() - 0.018_447_577_024_1).abs() < 1e-12);
    assert!((queue.wait_mean() - 2.966_314_266_48).abs() < 1e-9);
    let queue = Queue {
        lambda: 1.5,
        mu: 1.0,
        c: 2,
        k: None,
    };
    let delayed = 2.0 * 0.75 * 0.75 / 1.75;
    assert!((queue.wait_over(0.0) - delayed).abs() < 1e-9);
    assert!((queue.wait_over(1.0) - delayed * exp(-0.5)).abs() < 1e-9);
    assert!((queue.wait_mean() - delayed / 0.5).abs() < 1e-9);
}
