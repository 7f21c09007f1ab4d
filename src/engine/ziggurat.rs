//! Unit variates: the exponential of mean 1 and the standard normal, by ziggurat.
//!
//! Marsaglia & Tsang 2000 with 256 layers, but with disjoint bits of one word for layer, sign and
//! position, as Doornik 2005 asks. About 99 draws in 100 cost one word, one table look-up, one
//! comparison and one multiplication; the rest need an `exp`. The tables are built once, from
//! [`crate::base::math`], so that a draw has the same bits on every machine.
//!
//! Everything else is made by scaling and transforming unit variates, so that designs that differ
//! in a mean meet the same luck. Must not know of means or of distributions with parameters.

use std::sync::LazyLock;

use super::rng::Bits;
use crate::base::math;

const LAYERS: usize = 256;

/// Where the tail of the exponential begins: found so that 256 layers of equal area reach up to
/// the density's top (Marsaglia & Tsang 2000).
const EXP_TAIL: f64 = 7.697_117_470_131_05;

/// The same for the normal.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;

/// 2^52, the number of positions across a layer.
const POSITIONS: f64 = (1_u64 << 52) as f64;

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::build);

struct Tables {
    exp: Ziggurat,
    normal: Ziggurat,
}

/// What the fast path looks at, side by side in memory.
#[derive(Clone, Copy, Default)]
struct Layer {
    /// Positions below this lie under the density over the layer's whole height.
    inside: u64,
    /// Width of the layer over the number of positions.
    scale: f64,
}

struct Ziggurat {
    layers: [Layer; LAYERS],
    /// Density at the layers' right edges, from the tail's to the top; entry 0 is not used.
    height: [f64; LAYERS + 1],
}

impl Tables {
    fn build() -> Tables {
        let exp_area = (EXP_TAIL + 1.0) * math::exp(-EXP_TAIL);
        let normal_tail_area =
            (std::f64::consts::PI / 2.0).sqrt() * math::erfc(NORMAL_TAIL / 2.0_f64.sqrt());
        let normal_area = NORMAL_TAIL * normal_density(NORMAL_TAIL) + normal_tail_area;
        Tables {
            exp: Ziggurat::build(EXP_TAIL, exp_area, exp_density, |y| -math::ln(y)),
            normal: Ziggurat::build(NORMAL_TAIL, normal_area, normal_density, |y| {
                (-2.0 * math::ln(y)).sqrt()
            }),
        }
    }
}

