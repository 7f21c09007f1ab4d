//! Aligned columns for a terminal.

use unicode_width::UnicodeWidthStr;

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left, as words do.
    Left,
    /// At the right, as numbers do.
    Right,
}

/// Rows of cells; a cell may have several lines.
#[derive(Clone, Debug)]
pub struct Table {
    aligns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

const GAP: &str = "  ";

impl Table {
    /// An empty table with these columns.
    pub fn new(aligns: &[Align]) -> Table {
        Table {
            aligns: aligns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, its cells in the order of the columns.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The text, each line with its line feed and without spaces at its end.
    pub fn print(&self) -> String {
        let widths: Vec<usize> = (0..self.aligns.len()).map(|c| self.width(c)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let height = row
                .iter()
                .map(|cell| cell.split('\n').count())
                .max()
                .unwrap_or(0);
            for line in 0..height {
                let cells = row
                    .iter()
                    .map(|cell| cell.split('\n').nth(line).unwrap_or(""));
                let padded = cells.zip(&self.aligns).zip(&widths);
                let padded: Vec<String> = padded.map(|((t, a), w)| pad(t, *a, *w)).collect();
                text.push_str(padded.join(GAP).trim_end());
                text.push('\n');
            }
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells
            .flat_map(|cell| cell.split('\n'))
            .map(UnicodeWidthStr::width)
            .max()
            .unwrap_or(0)
    }
}

fn pad(text: &str, align: Align, width: usize) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Left => format!("{text}{space}"),
        Align::Right => format!("{space}{text}"),
    }
}

/// A text cut to a width, with a sign that it was.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + 2 > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_what_is_seen() {
        let mut table = Table::new(&[Align::Left, Align::Right]);
        table.row(["größe", "1"]);
        table.row(["日本\nmore", "± 22\n3"]);
        assert_eq!(table.print(), "größe     1\n日本   ± 22\nmore      3\n");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("日本語", 5), "日本…");
    }
}
