//! `veltrix replay TOKEN`: one trial, run again.

use std::sync::atomic::AtomicBool;

use super::exit::Exit;
use super::opened;
use super::replay_args::ReplayArgs;
use super::streams::Streams;
use crate::base::units::print_time;

/// Runs a trial again and tells what went wrong in it.
pub fn replay(args: &ReplayArgs, streams: &mut Streams<'_>) -> Exit {
    let overrides = args.changes.overrides();
    let opened = match opened::open(&args.what, &args.experiment, &overrides, streams.style) {
        Ok(opened) => opened,
        Err(refusal) => {
            streams.say(&refusal.text);
            return refusal.exit;
        }
    };
    let case = &opened.case;
    let output = match case.again(None, &AtomicBool::new(false)) {
        Ok(output) => output,
        Err(error) => {
            streams.say(&format!("error[{}]: {}\n", error.code, error.message));
            return Exit::Incomplete;
        }
    };
    let trigger = case.trigger.map(|t| (t, t.find(&output.incidents)));
    if let Some((trigger, None)) = trigger {
        streams.say(&format!(
            "error[VX5001]: the run has no {} number {}\n",
            trigger.kind.name(),
            trigger.nth + 1
        ));
        return Exit::NotReproduced;
    }
    let mut text = format!(
        "{}\n{}, {}, seed {}, replication {}: {} events, fingerprint {:016x}\n",
        opened.token,
        opened.name,
        opened.label,
        case.run.seed,
        case.run.replication,
        output.events,
        output.fingerprint
    );
    for episode in &output.incidents.episodes {
        text.push_str(&format!(
            "{} {} at {}: {}\n",
            episode.code(),
            episode.place.name(&case.system),
            print_time(episode.at),
            episode.amount
        ));
    }
    streams.data(text.as_bytes(), Exit::Done)
}
