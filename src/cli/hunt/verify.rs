//! `--verify TOKEN`: how many clean seeds it takes to believe a fix, and whether they are clean.

use std::ops::Range;

use super::super::exit::Exit;
use super::super::hunt_args::HuntArgs;
use super::super::interrupt::Interrupt;
use super::super::source::{self, Refusal};
use super::super::streams::Streams;
use super::Stop;
use super::target::{Target, wrong};
use super::watch::Watcher;
use crate::base::units::shown;
use crate::cli::args::Format;
use crate::config::{Overrides, Style};
use crate::experiment::TRAJECTORY;
use crate::experiment::hunt::{self, Found, Hunt, MOST_SEEDS, Same, Shot};
use crate::experiment::incident::{Case, Token, Trigger};
use crate::model::trial::Kinds;
use crate::report::hunt::{Verdict, Was};

/// Says whether the incident of a token is gone.
pub fn verify(
    args: &HuntArgs,
    text: &str,
    streams: &mut Streams<'_>,
    watched: bool,
) -> Result<Exit, Stop> {
    let (token, trigger) = read(text)?;
    let target = Target::open(args, &args.edits.changes().overrides(), streams.style)?;
    streams.say(&target.loaded.warnings);
    target.is_on(trigger.kind)?;
    let interrupt = Interrupt::listen();
    let job = Job {
        args,
        trigger,
        confidence: target.loaded.design.confidence,
        interrupt: &interrupt,
        watched,
    };
    let own = job.own(&target, &token)?;
    let mut verdict = Verdict {
        name: &target.loaded.design.name,
        label: &target.label,
        token: text.trim(),
        seed: token.seed,
        kind: trigger.kind,
        same: target.case.digest() == token.digest,
        confidence: job.confidence,
        was: None,
        needed: 0,
        shots: &[],
        own: &own,
    };
    if !own.is_clean() {
        return Ok(told(args, &verdict, streams));
    }
    let measured = job.measured(&token, streams.style)?;
    let was = match (args.was, &measured) {
        (Some(share), _) => Was::Stated(share),
        (None, Some(found)) => Was::Hunted(found),
        (None, None) => {
            return Err(ask_for_was("no point of the file as it was is its system").into());
        }
    };
    let seeds = job.seeds(was)?;
    verdict.was = Some(was);
    verdict.needed = seeds.end - seeds.start;
    let shots = job.run(&target.case, target.point, seeds, true)?;
    verdict.shots = &shots;
    Ok(told(args, &verdict, streams))
}

/// The token, and what it says went wrong.
fn read(text: &str) -> Result<(Token, Trigger), Refusal> {
    let token: Token = text.parse().map_err(|e| {
        wrong(
            &format!("{} is no token: {e}", shown(text)),
            "copy it whole",
        )
    })?;
    if token.trajectory != TRAJECTORY {
        return Err(Refusal {
            text: format!(
                "error[VX5001]: the token is of trajectory version {}, this is {TRAJECTORY}\n",
                token.trajectory
            ),
            exit: Exit::NotReproduced,
        });
    }
    match token.trigger {
        Some(trigger) => Ok((token, trigger)),
        None => Err(wrong(
            "the token names a run and no incident",
            "take one that `veltrix hunt` or a run has printed with an incident",
        )),
    }
}

fn ask_for_was(why: &str) -> Refusal {
    wrong(
        &format!("it is not known how often it happened before: {why}"),
        "say the share of seeds that had it with --was, such as --was 10%",
    )
}

/// What is to be run.
struct Job<'a> {
    args: &'a HuntArgs,
    trigger: Trigger,
    confidence: f64,
    interrupt: &'a Interrupt,
    watched: bool,
}

impl Job<'_> {
    /// The token's own seed and replication, on the system as it is now.
    fn own(&self, target: &Target, token: &Token) -> Result<Shot, Stop> {
        let mut case = target.case.clone();
        case.run.replication = token.replication;
        let one = token.seed..token.seed.saturating_add(1);
        let shots = self.run(&case, target.point, one, true)?;
        let own = shots.into_iter().next();
        own.ok_or_else(|| {
            wrong("the seed of the token is the last there is", "take another").into()
        })
    }

    /// How often it happened on the system of the token, if the file without what is set has it.
    fn measured(&self, token: &Token, style: Style) -> Result<Option<Found>, Stop> {
        if self.args.was.is_some() {
            return Ok(None);
        }
        let overrides = Overrides {
            set: Vec::new(),
            ..self.args.edits.changes().overrides()
        };
        let loaded = source::load_file(&self.args.file, &overrides, style)?;
        let is_it =
            |point: &usize| Case::of(&loaded.design, *point, 0, None).digest() == token.digest;
        let point = (0..loaded.design.points.len()).find(is_it);
        let Some(point) = point else {
            return Ok(None);
        };
        let target = Target::at(loaded, point)?;
        let shots = self.run(&target.case, point, self.args.seeds.clone(), false)?;
        Ok(Some(Found::of(&shots, self.confidence)))
    }

    /// The seeds that must be clean: as many as it takes, behind those that were looked at.
    fn seeds(&self, was: Was<'_>) -> Result<Range<u64>, Refusal> {
        if was.share().is_none_or(|share| share <= 0.0) {
            let Range { start, end } = self.args.seeds;
            return Err(ask_for_was(&format!(
                "none of the seeds {start}..{end} has it on the system of the token"
            )));
        }
        let needed = was.needed(self.confidence).filter(|n| *n <= MOST_SEEDS);
        let from = self.args.seeds.end;
        needed
            .and_then(|needed| Some(from..from.checked_add(needed)?))
            .ok_or_else(|| {
                wrong(
                    &format!("it was so rare that it takes more than {MOST_SEEDS} clean seeds"),
                    "see docs/rare.md for what is too rare to count",
                )
            })
    }

    fn run(
        &self,
        case: &Case,
        point: usize,
        seeds: Range<u64>,
        to_first: bool,
    ) -> Result<Vec<Shot>, Stop> {
        let watcher = Watcher::new(seeds.end - seeds.start, self.interrupt.stop(), self.watched);
        let hunt = Hunt {
            seeds,
            kinds: Kinds::of([self.trigger.kind]),
            whole: false,
        };
        let systems = Same::of(case.clone(), point);
        let go = if to_first { hunt::first } else { hunt::run };
        let shots = go(&hunt, &systems, self.args.threads.count(), &watcher);
        watcher.finish();
        shots.map_err(|error| {
            let again = "nothing is kept; the same command starts again";
            Stop::of(&error, self.interrupt, again)
        })
    }
}

fn told(args: &HuntArgs, verdict: &Verdict<'_>, streams: &mut Streams<'_>) -> Exit {
    let exit = match verdict.broken() {
        None => Exit::Done,
        Some(shot) if shot.failed().is_some() => Exit::Incomplete,
        Some(_) => Exit::NotMet,
    };
    match args.format {
        Format::Json => streams.data(&verdict.json(), exit),
        Format::Human if args.quiet => exit,
        Format::Human => streams.data(verdict.print().as_bytes(), exit),
    }
}
