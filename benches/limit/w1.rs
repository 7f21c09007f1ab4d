//! W1: M/M/1 at rho 0.9, both kinds of event through the queue.

use super::add;
use super::queue::{NONE, Queue, payload, time};
use super::rng::Src;
use std::collections::VecDeque;

pub struct Out {
    pub mean: f64,
    pub n: u64,
}

/// `mean_ns` is the mean work: the 44 bits of time of `Short` hold a million customers of 1 ms, not
/// of 1 s.
pub fn queued<Q: Queue, S: Src>(n: u64, seed: u64, mean_ns: f64) -> Out {
    let (mut a, mut s) = (S::seeded(seed, 1), S::seeded(seed, 2));
    let mut q = Q::new(2);
    let mut fifo: VecDeque<u64> = VecDeque::with_capacity(4096);
    let (ga, gs) = (mean_ns / 0.9, mean_ns);
    q.push((a.exp1() * ga) as u64, 0);
    let (mut left, mut done, mut sum) = (n, 0u64, 0u64);
    loop {
        let e = q.pop();
        if e == NONE {
            break;
        }
        let now = time(e);
        if payload(e) == 0 {
            left = left.wrapping_sub(1);
            if left > 0 {
                q.push(now.wrapping_add((a.exp1() * ga) as u64), 0);
            }
            if fifo.is_empty() {
                q.push(now.wrapping_add((s.exp1() * gs) as u64), 1);
            }
            fifo.push_back(now);
        } else {
            add(&mut sum, now.wrapping_sub(fifo.pop_front().unwrap()));
            add(&mut done, 1);
            if !fifo.is_empty() {
                q.push(now.wrapping_add((s.exp1() * gs) as u64), 1);
            }
        }
    }
    Out {
        mean: sum as f64 / done as f64 / mean_ns,
        n: done,
    }
}
