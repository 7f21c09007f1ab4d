//! One number beside the known one, and whether it holds.

use super::measure::{Job, Measured, broken, count};
use super::read::{Case, Known};
use super::reading::value;
use crate::model::trial::TrialError;

/// So many standard errors around a normal number hold [`super::CONFIDENCE`] of it.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// One number beside the known one.
#[derive(Clone, Debug)]
pub struct Compared<'c> {
    /// The system it belongs to.
    pub case: &'c Case,
    /// What is known.
    pub known: &'c Known,
    /// What came out; NaN where there was no data.
    pub simulated: f64,
    /// Requests it was measured over.
    pub requests: u64,
    /// Whether the system was called from a step.
    pub called: bool,
}

impl Compared<'_> {
    /// What its system is called.
    pub fn name(&self) -> String {
        super::measure::name(self.case, self.called)
    }

    /// How far off it may be.
    pub fn tolerance(&self) -> f64 {
        self.known.tolerance(self.requests)
    }

    /// The difference in standard errors; `None` where the number has no spread at all.
    pub fn z(&self) -> Option<f64> {
        let z = self.known.z(self.simulated, self.requests);
        z.is_finite().then_some(z)
    }

    /// Half the width of the 95 % interval around what was simulated: 1.96 standard errors, and
    /// the error of the known value itself (which is next to nothing but where that comes from
    /// other simulations).
    pub fn half_width(&self) -> f64 {
        NORMAL_95 * self.known.standard_error(self.requests) + self.known.abs_error
    }

    /// Whether the known value lies in the 95 % interval: about 95 of 100 do if all is right.
    pub fn inside(&self) -> bool {
        (self.simulated - self.known.value).abs() <= self.half_width()
    }

    /// Whether the difference is within the tolerance: what makes the verdict.
    pub fn holds(&self) -> bool {
        (self.simulated - self.known.value).abs() <= self.tolerance()
    }
}

/// Every known number of a case beside what was measured.
///
/// # Errors
/// Fewer requests were measured than the case demands, or some have not come to their end: VX9001.
pub fn compare<'c>(job: &Job<'c>, measured: &Measured) -> Result<Vec<Compared<'c>>, TrialError> {
    let case = job.case;
    let requests = count(measured)?;
    if requests < job.requests {
        let needed = job.requests;
        return Err(broken(format!(
            "{requests} requests measured, {needed} needed"
        )));
    }
    let numbers = case.known.iter().zip(&job.readings);
    let one = |(known, reading)| Compared {
        case,
        known,
        simulated: value(&job.spec, measured, reading, &job.readings),
        requests,
        called: job.called,
    };
    Ok(numbers.map(one).collect())
}
