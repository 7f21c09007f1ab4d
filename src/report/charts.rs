//! Which charts a design gets, filled with its results.

use crate::experiment::design::Design;
use crate::experiment::results::Results;

/// The charts: file names (below `charts/`) and bytes.
pub fn draw(design: &Design, results: &Results) -> Vec<(String, Vec<u8>)> {
    let _ = (design, results);
    Vec::new()
}
