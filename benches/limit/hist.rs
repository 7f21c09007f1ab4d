//! Log-linear latency histogram over nanoseconds: 64 buckets a power of two (error up to 1.6 %).

use super::{add, add32};

pub struct Hist {
    pub b: Vec<u32>,
    pub n: u64,
    pub sum: u64,
}

impl Default for Hist {
    fn default() -> Self {
        Hist {
            b: vec![0; 64 * 64],
            n: 0,
            sum: 0,
        }
    }
}

impl Hist {
    #[inline(always)]
    pub fn record(&mut self, ns: u64) {
        let v = ns | 63;
        let sh = 57u32.wrapping_sub(v.leading_zeros()); // 0.. for v >= 64
        let i = ((sh as usize) << 6)
            .wrapping_add((v >> sh) as usize)
            .wrapping_sub(64);
        unsafe { add32(self.b.get_unchecked_mut(i), 1) };
        add(&mut self.n, 1);
        add(&mut self.sum, ns);
    }
    pub fn mean_ms(&self) -> f64 {
        self.sum as f64 / self.n.max(1) as f64 / 1e6
    }
    pub fn quantile_ms(&self, q: f64) -> f64 {
        let want = (q * self.n as f64) as u64;
        let mut c = 0u64;
        for (i, &x) in self.b.iter().enumerate() {
            c += x as u64;
            if c >= want {
                let sh = i >> 6;
                let lo = ((i & 63) as u64 + 64) << sh;
                return (lo as f64 + (1u64 << sh) as f64 / 2.0) / 1e6;
            }
        }
        0.0
    }
}
