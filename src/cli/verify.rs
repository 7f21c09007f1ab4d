//! `veltrix verify`: runs the known answers, prints every number beside what theory says.

mod json;
mod text;

use std::thread;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{VerifyArgs, VerifyFormat};
use super::exit::Exit;
use super::streams::Streams;
use crate::config::keys::nearest;
use crate::verify::read::{Case, cases};
use crate::verify::replay;
use crate::verify::suite::{NameError, Outcome, Sizes, Suite};

/// Runs what was asked for.
pub fn verify(args: &VerifyArgs, streams: &mut Streams<'_>, terminal: bool) -> Exit {
    let cases = cases();
    let sizes = match args.long {
        true => Sizes::All,
        false => Sizes::Standard,
    };
    let suite = match args.case.is_empty() {
        true => Ok(Suite::of(&cases, sizes)),
        false => Suite::named(&cases, &args.case),
    };
    let mut suite = match suite {
        Ok(suite) => suite,
        Err(error) => {
            streams.say(&refusal(&cases, &error));
            return Exit::Wrong;
        }
    };
    if args.list {
        let all = args.case.is_empty().then(|| Suite::of(&cases, Sizes::All));
        let listed = all.as_ref().unwrap_or(&suite);
        let text = match args.format {
            VerifyFormat::Table => text::list(listed),
            VerifyFormat::Json => json::list(listed),
        };
        return streams.data(text.as_bytes(), Exit::Done);
    }
    if args.canary {
        suite.make_wrong();
        if suite.jobs.is_empty() {
            streams.say("error: replays have no canary: name a case with chance in it\n");
            return Exit::Wrong;
        }
    }
    let bar = progress(suite.work(), terminal);
    let outcome = suite.run(threads(args.threads.count()), &|requests| bar.inc(requests));
    bar.finish_and_clear();
    for (name, error) in &outcome.broken {
        streams.say(&format!(
            "error[{}]: {name}: {}\n",
            error.code, error.message
        ));
    }
    let run = Run {
        suite: &suite,
        outcome: &outcome,
        canary: args.canary,
    };
    let text = match args.format {
        VerifyFormat::Table => text::report(&run),
        VerifyFormat::Json => json::report(&run),
    };
    streams.data(text.as_bytes(), exit(&outcome))
}

/// What was run and what came of it, to be shown.
struct Run<'a> {
    suite: &'a Suite<'a>,
    outcome: &'a Outcome<'a>,
    canary: bool,
}

/// Wrong numbers weigh more than missing ones.
fn exit(outcome: &Outcome<'_>) -> Exit {
    match (outcome.is_wrong(), outcome.broken.is_empty()) {
        (true, _) => Exit::NotReproduced,
        (false, false) => Exit::Incomplete,
        (false, true) => Exit::Done,
    }
}

fn threads(asked: usize) -> usize {
    match asked {
        0 => thread::available_parallelism().map_or(1, usize::from),
        _ => asked,
    }
}

fn progress(requests: u64, terminal: bool) -> ProgressBar {
    if !terminal {
        return ProgressBar::hidden();
    }
    let style = "{bar:27} {human_pos} of {human_len} requests  {eta} left";
    let style = ProgressStyle::with_template(style);
    let bar = ProgressBar::new(requests);
    bar.set_style(style.expect("the template is a constant that a test draws"));
    bar.tick();
    bar
}

fn refusal(cases: &[Case], error: &NameError) -> String {
    match error {
        NameError::NotRun(name, why) => format!("error: `{name}` is not run: {why}\n"),
        NameError::Unknown(name) => {
            let lines = replay::lines();
            let words = cases.iter().flat_map(|c| [c.id.as_str(), c.kind.as_str()]);
            let words = words.chain(lines.iter().map(String::as_str));
            let near = nearest(name, words.chain([replay::RECORDED]));
            let near = near.map_or_else(String::new, |n| format!("did you mean `{n}`? "));
            let name = name.escape_debug();
            format!("error: no case `{name}`\nhelp: {near}`veltrix verify --list` shows all\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::codes::Code;
    use crate::model::trial::TrialError;

    #[test]
    fn a_wrong_number_ends_with_6_and_a_failed_run_with_5() {
        let cases = cases();
        let named = ["erlang-b-c1".to_owned()];
        let mut suite = Suite::named(&cases, &named).unwrap();
        let right = suite.run(1, &|_| {});
        assert_eq!(exit(&right), Exit::Done);
        let mut broken = right.clone();
        let error = TrialError {
            code: Code::BROKEN_INVARIANT,
            message: "a bug".into(),
        };
        broken.broken.push(("x".into(), error));
        assert_eq!(exit(&broken), Exit::Incomplete);
        // Twice as fast: nobody could miss that.
        suite.jobs[0].spec.services[0].groups[0].speed = 2.0;
        let mut wrong = suite.run(1, &|_| {});
        assert_eq!(exit(&wrong), Exit::NotReproduced);
        wrong.broken = broken.broken;
        wrong.compared[0].simulated = f64::NAN;
        assert_eq!(exit(&wrong), Exit::NotReproduced);
        let run = Run {
            suite: &suite,
            outcome: &wrong,
            canary: false,
        };
        let text = text::report(&run);
        for words in [
            "FAILS: loss.prob of erlang-b-c1: ",
            "FAILED TO RUN: x: VX9001 a bug",
            "NaN",
            "do not use its results",
        ] {
            assert!(text.contains(words), "no {words:?} in\n{text}");
        }
        let json: serde_json::Value = serde_json::from_str(&json::report(&run)).unwrap();
        assert_eq!(json["holds"], false);
        assert_eq!(json["failed"][0]["code"], "VX9001");
        assert!(json["cases"][0]["numbers"][0]["simulated"].is_null());
    }

    #[test]
    fn the_bar_can_be_drawn() {
        progress(10, true).finish_and_clear();
    }
}
