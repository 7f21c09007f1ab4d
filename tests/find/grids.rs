//! Grids of real systems with exact answers.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use veltrix::config::{self, Overrides};
use veltrix::experiment::find::checks::Checks;
use veltrix::experiment::find::simulated::{self, Question, Simulated};
use veltrix::experiment::find::space::Space;
use veltrix::experiment::find::{Settings, search};

use super::queues::Queue;

/// A constraint on one point's exact numbers.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// `loss < x`
    Loss(f64),
    /// `wait_mean < seconds`
    WaitMean(f64),
    /// `wait_pQ < seconds`, with 1 - Q
    Wait(f64, f64),
    /// `latency_pQ < seconds`, with 1 - Q
    Latency(f64, f64),
}

impl Limit {
    fn text(&self) -> String {
        let percentile = |rest: f64| 100.0 - (rest * 100.0).round();
        match self {
            Limit::Loss(x) => format!("loss < {x}"),
            Limit::WaitMean(s) => format!("wait_mean < {}us", (s * 1e6).round()),
            Limit::Wait(s, rest) => {
                format!("wait_p{} < {}us", percentile(*rest), (s * 1e6).round())
            }
            Limit::Latency(s, rest) => {
                format!("latency_p{} < {}us", percentile(*rest), (s * 1e6).round())
            }
        }
    }

    /// Whether it holds with its bound multiplied by `factor`.
    fn holds(&self, queue: &Queue, factor: f64) -> bool {
        match *self {
            Limit::Loss(x) => queue.loss() < x * factor,
            Limit::WaitMean(s) => queue.wait_mean() < s * factor,
            Limit::Wait(s, rest) => queue.wait_over(s * factor) < rest,
            Limit::Latency(s, rest) => queue.latency_over(s * factor) < rest,
        }
    }
}

/// A grid.
pub struct Grid {
    pub title: &'static str,
    model: String,
    horizon: &'static str,
    sweep: String,
    lens: Vec<usize>,
    limits: Vec<Limit>,
    /// The queue that each worker is, and what the point costs.
    exact: fn(&[usize]) -> (Queue, f64),
}

/// What one search came to.
pub struct Outcome {
    /// It returned the cheapest feasible point, or one within the stated indifference: feasible,
    /// and none that is cheaper meets every constraint with 5 % to spare.
    pub right: bool,
    /// It returned the cheapest feasible point, or another of the same cost.
    pub cheapest: bool,
    /// Requests against the whole grid's.
    pub share: Option<f64>,
    /// Points that were run.
    pub run: usize,
    /// What happened, for a failure.
    pub said: String,
}

const INDIFFERENCE: f64 = 0.05;

impl Grid {
    pub fn size(&self) -> usize {
        self.lens.iter().product()
    }

    fn points(&self) -> Vec<Vec<usize>> {
        let mut points = vec![Vec::new()];
        for &len in &self.lens {
            let longer = |p: &Vec<usize>| {
                let p = p.clone();
                (0..len).map(move |i| [p.clone(), vec![i]].concat())
            };
            points = points.iter().flat_map(longer).collect();
        }
        points
    }

    fn meets(&self, at: &[usize], factor: f64) -> bool {
        let (queue, _) = (self.exact)(at);
        self.limits.iter().all(|limit| limit.holds(&queue, factor))
    }

    /// Points with a constraint within 5 % of its bound.
    pub fn tight(&self) -> usize {
        let near = |at: &Vec<usize>| {
            let (queue, _) = (self.exact)(at);
            let near = |l: &Limit| l.holds(&queue, 1.05) && !l.holds(&queue, 0.95);
            self.limits.iter().any(near)
        };
        self.points().iter().filter(|at| near(at)).count()
    }

    /// The cost of the cheapest point that meets every constraint with this factor on its bound.
    fn cheapest(&self, factor: f64) -> f64 {
        let points = self.points();
        let good = points.iter().filter(|at| self.meets(at, factor));
        good.map(|at| (self.exact)(at).1)
            .fold(f64::INFINITY, f64::min)
    }

