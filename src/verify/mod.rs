//! Systems whose right numbers are known without veltrix, run and judged. `veltrix verify` and the
//! tests share this one implementation. Knows nothing of files, terminals and how a verdict is
//! shown: the known answers are part of the program.
//!
//! ```
//! use veltrix::verify::{self, measure::{Job, run_all}};
//!
//! let cases = verify::read::cases();
//! let case = cases.iter().find(|case| case.id == "erlang-b-c1").expect("it is there");
//! let jobs = [Job::of(case).expect("this version can run it")];
//! let measured = run_all(&jobs, 2, &|_| {}).remove(0).expect("it runs");
//! let compared = verify::compare(&jobs[0], &measured).expect("enough was measured");
//! assert!(compared.iter().all(|number| number.holds()));
//! ```

pub mod build;
mod called;
pub mod measure;
pub mod read;
pub mod reading;
pub mod replay;
pub mod suite;
pub mod truth;
pub mod waiting;

mod judge;

pub use judge::{Compared, compare};
pub use measure::SEED;

/// A difference of so many standard errors is a wrong number. A normal number is that far off once
/// in 26 million times, so that some 900 of them can be compared and none fails by chance.
pub const STANDARD_ERRORS: f64 = 5.5;

/// Of the intervals that are shown.
pub const CONFIDENCE: f64 = 0.95;

/// Cases of up to so many requests are the standard size; the rest is long.
pub const STANDARD: u64 = 3_000_000;

/// How many requests the case needs, if chance has a part in it and it can be counted.
pub fn size(case: &read::Case) -> Option<u64> {
    case.min_requests.filter(|_| case.kind != replay::KIND)
}
