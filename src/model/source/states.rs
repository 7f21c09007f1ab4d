//! What the rate of a modulated process depends on: a chain of states, or on and off in turn.

use crate::base::units::SECOND;
use crate::engine::dist::Dist;
use crate::engine::rng::{Bits, Stream};
use crate::engine::ziggurat::exp1;
use crate::model::spec::{Arrivals, state_shares};

/// What the states are and which is the present one.
#[derive(Clone, Debug)]
pub(super) enum States<'s> {
    Chain {
        rates: &'s [f64],
        dwell: &'s [f64],
        switch: &'s [Vec<f64>],
        state: usize,
    },
    OnOff {
        rate: f64,
        on: &'s Dist,
        off: &'s Dist,
        sending: bool,
    },
}

impl<'s> States<'s> {
    /// The state at the start, drawn by the shares of time.
    pub fn new(spec: &'s Arrivals, stream: &mut Stream) -> Self {
        match spec {
            Arrivals::Mmpp {
                rates,
                dwell,
                switch,
            } => States::Chain {
                rates,
                dwell,
                switch,
                state: choose(&state_shares(dwell, switch), stream.unit()),
            },
            Arrivals::OnOff { rate, on, off } => States::OnOff {
                rate: *rate,
                on,
                off,
                sending: stream.unit() * (on.mean() + off.mean()) < on.mean(),
            },
            _ => unreachable!("only of a process with states"),
        }
    }

    /// Requests a nanosecond.
    pub fn rate(&self) -> f64 {
        let a_second = match self {
            States::Chain { rates, state, .. } => rates[*state],
            States::OnOff { rate, sending, .. } if *sending => *rate,
            States::OnOff { .. } => 0.0,
        };
        a_second / SECOND as f64
    }

    pub fn stay(&self, stream: &mut Stream) -> f64 {
        match self {
            States::Chain { dwell, state, .. } => dwell[*state] * exp1(stream),
            States::OnOff { on, sending, .. } if *sending => on.sample(stream),
            States::OnOff { off, .. } => off.sample(stream),
        }
    }

    pub fn change(&mut self, stream: &mut Stream) {
        match self {
            States::Chain { switch, state, .. } => *state = choose(&switch[*state], stream.unit()),
            States::OnOff { sending, .. } => *sending = !*sending,
        }
    }
}

/// The index that a number between 0 and 1 falls on when shares are laid end to end.
fn choose(shares: &[f64], u: f64) -> usize {
    let mut below = 0.0;
    let last = shares.len() - 1;
    shares[..last]
        .iter()
        .take_while(|&&share| {
            below += share;
            u >= below
        })
        .count()
}
