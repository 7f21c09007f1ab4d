//! The two event queues. What they hand out is a u128: time in the high half, payload below.

use super::add;

pub const NONE: u128 = u128::MAX;

#[inline(always)]
pub fn time(e: u128) -> u64 {
    (e >> 64) as u64
}
#[inline(always)]
pub fn payload(e: u128) -> u32 {
    (e as u32) & 0xFF_FFFF
}
#[inline(always)]
fn pack(t: u64, seq: u64, p: u32) -> u128 {
    ((t as u128) << 64) | ((seq << 24) as u128) | p as u128
}

pub trait Queue {
    /// Payloads from here on are timeouts, from twice this on retries; below are cores.
    const KIND: u32;
    fn new(slots: usize) -> Self;
    fn push(&mut self, t: u64, p: u32);
    fn peek(&mut self) -> u128;
    fn pop(&mut self) -> u128;
}

/// A d-ary heap of u128: time, a 40-bit number from one counter (equal times go in the order of
/// their insertion), a 24-bit payload.
pub struct Dary<const D: usize> {
    h: Vec<u128>,
    seq: u64,
}

impl<const D: usize> Dary<D> {
    #[inline(always)]
    fn sift_down(&mut self, mut i: usize, e: u128) {
        let n = self.h.len();
        let h = self.h.as_mut_ptr();
        unsafe {
            loop {
                let c = i.wrapping_mul(D).wrapping_add(1);
                if c.wrapping_add(D) <= n {
                    let (mut m, mut mv) = (c, *h.add(c));
                    for k in 1..D {
                        let v = *h.add(c.wrapping_add(k));
                        let less = v < mv;
                        m = if less { c.wrapping_add(k) } else { m };
                        mv = if less { v } else { mv };
                    }
                    if mv >= e {
                        break;
                    }
                    *h.add(i) = mv;
                    i = m;
                } else {
                    if c >= n {
                        break;
                    }
                    let (mut m, mut mv) = (c, *h.add(c));
                    for k in c.wrapping_add(1)..n {
                        let v = *h.add(k);
                        if v < mv {
                            m = k;
                            mv = v;
                        }
                    }
                    if mv >= e {
                        break;
                    }
                    *h.add(i) = mv;
                    i = m;
                }
            }
            *h.add(i) = e;
        }
    }
    #[inline(always)]
    fn sift_up(&mut self, mut i: usize, e: u128) {
        let h = self.h.as_mut_ptr();
        unsafe {
            while i > 0 {
                let p = i.wrapping_sub(1) / D;
                let v = *h.add(p);
                if v <= e {
                    break;
                }
                *h.add(i) = v;
                i = p;
            }
            *h.add(i) = e;
        }
    }
}

impl<const D: usize> Queue for Dary<D> {
    const KIND: u32 = 1 << 22;
    fn new(slots: usize) -> Self {
        Dary {
            h: Vec::with_capacity(slots + 1),
            seq: 0,
        }
    }
    #[inline(always)]
    fn push(&mut self, t: u64, p: u32) {
        add(&mut self.seq, 1);
        let e = pack(t, self.seq, p);
        let i = self.h.len();
        self.h.push(e);
        self.sift_up(i, e);
    }
    #[inline(always)]
    fn peek(&mut self) -> u128 {
        self.h.first().copied().unwrap_or(NONE)
    }
    #[inline(always)]
    fn pop(&mut self) -> u128 {
        let Some(last) = self.h.pop() else {
            return NONE;
        };
        if self.h.is_empty() {
            return last;
        }
        let top = self.h[0];
        self.sift_down(0, last);
        top
    }
}

/// Time (44 bits of ns: 4.9 h) and slot (20 bits) in one u64: half the memory, a plain integer
/// compare; equal times go by slot number, which is still deterministic.
pub struct Short<const D: usize> {
    h: Vec<u64>,
}

impl<const D: usize> Queue for Short<D> {
    const KIND: u32 = 1 << 18;
    fn new(slots: usize) -> Self {
        Short {
            h: Vec::with_capacity(slots + 1),
        }
    }
    #[inline(always)]
    fn push(&mut self, t: u64, p: u32) {
        let e = (t << 20) | p as u64;
        let mut i = self.h.len();
        self.h.push(e);
        let h = self.h.as_mut_ptr();
        unsafe {
            while i > 0 {
                let q = i.wrapping_sub(1) / D;
                let v = *h.add(q);
                if v <= e {
                    break;
                }
                *h.add(i) = v;
                i = q;
            }
            *h.add(i) = e;
        }
    }
    #[inline(always)]
    fn peek(&mut self) -> u128 {
        match self.h.first() {
            Some(&k) => (((k >> 20) as u128) << 64) | (k & 0xF_FFFF) as u128,
            None => NONE,
        }
    }
    #[inline(always)]
    fn pop(&mut self) -> u128 {
        let top = self.peek();
        let Some(e) = self.h.pop() else { return NONE };
        let n = self.h.len();
        if n == 0 {
            return top;
        }
        let h = self.h.as_mut_ptr();
        let mut i = 0usize;
        unsafe {
            loop {
                let c = i.wrapping_mul(D).wrapping_add(1);
                let (mut m, mut mv);
                if c.wrapping_add(D) <= n {
                    (m, mv) = (c, *h.add(c));
                    for k in 1..D {
                        let v = *h.add(c.wrapping_add(k));
                        let less = v < mv;
                        m = if less { c.wrapping_add(k) } else { m };
                        mv = if less { v } else { mv };
                    }
                } else if c < n {
                    (m, mv) = (c, *h.add(c));
                    for k in c.wrapping_add(1)..n {
                        let v = *h.add(k);
                        if v < mv {
                            m = k;
                            mv = v;
                        }
                    }
                } else {
                    break;
                }
                if mv >= e {
                    break;
                }
                *h.add(i) = mv;
                i = m;
            }
            *h.add(i) = e;
        }
        top
    }
}
