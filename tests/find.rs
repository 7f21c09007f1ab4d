//! `find` on grids whose every point has an exact answer: does it return the cheapest feasible
//! point, and how much does it simulate for that? A few seeds by default; `VELTRIX_FIND=all` takes
//! 200 of each grid, and with `VELTRIX_BLESS=1` writes the table of `docs/find.md`.

#![allow(clippy::unwrap_used)]

#[path = "find/grids.rs"]
mod grids;
#[path = "find/orders.rs"]
mod orders;
#[path = "find/queues.rs"]
mod queues;

use std::path::Path;

use grids::{Grid, Outcome};

/// Seeds of each grid: 1, 2, 3, ...
fn seeds() -> u64 {
    match std::env::var("VELTRIX_FIND").as_deref() {
        Ok("all") => 200,
        Ok(n) => n.parse().unwrap(),
        Err(_) => 5,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn row(grid: &Grid, outcomes: &[Outcome]) -> String {
    let n = outcomes.len();
    let count = |of: fn(&Outcome) -> bool| outcomes.iter().filter(|o| of(o)).count();
    let shares: Vec<f64> = outcomes.iter().filter_map(|o| o.share).collect();
    let median_of = |of: fn(&Outcome) -> f64| median(outcomes.iter().map(of).collect());
    format!(
        "| {} | {} | {} | {} of {n} | {} of {n} | {:.0} | {:.2} % | {:.2} % |\n",
        grid.title,
        grid.size(),
        grid.tight(),
        count(|o| o.right),
        count(|o| o.cheapest),
        median_of(|o| o.run as f64),
        100.0 * median(shares.clone()),
        100.0 * shares.iter().copied().fold(0.0, f64::max),
    )
}

#[test]
fn the_cheapest_feasible_point_is_found_and_cheaply() {
    let (grids, seeds) = (grids::all(), seeds());
    let mut table = String::from(
        "| grid | points | within 5 % of a bound | right | the cheapest itself | \
         points run, median | of the whole grid's requests, median | at most |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let (mut right, mut all, mut tight) = (0, 0, 0);
    let mut poor = Vec::new();
    for grid in &grids {
        assert!((100..=1000).contains(&grid.size()), "{}", grid.title);
        let outcomes: Vec<Outcome> = (1..=seeds).map(|seed| grid.find(seed)).collect();
        table.push_str(&row(grid, &outcomes));
        let good = outcomes.iter().filter(|o| o.right).count() as u64;
        (right, all) = (right + good, all + seeds);
        tight += usize::from(grid.tight() >= 3);
        let share = median(outcomes.iter().filter_map(|o| o.share).collect());
        // 186 of 200; of a handful one may be wrong.
        if good * 200 < 186 * seeds && seeds - good > 1 || share > 0.10 {
            poor.push(format!("{}: {good} of {seeds}, {share}", grid.title));
        }
        for (seed, o) in (1..).zip(&outcomes).filter(|(_, o)| !o.right) {
            println!("{}: seed {seed}: {}", grid.title, o.said);
        }
    }
    println!("{table}");
    assert!(poor.is_empty(), "{poor:#?}\n{table}");
    assert!(tight >= 2, "too few grids that bind\n{table}");
    assert!(
        seeds < 200 || right * 100 >= 95 * all,
        "{right} of {all}\n{table}"
    );
    if std::env::var_os("VELTRIX_BLESS").is_some() {
        bless(&table);
    }
}

/// Puts the table between its marks.
fn bless(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/find.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- table: begin -->\n", "<!-- table: end -->");
    let (head, rest) = page.split_once(begin).unwrap();
    let (_, tail) = rest.split_once(end).unwrap();
    std::fs::write(&path, format!("{head}{begin}\n{table}\n{end}{tail}")).unwrap();
}
