//! The pinned draws: twenty values of every source and sampler, as hexadecimal bits.
//!
//! They catch a draw that changes with a library, a compiler or a machine. A change on purpose is
//! a change of results: the failure prints the text that belongs into `golden.txt`.

use std::fmt::Write;

use super::dist::tests::examples;
use super::rng::{Bits, Key, Keyed, Stream, path_hash};
use super::ziggurat::{exp1, normal};

const PINNED: &str = include_str!("golden.txt");

/// A heading and twenty values, five a line.
fn block(text: &mut String, name: &str, mut next: impl FnMut() -> u64) {
    writeln!(text, "{name}").unwrap();
    for _ in 0..4 {
        let line: Vec<String> = (0..5).map(|_| format!("{:016x}", next())).collect();
        writeln!(text, "    {}", line.join(" ")).unwrap();
    }
}

fn render() -> String {
    let key = Key::new(1, 2, 3);
    let stream = || Stream::new(&key, "source/web/gap");
    let keyed = || Keyed::new(&key, path_hash("source/web/retry"), 812, 1, 2);
    let mut text = String::new();
    let mut bits = stream();
    block(&mut text, "stream: words", || bits.next_u64());
    let mut bits = stream();
    block(&mut text, "stream: unit", || bits.unit().to_bits());
    let mut bits = stream();
    block(&mut text, "stream: below 1000", || {
        u64::from(bits.below(1000))
    });
    let mut bits = keyed();
    block(&mut text, "keyed: words", || bits.next_u64());
    let mut bits = keyed();
    block(&mut text, "keyed: exponential", || {
        exp1(&mut bits).to_bits()
    });
    let mut bits = stream();
    block(&mut text, "exponential of mean 1", || {
        exp1(&mut bits).to_bits()
    });
    let mut bits = stream();
    block(&mut text, "standard normal", || normal(&mut bits).to_bits());
    for (name, dist) in examples() {
        let mut bits = stream();
        block(&mut text, name, || dist.sample(&mut bits).to_bits());
    }
    // Twenty values hardly ever meet a tail or a wedge; a sum over many does.
    let mut bits = stream();
    let mut sum = |sample: fn(&mut Stream) -> f64| {
        (0..10_000)
            .map(|_| sample(&mut bits))
            .sum::<f64>()
            .to_bits()
    };
    block(&mut text, "sums of 10,000 exponentials", || sum(exp1));
    block(&mut text, "sums of 10,000 normals", || sum(normal));
    text
}

#[test]
fn draws_are_pinned() {
    let rendered = render();
    assert!(
        rendered == PINNED,
        "draws have changed; they are now:\n{rendered}"
    );
}
