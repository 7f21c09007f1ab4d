//! The loop: takes the next event and hands it to the model, until the model has had enough.

use super::heap::Entry;
use super::queue::{Event, Queue, Soon};
use crate::base::units::Nanos;

/// A system that reacts to events. Its events are one closed type; what it does about one may
/// schedule more.
pub trait Model<W: Entry> {
    /// Everything that can happen in it.
    type Event: Event;

    /// An event that is likely to come soon: a chance to have what it will need fetched from
    /// memory by then.
    #[inline(always)]
    fn expect(&self, event: Self::Event, soon: Soon) {
        let _ = (event, soon);
    }

    /// Whether nobody wants the outcome any more; asked once in very many events.
    #[inline(always)]
    fn given_up(&self) -> bool {
        false
    }

    /// Time has come to the next event, and nothing has changed since the last.
    #[inline(always)]
    fn before(&mut self, now: Nanos) -> Flow {
        let _ = now;
        Flow::GoOn
    }

    /// Reacts to an event at the queue's present time.
    fn handle(&mut self, queue: &mut Queue<W, Self::Event>, event: Self::Event) -> Flow;
}

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    GoOn,
    /// The model has seen enough.
    Stop,
}

/// Why a run ended otherwise than by the model's wish or for want of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many events in all.
    Events,
    /// Too many events without time moving: a loop of zero delays.
    Instant,
    /// More pending events than these entries can number; wide entries can.
    Slots,
    /// Nobody wants the outcome any more: [`Model::given_up`].
    GivenUp,
}

/// Most events at one instant.
pub const MOST_IN_AN_INSTANT: u64 = 10_000_000;

/// How often the rarer limits are looked at, in events.
const STRIDE: u64 = 1 << 16;

/// Runs a model; returns how many events it took.
///
/// # Errors
/// A [`Limit`] was reached.
pub fn run<W: Entry, M: Model<W>>(
    model: &mut M,
    queue: &mut Queue<W, M::Event>,
    budget: u64,
) -> Result<u64, Limit> {
    let mut events = 0;
    let mut still_since: (Nanos, u64) = (queue.now(), 0);
    loop {
        let until = budget.min(events + STRIDE);
        while events < until {
            let Some(word) = queue.take() else {
                return Ok(events);
            };
            events += 1;
            queue.foresee(|event, soon| model.expect(event, soon));
            // Unpacked where it is handled: both look at the same few bits.
            if model.before(queue.now()) == Flow::Stop
                || model.handle(queue, M::Event::unpack(word)) == Flow::Stop
            {
                return if queue.exhausted() {
                    Err(Limit::Slots)
                } else {
                    Ok(events)
                };
            }
        }
        if queue.exhausted() {
            return Err(Limit::Slots);
        }
        if events >= budget {
            return Err(Limit::Events);
        }
        if model.given_up() {
            return Err(Limit::GivenUp);
        }
        if queue.now() != still_since.0 {
            still_since = (queue.now(), events);
        } else if events - still_since.1 > MOST_IN_AN_INSTANT {
            return Err(Limit::Instant);
        }
    }
}
