//! Whether two paths of one system share a hash, and with it their random words.
//!
//! The hash of every path goes through here (`note`). While a system is built they are written
//! down ([`watched`]), and compared when it stands: equal paths are one stream that is used twice,
//! on purpose; different ones with the same hash would be two things that chance never parts.
//! What is written down belongs to a thread and is gone when the system stands.

use std::cell::RefCell;

/// The paths seen so far with their hashes.
#[derive(Debug, Default)]
struct Book {
    /// All paths, one after the other.
    text: String,
    /// Hash, and where its path ends in the text.
    seen: Vec<(u64, usize)>,
}

thread_local! {
    /// `Some` while this thread is inside [`watched`].
    static BOOK: RefCell<Option<Book>> = const { RefCell::new(None) };
}

/// Two different paths with the same hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash(pub String, pub String);

impl Book {
    fn add(&mut self, path: &str, hash: u64) {
        self.text.push_str(path);
        self.seen.push((hash, self.text.len()));
    }

    fn clash(&self) -> Option<Clash> {
        let starts = std::iter::once(0).chain(self.seen.iter().map(|s| s.1));
        let mut all: Vec<(u64, &str)> = self
            .seen
            .iter()
            .zip(starts)
            .map(|(&(hash, end), start)| (hash, &self.text[start..end]))
            .collect();
        all.sort_unstable();
        let mut pairs = all.windows(2);
        let found = pairs.find(|p| p[0].0 == p[1].0 && p[0].1 != p[1].1)?;
        Some(Clash(found[0].1.to_owned(), found[1].1.to_owned()))
    }
}

/// Notes the hash of a path, while somebody watches.
pub(super) fn note(path: &str, hash: u64) {
    BOOK.with_borrow_mut(|book| {
        if let Some(book) = book {
            book.add(path, hash);
        }
    });
}

/// Builds something, and says whether two of its paths have the same hash.
pub fn watched<T>(build: impl FnOnce() -> T) -> (T, Option<Clash>) {
    BOOK.set(Some(Book::default()));
    let built = build();
    let book = BOOK.take().unwrap_or_default();
    (built, book.clash())
}

#[cfg(test)]
mod tests {
    use super::super::rng::{Key, Stream, path_hash};
    use super::*;

    /// A hash that sees no more than how long a path is.
    fn clash(paths: &[&str]) -> Option<Clash> {
        let mut book = Book::default();
        for path in paths {
            book.add(path, path.len() as u64);
        }
        book.clash()
    }

    #[test]
    fn different_paths_with_one_hash_are_found_with_both_names() {
        let pair = Some(Clash("source/b/gap".into(), "source/w/gap".into()));
        assert_eq!(clash(&["source/w/gap", "x", "source/b/gap", "xyz"]), pair);
        assert_eq!(clash(&["a", "bb", "ccc"]), None);
        assert_eq!(clash(&["a", "bb", "a"]), None, "one stream, used twice");
        assert_eq!(clash(&[]), None);
    }

    #[test]
    fn streams_and_purposes_are_written_down_while_somebody_watches() {
        let key = Key::new(1, 0, 0);
        let build = || {
            Stream::new(&key, "source/web/gap");
            path_hash("source/web/retry");
            BOOK.with_borrow(|b| b.as_ref().map(|b| (b.text.clone(), b.seen.len())))
        };
        let (seen, clash) = watched(build);
        assert_eq!(seen, Some(("source/web/gapsource/web/retry".into(), 2)));
        assert_eq!(clash, None);
        assert_eq!(build(), None);
    }
}
