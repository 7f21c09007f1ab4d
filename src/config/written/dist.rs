//! Distributions, as they are written.

use super::pen::{Pen, list, number, table};
use super::search::{near, steps, weights, whole_near};
use crate::base::math;
use crate::base::units::SECOND;
use crate::config::dist::Of;
use crate::config::tree::quoted;
use crate::model::spec::{Dist, DistError};

/// Lists of more values than this go into a file of their own.
const INLINE: usize = 64;

/// How many standard deviations the 99th percentile of a normal is above its mean.
const P99: f64 = 2.326_347_874_040_841;

/// The parameters of a distribution by the key that they have.
type Params = Vec<(&'static str, String)>;

impl Pen<'_> {
    /// A quantity of a kind.
    fn quantity(&mut self, value: f64, of: Of, path: &str) -> String {
        match of {
            Of::Time => self.time_of(value, path),
            Of::Bytes => self.bytes_of(value, path),
            Of::Number => number(value),
        }
    }

    /// A distribution, as a value of its key.
    pub fn dist(&mut self, dist: &Dist, of: Of, path: &str) -> String {
        let (kind, params) = match dist {
            Dist::Constant { value } if of == Of::Number => {
                return number(*value);
            }
            Dist::Constant { value } => return self.quantity(*value, of, path),
            Dist::Exponential { mean } => (
                "exponential",
                vec![("mean", self.quantity(*mean, of, path))],
            ),
            Dist::Uniform { min, max } => {
                let (min, max) = (self.quantity(*min, of, path), self.quantity(*max, of, path));
                ("uniform", vec![("min", min), ("max", max)])
            }
            Dist::Erlang { mean, k } => {
                let mean = self.quantity(*mean, of, path);
                ("erlang", vec![("mean", mean), ("k", k.to_string())])
            }
            Dist::Lognormal { .. } => ("lognormal", self.lognormal(dist, of, path)),
            Dist::Pareto { .. } => ("pareto", self.pareto(dist, of, path)),
            Dist::Hyperexponential { .. } => {
                ("hyperexponential", self.hyperexponential(dist, of, path))
            }
            Dist::Empirical { .. } => ("empirical", self.empirical(dist, of, path)),
            Dist::Gamma { .. } => ("gamma", self.gamma(dist, of, path)),
            Dist::Weibull { .. } => ("weibull", self.weibull(dist, of, path)),
            Dist::Geometric { mean, .. } => ("geometric", vec![("mean", number(*mean))]),
            Dist::Mixture { .. } => ("mixture", self.mixture(dist, of, path)),
        };
        let kind = ("dist", quoted(kind));
        table(&[vec![kind], params].concat())
    }

    /// Values near a guess that can be written as this kind of quantity.
    fn guesses(of: Of, guess: f64) -> Vec<f64> {
        match of {
            Of::Time | Of::Bytes => whole_near(guess).collect(),
            Of::Number => near(guess).collect(),
        }
    }

    fn lognormal(&mut self, dist: &Dist, of: Of, path: &str) -> Params {
        let Dist::Lognormal { mu, sigma } = *dist else {
            return Vec::new();
        };
        let cv = math::exp_m1(sigma * sigma).max(0.0).sqrt();
        if let Some((mean, cv)) = pair(dist, (of, dist.mean()), cv, Dist::lognormal) {
            let mean = self.quantity(mean, of, path);
            return vec![("mean", mean), ("cv", number(cv))];
        }
        let (median, p99) = (math::exp(mu), math::exp(mu + P99 * sigma));
        for median in Self::guesses(of, median).into_iter().take(5) {
            let made = |p99: &f64| is(Dist::lognormal_median(median, *p99), dist);
            if let Some(p99) = Self::guesses(of, p99).into_iter().find(made) {
                let (median, p99) = (
                    self.quantity(median, of, path),
                    self.quantity(p99, of, path),
                );
                return vec![("median", median), ("p99", p99)];
            }
        }
        let unit = if of == Of::Time { SECOND as f64 } else { 1.0 };
        let guess = mu - math::ln(unit);
        let found = near(guess).find(|mu| is(Dist::lognormal_log(*mu, sigma, unit), dist));
        if found.is_none() {
            self.inexact(path);
        }
        let mu = number(found.unwrap_or(guess));
        vec![("mu", mu), ("sigma", number(sigma))]
    }

    fn pareto(&mut self, dist: &Dist, of: Of, path: &str) -> Params {
        let Dist::Pareto {
            min, shape, max, ..
        } = *dist
        else {
            return Vec::new();
        };
        let plain = min == min.round() || of == Of::Number;
        let by_min = plain && is(Dist::pareto(min, shape, max), dist);
        let made = |mean: &f64| is(Dist::pareto_mean(*mean, shape, max), dist);
        let mean = Self::guesses(of, dist.mean()).into_iter().find(made);
        let least = match mean.filter(|_| !by_min) {
            Some(mean) => ("mean", self.quantity(mean, of, path)),
            None => {
                if plain && !by_min {
                    self.inexact(path);
                }
                ("min", self.quantity(min, of, path))
            }
        };
        let mut params = vec![least, ("shape", number(shape))];
        if let Some(max) = max {
            params.push(("max", self.quantity(max, of, path)));
        }
        params
    }

    fn hyperexponential(&mut self, dist: &Dist, of: Of, path: &str) -> Params {
        let Dist::Hyperexponential {
            means,
            weights: shares,
        } = dist
        else {
            return Vec::new();
        };
        let cv = dist.variance().sqrt() / dist.mean();
        if let Some((mean, cv)) = pair(dist, (of, dist.mean()), cv, Dist::hyperexponential) {
            let mean = self.quantity(mean, of, path);
            return vec![("mean", mean), ("cv", number(cv))];
        }
        let found = weights(shares);
        if found.is_none() {
            self.inexact(path);
        }
        let chosen = found.unwrap_or_else(|| shares.clone());
        let means: Vec<String> = means.iter().map(|m| self.quantity(*m, of, path)).collect();
        vec![
            ("means", list(means.into_iter())),
            ("weights", list(chosen.into_iter().map(number))),
        ]
    }

    fn empirical(&mut self, dist: &Dist, of: Of, path: &str) -> Params {
        let Dist::Empirical { values, cumulative } = dist else {
            return Vec::new();
        };
        let whole = values.iter().all(|v| *v == v.round());
        if values.len() > INLINE && cumulative.is_none() && whole {
            let column = match of {
                Of::Time => "value_ns",
                Of::Bytes => "value_bytes",
                Of::Number => "value",
            };
            let rows: Vec<String> = values.iter().map(|v| format!("{}\n", *v as u64)).collect();
            let name = self.name_of_list();
            self.file(&name, format!("{column}\n{}", rows.concat()));
            return vec![("file", quoted(&name)), ("column", quoted(column))];
        }
        let all: Vec<String> = values.iter().map(|v| self.quantity(*v, of, path)).collect();
        let mut params = vec![("values", list(all.into_iter()))];
        if let Some(cumulative) = cumulative {
            let chosen = steps(cumulative).unwrap_or_default();
            if !is(Dist::empirical(values, Some(&chosen)), dist) {
                self.inexact(path);
            }
            params.push(("weights", list(chosen.into_iter().map(number))));
        }
        params
    }

    fn gamma(&mut self, dist: &Dist, of: Of, path: &str) -> Params {
        let Dist::Gamma { mean, shape } = *dist else {
            return Vec::new();
        };
        let guess = 1.0 / shape.sqrt();
        let found = near(guess).find(|cv| is(Dist::gamma(mean, *cv), dist));
        if found.is_none() {
            self.inexact(path);
        }
        let mean = self.quantity(mean, of, path);
        vec![("mean", mean), ("cv", number(found.unwrap_or(guess)))]
    }

    fn weibull(&mut self, dist: &Dist, of: Of, path: &str) -> Params {
        let Dist::Weibull { shape, .. } = *dist else {
            return Vec::new();
        };
        let made = |mean: &f64| is(Dist::weibull(*mean, shape), dist);
        let found = Self::guesses(of, dist.mean()).into_iter().find(made);
        if found.is_none() {
            self.inexact(path);
        }
        let mean = found.unwrap_or_else(|| dist.mean().round());
        let mean = self.quantity(mean, of, path);
        vec![("mean", mean), ("shape", number(shape))]
    }

    fn mixture(&mut self, dist: &Dist, of: Of, path: &str) -> Params {
        let Dist::Mixture {
            of: parts,
            weights: shares,
        } = dist
        else {
            return Vec::new();
        };
        let found = weights(shares);
        if found.is_none() {
            self.inexact(path);
        }
        let chosen = found.unwrap_or_else(|| shares.clone());
        let parts: Vec<String> = parts.iter().map(|part| self.dist(part, of, path)).collect();
        vec![
            ("of", list(parts.into_iter())),
            ("weights", list(chosen.into_iter().map(number))),
        ]
    }
}

/// A mean and a coefficient of variation that make this distribution.
fn pair(
    dist: &Dist,
    (of, mean): (Of, f64),
    cv: f64,
    make: fn(f64, f64) -> Result<Dist, DistError>,
) -> Option<(f64, f64)> {
    let means: Vec<f64> = match of {
        Of::Time | Of::Bytes => whole_near(mean).collect(),
        Of::Number => near(mean).take(20).collect(),
    };
    // A wrong mean shows at once: only the right one is worth a long search.
    let mut pairs = means
        .into_iter()
        .flat_map(|mean| near(cv).map(move |cv| (mean, cv)));
    pairs.find(|(mean, cv)| is(make(*mean, *cv), dist))
}

fn is(made: Result<Dist, DistError>, wanted: &Dist) -> bool {
    made.is_ok_and(|dist| dist == *wanted)
}
