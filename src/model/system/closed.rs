//! Closed loops: users who think, send one request, wait for its end, and think again.

use super::*;
use crate::model::spec::Arrivals;

/// Who of which closed source waits for which request.
#[derive(Clone, Debug)]
pub(super) struct Loops {
    /// By the place of a request; grows as far as needed.
    user_of: Vec<u32>,
    /// Users that still send, by source.
    left: Vec<u32>,
}

/// The request of an open source.
pub(super) const NO_USER: u32 = u32::MAX;

impl Loops {
    /// `None` when no source is closed.
    pub fn new(spec: &SystemSpec) -> Option<Box<Self>> {
        let users = |arrivals: &Arrivals| match arrivals {
            Arrivals::Closed { users, .. } => *users,
            _ => 0,
        };
        let left: Vec<u32> = spec.sources.iter().map(|s| users(&s.arrivals)).collect();
        left.iter().any(|&n| n > 0).then(|| {
            Box::new(Loops {
                user_of: Vec::new(),
                left,
            })
        })
    }

    fn waits(&mut self, user: u32, request: u32) {
        let place = request as usize;
        if place >= self.user_of.len() {
            self.user_of.resize(place + 1, NO_USER);
        }
        self.user_of[place] = user;
    }

    fn leave(&mut self, request: u32) -> Option<u32> {
        let user = self.user_of.get_mut(request as usize)?;
        let user = std::mem::replace(user, NO_USER);
        (user != NO_USER).then_some(user)
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Every user of a closed source begins with a think.
    pub(super) fn start_loops<W: Entry>(&mut self, queue: &mut Queue<W, Event>, source: u32) {
        let users = self.loops.as_ref().map_or(0, |l| l.left[source as usize]);
        let start = self.sources[source as usize].spec.start;
        for user in 0..users {
            self.think(queue, source, user, start);
        }
    }

    /// A user thinks from a moment on; one who would send after the end of sending leaves.
    fn think<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        source: u32,
        user: u32,
        from: Nanos,
    ) {
        if let Some(at) = self.sources[source as usize].sends_at(user, from) {
            return queue.at(at, Event::ThinkOver { source, user });
        }
        if let Some(loops) = &mut self.loops {
            let left = &mut loops.left[source as usize];
            *left -= 1;
            if *left == 0 {
                self.sends_no_more();
            }
        }
    }

    /// A user has thought and sends.
    #[inline(never)]
    pub(super) fn think_over<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        source: u32,
        user: u32,
    ) {
        let birth = self.sources[source as usize].birth();
        self.bear(queue, source, birth, user);
    }

    /// A user has sent.
    pub(super) fn user_waits(&mut self, user: u32, request: u32) {
        if let Some(loops) = &mut self.loops {
            loops.waits(user, request);
        }
    }

    /// A request has ended for its client, who thinks if it is a user of a closed source.
    #[cold]
    pub(super) fn next_round<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        request: u32,
        class: u32,
    ) {
        let user = self.loops.as_mut().and_then(|l| l.leave(request));
        if let Some(user) = user {
            let source = self.source_of[class as usize];
            self.think(queue, source, user, queue.now());
        }
    }
}
