//! What the search does with wrong orders, large spaces and points that cannot be decided, on an
//! oracle that costs nothing.

use veltrix::experiment::find::checks::Checks;
use veltrix::experiment::find::space::{Line, Part, Space};
use veltrix::experiment::find::{Fate, Halt, Known, Oracle, PointId, Settings, Trial, search};
use veltrix::experiment::objective::{Constraint, Op};
use veltrix::model::metric::Metric;
use veltrix::stats::selection::Reading;

fn checks() -> Checks {
    let constraint = Constraint {
        text: "latency_mean < 1s".into(),
        metric: Metric::parse("latency_mean").unwrap(),
        op: Op::Below,
        bound: 1.0,
    };
    Checks::new(&[constraint], 0.05)
}

/// Axes of these lengths; an ordered one is best at its last value.
fn space(axes: &[(usize, bool)]) -> Space {
    Space {
        variants: vec![Part {
            variant: 0,
            swept: true,
        }],
        axes: axes
            .iter()
            .map(|&(len, ordered)| Line {
                len,
                order: ordered.then(|| (0..len).collect()),
            })
            .collect(),
    }
}

/// A latency and a cost by formula, with noise of a given size.
struct Formula<'a> {
    space: &'a Space,
    latency: fn(&[usize]) -> f64,
    cost: fn(&[usize]) -> f64,
    noise: f64,
    seed: u64,
    trials: u64,
    stop_after: u64,
}

impl Formula<'_> {
    /// Uniform in -1 to 1, by point-free streams: paired over points.
    fn draw(&self, replication: u32) -> f64 {
        let mut z = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(replication) << 20;
        for _ in 0..3 {
            z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z ^= z >> 27;
        }
        (z >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

impl Oracle for Formula<'_> {
    fn known(&mut self, point: PointId) -> Result<Known, Halt> {
        Ok(Known {
            cost: (self.cost)(&self.space.place(point).1),
            hopeless: None,
        })
    }

    fn trials(&mut self, point: PointId, from: u32, count: u32) -> Result<Vec<Trial>, Halt> {
        if self.trials >= self.stop_after {
            return Err(Halt::Stopped);
        }
        self.trials += u64::from(count);
        let latency = (self.latency)(&self.space.place(point).1);
        let trial = |replication| Trial {
            readings: vec![Reading::Ratio {
                num: latency * (1.0 + self.noise * self.draw(replication)) * 100.0,
                den: 100.0,
            }],
            requests: 100,
        };
        Ok((from..from + count).map(trial).collect())
    }
}

fn formula<'a>(
    space: &'a Space,
    latency: fn(&[usize]) -> f64,
    cost: fn(&[usize]) -> f64,
) -> Formula<'a> {
    Formula {
        space,
        latency,
        cost,
        noise: 0.2,
        seed: 1,
        trials: 0,
        stop_after: u64::MAX,
    }
}

fn sum(at: &[usize]) -> f64 {
    10.0 + at.iter().map(|&i| i as f64).sum::<f64>()
}

#[test]
fn a_million_points_take_a_few_dozen_runs() {
    let space = space(&[(1000, true), (1000, true)]);
    assert_eq!(space.size(), 1_000_000);
    // Cost a + 3 b, latency 40,000 / ((a + 1)(b + 1)): feasible from a b of about 40,000 on, the
    // cheapest near a = 346, b = 115.
    let cost = |at: &[usize]| (at[0] + 3 * at[1]) as f64 + 1.0;
    let latency = |at: &[usize]| 40_000.0 / ((at[0] + 1) * (at[1] + 1)) as f64;
    let mut oracle = formula(&space, latency, cost);
    let answer = search(&space, &checks(), &Settings::new(0.95, 5), &mut oracle).unwrap();
    let winner = answer.winner.clone().unwrap();
    let at = space.place(winner.point).1;
    assert!(latency(&at) < 1.0, "{at:?}");
    let best = 689.0;
    let dear = winner.cost / best;
    assert!((1.0..1.05).contains(&dear), "{at:?} at {}", winner.cost);
    assert!(answer.looked.len() < 300, "{} points", answer.looked.len());
    assert!(answer.violated.is_empty());
}

#[test]
fn an_order_that_is_wrong_is_found_out_and_its_axis_searched() {
    // Better up to 5, and then worse again: only 3 to 6 of 12 are feasible.
    let space = space(&[(12, true), (4, false)]);
    let latency = |at: &[usize]| {
        let off = (at[0] as f64 - 4.5).abs();
        0.6 + 0.15 * off * off + 0.1 * at[1] as f64
    };
    for seed in 1..=20 {
        let mut oracle = formula(&space, latency, sum);
        oracle.seed = seed;
        let answer = search(&space, &checks(), &Settings::new(0.95, 5), &mut oracle).unwrap();
        assert_eq!(answer.violated, [0], "seed {seed}");
        let winner = answer.winner.unwrap();
        assert_eq!(space.place(winner.point).1, [3, 0], "seed {seed}");
    }
}

#[test]
fn what_no_point_meets_has_no_winner() {
    let space = space(&[(50, true), (3, false)]);
    let mut oracle = formula(&space, |_| 2.0, sum);
    let answer = search(&space, &checks(), &Settings::new(0.95, 5), &mut oracle).unwrap();
    assert_eq!(answer.winner, None);
    assert_eq!(
        (answer.best, answer.stopped, answer.floor),
        (None, false, None)
    );
    // One best corner a value of the other axis condemns everything.
    assert_eq!(answer.looked.len(), 3);
    assert!(answer.looked.iter().all(|l| l.fate == Fate::Missed(0)));
}

#[test]
fn one_that_is_stopped_says_the_best_so_far_and_what_is_open() {
    let space = space(&[(1000, true)]);
    let latency = |at: &[usize]| 500.0 / (at[0] + 1) as f64;
    let mut oracle = formula(&space, latency, sum);
    oracle.stop_after = 15;
    let answer = search(&space, &checks(), &Settings::new(0.95, 5), &mut oracle).unwrap();
    assert!(answer.stopped && answer.winner.is_none());
    let best = &answer.looked[answer.best.unwrap()];
    assert!(
        best.cost > 500.0 && answer.floor.unwrap() <= 510.0,
        "{answer:?}"
    );
}

#[test]
fn a_winner_at_the_bound_may_be_either_and_its_neighbours_not() {
    // 0.98 at 20, within the indifference; 0.90 at 22.
    let space = space(&[(40, true)]);
    let latency = |at: &[usize]| 1.78 - 0.04 * at[0] as f64;
    let mut found = [0; 40];
    for seed in 1..=100 {
        let mut oracle = formula(&space, latency, sum);
        oracle.seed = seed;
        let answer = search(&space, &checks(), &Settings::new(0.95, 5), &mut oracle).unwrap();
        let winner = answer.winner.unwrap();
        found[space.place(winner.point).1[0]] += 1;
        let next = answer.next.unwrap();
        assert!(answer.looked[next.place].cost < winner.cost);
    }
    assert_eq!(found[20] + found[21], 100, "{found:?}");
}
