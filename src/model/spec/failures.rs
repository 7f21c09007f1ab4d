//! Kinds of failures, as clients and breakers name them.

/// What kind of failure a caller saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The worker answered with an error.
    Error,
    /// The caller ran out of time or of patience.
    Timeout,
    /// Somebody said no: a full buffer, full RAM, a breaker, a limit.
    Refused,
    /// There was no connection, or it broke: the worker is down or went down.
    Reset,
}

impl FailureKind {
    /// All of them, as they are written.
    pub const WORDS: [(&'static str, FailureKind); 4] = [
        ("error", FailureKind::Error),
        ("timeout", FailureKind::Timeout),
        ("refused", FailureKind::Refused),
        ("reset", FailureKind::Reset),
    ];
}

/// A set of kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures(u8);

impl Failures {
    /// Every kind.
    pub const ALL: Failures = Failures(0b1111);

    /// None.
    pub const NONE: Failures = Failures(0);

    /// These kinds.
    pub fn of(kinds: &[FailureKind]) -> Failures {
        kinds
            .iter()
            .fold(Failures::NONE, |set, &kind| set.with(kind))
    }

    /// And this kind.
    #[must_use]
    pub fn with(self, kind: FailureKind) -> Failures {
        Failures(self.0 | 1 << kind as u8)
    }

    /// Whether a kind is among them.
    #[inline]
    pub fn has(self, kind: FailureKind) -> bool {
        self.0 >> kind as u8 & 1 != 0
    }
}

impl Default for Failures {
    fn default() -> Failures {
        Failures::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = Failures::of(&[FailureKind::Error, FailureKind::Reset]);
        let has = FailureKind::WORDS.map(|(_, kind)| set.has(kind));
        assert_eq!(has, [true, false, false, true]);
        let all = FailureKind::WORDS.map(|(_, kind)| kind);
        assert_eq!(Failures::of(&all), Failures::ALL);
        assert!(all.iter().all(|&kind| !Failures::NONE.has(kind)));
    }
}
