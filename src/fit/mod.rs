//! From a log to a model: what arrival process, which sizes and which service times a recorded
//! stream of requests speaks for, and how well the answer holds on a part that was not fitted.
//!
//! Pure: rows in, numbers out. Knows neither how logs are written ([`crate::config`] reads them)
//! nor what a model file looks like.

mod classes;
mod counts;
mod draw;
mod held;
mod profile;
mod residual;
mod service;
mod sizes;

pub use classes::{Split, few_classes, size_groups};
pub use counts::{dispersion, spread_ties};
pub use draw::draw;
pub use held::{Held, Queue, Scale, compare_scales, hold_out};
pub use profile::{Cascade, Level};
pub use residual::{Process, fit_process};
pub use service::{Service, fit_service};
pub use sizes::{SizeFit, fit_sizes, kolmogorov};

use crate::base::units::{Nanos, SECOND};

/// One request of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it arrived, from the first row on.
    pub at: Nanos,
    /// Index into [`Log::classes`].
    pub class: u32,
    /// Its size in the unit of the log; 0 where the log has no sizes.
    pub size: u64,
    /// How long it took, where the log says so.
    pub took: Option<Took>,
}

/// How long a request took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// From its arrival to its end.
    pub time: Nanos,
    /// It was given up then: it would have taken at least so long.
    pub cut: bool,
}

/// What was read of a log, in the order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The requests.
    pub rows: Vec<Row>,
    /// Names of their classes; one when the log has none.
    pub classes: Vec<String>,
    /// Whether rows have sizes.
    pub sized: bool,
    /// The finest step of the log's clock, at most a second.
    pub resolution: Nanos,
    /// The timeout that all requests had in common, where it is known.
    pub timeout: Option<Nanos>,
}

impl Log {
    /// How long the log is: from the first row to one mean gap after the last.
    pub fn length(&self) -> Nanos {
        let n = self.rows.len() as u128;
        let last = self.rows.last().map_or(0, |row| row.at);
        match n {
            0 | 1 => 0,
            _ => (u128::from(last) * n / (n - 1)) as Nanos,
        }
    }
}

/// Which arrival process is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// A rate over time where the log shows one, and what is left of its bursts on top.
    #[default]
    Profile,
    /// No rate over time: one process for the whole log, bursts and all.
    Stationary,
    /// A Poisson stream of the mean rate, whatever the log shows.
    Poisson,
}

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which process.
    pub wanted: Wanted,
    /// Most steps of a rate over time.
    pub steps: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            wanted: Wanted::Profile,
            steps: 512,
        }
    }
}

/// A kind of request within a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Its name.
    pub name: String,
    /// How many of the log's rows are of it.
    pub count: usize,
    /// Its sizes; `None` where the log has none.
    pub size: Option<SizeFit>,
}

/// Requests that arrive by one process: a source of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Requests a second, the mean over the log.
    pub rate: f64,
    /// What the rate is multiplied by in equal steps of the log's length, mean 1; empty: always 1.
    pub steps: Vec<f64>,
    /// What is on top of that.
    pub process: Process,
    /// What arrives, at least one.
    pub kinds: Vec<Kind>,
}

/// What a log speaks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// How long the log is.
    pub length: Nanos,
    /// How many requests it has.
    pub requests: usize,
    /// Why there are several flows, or one.
    pub split: Split,
    /// Who arrives how.
    pub flows: Vec<Flow>,
    /// What each halving of time told: the rate's variance there, in units of Poisson's.
    pub levels: Vec<Level>,
}

impl Fitted {
    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / (self.length as f64 / SECOND as f64)
    }
}

/// Fewest rows that are fitted.
pub const FEWEST: usize = 20;

