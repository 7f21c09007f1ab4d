//! The one table of numbered codes, and the page behind each.
//!
//! A code is `VX` and four digits, and the thousands say where it comes from: 1 the form of a
//! file, 2 its meaning, 3 the simulated system, 4 output, 5 limits, 9 ourselves. A number is
//! never given a second meaning. Adding a code is one row here and one page in `docs/codes/`:
//! without the page the crate does not compile. Knows nothing of who reports a code.

use std::fmt;

/// A code of the table: prints as `VX3102`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

/// What kind of thing a code speaks of. Kinds are never mixed in one list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// The input, or the world around the program, is wrong.
    DiagnosticInput,
    /// How one attempt of a simulated request ended.
    Outcome,
    /// The simulated system got into trouble.
    Incident,
    /// A bound that keeps a run finite was reached, or results could not be kept.
    Limit,
    /// The program itself is wrong.
    Ours,
}

impl Class {
    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::DiagnosticInput => "diagnostic input",
            Self::Outcome => "outcome",
            Self::Incident => "incident",
            Self::Limit => "limit",
            Self::Ours => "ours",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeRow {
    /// The number.
    pub code: Code,
    /// A few words, as in a heading.
    pub title: &'static str,
    /// The kind.
    pub class: Class,
    /// One line that says what it means.
    pub meaning: &'static str,
    /// The whole page, in Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($number:literal $name:ident $class:ident $title:literal $meaning:literal;)+) => {
        impl Code {$(
            #[doc = concat!("`VX", $number, "`: ", $meaning, ".")]
            pub const $name: Self = Self($number);
        )+}

        /// Every code there is, in the order of the numbers.
        pub const CODES: &[CodeRow] = &[$(CodeRow {
            code: Code::$name,
            title: $title,
            class: Class::$class,
            meaning: $meaning,
            page: include_str!(concat!("../../docs/codes/VX", $number, ".md")),
        }),+];
    };
}

