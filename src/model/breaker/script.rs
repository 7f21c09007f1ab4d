//! Plays a script of calls on a breaker that stands alone, and compares it step by step with what
//! the rule of its dialect says.

use std::collections::BTreeMap;

use super::{Call, Guard};
use crate::base::units::Nanos;
use crate::engine::dist::Dist;
use crate::engine::rng::Key;
use crate::model::incident::BreakerState::{self, Closed, HalfOpen, Open};
use crate::model::spec::BreakerSpec;

/// A millisecond.
pub const MS: Nanos = 1_000_000;

/// What is done at a step. Calls have letters.
#[derive(Clone, Copy, Debug)]
pub enum Do {
    /// A call that must be let in goes in.
    Enter(char),
    /// A call would not be let in.
    Shut,
    /// Nothing but looking.
    Look,
    /// A call ends well.
    Ok(char),
    /// A call ends well, but only after so long.
    Slow(char, Nanos),
    /// A call fails.
    Fail(char),
    /// A call is taken back.
    Back(char),
    /// A call goes in and ends well at once.
    Good,
    /// A call goes in and fails at once.
    Bad,
}

/// When, what, and what the breaker is afterwards: its state, and how often it has opened.
pub type Row = (Nanos, Do, BreakerState, u64);

/// The word of a state, for short rows.
pub const C: BreakerState = Closed;
/// Open.
pub const O: BreakerState = Open;
/// Half-open.
pub const H: BreakerState = HalfOpen;

/// Plays it and says how the breaker is left.
pub fn play(spec: &BreakerSpec, rows: &[Row]) -> Guard {
    let mut guard = Guard::new(spec, &Key::new(7, 0, 0), || "breaker".into());
    let mut calls: BTreeMap<char, u32> = BTreeMap::new();
    for (number, &(now, what, state, opens)) in rows.iter().enumerate() {
        let row = format!("row {number}: at {now} {what:?}");
        guard.tick(now, spec);
        let mut enter = |guard: &mut Guard, name| {
            assert!(guard.breaker.admits(now), "{row} is let in");
            guard.breaker.enter(now);
            calls.insert(name, guard.breaker.epoch());
        };
        match what {
            Do::Enter(name) => enter(&mut guard, name),
            Do::Good | Do::Bad => enter(&mut guard, '.'),
            Do::Shut => assert!(!guard.breaker.admits(now), "{row}: nobody is let in"),
            _ => {}
        }
        let result = match what {
            Do::Ok(name) => Some((name, false, 1)),
            Do::Slow(name, took) => Some((name, false, took)),
            Do::Fail(name) => Some((name, true, 1)),
            Do::Good => Some(('.', false, 1)),
            Do::Bad => Some(('.', true, 1)),
            _ => None,
        };
        if let Some((name, failed, took)) = result {
            let epoch = calls[&name];
            let call = Call {
                failed,
                took,
                epoch,
            };
            guard.hear(now, call, spec);
        }
        if let Do::Back(name) = what {
            guard.forget(now, calls[&name], spec);
        }
        assert_eq!(
            (guard.breaker.state(now), guard.opens),
            (state, opens),
            "{row}"
        );
    }
    guard
}

/// A constant.
pub fn always(value: Nanos) -> Dist {
    Dist::Constant {
        value: value as f64,
    }
}
