//! `aperture`: only the first few workers in an order of the instance's own, as many as keep the
//! attempts under way for each within a band; among these the fewer of two.
//!
//! Source: Finagle, `loadbalancer/aperture/LoadBand.scala`, `util/Ema.scala`,
//! `p2c/P2CPick.scala`.

use super::View;
use crate::base::math::exp;
use crate::base::units::Nanos;
use crate::engine::rng::{Bits, Stream};
use crate::model::spec::Band;

/// How wide it is.
#[derive(Clone, Debug)]
pub struct Aperture {
    band: Band,
    /// Workers in the order of this instance.
    order: Vec<u32>,
    /// How many of them are used; how many there were to use.
    width: u32,
    most: u32,
    /// Attempts under way, and their mean.
    total: u64,
    mean: f64,
    stamp: Option<Nanos>,
    /// Room for those that are used.
    inside: Vec<u32>,
}

impl Aperture {
    /// For so many workers; the order is drawn.
    pub fn new(band: Band, workers: u32, stream: &mut Stream) -> Self {
        let mut order: Vec<u32> = (0..workers).collect();
        for place in 0..workers {
            let other = place + stream.below(workers - place);
            order.swap(place as usize, other as usize);
        }
        Aperture {
            width: band.least.clamp(1, workers.max(1)),
            most: workers,
            band,
            order,
            total: 0,
            mean: 0.0,
            stamp: None,
            inside: Vec::new(),
        }
    }

    /// The fewer of two different ones inside, the second on a tie; then it may get wider.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, stream: &mut Stream) -> u32 {
        self.most = view.count();
        self.inside.clear();
        let let_in = self.order.iter().copied().filter(|&w| view.lets_in(w));
        self.inside.extend(let_in.take(self.width as usize));
        let n = self.inside.len() as u32;
        let picked = if n < 2 {
            self.inside.first().copied().unwrap_or(view.eligible[0])
        } else {
            let (a, mut b) = stream.below_pair(n, n - 1);
            b += u32::from(b >= a);
            let (a, b) = (self.inside[a as usize], self.inside[b as usize]);
            if view.load_of(a) < view.load_of(b) {
                a
            } else {
                b
            }
        };
        if view.open {
            self.total += 1;
            self.adjust(view.now);
        }
        picked
    }

    /// One that was under way has ended.
    pub fn hear(&mut self, now: Nanos) {
        self.total -= 1;
        self.adjust(now);
    }

    fn adjust(&mut self, now: Nanos) {
        let total = self.total as f64;
        self.mean = match self.stamp {
            None => total,
            Some(stamp) => {
                let weight = exp(-((now - stamp) as f64) / self.band.smooth as f64);
                total * (1.0 - weight) + self.mean * weight
            }
        };
        self.stamp = Some(now);
        let each = self.mean / f64::from(self.width);
        if each >= self.band.high && self.width < self.most {
            self.width += 1;
        } else if each <= self.band.low && self.width > self.band.least.min(self.most).max(1) {
            self.width -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;

    const SECOND: Nanos = 1_000_000_000;

    fn aperture(least: u32, workers: u32) -> (Aperture, Stream) {
        let band = Band {
            smooth: SECOND,
            least,
            ..Band::default()
        };
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        (Aperture::new(band, workers, &mut stream), stream)
    }

    /// Each row: when, +1 or -1 attempts under way, the mean and the width after it, by hand. The
    /// first look takes what is there; looks long after it take all of what is there.
    #[test]
    fn the_width_follows_the_band() {
        let far = 1000 * SECOND;
        let rows: &[(Nanos, i32, f64, u32)] = &[
            // 1 for 1 worker: within the band.
            (0, 1, 1.0, 1),
            // No time has passed, so 2 count for nothing yet.
            (0, 1, 1.0, 1),
            // 3 for 1: wider, by one only.
            (far, 1, 3.0, 2),
            // 2 for 2 is within.
            (2 * far, -1, 2.0, 2),
            // 3 for 2, and so on.
            (3 * far, 1, 3.0, 3),
            (4 * far, 1, 4.0, 4),
            // 5 for 4 would be wider, but there are no more.
            (5 * far, 1, 5.0, 4),
            (6 * far, -1, 4.0, 4),
            // 3 for 4 is 0.75: narrower.
            (7 * far, -1, 3.0, 3),
            (8 * far, -1, 2.0, 2),
            (9 * far, -1, 1.0, 1),
            // Never fewer than the least.
            (10 * far, -1, 0.0, 1),
        ];
        let (mut policy, mut stream) = aperture(1, 4);
        for (row, (now, change, mean, width)) in rows.iter().enumerate() {
            if *change > 0 {
                let view = View {
                    eligible: &[0, 1, 2, 3],
                    load: &[0; 4],
                    now: *now,
                    key: 0,
                    open: true,
                };
                policy.pick(&view, &mut stream);
            } else {
                policy.hear(*now);
            }
            assert!(
                (policy.mean - mean).abs() < 1e-9,
                "row {row}: {}",
                policy.mean
            );
            assert_eq!(policy.width, *width, "row {row}");
        }
    }

    /// The edges of the band belong to the outside: 0.875 and 1.125 for each.
    #[test]
    fn the_edges_of_the_band_move_it() {
        let after = |mean: f64, width: u32| {
            let (mut policy, _) = aperture(1, 99);
            (policy.width, policy.mean, policy.stamp) = (width, mean, Some(0));
            // At the same instant the mean stays.
            policy.adjust(0);
            policy.width
        };
        assert_eq!(after(9.0, 8), 9);
        assert_eq!(after(8.999, 8), 8);
        assert_eq!(after(7.001, 8), 8);
        assert_eq!(after(7.0, 8), 7);
    }

    /// Half of the difference is left after ln 2 of the window.
    #[test]
    fn the_mean_is_smoothed_over_the_window() {
        let (mut policy, _) = aperture(1, 9);
        (policy.total, policy.mean, policy.stamp) = (5, 1.0, Some(0));
        policy.adjust(SECOND);
        let wanted = 5.0 - 4.0 * exp(-1.0);
        assert!((policy.mean - wanted).abs() < 1e-12, "{}", policy.mean);
    }

    /// Only the first of the order are used; one that is shut off makes room for the next. What
    /// nobody will report on does not count.
    #[test]
    fn those_outside_get_nothing() {
        let (mut policy, mut stream) = aperture(2, 5);
        let order = policy.order.clone();
        let mut pick = |eligible: &[u32], load: &[u32]| {
            let view = View {
                eligible,
                load,
                now: 0,
                key: 0,
                open: false,
            };
            let picked = policy.pick(&view, &mut stream);
            order.iter().position(|&w| w == picked).unwrap()
        };
        let all = [0, 1, 2, 3, 4];
        let mut places = [0; 5];
        for _ in 0..1000 {
            places[pick(&all, &[0; 5])] += 1;
        }
        assert_eq!(places[2..], [0; 3]);
        assert!(places[..2].iter().all(|c| (400..=600).contains(c)));
        // Without the first of the order the second and third are used; the busier never is.
        let mut others: Vec<u32> = order[1..].to_vec();
        others.sort_unstable();
        let mut load = [0; 5];
        load[order[1] as usize] = 1;
        for _ in 0..100 {
            assert_eq!(pick(&others, &load), 2);
        }
        assert_eq!((policy.total, policy.width), (0, 2));
    }
}