    /// Searches it.
    pub fn find(&self, seed: u64) -> Outcome {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "find-{}-{}",
            self.title.replace(['/', ' ', ','], "-"),
            std::process::id()
        ));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("model.toml"), &self.model).unwrap();
        let limits: Vec<String> = self
            .limits
            .iter()
            .map(|l| format!("{:?}", l.text()))
            .collect();
        let experiment = format!(
            "model = \"model.toml\"\nwarm_up = \"2s\"\nhorizon = \"{}\"\nreplications = 5\n\
             [sweep]\n{}\n[objective]\nsubject_to = [{}]\n",
            self.horizon,
            self.sweep,
            limits.join(", ")
        );
        let file = folder.join("grid.toml");
        fs::write(&file, experiment).unwrap();
        let overrides = Overrides {
            seed: Some(seed.to_string()),
            ..Overrides::default()
        };
        let mut searched = config::load_search(&file, &overrides).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let objective = searched.design.objective.clone().unwrap();
        let space = Space::new(
            searched.parts.clone(),
            &searched.design.axes,
            &objective.subject_to,
        );
        let checks = Checks::new(&objective.subject_to, objective.indifference);
        assert_eq!(objective.indifference, INDIFFERENCE);
        let settings = Settings::new(searched.design.confidence, searched.design.replications);
        let question = Question {
            seed,
            timing: searched.design.timing,
            terminating: searched.design.terminating,
            minimise: objective.minimise.clone(),
            constraints: objective.subject_to.clone(),
            rare: simulated::splitting(None),
        };
        let (stop, mut hears) = (AtomicBool::new(false), |_| {});
        let mut oracle = Simulated::new(
            &space,
            &checks,
            &question,
            &mut searched.maker,
            2,
            &stop,
            &mut hears,
        )
        .unwrap();
        let answer = search(&space, &checks, &settings, &mut oracle).unwrap();
        let run = answer.looked.iter().filter(|l| l.round > 0).count();
        let Some(winner) = &answer.winner else {
            return Outcome {
                right: self.cheapest(1.0 - INDIFFERENCE).is_infinite(),
                cheapest: self.cheapest(1.0).is_infinite(),
                share: None,
                run,
                said: format!("no winner of {run} run"),
            };
        };
        let at = space.place(winner.point).1;
        let (queue, cost) = (self.exact)(&at);
        assert!(
            (winner.cost - cost).abs() < 1e-6 * cost,
            "{at:?}: {} for {cost}",
            winner.cost
        );
        let feasible = self.meets(&at, 1.0);
        let (best, spared) = (self.cheapest(1.0), self.cheapest(1.0 - INDIFFERENCE));
        let slack = 1.0 - 1e-9;
        Outcome {
            right: feasible && spared >= cost * slack,
            cheapest: feasible && best >= cost * slack,
            share: answer
                .full_requests()
                .map(|full| answer.requests as f64 / full),
            run,
            said: format!(
                "{at:?} at {cost}, feasible {feasible}, cheapest {best}, with 5 % to spare \
                 {spared}: {queue:?}"
            ),
        }
    }
}

fn model(rate: f64, work: &str, policy: &str, workers: &str) -> String {
    format!(
        "[source.users]\nto = \"web\"\n\
         arrivals = {{ process = \"poisson\", rate = \"{rate}/s\" }}\n\
         [service.web]\nwork = {{ dist = \"exponential\", mean = \"{work}\" }}\n\
         balancer = {{ policy = \"{policy}\" }}\n\
         [service.web.workers]\n{workers}\n\
         [prices]\ncore_hour = 1.0\ngib_hour = 0.5\n"
    )
}

fn list(values: impl Iterator<Item = usize>) -> String {
    let all: Vec<String> = values.map(|v| v.to_string()).collect();
    format!("[{}]", all.join(", "))
}

fn gib(values: impl Iterator<Item = usize>) -> String {
    let all: Vec<String> = values.map(|v| format!("\"{v}GiB\"")).collect();
    format!("[{}]", all.join(", "))
}

