//! Requests drawn from what was fitted, to hold it against the log without a model file.

use crate::base::units::{Nanos, SECOND};
use crate::engine::rng::{Bits, Key, Stream};
use crate::engine::ziggurat::exp1;

use super::{Fitted, Flow, Kind, Process};

/// Times and sizes of one drawn log, in the order of time: a function of the seed alone.
pub fn draw(fitted: &Fitted, seed: u64) -> Vec<(Nanos, u64)> {
    let key = Key::new(seed, 0, 0);
    let mut rows = Vec::new();
    for (i, flow) in fitted.flows.iter().enumerate() {
        let mut arrivals = Stream::new(&key, &format!("fit/{i}/arrivals"));
        let mut sizes = Stream::new(&key, &format!("fit/{i}/sizes"));
        let count: f64 = flow.kinds.iter().map(|k| k.count as f64).sum();
        for at in times(flow, fitted.length, &mut arrivals) {
            let kind = pick(&flow.kinds, sizes.unit() * count);
            let size = kind.size.as_ref();
            let size = size.map_or(0.0, |s| s.quantile(sizes.unit()));
            rows.push((at, size as u64));
        }
    }
    rows.sort_unstable();
    rows
}

fn pick(kinds: &[Kind], mut at: f64) -> &Kind {
    for kind in &kinds[..kinds.len() - 1] {
        at -= kind.count as f64;
        if at < 0.0 {
            return kind;
        }
    }
    &kinds[kinds.len() - 1]
}

/// Unit exponentials are used up as fast as the rate is, piece by piece of constant rate.
fn times(flow: &Flow, length: Nanos, stream: &mut Stream) -> Vec<Nanos> {
    let end = length as f64;
    let step = end / flow.steps.len().max(1) as f64;
    let rate = flow.rate / SECOND as f64;
    let states: [(f64, f64); 2] = match flow.process {
        Process::Poisson => [(1.0, f64::INFINITY), (1.0, f64::INFINITY)],
        Process::Mmpp { factors, dwell } => [(factors[0], dwell[0]), (factors[1], dwell[1])],
        Process::OnOff { factor, dwell } => [(factor, dwell[0]), (0.0, dwell[1])],
    };
    let share = states[0].1 / (states[0].1 + states[1].1);
    let mut state = usize::from(stream.unit() >= share);
    let stay = |state: usize, stream: &mut Stream| match states[state].1.is_finite() {
        true => states[state].1 * exp1(stream),
        false => f64::INFINITY,
    };
    let (mut found, mut now, mut wanted) = (Vec::new(), 0.0, exp1(stream));
    let mut until = stay(state, stream);
    let mut part = 0;
    while now < end {
        let factor = flow.steps.get(part).copied().unwrap_or(1.0);
        let part_end = match part + 1 < flow.steps.len() {
            true => (part + 1) as f64 * step,
            false => end,
        };
        let stop = part_end.min(until);
        let speed = rate * factor * states[state].0;
        if speed * (stop - now) >= wanted {
            now += wanted / speed;
            wanted = exp1(stream);
            if now < end {
                found.push(now as Nanos);
            }
            continue;
        }
        wanted -= speed * (stop - now);
        now = stop;
        if until <= part_end {
            state = 1 - state;
            until = now + stay(state, stream);
        } else {
            part += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{SizeFit, Split, dispersion};
    use super::*;

    fn fitted(steps: Vec<f64>, process: Process) -> Fitted {
        let kind = |name: &str, count, size| Kind {
            name: name.into(),
            count,
            size: Some(SizeFit::Constant(size)),
        };
        Fitted {
            length: 4000 * SECOND,
            requests: 80_000,
            split: Split::Together,
            flows: vec![Flow {
                name: "clients".into(),
                rate: 20.0,
                steps,
                process,
                kinds: vec![kind("a", 30, 1), kind("b", 10, 5)],
            }],
            levels: Vec::new(),
        }
    }

    #[test]
    fn what_is_drawn_has_the_rate_the_steps_the_bursts_and_the_sizes() {
        let mmpp = Process::Mmpp {
            factors: [1.5, 0.5],
            dwell: [2e9, 2e9],
        };
        let rows = draw(&fitted(vec![0.5, 1.5], mmpp), 1);
        assert!((rows.len() as f64 / 80_000.0 - 1.0).abs() < 0.03);
        let first = rows.iter().filter(|r| r.0 < 2000 * SECOND).count() as f64;
        assert!((first / rows.len() as f64 - 0.25).abs() < 0.01);
        let mean = rows.iter().map(|r| r.1 as f64).sum::<f64>() / rows.len() as f64;
        assert!((mean - 2.0).abs() < 0.05);
        let at: Vec<Nanos> = draw(&fitted(Vec::new(), mmpp), 1)
            .iter()
            .map(|r| r.0)
            .collect();
        let index = dispersion(&at, 4000 * SECOND, 10 * SECOND).unwrap();
        let theory = mmpp.dispersion(20.0, 10 * SECOND);
        assert!((index / theory - 1.0).abs() < 0.15, "{index} {theory}");
    }

    #[test]
    fn the_same_seed_gives_the_same_rows() {
        let fitted = fitted(vec![0.5, 1.5], Process::Poisson);
        assert_eq!(draw(&fitted, 3), draw(&fitted, 3));
        assert_ne!(draw(&fitted, 3), draw(&fitted, 4));
    }
}
