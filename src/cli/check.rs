//! `veltrix check FILES`: all mistakes of all files at once; nothing is run.

use super::args::CheckArgs;
use super::exit::Exit;
use super::source;
use super::streams::Streams;

/// Checks each file; the worst decides the exit code.
pub fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Exit {
    let mut worst = Exit::Done;
    for file in &args.files {
        let shown = file.to_string_lossy();
        match source::check(file, streams.style) {
            Ok(checked) => {
                streams.say(&checked.warnings);
                let line = match args.resolved {
                    true => format!("# {shown}\n{}", checked.resolved),
                    false => format!("{shown}: ok, {}\n{}", checked.about, checked.forecast),
                };
                if streams.data(line.as_bytes(), Exit::Done) != Exit::Done {
                    return Exit::Trouble;
                }
            }
            Err(refusal) => {
                streams.say(&refusal.text);
                // A file that cannot be read outweighs one that is wrong: again may help.
                if worst != Exit::Trouble {
                    worst = refusal.exit;
                }
            }
        }
    }
    worst
}
