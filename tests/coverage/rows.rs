//! What is tried: systems with known answers, and experiments of several kinds on them.

use std::sync::Arc;

use veltrix::experiment::design::{Design, Point, Variant, WarmUp};
use veltrix::experiment::stopping::Stopping;
use veltrix::model::incident::Rules;
use veltrix::model::metric::Metric;
use veltrix::model::spec::*;
use veltrix::model::trial::{Horizon, Timing};

use crate::exact::{Answer, mh1, mm1, mmck, mmpp};
use crate::systems::{S, drawn, group, system};

/// A system that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Case {
    /// M/M/1, half loaded; the second is 10 % faster.
    Mm1 { fast: bool },
    /// Four cores at a load of 0.9, room for 12 or 14 in all.
    Mmck { room: u32 },
    /// Work exponential of mean 2.5 ms for one in five, 0.625 ms for the rest; load 0.5.
    Mh1,
    /// Between 200 and 800 a second, 20 ms each; one core of 1 ms.
    Mmpp,
    /// The same with room for 10 in all.
    MmppK,
}

/// Most replications of an experiment that stops by itself.
const CAP: u32 = 400;

const RATE: f64 = 500.0;

impl Case {
    pub fn answer(self) -> Answer {
        let (rates, leave) = ([200.0, 800.0], [50.0; 2]);
        match self {
            Case::Mm1 { fast } => mm1(RATE, if fast { 1000.0 / 0.9 } else { 1000.0 }),
            Case::Mmck { room } => mmck(3600.0, 1000.0, 4, room as usize),
            Case::Mh1 => mh1(RATE, 0.2, [400.0, 1600.0]),
            Case::Mmpp => mmpp(rates, leave, 1000.0, 1, 2000),
            Case::MmppK => mmpp(rates, leave, 1000.0, 1, 10),
        }
    }

    fn rate(self) -> f64 {
        match self {
            Case::Mmck { .. } => 3600.0,
            _ => RATE,
        }
    }

    pub fn spec(self) -> SystemSpec {
        let exponential = |mean: f64| Dist::exponential(mean * 1e6).unwrap();
        let poisson = Arrivals::Poisson { rate: self.rate() };
        let modulated = Arrivals::Mmpp {
            rates: vec![200.0, 800.0],
            dwell: vec![20e6; 2],
            switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        let (arrivals, work, cores, slots) = match self {
            Case::Mm1 { fast } => (poisson, exponential(if fast { 0.9 } else { 1.0 }), 1, None),
            Case::Mmck { room } => (poisson, exponential(1.0), 4, Some(room - 4)),
            Case::Mh1 => {
                let two = Dist::hyperexponential_of(&[2.5e6, 0.625e6], &[0.2, 0.8]);
                (poisson, two.unwrap(), 1, None)
            }
            Case::Mmpp => (modulated, exponential(1.0), 1, None),
            Case::MmppK => (modulated, exponential(1.0), 1, Some(9)),
        };
        let mut spec = system(arrivals, drawn(work), group(1, cores, slots));
        spec.title = "a known answer".into();
        spec
    }
}

/// How an experiment is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Ten replications of so many requests.
    Pooled(u32),
    /// The difference to another system over ten paired replications of so many requests.
    Paired(Case, u32),
    /// Replications of so many requests until the first metric is known so well.
    Sequential(u32, f64),
    /// One trial of so many requests.
    Batches(u32),
}

/// One row of experiments, a line of the page for each of its metrics.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: &'static str,
    pub system: &'static str,
    pub case: Case,
    pub kind: Kind,
    pub metrics: &'static [&'static str],
    /// Least and greatest share of intervals that hold the truth.
    pub must: (f64, f64),
}

/// What an experiment of full size is held to, and one that is smaller or stops by itself.
const HONEST: (f64, f64) = (0.93, 0.97);
const AT_LEAST: (f64, f64) = (0.91, 1.0);

const DELAYS: &[&str] = &["latency_mean", "latency_p95", "latency_p99"];
const ALL: &[&str] = &["latency_mean", "latency_p95", "latency_p99", "loss"];

/// So many that at least 1,000 are beyond the 99th percentile, whatever chance does.
const FULL: u32 = 104_000;
/// The same where the count varies more, or one in twenty is lost.
const MORE: u32 = 110_000;

