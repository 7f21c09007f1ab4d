//! W2 and W3: Poisson arrivals, a balancer, workers with 8 cores and 64 waiting slots, lognormal
//! work. Two events a request. `run` is the bare loop, `run_feat` has timeouts in a lane, retries,
//! a series for each worker and a ring of trace records.

use super::hist::Hist;
use super::queue::{NONE, Queue, payload, time};
use super::rng::Src;
use super::{add, add32};
use std::collections::VecDeque;

pub const CORES: usize = 8;
pub const BUF: usize = 64;

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Policy {
    RoundRobin,
    P2c,
    Jsq,
}

#[derive(Default)]
pub struct Out {
    pub hist: Hist,
    pub drops: u64,
    pub events: u64,
    pub timeouts: u64,
    pub retries: u64,
    pub end_ns: u64,
    pub extra: u64,
}

#[inline(always)]
fn below(x: u32, n: u32) -> u32 {
    ((x as u64).wrapping_mul(n as u64) >> 32) as u32
}

#[inline(always)]
fn pick<S: Src>(p: Policy, rr: &mut usize, lb: &mut S, n: &[u16]) -> usize {
    match p {
        Policy::RoundRobin => {
            let w = *rr;
            let up = w.wrapping_add(1);
            *rr = if up == n.len() { 0 } else { up };
            w
        }
        Policy::P2c => {
            let r = lb.u64();
            let k = n.len() as u32;
            let a = below(r as u32, k) as usize;
            let mut b = below((r >> 32) as u32, k.wrapping_sub(1)) as usize;
            b = b.wrapping_add((b >= a) as usize); // two different workers
            unsafe {
                if *n.get_unchecked(b) < *n.get_unchecked(a) {
                    b
                } else {
                    a
                }
            }
        }
        Policy::Jsq => {
            let mut m = n[0];
            for &x in &n[1..] {
                m = m.min(x);
            }
            n.iter().position(|&x| x == m).unwrap()
        }
    }
}

/// The bare loop; the next arrival is kept beside the queue.
pub fn run<Q: Queue, S: Src>(policy: Policy, workers: usize, requests: u64, seed: u64) -> Out {
    let (mut ar, mut sv, mut lb) = (S::seeded(seed, 1), S::seeded(seed, 2), S::seeded(seed, 3));
    let gap = 4e6 / (0.8 * (workers * CORES) as f64); // ns between arrivals: 80 % busy
    let slots = workers * CORES;
    let mut q = Q::new(slots + 1);
    let mut n = vec![0u16; workers];
    let mut idle = vec![0xFFu8; workers];
    let mut qhead = vec![0u8; workers];
    let mut ring = vec![0u64; workers * BUF];
    let mut since = vec![0u64; slots];
    let mut o = Out::default();
    let mut rr = 0usize;
    let mut next = (ar.exp1() * gap) as u64;
    let mut left = requests;
    loop {
        let e = q.peek();
        let arrival = next <= time(e);
        if e == NONE && left == 0 {
            break;
        }
        add(&mut o.events, 1);
        if arrival {
            let now = next;
            left = left.wrapping_sub(1);
            next = if left > 0 {
                now.wrapping_add((ar.exp1() * gap) as u64)
            } else {
                u64::MAX
            };
            let w = pick(policy, &mut rr, &mut lb, &n);
            unsafe {
                let c = *n.get_unchecked(w) as usize;
                if c < CORES {
                    let m = idle.get_unchecked_mut(w);
                    let k = m.trailing_zeros() as usize;
                    *m &= m.wrapping_sub(1);
                    let held = n.get_unchecked_mut(w);
                    *held = held.wrapping_add(1);
                    let slot = w.wrapping_mul(CORES).wrapping_add(k);
                    *since.get_unchecked_mut(slot) = now;
                    q.push(now.wrapping_add(sv.lognormal_ns()), slot as u32);
                } else if c < CORES + BUF {
                    let i = (*qhead.get_unchecked(w) as usize)
                        .wrapping_add(c)
                        .wrapping_sub(CORES)
                        & (BUF - 1);
                    *ring.get_unchecked_mut(w.wrapping_mul(BUF).wrapping_add(i)) = now;
                    let held = n.get_unchecked_mut(w);
                    *held = held.wrapping_add(1);
                } else {
                    add(&mut o.drops, 1);
                }
            }
        } else {
            q.pop();
            let now = time(e);
            let slot = payload(e) as usize;
            let w = slot / CORES;
            unsafe {
                o.hist.record(now.wrapping_sub(*since.get_unchecked(slot)));
                let c = *n.get_unchecked(w) as usize;
                let held = n.get_unchecked_mut(w);
                *held = held.wrapping_sub(1);
                if c > CORES {
                    let h = qhead.get_unchecked_mut(w);
                    *since.get_unchecked_mut(slot) =
                        *ring.get_unchecked(w.wrapping_mul(BUF).wrapping_add(*h as usize));
                    *h = h.wrapping_add(1) & (BUF as u8 - 1);
                    q.push(now.wrapping_add(sv.lognormal_ns()), slot as u32);
                } else {
                    *idle.get_unchecked_mut(w) |= 1 << (slot % CORES);
                }
            }
            o.end_ns = now;
        }
    }
    o
}

