//! Which cases are run, and what came out of all of them.

use super::measure::{Job, count, run_all};
use super::read::Case;
use super::replay::{self, Replayed};
use super::waiting::WAITING;
use super::{Compared, STANDARD, compare, size};
use crate::model::trial::TrialError;

/// What is to be run.
#[derive(Clone, Debug, Default)]
pub struct Suite<'c> {
    /// Systems with chance in them.
    pub jobs: Vec<Job<'c>>,
    /// Replays without chance.
    pub replays: Vec<Replay<'c>>,
    /// Cases that are too long for what was asked.
    pub left: Vec<&'c Case>,
}

/// A replay that is to be run.
#[derive(Clone, Copy, Debug)]
pub enum Replay<'c> {
    /// A case of the kind `trace`.
    Case(&'c Case),
    /// A line of the oracle, from 0.
    Line(usize),
}

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// Cases of up to [`STANDARD`] requests.
    Standard,
    /// All.
    All,
}

/// Why a case cannot be run by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// There is neither a case nor a kind of cases of this name.
    Unknown(String),
    /// It is a case of its own kind that is not run here, and why.
    NotRun(String, String),
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Outcome<'c> {
    /// Every number beside the known one, in the order of the suite.
    pub compared: Vec<Compared<'c>>,
    /// Every replay.
    pub replays: Vec<Replayed>,
    /// Runs that failed, by the name of their case.
    pub broken: Vec<(String, TrialError)>,
    /// Requests measured, of the systems with chance in them.
    pub requests: u64,
}

impl Outcome<'_> {
    /// Numbers that are wrong.
    pub fn wrong(&self) -> impl Iterator<Item = &Compared<'_>> {
        self.compared.iter().filter(|c| !c.holds())
    }

    /// Whether a number or a replay is wrong.
    pub fn is_wrong(&self) -> bool {
        self.wrong().next().is_some() || self.replays.iter().any(|r| !r.holds())
    }
}

/// Why a case is not run, if it is not.
pub fn not_run(case: &Case) -> Option<String> {
    let waits = WAITING.iter().find(|(name, _)| *name == case.id);
    if let Some((_, what)) = waits {
        return Some(format!("it waits for {what}"));
    }
    if case.kind == replay::KIND {
        return None;
    }
    match Job::of(case) {
        Ok(_) => None,
        Err(_) if size(case).is_none() => Some("its event is too rare to be counted".into()),
        Err(lacking) => Some(format!("this version has no {lacking}")),
    }
}