pub fn rows() -> Vec<Row> {
    use Kind::*;
    let mm1 = Case::Mm1 { fast: false };
    let mmck = Case::Mmck { room: 12 };
    let row = |name, system, case, kind, metrics, must| Row {
        name,
        system,
        case,
        kind,
        metrics,
        must,
    };
    let faster = Paired(Case::Mm1 { fast: true }, FULL);
    let roomier = Paired(Case::Mmck { room: 14 }, MORE);
    vec![
        row("mm1", "M/M/1", mm1, Pooled(FULL), DELAYS, HONEST),
        row("mmck", "M/M/4/12", mmck, Pooled(MORE), ALL, HONEST),
        row("mg1", "M/H2/1", Case::Mh1, Pooled(FULL), DELAYS, HONEST),
        row("mmpp", "MMPP/M/1", Case::Mmpp, Pooled(MORE), DELAYS, HONEST),
        row(
            "mmppk",
            "MMPP/M/1/10",
            Case::MmppK,
            Pooled(MORE),
            ALL,
            HONEST,
        ),
        row(
            "mm1-pair",
            "M/M/1, 10 % faster",
            mm1,
            faster,
            DELAYS,
            HONEST,
        ),
        row(
            "mmck-pair",
            "M/M/4/12, M/M/4/14",
            mmck,
            roomier,
            ALL,
            HONEST,
        ),
        row("mm1-small", "M/M/1", mm1, Pooled(5_000), DELAYS, AT_LEAST),
        row("mmck-small", "M/M/4/12", mmck, Pooled(2_000), ALL, AT_LEAST),
        row(
            "mmppk-small",
            "MMPP/M/1/10",
            Case::MmppK,
            Pooled(5_000),
            ALL,
            AT_LEAST,
        ),
        row(
            "mm1-stop",
            "M/M/1",
            mm1,
            Sequential(5_000, 0.05),
            &["latency_mean"],
            AT_LEAST,
        ),
        row(
            "mm1-stop-p99",
            "M/M/1",
            mm1,
            Sequential(5_000, 0.1),
            &["latency_p99"],
            AT_LEAST,
        ),
        row(
            "mmck-stop",
            "M/M/4/12",
            mmck,
            Sequential(5_000, 0.05),
            &["loss"],
            AT_LEAST,
        ),
        row(
            "mm1-batches",
            "M/M/1",
            mm1,
            Batches(1_000_000),
            DELAYS,
            AT_LEAST,
        ),
        row(
            "mmck-batches",
            "M/M/4/12",
            mmck,
            Batches(1_000_000),
            ALL,
            AT_LEAST,
        ),
    ]
}

impl Kind {
    /// In words, for the page.
    pub fn words(self) -> String {
        match self {
            Kind::Pooled(n) => format!("10 replications of {n} requests"),
            Kind::Paired(_, n) => format!("difference, 10 pairs of {n}"),
            Kind::Sequential(n, e) => format!("{n} requests a replication, until ±{} %", e * 100.0),
            Kind::Batches(n) => format!("one trial of {n} requests"),
        }
    }
}

impl Row {
    /// The value that a metric's interval should hold.
    pub fn truth(&self, metric: &str) -> f64 {
        let of = |case: Case| {
            let answer = case.answer();
            match metric {
                "latency_mean" => answer.mean,
                "latency_p95" => answer.percentile(0.95),
                "latency_p99" => answer.percentile(0.99),
                "loss" => answer.loss,
                _ => panic!("nothing known of {metric}"),
            }
        };
        match self.kind {
            Kind::Paired(other, _) => of(other) - of(self.case),
            _ => of(self.case),
        }
    }

    fn stopping(&self) -> Option<Stopping> {
        let Kind::Sequential(_, precision) = self.kind else {
            return None;
        };
        Some(Stopping {
            min: 10,
            precision,
            metrics: vec![Metric::parse(self.metrics[0]).unwrap()],
        })
    }

    /// The design of one experiment: systems as variants, a tenth or other `share` of its length.
    pub fn design(&self, seed: u64, share: f64) -> Design {
        let (n, replications) = match self.kind {
            Kind::Pooled(n) | Kind::Paired(_, n) => (n, 10),
            Kind::Sequential(n, _) => (n, CAP),
            Kind::Batches(n) => (n, 1),
        };
        let mut cases = vec![self.case];
        if let Kind::Paired(other, _) = self.kind {
            cases.push(other);
        }
        let variant = |name: &str| Variant {
            name: name.into(),
            title: String::new(),
        };
        let point = |(variant, case): (usize, &Case)| Point {
            variant,
            at: Vec::new(),
            system: Arc::new(case.spec()),
        };
        let horizon = f64::from(n) * share / self.case.rate() * S as f64;
        Design {
            name: self.name.into(),
            title: String::new(),
            seed,
            timing: Timing {
                // 500 services: dozens of relaxation times of any of these.
                warm_up: S / 2,
                horizon: Horizon::For(horizon as u64),
                drain: 10 * S,
                window: 3600 * S,
            },
            warm_up: WarmUp::Stated,
            terminating: false,
            replications,
            stopping: self.stopping(),
            confidence: 0.95,
            attempts: None,
            variants: vec![variant("a"), variant("b")],
            axes: Vec::new(),
            points: cases.iter().enumerate().map(point).collect(),
            metrics: self
                .metrics
                .iter()
                .map(|m| Metric::parse(m).unwrap())
                .collect(),
            objective: None,
            detectors: Rules::default(),
            rare: None,
            charts: Vec::new(),
        }
    }
}