const TIMEOUT_NS: u64 = 50_000_000;
const BACKOFF_NS: u64 = 10_000_000;
const TRIES: u8 = 3;

#[derive(Clone, Copy, Default)]
struct Req {
    born: u64,
    generation: u32,
    tries: u8,
    live: bool, // the client still waits
}

#[derive(Clone, Copy, Default)]
struct Sample {
    arrived: u32,
    done: u32,
    dropped: u32,
    area: u64,
}

#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Rec {
    t: u64,
    req: u32,
    worker: u16,
    what: u16,
}

/// The loop with every feature on.
pub fn run_feat<Q: Queue, S: Src>(policy: Policy, workers: usize, requests: u64, seed: u64) -> Out {
    let kind = Q::KIND;
    let (mut ar, mut sv, mut lb) = (S::seeded(seed, 1), S::seeded(seed, 2), S::seeded(seed, 3));
    let mut bo = S::seeded(seed, 4);
    let gap = 4e6 / (0.8 * (workers * CORES) as f64);
    let slots = workers * CORES;
    let mut q = Q::new(slots + 1);
    let mut n = vec![0u16; workers];
    let mut idle = vec![0xFFu8; workers];
    let mut qhead = vec![0u8; workers];
    let mut ring = vec![0u32; workers * BUF];
    let mut on_core = vec![0u32; slots];
    let mut reqs: Vec<Req> = Vec::with_capacity(1 << 16);
    let mut free: Vec<u32> = Vec::with_capacity(1 << 16);
    let mut lane: VecDeque<(u64, u32, u32)> = Default::default();
    let mut acc = vec![Sample::default(); workers];
    let mut last = vec![0u64; workers];
    let mut series: Vec<Sample> = Vec::new();
    let mut next_sample = 1_000_000_000u64;
    let mut tr = vec![Rec::default(); 1 << 16];
    let mut tri = 0usize;
    let mut o = Out::default();
    let mut rr = 0usize;
    let mut next = (ar.exp1() * gap) as u64;
    let mut left = requests;

    macro_rules! trace {
        ($t:expr, $r:expr, $w:expr, $k:expr) => {
            let i = tri & 0xFFFF;
            unsafe {
                *tr.get_unchecked_mut(i) = Rec {
                    t: $t,
                    req: $r,
                    worker: $w as u16,
                    what: $k,
                }
            };
            tri = tri.wrapping_add(1);
        };
    }
    macro_rules! touch {
        ($w:expr, $t:expr) => {
            let span = u64::wrapping_sub($t, last[$w]);
            add(&mut acc[$w].area, (n[$w] as u64).wrapping_mul(span));
            last[$w] = $t;
        };
    }
    macro_rules! retry {
        ($id:expr, $now:expr) => {{
            let r = &mut reqs[$id as usize];
            if r.tries < TRIES {
                add(&mut o.retries, 1);
                let jitter = 0.5 + (bo.u64() >> 11) as f64 / 9007199254740992.0;
                let back = (BACKOFF_NS << r.tries) as f64 * jitter;
                // a fresh record for the new try, the old one dies with the server's work
                let nr = Req {
                    born: r.born,
                    generation: 0,
                    tries: r.tries.wrapping_add(1),
                    live: true,
                };
                let nid = match free.pop() {
                    Some(i) => {
                        let g = reqs[i as usize].generation;
                        reqs[i as usize] = Req {
                            generation: g,
                            ..nr
                        };
                        i
                    }
                    None => {
                        reqs.push(nr);
                        (reqs.len() as u32).wrapping_sub(1)
                    }
                };
                q.push(
                    $now.wrapping_add(back as u64),
                    (2 * Q::KIND).wrapping_add(nid),
                );
            }
        }};
    }
    macro_rules! send {
        ($id:expr, $now:expr) => {{
            let id: u32 = $id;
            let now: u64 = $now;
            let w = pick(policy, &mut rr, &mut lb, &n);
            touch!(w, now);
            add32(&mut acc[w].arrived, 1);
            let c = n[w] as usize;
            trace!(now, id, w, 0);
            if c < CORES + BUF {
                n[w] = n[w].wrapping_add(1);
                if c < CORES {
                    let k = idle[w].trailing_zeros() as usize;
                    idle[w] &= idle[w].wrapping_sub(1);
                    let slot = w.wrapping_mul(CORES).wrapping_add(k);
                    on_core[slot] = id;
                    q.push(now.wrapping_add(sv.lognormal_ns()), slot as u32);
                    trace!(now, id, w, 1);
                } else {
                    let i = (qhead[w] as usize).wrapping_add(c).wrapping_sub(CORES) & (BUF - 1);
                    ring[w.wrapping_mul(BUF).wrapping_add(i)] = id;
                }
                lane.push_back((
                    now.wrapping_add(TIMEOUT_NS),
                    id,
                    reqs[id as usize].generation,
                ));
            } else {
                add(&mut o.drops, 1);
                add32(&mut acc[w].dropped, 1);
                trace!(now, id, w, 3);
                retry!(id, now);
                add32(&mut reqs[id as usize].generation, 1);
                free.push(id);
            }
        }};
    }

    loop {
        let e = q.peek();
        let mut tq = time(e);
        let mut from_lane = false;
        while let Some(&(t, id, g)) = lane.front() {
            if reqs[id as usize].generation != g {
                lane.pop_front();
                continue;
            }
            if t < tq {
                tq = t;
                from_lane = true;
            }
            break;
        }
        let at = if next <= tq { next } else { tq };
        if at == u64::MAX {
            break;
        }
        add(&mut o.events, 1);
        while at >= next_sample {
            for w in 0..workers {
                touch!(w, next_sample);
            }
            series.extend_from_slice(&acc);
            acc.fill(Sample::default());
            add(&mut next_sample, 1_000_000_000);
        }
        if next <= tq {
            let now = next;
            left = left.wrapping_sub(1);
            next = if left > 0 {
                now.wrapping_add((ar.exp1() * gap) as u64)
            } else {
                u64::MAX
            };
            let r = Req {
                born: now,
                generation: 0,
                tries: 0,
                live: true,
            };
            let id = match free.pop() {
                Some(i) => {
                    let g = reqs[i as usize].generation;
                    reqs[i as usize] = Req { generation: g, ..r };
                    i
                }
                None => {
                    reqs.push(r);
                    (reqs.len() as u32).wrapping_sub(1)
                }
            };
            send!(id, now);
            continue;
        }
        let now = tq;
        let p = if from_lane {
            let (_, id, _) = lane.pop_front().unwrap();
            kind.wrapping_add(id)
        } else {
            q.pop();
            payload(e)
        };
        if p < kind {
            let slot = p as usize;
            let w = slot / CORES;
            let id = on_core[slot];
            touch!(w, now);
            let c = n[w] as usize;
            n[w] = n[w].wrapping_sub(1);
            add32(&mut acc[w].done, 1);
            trace!(now, id, w, 2);
            if c > CORES {
                let h = qhead[w] as usize;
                let nid = ring[w.wrapping_mul(BUF).wrapping_add(h)];
                qhead[w] = (h as u8).wrapping_add(1) & (BUF as u8 - 1);
                on_core[slot] = nid;
                q.push(now.wrapping_add(sv.lognormal_ns()), slot as u32);
                trace!(now, nid, w, 1);
            } else {
                idle[w] |= 1 << (slot % CORES);
            }
            let r = &mut reqs[id as usize];
            if r.live {
                o.hist.record(now.wrapping_sub(r.born));
            }
            add32(&mut r.generation, 1);
            free.push(id);
            o.end_ns = now;
        } else if p < 2 * Q::KIND {
            let id = p.wrapping_sub(kind);
            if reqs[id as usize].live {
                add(&mut o.timeouts, 1);
                trace!(now, id, 0, 4);
                reqs[id as usize].live = false;
                retry!(id, now);
            }
        } else {
            send!(p.wrapping_sub(2 * Q::KIND), now);
        }
    }
    o.extra = series.len() as u64 + tri as u64;
    o
}
