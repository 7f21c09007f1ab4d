//! What commands that run trials share: the clock, `host.json`, words as a shell reads them.

use std::time::{Duration, Instant};

use super::recorded::Provenance;

/// The wall clock, for `host.json` only.
pub struct Clock(Instant);

impl Clock {
    /// Starts now.
    #[allow(clippy::disallowed_methods)]
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// How long ago that was.
    pub fn time(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What only this machine and this hour know, after so many events.
pub fn host(
    events: u64,
    kept: usize,
    threads: usize,
    time: Duration,
    origin: &Provenance,
) -> Vec<u8> {
    let seconds = time.as_secs_f64();
    // Of trials that an earlier run kept nobody knows the time.
    let speed = (kept == 0 && seconds > 0.0).then(|| events as f64 / seconds);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let text = serde_json::json!({
        "experiment": origin,
        "wall_s": seconds,
        "events": events,
        "events_per_second": speed,
        "resumed_trials": kept,
        "threads": if threads == 0 { cores } else { threads },
        "cores": cores,
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
    });
    format!("{text:#}\n").into_bytes()
}

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-=:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
