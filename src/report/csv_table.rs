//! CSV as spreadsheets and scripts can read it without harm.
//!
//! A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or
//! a carriage return) gets an apostrophe in front; control characters are written as `\u{1b}`.
//! Names from recorded traces may be any text, so this is done to every text.

use std::borrow::Cow;

/// A CSV file in memory: rows end in a line feed, texts are quoted only where they must be.
pub struct CsvTable {
    writer: csv::Writer<Vec<u8>>,
}

impl CsvTable {
    /// A file with this header.
    pub fn new<I, T>(header: I) -> CsvTable
    where
        I: IntoIterator<Item = T>,
        T: AsRef<[u8]>,
    {
        let mut table = CsvTable {
            writer: csv::WriterBuilder::new().from_writer(Vec::new()),
        };
        table.row(header);
        table
    }

    /// Adds a row, as wide as the header.
    pub fn row<I, T>(&mut self, fields: I)
    where
        I: IntoIterator<Item = T>,
        T: AsRef<[u8]>,
    {
        let written = self.writer.write_record(fields);
        written.expect("rows are as wide as the header, and memory takes them");
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.writer
            .into_inner()
            .expect("memory takes all that is written")
    }
}

/// A text that does nothing but stand there.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::from(if formula { "'" } else { "" });
    safe.push_str(&visible(text));
    Cow::Owned(safe)
}

/// A text with its control characters written out, for a terminal or a file.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c.is_control() {
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_and_control_characters_are_made_harmless() {
        for (text, safe) in [
            ("upload", "upload"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("a=b", "a=b"),
            ("red\u{1b}[31m", "red\\u{1b}[31m"),
            ("\tx", "'\\u{9}x"),
            ("Grüße, \"du\"", "Grüße, \"du\""),
        ] {
            assert_eq!(harmless(text), safe);
        }
    }

    #[test]
    fn what_must_be_quoted_is() {
        let mut table = CsvTable::new(["a", "b"]);
        table.row(["1", "x, \"y\""]);
        assert_eq!(table.finish(), b"a,b\n1,\"x, \"\"y\"\"\"\n");
    }
}
