//! The binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    veltrix::cli::run(std::env::args_os())
}