codes! {
    1001 UNREADABLE DiagnosticInput "file cannot be read"
        "a file that was named is missing, is no plain file, or may not be read";
    1002 SYNTAX DiagnosticInput "not valid TOML"
        "the text of the file breaks the rules of TOML or is not UTF-8";
    1003 UNKNOWN_KEY DiagnosticInput "unknown key"
        "the file has a key that the format does not know at this place";
    1004 WRONG_TYPE DiagnosticInput "wrong type"
        "a value is of another kind than its key takes";
    1005 UNIT DiagnosticInput "unit missing or wrong"
        "a quantity has no unit, or one of another kind";
    1006 MISSING_KEY DiagnosticInput "required key missing"
        "a key that has no default is not in the file";
    1007 OUT_OF_RANGE DiagnosticInput "value out of range"
        "a value is of the right kind but outside what makes sense";
    1008 UNKNOWN_NAME DiagnosticInput "unknown name"
        "a value refers to something that does not exist";
    1009 DUPLICATE_NAME DiagnosticInput "name used twice"
        "two things of one kind have the same name";
    1010 UNSUPPORTED DiagnosticInput "not supported by this version"
        "the format has this key or value, but this version cannot simulate it";
    1011 TRACE DiagnosticInput "bad trace file"
        "a row or the header of a CSV file that the model reads cannot be used";
    1012 KEYS_DISAGREE DiagnosticInput "keys exclude or need each other"
        "two keys cannot stand together, or one cannot stand alone";
    1013 EMPTY_FILE DiagnosticInput "empty file"
        "the file has nothing in it";
    1014 TOO_LARGE_FILE DiagnosticInput "file too large or too deep"
        "the file is larger, or nested deeper, than the reader accepts";
    1015 LOG DiagnosticInput "log cannot be fitted"
        "a log of requests cannot be used, or too many of its lines cannot";
    2001 UNKNOWN_PATH DiagnosticInput "path not in the model"
        "a `set`, sweep axis or `--set` names something the model does not have";
    2002 TOO_LARGE_DESIGN DiagnosticInput "experiment too large"
        "the experiment asks for more points, trials, events or bytes than allowed";
    2003 UNKNOWN_METRIC DiagnosticInput "unknown metric"
        "an objective, chart or list names a metric that does not exist";
    2004 BAD_OBJECTIVE DiagnosticInput "malformed objective"
        "an objective is not of the form `METRIC OP VALUE`";
    2005 LONG_WARM_UP DiagnosticInput "warm-up longer than the horizon"
        "more time would be thrown away than measured";
    2006 OUTPUT_IN_THE_WAY DiagnosticInput "output directory in the way"
        "the directory for the results holds something else";
    2007 NO_EFFECT DiagnosticInput "value without effect"
        "warning: a value in the file can never take effect";
    2008 RETRY_STORM DiagnosticInput "retry storm possible"
        "warning: very many attempts without a pause or a budget";
    2009 OVERLOADED DiagnosticInput "no steady state"
        "note: work arrives at least as fast as it can be done";
    2012 NOT_RARE DiagnosticInput "splitting does not apply"
        "a metric or system that multilevel splitting cannot estimate, or not so precisely";
    3101 RAM_FULL Outcome "out of RAM"
        "an attempt was refused because its memory did not fit in the worker's RAM";
    3102 BUFFER_FULL Outcome "buffer overflow"
        "an attempt was refused because no waiting slot was left";
    3103 TIMED_OUT Outcome "timed out"
        "the client stopped waiting: the timeout of the try or its deadline ran out";
    3104 NO_ELIGIBLE_WORKER Outcome "no eligible worker"
        "the balancer had nobody to send to: it left out every worker as unfit";
    3105 BREAKER_OPEN Outcome "breaker open"
        "an attempt was refused by a breaker that is open or has no probe to give";
    3106 LIMITED Outcome "over the limit"
        "an attempt was refused by its client's own limit: a rate, or a number out at once";
    3107 SHED Outcome "shed"
        "an attempt was refused by its worker, which sheds load: at the door or at its turn";
    3108 GAVE_UP Outcome "gave up waiting"
        "an attempt left the buffer that it waited in: its patience ran out";
    3109 EXPIRED Outcome "refused at its turn"
        "an attempt came to its turn at a worker after its deadline";
    3110 ERROR Outcome "error"
        "an attempt reached its worker and failed there";
    3111 WORKER_DOWN Outcome "worker went down"
        "an attempt was lost because its worker crashed";
    3112 KILLED_FOR_MEMORY Outcome "killed for memory"
        "an attempt was lost because its worker ran out of RAM and was killed";
    3113 CONNECTION Outcome "lost on the way"
        "an attempt failed on the network: no connection, a reset, or a loss";
    3114 POISON Outcome "poison"
        "an attempt of a poisoned request failed, or took down the worker that served it";
    3115 DEAD_LETTERED Outcome "dead-lettered"
        "an attempt was put aside by a full buffer and is never tried again";
    3116 DRAINED Outcome "worker drained"
        "an attempt was lost because its worker was taken away before it was done";
    3117 CANCELLED Outcome "cancelled"
        "an attempt was taken back: another copy had won, or nobody waits for it any more";
    3118 CALL_FAILED Outcome "call failed"
        "an attempt failed because a service that it called did not answer";
    3201 BREAKER_OPENED Incident "breaker opened"
        "a breaker saw enough failures to shut a worker or a service off";
    3203 BREAKER_CASCADE Incident "breaker cascade"
        "several breakers of a service opened shortly after one another";
    3301 WORKER_WEDGED Incident "worker wedged"
        "a worker looks up to the balancer but refuses everything new";
    3302 OVERFLOW_RATE Incident "refusals above their share"
        "full buffers refused more than a share of the attempts made";
    3303 SATURATED Incident "service saturated"
        "the cores of a service were busy all the time while its queue grew";
    3304 RAM_OUT_OF_BALANCE Incident "RAM out of balance"
        "RAM refused although a core was free, or a buffer refused although nearly all RAM was";
    3305 UNFAIR Incident "load unfair"
        "one worker did far more than its equals";
    3306 STARVED Incident "class starved"
        "a class had no request answered while others had";
    3401 BUDGET_BURNS Incident "error budget burns"
        "requests failed an objective faster than its error budget allows";
    3402 RETRIES_STORM Incident "retry storm"
        "there were more retries than first attempts";
    3403 OVERDUE Incident "request overdue"
        "a request was inside for far longer than its client waits";
    3404 METASTABLE Incident "metastable"
        "the load was back under what had been carried well, and goodput stayed away";
    3405 OWN_CONDITION Incident "own condition"
        "a condition of the experiment's own held";
    4001 UNWRITABLE Limit "results cannot be written"
        "the results could not be put on disk";
    4005 SHORT_RUN Limit "run too short"
        "the warm-up does not end within the part of the run that is searched for its end";
    4006 IMPRECISE Limit "precision not reached"
        "after the most replications an interval is wider than was asked for";
    4010 INCOMPARABLE Limit "cannot be compared"
        "two results are not of the same seed, length or kind of run, or were changed";
    4011 STREAMS_SLIPPED Limit "streams slipped"
        "warning: two designs did not meet the same requests, or pairing them gained nothing";
    5001 NOT_THE_SAME Limit "replay differs from record"
        "a trial was run again and is not what it was, or cannot be found";
    5002 EVENT_BUDGET Limit "event budget reached"
        "a trial was stopped after as many events as it was allowed";
    5003 CROWDED_INSTANT Limit "too many events at one instant"
        "a trial was stopped because virtual time no longer moved on";
    5004 INTERRUPTED Limit "interrupted"
        "a signal ended the run before its last trial; the finished ones are kept";
    9001 BROKEN_INVARIANT Ours "an invariant broke"
        "the simulator found itself in a state that must not exist: a bug of ours";
}

