//! Rules about a client's own limits.

use super::{MAX_BURST, MAX_SLOTS, Rules};
use crate::base::codes::Code;
use crate::base::units::HIGHEST_RATE;
use crate::model::spec::LimitSpec;

impl Rules {
    pub(super) fn limit(&mut self, limit: &LimitSpec, path: &str) {
        if limit.rate.is_none() && limit.in_flight.is_none() {
            let message = format!("`{path}` limits nothing: it has neither `rate` nor `in_flight`");
            self.add(Code::KEYS_DISAGREE, path, message, None);
        }
        if let Some(bucket) = &limit.rate {
            let fine = bucket.rate > 0.0 && bucket.rate <= HIGHEST_RATE;
            let allowed = "above 0 and at most 1e12 a second";
            self.range(fine, &format!("{path}.rate"), allowed, bucket.rate);
            let fine = (1..=MAX_BURST).contains(&bucket.burst);
            self.range(fine, &format!("{path}.burst"), "1 to 1e9", bucket.burst);
        }
        if let Some(places) = &limit.in_flight {
            let fine = (1..=MAX_SLOTS).contains(&places.places);
            self.range(
                fine,
                &format!("{path}.in_flight"),
                "1 to 2^31",
                places.places,
            );
            let fine = places.pending <= MAX_SLOTS;
            self.range(
                fine,
                &format!("{path}.pending"),
                "at most 2^31",
                places.pending,
            );
        }
    }
}
