//! Who arrives apart from whom: the few largest classes, or requests of like size.

use std::collections::BTreeMap;

use super::{Log, Row};

/// Why a model has the sources it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// One: the shares of classes, or the sizes, do not follow the time.
    Together,
    /// One for each class: their shares change with time.
    ByClass,
    /// One for each quarter of the sizes: which sizes come changes with time.
    BySize,
}

/// The same log with at most `most` classes: the largest, and `rest` for all others. Equals keep
/// their order. Classes without rows are left out.
pub fn few_classes(log: Log, most: usize) -> Log {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for row in &log.rows {
        *counts.entry(row.class).or_default() += 1;
    }
    let mut largest: Vec<(u32, usize)> = counts.into_iter().collect();
    largest.sort_by_key(|&(class, count)| (usize::MAX - count, class));
    let all = largest.len() <= most.max(1);
    let kept = if all { largest.len() } else { most.max(1) - 1 };
    let place = |class: u32| largest[..kept].iter().position(|&(c, _)| c == class);
    let mut classes: Vec<String> = largest[..kept]
        .iter()
        .map(|&(class, _)| log.classes[class as usize].clone())
        .collect();
    if !all {
        classes.push("rest".into());
    }
    let places: Vec<u32> = (0..log.classes.len() as u32)
        .map(|class| place(class).unwrap_or(kept) as u32)
        .collect();
    let rows = log.rows.iter().map(|row| Row {
        class: places[row.class as usize],
        ..*row
    });
    Log {
        rows: rows.collect(),
        classes,
        ..log
    }
}

/// How many groups of sizes.
const GROUPS: usize = 4;

/// The same log with its rows in classes by size: quarters, fewer where sizes are alike.
pub fn size_groups(log: &Log) -> Log {
    let mut sizes: Vec<u64> = log.rows.iter().map(|row| row.size).collect();
    sizes.sort_unstable();
    let mut cuts: Vec<u64> = (1..GROUPS)
        .map(|i| sizes[sizes.len() * i / GROUPS])
        .collect();
    cuts.dedup();
    cuts.retain(|&cut| cut > sizes[0]);
    let rows = log.rows.iter().map(|row| Row {
        class: cuts.partition_point(|&cut| cut <= row.size) as u32,
        ..*row
    });
    Log {
        rows: rows.collect(),
        classes: (1..=cuts.len() + 1).map(|i| format!("size-{i}")).collect(),
        ..log.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(classes: &[u32], sizes: &[u64]) -> Log {
        let rows = classes.iter().zip(sizes).map(|(&class, &size)| Row {
            at: 0,
            class,
            size,
            took: None,
        });
        Log {
            rows: rows.collect(),
            classes: ["a", "b", "c", "d"].map(String::from).to_vec(),
            sized: true,
            resolution: 1,
            timeout: None,
        }
    }

    #[test]
    fn the_largest_classes_stay_and_the_others_are_the_rest() {
        let few = few_classes(log(&[2, 2, 2, 0, 1, 1, 3], &[1; 7]), 3);
        assert_eq!(few.classes, ["c", "b", "rest"]);
        let classes: Vec<u32> = few.rows.iter().map(|row| row.class).collect();
        assert_eq!(classes, [0, 0, 0, 2, 1, 1, 2]);
        let all = few_classes(log(&[2, 0], &[1; 2]), 3);
        assert_eq!(all.classes, ["a", "c"]);
    }

    #[test]
    fn quarters_of_sizes_are_groups() {
        let groups = size_groups(&log(&[0; 8], &[1, 2, 3, 4, 5, 6, 7, 8]));
        let classes: Vec<u32> = groups.rows.iter().map(|row| row.class).collect();
        assert_eq!(classes, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(size_groups(&log(&[0; 4], &[7; 4])).classes, ["size-1"]);
    }
}