impl Code {
    /// The four digits.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Reads `VX3102`, `vx3102` or `3102`; `None` when no such code is in the table.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = match text.get(..2) {
            Some(prefix) if prefix.eq_ignore_ascii_case("VX") => &text[2..],
            _ => text,
        };
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let code = Self(digits.parse().ok()?);
        lookup(code).map(|row| row.code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Through `pad`, so that a width in the format string counts for the whole code.
        f.pad(&format!("VX{:04}", self.0))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The row of a code.
pub fn lookup(code: Code) -> Option<&'static CodeRow> {
    let place = CODES.binary_search_by_key(&code, |row| row.code).ok()?;
    Some(&CODES[place])
}

/// The page of a code: what `veltrix explain` prints.
pub fn page(code: Code) -> Option<&'static str> {
    lookup(code).map(|row| row.page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The headings of every page, in this order.
    const HEADINGS: [&str; 5] = [
        "## What it means",
        "## How it comes about",
        "## What to look at",
        "## What to do",
        "## Example",
    ];

    #[test]
    fn numbers_rise_and_are_used_once() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn the_thousands_tell_the_class() {
        for row in CODES {
            let class = match row.code.number() {
                1000..3000 => Class::DiagnosticInput,
                3100..3200 => Class::Outcome,
                3200..4000 => Class::Incident,
                4000..6000 => Class::Limit,
                9000.. => Class::Ours,
                other => panic!("VX{other} is in no range"),
            };
            assert_eq!(row.class, class, "{}", row.code);
        }
    }

    #[test]
    fn every_page_has_its_title_and_the_five_headings() {
        for CodeRow {
            code, title, page, ..
        } in CODES
        {
            assert_eq!(page.lines().next(), Some(&*format!("# {code} {title}")));
            let found: Vec<_> = page
                .lines()
                .filter(|line| line.starts_with("## "))
                .collect();
            assert_eq!(found, HEADINGS, "{code}");
            for section in page.split("\n## ").skip(1) {
                let (heading, text) = section.split_once('\n').expect("a heading has a line");
                assert!(text.trim().len() > 20, "{code}: nothing under '{heading}'");
            }
            assert!(
                page.lines().all(|line| line.chars().count() <= 100),
                "{code}: long line"
            );
        }
    }

    #[test]
    fn every_page_has_a_row() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/codes");
        let pages: BTreeSet<_> = std::fs::read_dir(folder)
            .expect("docs/codes is there")
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        let rows: BTreeSet<_> = CODES.iter().map(|row| format!("{}.md", row.code)).collect();
        assert_eq!(pages, rows);
    }

    #[test]
    fn pages_only_name_codes_that_exist() {
        for CodeRow { code, page, .. } in CODES {
            for (at, _) in page.match_indices("VX") {
                let named = page.get(at..at + 6).unwrap_or_default();
                assert!(Code::parse(named).is_some(), "{code} speaks of {named:?}");
            }
        }
    }

    #[test]
    fn one_line_is_one_line() {
        for CodeRow {
            code,
            title,
            meaning,
            ..
        } in CODES
        {
            for text in [title, meaning] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{code}: {text:?}");
                assert!(!text.contains('\n') && text.len() < 90, "{code}: {text:?}");
            }
        }
    }

    #[test]
    fn codes_are_read_as_they_are_written() {
        for text in ["VX3102", "vx3102", "3102", " Vx3102 "] {
            assert_eq!(Code::parse(text), Some(Code::BUFFER_FULL), "{text:?}");
        }
        for text in [
            "", "VX", "VX310", "VX31020", "9999", "VX3119", "+3102", "E102", "ÄÄ3102",
        ] {
            assert_eq!(Code::parse(text), None, "{text:?}");
        }
        for row in CODES {
            assert_eq!(Code::parse(&row.code.to_string()), Some(row.code));
            assert_eq!(page(row.code), Some(row.page));
        }
        assert_eq!(
            format!("{:>8}|{:?}", Code::RAM_FULL, Code::RAM_FULL),
            "  VX3101|VX3101"
        );
        assert_eq!(Class::DiagnosticInput.to_string(), "diagnostic input");
    }
}