impl<'c> Suite<'c> {
    /// Every case of these sizes, and every replay.
    pub fn of(cases: &'c [Case], sizes: Sizes) -> Suite<'c> {
        let mut suite = Suite::default();
        for case in cases {
            match size(case) {
                Some(n) if n > STANDARD && sizes == Sizes::Standard => suite.left.push(case),
                _ => suite.add(case),
            }
        }
        suite
            .replays
            .extend((0..replay::lines().len()).map(Replay::Line));
        suite
    }

    /// The cases of these names, or of these kinds, however long; each once, in the order of all.
    ///
    /// # Errors
    /// The first name that is none.
    pub fn named(cases: &'c [Case], names: &[String]) -> Result<Suite<'c>, NameError> {
        let lines = replay::lines();
        for name in names {
            let mut meant = cases.iter().filter(|c| c.id == *name || c.kind == *name);
            let line = lines.contains(name) || name == replay::RECORDED;
            match meant.next() {
                None if line => {}
                None => return Err(NameError::Unknown(name.clone())),
                Some(case) if meant.next().is_none() => {
                    if let Some(why) = not_run(case) {
                        return Err(NameError::NotRun(case.id.clone(), why));
                    }
                }
                Some(_) => {}
            }
        }
        let mut suite = Suite::default();
        let asked =
            |name: &String, kind: &str| names.contains(name) || names.iter().any(|n| n == kind);
        for case in cases.iter().filter(|c| asked(&c.id, &c.kind)) {
            suite.add(case);
        }
        let recorded = lines.iter().enumerate();
        let recorded = recorded.filter(|(_, id)| asked(id, replay::RECORDED));
        suite.replays.extend(recorded.map(|(i, _)| Replay::Line(i)));
        Ok(suite)
    }

    fn add(&mut self, case: &'c Case) {
        if case.kind == replay::KIND {
            self.replays.push(Replay::Case(case));
        } else if let Ok(job) = Job::of(case) {
            self.jobs.push(job);
            self.jobs.extend(Job::called(case).ok().flatten());
        }
    }

    /// Makes every system with chance in it wrong on purpose, and leaves the replays out.
    pub fn make_wrong(&mut self) {
        self.replays.clear();
        self.jobs.iter_mut().for_each(Job::make_wrong);
    }

    /// Requests to simulate, warm-ups included.
    pub fn work(&self) -> u64 {
        self.jobs.iter().map(Job::work).sum()
    }

    /// Runs everything on so many threads; `watch` hears of requests as they are done.
    pub fn run(&self, threads: usize, watch: &(dyn Fn(u64) + Sync)) -> Outcome<'c> {
        let mut outcome = Outcome::default();
        let done = run_all(&self.jobs, threads, watch);
        for (job, measured) in self.jobs.iter().zip(done) {
            let judged = measured.and_then(|m| Ok((compare(job, &m)?, count(&m)?)));
            match judged {
                Ok((compared, requests)) => {
                    outcome.compared.extend(compared);
                    outcome.requests += requests;
                }
                Err(error) => outcome.broken.push((job.name(), error)),
            }
        }
        for one in &self.replays {
            let replayed = match *one {
                Replay::Case(case) => replay::case(case),
                Replay::Line(line) => replay::line(line),
            };
            match replayed {
                Ok(replayed) => outcome.replays.push(replayed),
                Err(error) => outcome.broken.push((one.id(), error)),
            }
        }
        outcome
    }
}

impl Replay<'_> {
    /// Its name.
    pub fn id(self) -> String {
        match self {
            Replay::Case(case) => case.id.clone(),
            Replay::Line(line) => replay::lines().swap_remove(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::cases;
    use super::*;

    fn named<'c>(cases: &'c [Case], names: &[&str]) -> Result<Suite<'c>, NameError> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        Suite::named(cases, &names)
    }

    #[test]
    fn every_kind_but_one_is_in_the_standard_suite() {
        let all = cases();
        let suite = Suite::of(&all, Sizes::Standard);
        assert_eq!(suite.replays.len(), 9);
        for case in all
            .iter()
            .filter(|c| c.kind != replay::KIND && not_run(c).is_none())
        {
            let run = suite.jobs.iter().any(|job| job.case.kind == case.kind);
            // The same theory, at its full size, stands behind `mmc-c2-rho80`.
            assert!(run || case.kind == "central_queue", "{}", case.kind);
        }
        let whole = Suite::of(&all, Sizes::All);
        assert!(whole.left.is_empty());
        // A case that is left out may also be one that is called.
        let out = |job: &&Job<'_>| suite.left.iter().any(|case| case.id == job.case.id);
        let left = whole.jobs.iter().filter(out);
        assert_eq!(whole.jobs.len(), suite.jobs.len() + left.count());
    }

    #[test]
    fn cases_are_asked_for_by_name_or_kind() {
        let all = cases();
        let ids = |names: &[&str]| {
            let suite = named(&all, names).unwrap();
            let jobs = suite.jobs.iter().map(|job| job.name());
            let replays = suite.replays.iter().map(|replay| replay.id());
            jobs.chain(replays).collect::<Vec<_>>()
        };
        assert_eq!(
            ids(&["erlang-b-c5", "erlang-b-c1"]),
            ["erlang-b-c1", "erlang-b-c5"]
        );
        assert_eq!(ids(&["mmcc", "erlang-b-c1"]).len(), 3);
        assert_eq!((ids(&["trace"]).len(), ids(&["recorded"]).len()), (4, 5));
        assert_eq!(
            ids(&["nasa-http-1995-08-01-a-c2-k16"]),
            ["nasa-http-1995-08-01-a-c2-k16"]
        );
        assert_eq!(
            ids(&["tandem-mm1-mm1"]),
            ["tandem-mm1-mm1", "tandem-mm1-mm1 (called)"]
        );
        let unknown = named(&all, &["mm1", "mm7"]).unwrap_err();
        assert_eq!(unknown, NameError::Unknown("mm7".into()));
    }

    #[test]
    fn what_is_broken_is_kept_apart_from_what_is_wrong() {
        let all = cases();
        let mut suite = named(&all, &["erlang-b-c1", "trace-buffer-1"]).unwrap();
        let right = suite.run(1, &|_| {});
        assert!(!right.is_wrong() && right.broken.is_empty());
        assert_eq!((right.compared.len(), right.replays.len()), (4, 1));
        suite.jobs[0].spec.sources[0].to = 7;
        let broken = suite.run(1, &|_| {});
        assert!(!broken.is_wrong());
        assert_eq!(broken.broken[0].0, "erlang-b-c1");
    }
}
