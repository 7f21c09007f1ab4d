//! What a client lets itself send.

use crate::base::units::Nanos;

/// A client's own limits. Both apply to every attempt, the rate first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LimitSpec {
    /// Attempts that may set out over time; `None`: as many as there are.
    pub rate: Option<RateSpec>,
    /// Attempts that may be out at once; `None`: as many as there are.
    pub in_flight: Option<PlacesSpec>,
}

/// A token bucket: an attempt takes a whole token or is refused. Starts full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateSpec {
    /// Tokens a second.
    pub rate: f64,
    /// Tokens that it holds at most.
    pub burst: u32,
    /// How tokens come.
    pub fill: Fill,
}

/// How tokens come into a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Evenly: parts of a token add up from the moment one is taken.
    Even,
    /// Whole tokens at ticks, whatever the time since one was taken.
    Tick,
}

/// Places for attempts that are out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacesSpec {
    /// How many.
    pub places: u32,
    /// How many attempts may wait for one, first come first served.
    pub pending: u32,
    /// Longest such wait, nanoseconds; `None`: for ever.
    pub wait: Option<Nanos>,
}
