//! Policies driven alone through a script: who is let in, what each worker has, and who must be
//! picked, by hand from the rule. Policies that draw are held to chances where these are simple.

use super::{Fleet, Policy, View};
use crate::engine::rng::{Key, Stream};
use crate::model::spec::{PolicySpec, Schedule, Ties};

/// Who is let in, attempts at each, and who must be picked.
type Row<'a> = (&'a [u32], &'a [u32], u32);

fn policy(spec: &PolicySpec, weights: &[f64]) -> (Policy, Stream) {
    let fleet = Fleet {
        weights: weights.to_vec(),
        cores: vec![2; weights.len()],
        room: vec![3; weights.len()],
        ..Fleet::default()
    };
    let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
    (Policy::new(spec, &fleet, &mut stream), stream)
}

#[track_caller]
fn follows(spec: PolicySpec, weights: &[f64], rows: &[Row<'_>]) {
    let (mut policy, mut stream) = policy(&spec, weights);
    for (row, (eligible, load, wanted)) in rows.iter().enumerate() {
        let view = View {
            eligible,
            load,
            now: row as u64,
            key: 0,
            open: true,
        };
        let picked = policy.pick(&view, &mut stream);
        assert_eq!(picked, *wanted, "{spec:?}, row {row}");
    }
}

const ALL: &[u32] = &[0, 1, 2, 3];
const NONE: &[u32] = &[0; 4];

#[test]
fn round_robin_keeps_its_place_by_number() {
    let rows: &[Row<'_>] = &[
        (ALL, NONE, 1),
        (ALL, &[0, 9, 9, 0], 2),
        // It was 3's turn, and 3 is let in.
        (&[0, 1, 3], NONE, 3),
        // Behind the last comes the first.
        (ALL, NONE, 0),
        // 1 is shut off: the next that is not, and the turn goes on behind it.
        (&[2, 3], NONE, 2),
        // Nobody from 3 on is let in.
        (&[0, 1], NONE, 0),
        (ALL, NONE, 1),
        (&[0], NONE, 0),
        (ALL, NONE, 1),
    ];
    follows(PolicySpec::RoundRobin { start: Some(2) }, &[1.0; 4], rows);
}

#[test]
fn smooth_turns_are_those_of_nginx() {
    let smooth = PolicySpec::WeightedRoundRobin {
        schedule: Schedule::Smooth,
    };
    let three: &[u32] = &[0, 1, 2];
    // The example of nginx: a a b a c a a.
    let turns = [0, 0, 1, 0, 2, 0, 0];
    let rows: Vec<Row<'_>> = turns
        .iter()
        .cycle()
        .take(21)
        .map(|&w| (three, &[7, 0, 0][..], w))
        .collect();
    follows(smooth, &[5.0, 1.0, 1.0], &rows);
    // Credits after each: (-1, 1), then 0 is shut off: (-1, 1) again, for 1 gets and pays 1; then
    // (1, -1) by 1, (0, 0) by 0.
    let (both, second): (&[u32], &[u32]) = (&[0, 1], &[1]);
    let none: &[u32] = &[0, 0];
    let rows: &[Row<'_>] = &[
        (both, none, 0),
        (second, none, 1),
        (second, none, 1),
        (both, none, 1),
        (both, none, 0),
        (both, none, 0),
    ];
    follows(smooth, &[2.0, 1.0], rows);
    // Whoever weighs nothing gets something only where nobody does.
    let rows: &[Row<'_>] = &[(both, none, 1), (both, none, 1), (&[0], none, 0)];
    follows(smooth, &[0.0, 1.0], rows);
}

#[test]
fn least_connections_takes_equals_in_turn() {
    let rows: &[Row<'_>] = &[
        (ALL, &[1, 1, 2, 1], 0),
        (ALL, &[1, 1, 2, 1], 1),
        (ALL, &[1, 1, 2, 1], 3),
        (ALL, &[1, 1, 2, 1], 0),
        // Fewer goes before the turn.
        (ALL, &[1, 1, 0, 1], 2),
        (ALL, &[0, 0, 1, 0], 3),
        // Shut off, however few it has.
        (&[0, 2], &[2, 0, 3, 0], 0),
    ];
    follows(PolicySpec::LeastConnections, &[1.0; 4], rows);
    let both: &[u32] = &[0, 1];
    let rows: &[Row<'_>] = &[
        // 4 for a weight of 2 is more than 1 for 1; 1 for 2 less; 2 for 2 as many: 1's turn.
        (both, &[4, 1], 1),
        (both, &[1, 1], 0),
        (both, &[2, 1], 1),
        (both, &[2, 1], 0),
    ];
    follows(PolicySpec::LeastConnections, &[2.0, 1.0], rows);
}

/// Two cores and one place each.
#[test]
fn first_fills_one_after_another() {
    let rows: &[Row<'_>] = &[
        (ALL, NONE, 0),
        (ALL, &[1, 0, 0, 0], 0),
        // All of its cores.
        (ALL, &[2, 0, 0, 0], 1),
        (ALL, &[3, 2, 1, 0], 2),
        // All cores of all: the place of the first.
        (ALL, &[2, 2, 2, 2], 0),
        (ALL, &[3, 2, 2, 2], 1),
        // No room anywhere: the first, which refuses.
        (ALL, &[3, 3, 3, 3], 0),
        (&[1, 3], &[0, 3, 0, 3], 1),
        (&[1, 3], &[0, 3, 0, 2], 3),
    ];
    follows(PolicySpec::First, &[1.0; 4], rows);
}

#[test]
fn the_oracle_takes_the_fewest_and_the_lowest_number_if_told() {
    let rows: &[Row<'_>] = &[
        (ALL, &[3, 1, 4, 1], 1),
        (ALL, NONE, 0),
        (&[2, 3], &[0, 0, 5, 5], 2),
        (&[0, 2, 3], &[6, 0, 5, 4], 3),
    ];
    follows(PolicySpec::JsqOracle { ties: Ties::First }, &[1.0; 4], rows);
}

/// How often each of two is picked, of 10,000 times.
fn shares(spec: PolicySpec, weights: &[f64; 2], load: &[u32; 2]) -> [u32; 2] {
    let (mut policy, mut stream) = policy(&spec, weights);
    let mut counts = [0; 2];
    for now in 0..10_000 {
        let view = View {
            eligible: &[0, 1],
            load,
            now,
            key: 0,
            open: true,
        };
        counts[policy.pick(&view, &mut stream) as usize] += 1;
    }
    counts
}

/// Chances by hand, within five standard errors.
#[test]
fn draws_have_the_chances_of_the_rule() {
    let least_request = |choices| PolicySpec::LeastRequest {
        choices,
        full_scan: false,
    };
    let random_n = |choices| PolicySpec::RandomN { choices };
    let rows = [
        (PolicySpec::Random, [1.0, 1.0], [9, 0], 0.5),
        (PolicySpec::Random, [3.0, 1.0], [9, 0], 0.75),
        // The busier one only where all draws are of it.
        (least_request(1), [1.0, 1.0], [9, 0], 0.5),
        (least_request(2), [1.0, 1.0], [9, 0], 0.25),
        (least_request(3), [1.0, 1.0], [9, 0], 0.125),
        // As many: the first drawn.
        (least_request(2), [1.0, 1.0], [4, 4], 0.5),
        (PolicySpec::P2c, [1.0, 1.0], [9, 8], 0.0),
        (PolicySpec::P2c, [1.0, 1.0], [4, 4], 0.5),
        // For its weight: 3/4 squared, where it is the busier; 8 for 3 against 3 for 1 it is not.
        (random_n(2), [3.0, 1.0], [9, 0], 0.5625),
        (random_n(2), [3.0, 1.0], [10, 3], 0.5625),
        (random_n(2), [3.0, 1.0], [8, 3], 0.9375),
        // 9 for 3 and 3 for 1: the first drawn.
        (random_n(2), [3.0, 1.0], [9, 3], 0.75),
        (
            PolicySpec::JsqOracle { ties: Ties::Random },
            [1.0, 1.0],
            [4, 4],
            0.5,
        ),
        (
            PolicySpec::JsqOracle { ties: Ties::Random },
            [1.0, 1.0],
            [5, 4],
            0.0,
        ),
    ];
    for (spec, weights, load, chance) in rows {
        let counts = shares(spec, &weights, &load);
        let off = f64::from(counts[0]) - 10_000.0 * chance;
        let allowed = 5.0 * (10_000.0 * chance * (1.0 - chance)).sqrt();
        assert!(
            off.abs() <= allowed,
            "{spec:?} {weights:?} {load:?}: {counts:?}"
        );
    }
}
