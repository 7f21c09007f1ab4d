//! How many requests a precision will take, before anything is run.

use super::design::{Design, Point};
use crate::model::spec::{Demand, SystemSpec};
use crate::model::trial::Horizon;
use crate::stats::run_length::{Station, relaxation, requests_needed};

/// The relative half-width that is spoken of where none is asked for.
pub const USUAL_PRECISION: f64 = 0.02;

/// What a design will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// The point that takes most.
    pub point: usize,
    /// The load of its busiest service.
    pub load: f64,
    /// Relative half-width of the interval of the mean wait.
    pub precision: f64,
    /// Requests that must be measured there.
    pub needed: f64,
    /// Requests that this design measures there at the least, and at the most.
    pub measured: (f64, f64),
}

/// What theory needs to know of a service that is asked so; `None` where the spec does not tell.
fn station(demand: &Demand) -> Option<Station> {
    Some(Station {
        load: demand.load,
        arrivals: demand.arrivals?,
        work: demand.work,
    })
}

/// The forecast for the point that takes most; `None` for a terminating question, and where
/// theory says nothing: of traces, profiles, closed sources, and loads from 1 on.
pub fn forecast(design: &Design) -> Option<Forecast> {
    let Horizon::For(horizon) = design.timing.horizon else {
        return None;
    };
    if design.terminating || horizon == 0 {
        return None;
    }
    let precision = design
        .stopping
        .as_ref()
        .map_or(USUAL_PRECISION, |s| s.precision);
    let of = |(point, p): (usize, &Point)| {
        let demands = p.system.demands();
        let needs = demands.iter().flatten().filter_map(|demand| {
            let station = station(demand)?;
            let needed = requests_needed(station, precision, design.confidence)?;
            let each = demand.rate * horizon as f64 / 1e9;
            Some(Forecast {
                point,
                load: station.load,
                precision,
                needed,
                measured: (
                    each * f64::from(design.first_round()),
                    each * f64::from(design.replications),
                ),
            })
        });
        needs.reduce(more)
    };
    design.points.iter().enumerate().filter_map(of).reduce(more)
}

/// Of two the one that takes more, of equal ones the first.
fn more(a: Forecast, b: Forecast) -> Forecast {
    if b.needed > a.needed { b } else { a }
}

/// How long the slowest worker takes to forget how it began, nanoseconds, by theory alone; `None`
/// without a steady state.
pub(super) fn forgets(system: &SystemSpec) -> Option<f64> {
    let times = system.demands().into_iter().flatten().map(|demand| {
        let station = Station {
            arrivals: demand.arrivals.unwrap_or(1.0),
            load: demand.load,
            work: demand.work,
        };
        relaxation(station).map(|steps| steps * demand.step)
    });
    times
        .collect::<Option<Vec<f64>>>()?
        .into_iter()
        .reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    #[test]
    fn the_busiest_stable_point_takes_most() {
        let design = fixture::design();
        let got = forecast(&design).unwrap();
        // 40,000/s of 3 ms, constant, on 25 x 8 (load 0.6), 44 x 4 (0.68) and 12 x 8 (1.25).
        assert!((got.load - 40_000.0 * 0.003 / 176.0).abs() < 1e-9);
        assert_eq!(got.point, 1);
        let room = 1.0 - got.load;
        let z = 1.959_963_984_540_054 / USUAL_PRECISION;
        let needed = z * z * 2.0 / (room * room);
        assert!((got.needed / needed - 1.0).abs() < 1e-6);
        assert_eq!(got.measured, (9_600_000.0, 9_600_000.0));
        let mut window = design;
        window.terminating = true;
        assert_eq!(forecast(&window), None);
    }

    #[test]
    fn a_worker_forgets_sooner_with_more_cores() {
        let four = forgets(&fixture::design().points[1].system).unwrap();
        // One deterministic work of 3 ms over 4 cores, half of M/M/1's variability.
        let root = 1.0 - (40_000.0_f64 * 0.003 / 176.0).sqrt();
        let wanted = 0.5 / (root * root) * 3e6 / 4.0;
        assert!((four / wanted - 1.0).abs() < 1e-9, "{four} for {wanted}");
        assert_eq!(forgets(&fixture::design().points[5].system), None);
    }
}