impl Ziggurat {
    /// Layers of equal `area` under `density`, of which the lowest holds the tail beyond `tail`.
    fn build(tail: f64, area: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Ziggurat {
        let mut edge = [0.0; LAYERS + 1];
        // The lowest layer is as wide as a box of its area and height would be.
        edge[0] = area / density(tail);
        edge[1] = tail;
        for i in 2..LAYERS {
            edge[i] = inverse(area / edge[i - 1] + density(edge[i - 1]));
        }
        let mut layers = [Layer::default(); LAYERS];
        for (i, layer) in layers.iter_mut().enumerate() {
            layer.inside = (edge[i + 1] / edge[i] * POSITIONS) as u64;
            layer.scale = edge[i] / POSITIONS;
        }
        Ziggurat {
            layers,
            height: edge.map(density),
        }
    }

    /// Layer and position of a word, the distance from 0 it stands for, and whether that is
    /// surely under the density.
    #[inline]
    fn look_up(&self, word: u64) -> (usize, f64, bool) {
        let number = (word & 0xff) as usize;
        let position = word >> 12;
        let layer = &self.layers[number];
        (
            number,
            (position as f64 + 0.5) * layer.scale,
            position < layer.inside,
        )
    }

    /// Whether a point at a uniform height within layer `number` lies under the density's value
    /// `density` there.
    fn under(&self, number: usize, density: f64, bits: &mut impl Bits) -> bool {
        let (low, high) = (self.height[number], self.height[number + 1]);
        low + (high - low) * bits.unit() < density
    }
}

fn exp_density(x: f64) -> f64 {
    math::exp(-x)
}

fn normal_density(x: f64) -> f64 {
    math::exp(-0.5 * x * x)
}

/// An exponential variate of mean 1; above 0.
#[inline]
pub fn exp1(bits: &mut impl Bits) -> f64 {
    let (layer, x, inside) = TABLES.exp.look_up(bits.next_u64());
    if inside { x } else { exp1_edge(layer, x, bits) }
}

#[cold]
#[inline(never)]
fn exp1_edge(mut layer: usize, mut x: f64, bits: &mut impl Bits) -> f64 {
    let table = &TABLES.exp;
    let mut base = 0.0;
    loop {
        if layer == 0 {
            // Beyond the tail's start an exponential is that start and a fresh exponential.
            base += EXP_TAIL;
        } else if table.under(layer, exp_density(x), bits) {
            return base + x;
        }
        let inside;
        (layer, x, inside) = table.look_up(bits.next_u64());
        if inside {
            return base + x;
        }
    }
}

/// A standard normal variate.
#[inline]
pub fn normal(bits: &mut impl Bits) -> f64 {
    let word = bits.next_u64();
    let (layer, x, inside) = TABLES.normal.look_up(word);
    // Bit 8 is neither layer nor position: it is the sign.
    let size = if inside {
        x
    } else {
        normal_edge(layer, x, bits)
    };
    f64::from_bits(size.to_bits() ^ (word & 0x100) << 55)
}

/// The distance from 0 when the first word did not settle it.
#[cold]
#[inline(never)]
fn normal_edge(mut layer: usize, mut x: f64, bits: &mut impl Bits) -> f64 {
    let table = &TABLES.normal;
    loop {
        if layer == 0 {
            return normal_tail(bits);
        }
        if table.under(layer, normal_density(x), bits) {
            return x;
        }
        let inside;
        (layer, x, inside) = table.look_up(bits.next_u64());
        if inside {
            return x;
        }
    }
}

/// Beyond the tail's start the normal is an exponential, thinned (Marsaglia 1964).
fn normal_tail(bits: &mut impl Bits) -> f64 {
    loop {
        let beyond = exp1(bits) / NORMAL_TAIL;
        if 2.0 * exp1(bits) > beyond * beyond {
            return NORMAL_TAIL + beyond;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::{Key, Stream};

    #[test]
    fn the_top_layer_closes() {
        for (zig, area) in [
            (&TABLES.exp, 3.949_659_822_581_572e-3),
            (&TABLES.normal, 4.928_673_233_99e-3),
        ] {
            let width = zig.layers[255].scale * POSITIONS;
            let top = zig.height[255] + area / width;
            assert!((top - 1.0).abs() < 1e-9, "{top}");
            assert_eq!(zig.height[256], 1.0);
            assert_eq!(zig.layers[255].inside, 0);
        }
    }

    /// Share of `n` draws that satisfy a condition against its probability, 5 standard errors.
    fn check_share(what: &str, hits: u32, n: u32, p: f64) {
        let share = f64::from(hits) / f64::from(n);
        let error = (p * (1.0 - p) / f64::from(n)).sqrt();
        assert!((share - p).abs() < 5.0 * error, "{what}: {share} for {p}");
    }

    #[test]
    fn tails_are_those_of_the_formulas() {
        let n = 4_000_000;
        let mut bits = Stream::new(&Key::new(1, 0, 0), "tails");
        let bounds = [
            0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 3.6, 3.7, 4.0, 4.5, 7.6, 7.8, 9.0,
        ];
        let mut exp_hits = [0; 13];
        let mut normal_hits = [[0; 13]; 2];
        for _ in 0..n {
            let (e, z) = (exp1(&mut bits), normal(&mut bits));
            let side = usize::from(z < 0.0);
            for (i, &bound) in bounds.iter().enumerate() {
                exp_hits[i] += u32::from(e > bound);
                normal_hits[side][i] += u32::from(z.abs() > bound);
            }
        }
        for (i, &bound) in bounds.iter().enumerate() {
            check_share("exponential", exp_hits[i], n, math::exp(-bound));
            let tail = 0.5 * math::erfc(bound / 2.0_f64.sqrt());
            check_share("normal above", normal_hits[0][i], n, tail);
            check_share("normal below", normal_hits[1][i], n, tail);
        }
    }

    #[test]
    fn layers_do_not_show_in_the_low_digits() {
        // Within every sixteenth of a unit the exponential's share follows the formula: a wedge
        // accepted wrongly would show.
        let n = 2_000_000;
        let mut bits = Stream::new(&Key::new(2, 0, 0), "digits");
        let mut hits = [0; 64];
        for _ in 0..n {
            if let Some(hit) = hits.get_mut((exp1(&mut bits) * 16.0) as usize) {
                *hit += 1;
            }
        }
        for (i, &hit) in hits.iter().enumerate() {
            let p = math::exp(-(i as f64) / 16.0) * -math::exp_m1(-1.0 / 16.0);
            check_share("sixteenth", hit, n, p);
        }
    }
}
