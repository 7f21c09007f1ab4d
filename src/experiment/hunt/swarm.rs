//! Swarm testing (Groce et al. 2012, ISSTA): each seed leaves out some of what could happen, and
//! goes to the ends of what is uncertain, since what always happens hides what else could.
//!
//! Every draw has a stream of its own under the seed: which fault is kept does not depend on what
//! other faults there are.

use crate::engine::rng::{Bits, Key, Stream};

/// Whether a seed keeps a fault: one in two.
pub fn keeps(seed: u64, fault: &str) -> bool {
    stream(seed, "fault", fault).unit() < 0.5
}

/// Where in its range a seed puts an uncertain input: 0 is its lower end, 1 its upper one. One seed
/// in two takes an end, the others any place between.
pub fn part(seed: u64, path: &str) -> f64 {
    let mut stream = stream(seed, "uncertain", path);
    let (at_an_end, place) = (stream.unit() < 0.5, stream.unit());
    match at_an_end {
        true => f64::from(u8::from(place >= 0.5)),
        false => place,
    }
}

fn stream(seed: u64, what: &str, name: &str) -> Stream {
    Stream::new(&Key::new(seed, 0, 0), &format!("hunt/{what}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_shares_of_seeds_and_do_not_follow_one_another() {
        let seeds = 4000;
        let share = |of: &dyn Fn(u64) -> bool| {
            let hits = (0..seeds).filter(|&seed| of(seed)).count();
            hits as f64 / seeds as f64
        };
        // Five standard errors of one in four, and of one in two.
        let near = |share: f64, wanted: f64| assert!((share - wanted).abs() < 0.04, "{share}");
        near(share(&|seed| keeps(seed, "slow")), 0.5);
        near(
            share(&|seed| keeps(seed, "slow") && keeps(seed, "crash")),
            0.25,
        );
        near(share(&|seed| part(seed, "a") == 0.0), 0.25);
        near(share(&|seed| part(seed, "a") == 1.0), 0.25);
        near(share(&|seed| (0.2..0.6).contains(&part(seed, "a"))), 0.2);
        near(
            share(&|seed| part(seed, "a") == 0.0 && part(seed, "b") == 1.0),
            0.0625,
        );
        assert!((0..seeds).all(|seed| (0.0..=1.0).contains(&part(seed, "a"))));
    }
}
