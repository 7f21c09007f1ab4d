//! Words in, words out, exit codes. One file a command; none of them knows another.

mod args;
mod changes;
mod check;
mod common_args;
mod compare;
mod exit;
mod explain;
mod explain_args;
mod find;
mod fit;
mod fit_args;
mod host;
mod hunt;
mod hunt_args;
mod incident_file;
mod interrupt;
mod list;
mod opened;
mod progress;
mod recorded;
mod replay;
mod replay_args;
mod run;
mod sensitivity;
mod shrink;
mod shrink_args;
mod source;
mod streams;
mod verify;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::config::Style;
use args::{Cli, Command};
pub use exit::Exit;
use streams::Streams;

/// Runs the program with these arguments (the first is the program's name).
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that has gone away needs no help.
            let _ = error.print();
            let asked = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            return if asked { Exit::Done } else { Exit::Wrong }.into();
        }
    };
    let terminal = io::stderr().is_terminal();
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    let plain = !terminal || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let style = if plain { Style::Plain } else { Style::Coloured };
    let mut streams = Streams {
        out: &mut out,
        err: &mut err,
        style,
    };
    let exit = match &cli.command {
        Command::Run(args) => run::run(args, &mut streams, terminal),
        Command::Find(args) => find::find(args, &mut streams, terminal),
        Command::Sensitivity(args) => sensitivity::sensitivity(args, &mut streams, terminal),
        Command::Check(args) => check::check(args, &mut streams),
        Command::Compare(args) => compare::compare(args, &mut streams, terminal),
        Command::List(args) => list::list(args, &mut streams),
        Command::Explain(args) => explain::explain(args, &mut streams),
        Command::Verify(args) => verify::verify(args, &mut streams, terminal),
        Command::Replay(args) => replay::replay(args, &mut streams),
        Command::Shrink(args) => shrink::shrink(args, &mut streams),
        Command::Hunt(args) => hunt::hunt(args, &mut streams, terminal),
        Command::Fit(args) => fit::fit(args, &mut streams),
    };
    exit.into()
}
