//! `veltrix explain CODE`: the page behind a number.

use super::args::ExplainArgs;
use super::exit::Exit;
use super::streams::Streams;
use crate::base::codes::{self, Code};

/// Prints the page.
pub fn explain(args: &ExplainArgs, streams: &mut Streams<'_>) -> Exit {
    match Code::parse(&args.code).and_then(codes::page) {
        Some(page) => streams.data(page.as_bytes(), Exit::Done),
        None => {
            let shown = args.code.escape_debug();
            streams.say(&format!(
                "error: no code `{shown}`; `veltrix list codes` shows all\n"
            ));
            Exit::Wrong
        }
    }
}
