//! Where words go: data to one stream, everything else to another.

use std::io::{self, ErrorKind, Write};

use super::exit::Exit;
use crate::config::Style;
use crate::report::folder::FolderError;

/// The two streams of a command.
pub struct Streams<'a> {
    /// Data.
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
    /// How diagnostics look there.
    pub style: Style,
}

impl Streams<'_> {
    /// Writes data. A reader that has gone away is no trouble: it has what it wanted.
    pub fn data(&mut self, bytes: &[u8], exit: Exit) -> Exit {
        match self.out.write_all(bytes).and_then(|()| self.out.flush()) {
            Ok(()) => exit,
            Err(e) if e.kind() == ErrorKind::BrokenPipe => exit,
            Err(e) => {
                self.say(&format!("error[VX4001]: cannot write to stdout: {e}\n"));
                Exit::Trouble
            }
        }
    }

    /// Says something that is not data. When nobody listens there is nobody to tell.
    pub fn say(&mut self, text: &str) {
        let _: io::Result<()> = self.err.write_all(text.as_bytes());
    }

    /// Tells why results cannot be kept.
    pub fn refuse(&mut self, error: &FolderError) -> Exit {
        self.say(&format!(
            "error[{}]: {error}\nhelp: {}\n",
            error.code, error.help
        ));
        Exit::Trouble
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed(ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_trouble_and_a_full_disk_is() {
        for (kind, exit) in [
            (ErrorKind::BrokenPipe, Exit::NotMet),
            (ErrorKind::StorageFull, Exit::Trouble),
        ] {
            let mut said = Vec::new();
            let mut streams = Streams {
                out: &mut Closed(kind),
                err: &mut said,
                style: Style::Plain,
            };
            assert_eq!(streams.data(b"x", Exit::NotMet), exit);
            assert_eq!(said.is_empty(), exit == Exit::NotMet);
        }
    }
}
