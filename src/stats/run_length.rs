//! How long a run must be, before it is run.

use super::student::normal_quantile;

/// What queueing theory needs to know of a station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Offered load, from 0 to below 1.
    pub load: f64,
    /// Long-run variance over mean of the counts of arrivals: 1 for Poisson, 0 for even ones.
    pub arrivals: f64,
    /// Variance over squared mean of the work.
    pub work: f64,
}

/// About how many requests must be measured for mean waits within a relative half-width of
/// `precision`: `(z / precision)^2 * 2 (arrivals + work) / (1 - load)^2`, for heavy traffic (Whitt
/// 1989, Planning queueing simulations, Management Science 35). At M/M/1 and a load of 0.9 it asks
/// for a tenth too few. Where few requests wait, or queues are bounded, fewer do.
///
/// `None` from a load of 1 on, for a variance that is not finite, and for a precision or
/// confidence that is none.
pub fn requests_needed(station: Station, precision: f64, confidence: f64) -> Option<f64> {
    let z = normal_quantile(0.5 + confidence / 2.0)?;
    let room = 1.0 - station.load;
    let swing = station.arrivals + station.work;
    let sane = z > 0.0 && precision > 0.0 && room > 0.0 && station.load >= 0.0;
    if !sane || !swing.is_finite() {
        return None;
    }
    let z = z / precision;
    Some(z * z * 2.0 * swing / (room * room))
}

/// How long an M/G/1 queue takes to forget, in mean works: the relaxation time of M/M/1,
/// `1 / (1 - sqrt(load))^2`, times half the variability (1 for M/M/1); of a worker with several
/// cores divide by their number. `None` from a load of 1 on.
pub fn relaxation(station: Station) -> Option<f64> {
    let root = 1.0 - station.load.sqrt();
    let swing = (station.arrivals + station.work) / 2.0;
    (station.load < 1.0 && root > 0.0 && swing.is_finite()).then(|| swing / (root * root))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MM1: Station = Station {
        load: 0.9,
        arrivals: 1.0,
        work: 1.0,
    };

    #[test]
    fn it_is_whitts_rule() {
        // 400 (z/e)^2 at M/M/1 and load 0.9, with z = 1.959963984540054.
        let n = requests_needed(MM1, 0.02, 0.95).unwrap();
        let z = 1.959_963_984_540_054 / 0.02;
        assert!((n / (400.0 * z * z) - 1.0).abs() < 1e-6, "{n}");
        // The exact factor (Daley 1968) is 443: variance 35,901 over the squared mean, 81.
        let exact = 35_901.0 / 81.0 * z * z;
        assert!((0.85..1.0).contains(&(n / exact)));
    }

    #[test]
    fn what_never_settles_has_no_length() {
        let over = Station { load: 1.0, ..MM1 };
        let heavy = Station {
            work: f64::INFINITY,
            ..MM1
        };
        assert_eq!(requests_needed(over, 0.02, 0.95), None);
        assert_eq!(requests_needed(heavy, 0.02, 0.95), None);
        assert_eq!(requests_needed(MM1, 0.0, 0.95), None);
        assert_eq!(relaxation(over), None);
    }

    #[test]
    fn relaxation_times_are_those_of_the_books() {
        for (load, works) in [(0.7, 37.5), (0.9, 379.7), (0.99, 39_799.7)] {
            let got = relaxation(Station { load, ..MM1 }).unwrap();
            assert!((got / works - 1.0).abs() < 0.001, "{got} at {load}");
        }
    }
}