pub fn all() -> Vec<Grid> {
    vec![
        Grid {
            title: "M/M/c/K, cores x slots",
            // 8 cores at work on average.
            model: model(
                200.0,
                "40ms",
                "random",
                "count = 1\ncores = 8\nram = \"2GiB\"\nbuffer = { slots = 8 }",
            ),
            horizon: "20s",
            sweep: format!(
                "\"service.web.workers.cores\" = {}\n\"service.web.workers.buffer.slots\" = {}",
                list(1..=20),
                list(0..=19)
            ),
            lens: vec![20, 20],
            limits: vec![Limit::Loss(0.01), Limit::WaitMean(0.0042)],
            exact: |at| {
                let queue = Queue {
                    lambda: 200.0,
                    mu: 25.0,
                    c: at[0] + 1,
                    k: Some(at[1]),
                };
                (queue, queue.c as f64 + 1.0)
            },
        },
        Grid {
            title: "M/M/c, workers x cores, random",
            model: model(
                200.0,
                "40ms",
                "random",
                "count = 4\ncores = 4\nram = \"2GiB\"\nbuffer = { slots = \"unbounded\" }",
            ),
            horizon: "20s",
            sweep: format!(
                "\"service.web.workers.count\" = {}\n\"service.web.workers.cores\" = {}",
                list(1..=20),
                list(1..=12)
            ),
            lens: vec![20, 12],
            limits: vec![Limit::Wait(0.04, 0.05)],
            exact: |at| {
                let n = (at[0] + 1) as f64;
                let queue = Queue {
                    lambda: 200.0 / n,
                    mu: 25.0,
                    c: at[1] + 1,
                    k: None,
                };
                (queue, n * (queue.c as f64 + 1.0))
            },
        },
        Grid {
            title: "M/M/c/K, workers x cores x slots, random",
            model: model(
                200.0,
                "40ms",
                "random",
                "count = 4\ncores = 4\nram = \"2GiB\"\nbuffer = { slots = 4 }",
            ),
            horizon: "20s",
            sweep: format!(
                "\"service.web.workers.count\" = {}\n\"service.web.workers.cores\" = {}\n\
                 \"service.web.workers.buffer.slots\" = {}",
                list(1..=12),
                list(2..=9),
                list(0..=9)
            ),
            lens: vec![12, 8, 10],
            limits: vec![Limit::Loss(0.02), Limit::Wait(0.03, 0.10)],
            exact: |at| {
                let n = (at[0] + 1) as f64;
                let queue = Queue {
                    lambda: 200.0 / n,
                    mu: 25.0,
                    c: at[1] + 2,
                    k: Some(at[2]),
                };
                (queue, n * (queue.c as f64 + 1.0))
            },
        },
        Grid {
            title: "M/M/1, workers x speeds",
            model: model(
                200.0,
                "40ms",
                "random",
                "count = 10\ncores = 1\nspeed = 1.0\nram = \"2GiB\"\n\
                 buffer = { slots = \"unbounded\" }",
            ),
            horizon: "20s",
            // A faster core has more RAM, which sets its price.
            sweep: format!(
                "\"service.web.workers.count\" = {}\nzip = [[\"service.web.workers.speed\", {}], \
                 [\"service.web.workers.ram\", {}]]",
                list((1..=20).map(|n| 2 * n)),
                list(1..=15),
                gib((1..=15).map(|s| 2 * s + s * s / 4))
            ),
            lens: vec![20, 15],
            limits: vec![Limit::Latency(0.15, 0.05)],
            exact: |at| {
                let (n, speed) = ((2 * (at[0] + 1)) as f64, at[1] + 1);
                let queue = Queue {
                    lambda: 200.0 / n,
                    mu: 25.0 * speed as f64,
                    c: 1,
                    k: None,
                };
                (
                    queue,
                    n * (1.0 + 0.5 * (2 * speed + speed * speed / 4) as f64),
                )
            },
        },
        Grid {
            title: "M/M/c, cores x RAM that does nothing",
            model: model(
                500.0,
                "40ms",
                "random",
                "count = 1\ncores = 25\nram = \"2GiB\"\nbuffer = { slots = \"unbounded\" }",
            ),
            horizon: "10s",
            sweep: "\"service.web.workers.cores\" = { min = 1, max = 50 }\n\
                 \"service.web.workers.ram\" = \
                 { min = \"1GiB\", max = \"20GiB\", step = \"1GiB\" }"
                .to_string(),
            lens: vec![50, 20],
            limits: vec![Limit::WaitMean(0.0021), Limit::Wait(0.02, 0.05)],
            exact: |at| {
                let queue = Queue {
                    lambda: 500.0,
                    mu: 25.0,
                    c: at[0] + 1,
                    k: None,
                };
                (queue, queue.c as f64 + 0.5 * (at[1] + 1) as f64)
            },
        },
        Grid {
            title: "M/M/c/c, workers x cores, random",
            model: model(
                500.0,
                "40ms",
                "random",
                "count = 4\ncores = 10\nram = \"2GiB\"\nbuffer = { slots = 0 }",
            ),
            horizon: "10s",
            sweep: format!(
                "\"service.web.workers.count\" = {}\n\"service.web.workers.cores\" = {}",
                list(1..=10),
                list((1..=20).map(|n| 2 * n))
            ),
            lens: vec![10, 20],
            limits: vec![Limit::Loss(0.02)],
            exact: |at| {
                let n = (at[0] + 1) as f64;
                let queue = Queue {
                    lambda: 500.0 / n,
                    mu: 25.0,
                    c: 2 * (at[1] + 1),
                    k: Some(0),
                };
                (queue, n * (queue.c as f64 + 1.0))
            },
        },
    ]
}