/// Fits arrivals and sizes. Times must not go backwards; rows that share a time should be
/// [spread](spread_ties) before. `None` with fewer than [`FEWEST`] rows, or all at one time.
pub fn fit(log: &Log, options: Options) -> Option<Fitted> {
    let length = log.length();
    if log.rows.len() < FEWEST || length == 0 {
        return None;
    }
    let (mut groups, by_size) = match log.classes.len() {
        0 | 1 if log.sized => (size_groups(log), true),
        _ => (log.clone(), false),
    };
    let cascade = Cascade::new(&groups, options.steps);
    let apart =
        groups.classes.len() > 1 && cascade.shares_drift() && options.wanted == Wanted::Profile;
    if by_size && !apart {
        groups = log.clone();
    }
    let split = match (apart, by_size) {
        (false, _) => Split::Together,
        (true, false) => Split::ByClass,
        (true, true) => Split::BySize,
    };
    let kind = |class: usize| {
        let mut sizes: Vec<u64> = of_class(&groups, class).map(|row| row.size).collect();
        sizes.sort_unstable();
        Kind {
            name: groups.classes[class].clone(),
            count: sizes.len(),
            size: log.sized.then(|| match split {
                Split::BySize => SizeFit::recorded(&sizes),
                _ => fit_sizes(&sizes),
            }),
        }
    };
    let flow = |name: &str, rows: &[Nanos], steps: Vec<f64>, kinds: Vec<Kind>| {
        let process = match options.wanted {
            Wanted::Poisson => Process::Poisson,
            _ => fit_process(rows, length, &steps, log.resolution),
        };
        Flow {
            name: name.to_owned(),
            rate: rows.len() as f64 / (length as f64 / SECOND as f64),
            steps,
            process,
            kinds,
        }
    };
    let present = (0..groups.classes.len()).filter(|&c| of_class(&groups, c).next().is_some());
    let flows = match apart {
        true => present
            .map(|class| {
                let rows: Vec<Nanos> = of_class(&groups, class).map(|row| row.at).collect();
                let steps = cascade.factors_of(class);
                flow(&groups.classes[class], &rows, steps, vec![kind(class)])
            })
            .collect(),
        false => {
            let rows: Vec<Nanos> = groups.rows.iter().map(|row| row.at).collect();
            let steps = match options.wanted {
                Wanted::Profile => cascade.factors(),
                _ => Vec::new(),
            };
            vec![flow("clients", &rows, steps, present.map(kind).collect())]
        }
    };
    Some(Fitted {
        length,
        requests: log.rows.len(),
        split,
        flows,
        levels: match options.wanted {
            Wanted::Profile => cascade.levels,
            _ => Vec::new(),
        },
    })
}

fn of_class(log: &Log, class: usize) -> impl Iterator<Item = &Row> {
    log.rows
        .iter()
        .filter(move |row| row.class as usize == class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::{Bits, Key, Stream};
    use crate::engine::ziggurat::exp1;

    /// Poisson at 10 a second for so many seconds; sizes by a rule.
    pub(super) fn poisson(seconds: u64, size: &dyn Fn(f64, f64) -> u64) -> Log {
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        let (mut rows, mut at) = (Vec::new(), 0.0);
        loop {
            at += exp1(&mut stream) / 10.0;
            if at > seconds as f64 {
                break;
            }
            let size = size(at, stream.unit());
            rows.push(Row {
                at: (at * 1e9) as Nanos,
                class: 0,
                size,
                took: None,
            });
        }
        Log {
            rows,
            classes: vec!["all".into()],
            sized: true,
            resolution: 1,
            timeout: None,
        }
    }

    #[test]
    fn a_poisson_stream_is_fitted_as_one() {
        let log = poisson(2000, &|_, u| (u * 1000.0) as u64);
        let fitted = fit(&log, Options::default()).unwrap();
        assert_eq!(fitted.split, Split::Together);
        assert_eq!(fitted.flows.len(), 1);
        let flow = &fitted.flows[0];
        assert!(flow.steps.is_empty(), "{:?}", fitted.levels);
        assert_eq!(flow.process, Process::Poisson);
        assert!((flow.rate - 10.0).abs() < 0.3);
    }

    #[test]
    fn sizes_that_follow_the_hour_get_flows_of_their_own() {
        let log = poisson(2000, &|at, u| {
            (u * if at < 1000.0 { 1000.0 } else { 3000.0 }) as u64
        });
        let fitted = fit(&log, Options::default()).unwrap();
        assert_eq!(fitted.split, Split::BySize);
        assert_eq!(fitted.flows.len(), 4);
        let largest = &fitted.flows[3];
        // Only the second half sends more than 1000.
        let first = largest.steps[..largest.steps.len() / 2].iter().sum::<f64>();
        assert!(first < 0.1 * largest.steps.len() as f64, "{first}");
        let rate: f64 = fitted.flows.iter().map(|f| f.rate).sum();
        assert!((rate - fitted.rate()).abs() < 1e-9);
    }

    #[test]
    fn too_little_is_not_fitted() {
        let mut log = poisson(2000, &|_, _| 1);
        log.rows.truncate(FEWEST - 1);
        assert_eq!(fit(&log, Options::default()), None);
        log.rows = vec![log.rows[0]; 50];
        log.rows.iter_mut().for_each(|row| row.at = 0);
        assert_eq!(fit(&log, Options::default()), None);
    }
}
