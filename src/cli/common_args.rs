//! Options that several commands have.

use clap::Args;

/// Options by which a command changes what the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Changes {
    /// Set a value of the model: service.events.workers.count=30 (may be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub set: Vec<String>,
    /// Seed of all random streams, 0 to 18446744073709551615, or 0x and hex digits
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,
    /// Trials for each point (`find`: in its first round)
    #[arg(long, value_name = "N", value_parser = replications, allow_hyphen_values = true)]
    pub replications: Option<u32>,
    /// Measured virtual time of a trial, such as 60s
    #[arg(long, value_name = "TIME")]
    pub horizon: Option<String>,
}

/// Options by which a command whose seeds are given otherwise changes what the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Edits {
    /// Set a value of the model: service.events.workers.count=30 (may be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub set: Vec<String>,
    /// Measured virtual time of a run, such as 60s
    #[arg(long, value_name = "TIME")]
    pub horizon: Option<String>,
}

impl Edits {
    /// The same among all changes.
    pub fn changes(&self) -> Changes {
        Changes {
            set: self.set.clone(),
            horizon: self.horizon.clone(),
            ..Changes::default()
        }
    }
}

/// The option for threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub struct Threads {
    /// Threads; 0, and nothing, is one for each core. Never changes a result
    #[arg(
        id = "threads",
        long = "threads",
        visible_alias = "jobs",
        value_name = "N",
        value_parser = threads,
        allow_hyphen_values = true
    )]
    pub given: Option<usize>,
}

impl Threads {
    /// How many; 0: one for each core.
    pub fn count(self) -> usize {
        self.given.unwrap_or(0)
    }
}

/// Most threads: far beyond any machine, and still harmless.
const MOST_THREADS: usize = 1024;

/// Most replications of a point.
const MOST_REPLICATIONS: u32 = 1_000_000;

fn seed(text: &str) -> Result<u64, String> {
    let refusal = || {
        "a seed is a whole number from 0 to 18446744073709551615, or 0x and up to 16 hex digits"
            .to_owned()
    };
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = hex.map_or((text, 10), |h| (h, 16));
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(refusal());
    }
    u64::from_str_radix(digits, radix).map_err(|_| refusal())
}

/// Threads of a command.
fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse::<usize>().ok().filter(|&n| n <= MOST_THREADS);
    number.ok_or_else(|| format!("threads are 0 (one for each core) to {MOST_THREADS}"))
}

fn replications(text: &str) -> Result<u32, String> {
    let number = text
        .parse::<u32>()
        .ok()
        .filter(|n| (1..=MOST_REPLICATIONS).contains(n));
    number.ok_or_else(|| format!("replications are 1 to {MOST_REPLICATIONS}"))
}

/// `PATH=VALUE`.
pub(super) fn assignment(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((path, _)) if !path.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("write PATH=VALUE, such as service.events.workers.count=30".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_have_a_range() {
        assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(seed("0x9F3a"), Ok(0x9f3a));
        for text in [
            "-1",
            "abc",
            "18446744073709551616",
            "1e5",
            "+5",
            "",
            "0x",
            "1_000",
            " 1",
        ] {
            assert!(
                seed(text)
                    .unwrap_err()
                    .contains("0 to 18446744073709551615"),
                "{text}"
            );
        }
    }

    #[test]
    fn threads_and_replications_have_a_range() {
        assert_eq!((threads("0"), threads("1024")), (Ok(0), Ok(1024)));
        for text in ["-1", "1025", "100000", "two"] {
            assert!(threads(text).is_err(), "{text}");
        }
        assert!(replications("0").is_err() && replications("-3").is_err());
        assert_eq!(replications("30"), Ok(30));
    }
}
