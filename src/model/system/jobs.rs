//! Requests and attempts, in numbered places that are used again.
//!
//! A request shares its place with its first attempt; a further attempt has a place of its own,
//! whose request half stays empty. A place is two cache lines: what nearly every event needs
//! ([`Attempt`]), and the rest ([`Request`]). In a system without timeouts, retries, memory,
//! dispatch and breakers the request half is only written when its first attempt fails: one line
//! fewer to fetch where there are many places.

use crate::base::units::Nanos;
use crate::model::fault::Try;
use prefetch_index::prefetch_index;

/// One try of a request, and what of its request every event needs.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Attempt {
    /// Number of its request within its source.
    pub number: u64,
    /// When it arrived at the service; a first attempt: when its request was born.
    pub arrived: Nanos,
    /// When it got a core; later than any time while it has none.
    pub start: Nanos,
    /// Core-time it needs at speed 1.
    pub work: Nanos,
    /// The place of its request.
    pub request: u32,
    /// Moves on whenever the attempt in this place is over: timeouts scheduled before are stale.
    pub generation: u32,
    /// Moves on whenever its service ends or changes speed: completions scheduled before are
    /// stale. Never starts anew.
    pub phase: u32,
    /// Its worker, through all services, once routed.
    pub worker: u32,
    /// Its core, through all workers, once started.
    pub core: u32,
    /// Its class, through all sources.
    pub class: u32,
    /// Which attempt of the request, from 1; [`ASIDE`] added where a first attempt does not begin
    /// and end with its request.
    pub try_number: u32,
    /// Its caller does not yet know how it ended.
    pub open: bool,
    /// Its request was born in the measured time.
    pub measured: bool,
}

/// A request, and what of an attempt only some events need.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Request {
    /// When it was born.
    pub born: Nanos,
    /// Time that the attempt in this place spent in its balancer, waiting or being dispatched,
    /// and how much of it waiting.
    pub dispatched_after: Nanos,
    /// The part of that spent in the buffer.
    pub waited: Nanos,
    /// Bytes it holds.
    pub memory: u64,
    /// How long an attempt of it stays in a buffer, counted from the attempt's arrival.
    pub patience: Nanos,
    /// What the attempt in this place can leave its buffer with.
    pub ticket: u32,
    /// Its worker's breaker's epoch when the attempt in this place was let in.
    pub epoch: u32,
    /// Its source.
    pub source: u32,
    /// Attempts made.
    pub tries: u32,
    /// Attempts anywhere, and 1 while it is active.
    pub holders: u32,
    /// Its client still waits or will try again.
    pub active: bool,
    /// It has a complete answer.
    pub answered: bool,
    /// The attempt in this place has got into a buffer, and not from there to a dispatch core.
    pub lined_up: bool,
}

/// Added to [`Attempt::try_number`]: the attempt set out later than its request was born, or is one
/// of several copies. Not the usual first attempt, whose end is its request's.
pub const ASIDE: u32 = 1 << 31;
/// Not routed yet.
pub const NO_WORKER: u32 = u32::MAX;
/// Has no core yet.
pub const NOT_STARTED: Nanos = Nanos::MAX;

/// A new request: what it is.
#[derive(Clone, Copy, Debug)]
pub struct NewRequest {
    /// Number within its source.
    pub number: u64,
    /// Core-time at speed 1.
    pub work: Nanos,
    /// Bytes held.
    pub memory: u64,
    /// Its source.
    pub source: u32,
    /// Its class, through all sources.
    pub class: u32,
    /// Whether it is measured.
    pub measured: bool,
}

/// All places. The place freed last is used first; nothing is allocated once as many exist as are
/// needed at once.
#[derive(Clone, Debug)]
pub struct Jobs {
    attempts: Vec<Attempt>,
    requests: Vec<Request>,
    free: Vec<u32>,
    /// Request halves are written at birth.
    eager: bool,
}

impl Jobs {
    /// No places yet. `eager`: request halves are needed from birth on.
    pub fn new(eager: bool) -> Self {
        Jobs {
            attempts: Vec::new(),
            requests: Vec::new(),
            free: Vec::new(),
            eager,
        }
    }

    /// Has memory fetch the attempt in a place, which will be needed soon.
    #[inline(always)]
    pub fn fetch(&self, place: u32) {
        prefetch_index(&self.attempts, place as usize);
    }

    /// The attempt in a place.
    #[inline(always)]
    pub fn attempt(&self, place: u32) -> &Attempt {
        &self.attempts[place as usize]
    }

    /// The attempt in a place.
    #[inline(always)]
    pub fn attempt_mut(&mut self, place: u32) -> &mut Attempt {
        &mut self.attempts[place as usize]
    }

    /// The request half of a place.
    #[inline(always)]
    pub fn request(&self, place: u32) -> &Request {
        &self.requests[place as usize]
    }

    /// The request half of a place.
    #[inline(always)]
    pub fn request_mut(&mut self, place: u32) -> &mut Request {
        &mut self.requests[place as usize]
    }

    /// The number within its source of the request in a place.
    pub fn request_number(&self, place: u32) -> u64 {
        self.attempts[place as usize].number
    }

    /// The request of the attempt in a place.
    #[inline(always)]
    pub fn request_of(&self, attempt: u32) -> &Request {
        self.request(self.attempt(attempt).request)
    }

    /// Puts a new request with its first attempt into a place.
    #[inline(always)]
    pub fn add_request(&mut self, new: NewRequest, now: Nanos) -> u32 {
        let place = self.place();
        self.attempts[place as usize].renew(&new, place, 1, now);
        if self.eager {
            self.requests[place as usize] = Request::new(now, new.memory, new.source);
        }
        place
    }

    /// Makes sure that the request half of a first attempt that is about to fail is written.
    pub fn complete_request(&mut self, place: u32, source: u32) {
        let a = &self.attempts[place as usize];
        if !self.eager && a.try_number == 1 {
            self.requests[place as usize] = Request::new(a.arrived, 0, source);
        }
    }

    /// Whether request halves are written from birth on; else only those of what failed are.
    pub fn knows_requests(&self) -> bool {
        self.eager
    }

    /// Whether a place in use holds a request whose client still waits or will try again.
    pub fn is_active(&self, place: u32) -> bool {
        let a = self.attempt(place);
        let active = self.request(place).active;
        a.request == place && (active || a.open && !self.eager)
    }

    /// Puts a further attempt of a request into a place of its own.
    pub fn add_attempt(&mut self, request: u32, now: Nanos) -> u32 {
        let place = self.place();
        let first = self.attempts[request as usize];
        let r = self.request_mut(request);
        r.tries += 1;
        r.holders += 1;
        let (tries, born) = (r.tries, r.born);
        let new = NewRequest {
            number: first.number,
            work: first.work,
            memory: 0,
            source: 0,
            class: first.class,
            measured: first.measured,
        };
        self.attempts[place as usize].renew(&new, request, tries, now);
        let empty = self.request_mut(place);
        *empty = Request {
            born,
            ..Request::EMPTY
        };
        place
    }

    #[inline(always)]
    fn place(&mut self) -> u32 {
        match self.free.pop() {
            Some(place) => place,
            None => self.grow(),
        }
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        self.attempts.push(Attempt::EMPTY);
        self.requests.push(Request::EMPTY);
        (self.attempts.len() - 1) as u32
    }

    /// The attempt in a place, which is over, leaves it.
    #[inline(always)]
    pub fn leave(&mut self, place: u32) {
        let a = &mut self.attempts[place as usize];
        debug_assert!(!a.open, "only an ended attempt leaves");
        a.generation = a.generation.wrapping_add(1);
        let request = a.request;
        if request != place {
            self.free.push(place);
        }
        self.let_go(request);
    }

    /// One holder of a request fewer; the last one clears its place.
    #[inline(always)]
    pub fn let_go(&mut self, request: u32) {
        let r = &mut self.requests[request as usize];
        r.holders -= 1;
        if r.holders == 0 {
            self.free.push(request);
        }
    }

    /// A request whose first attempt was its only one is over, attempt and all.
    #[inline(always)]
    pub fn leave_whole(&mut self, place: u32) {
        let a = &mut self.attempts[place as usize];
        a.generation = a.generation.wrapping_add(1);
        self.free.push(place);
    }

    /// How many places are in use.
    pub fn used(&self) -> usize {
        self.attempts.len() - self.free.len()
    }

    /// The places in use, in order.
    pub fn places(&self) -> Vec<u32> {
        let mut used = vec![true; self.attempts.len()];
        for &place in &self.free {
            used[place as usize] = false;
        }
        (0u32..)
            .zip(used)
            .filter(|(_, used)| *used)
            .map(|(place, _)| place)
            .collect()
    }
}

impl Attempt {
    /// Which attempt of the request, from 1.
    pub fn number_of_try(&self) -> u32 {
        self.try_number & !ASIDE
    }

    /// What keyed draws know it by.
    pub fn as_try(&self, source_of: &[u32]) -> Try {
        Try {
            source: source_of[self.class as usize],
            request: self.number,
            attempt: self.try_number,
        }
    }

    const EMPTY: Attempt = Attempt {
        number: 0,
        arrived: 0,
        start: NOT_STARTED,
        work: 0,
        request: 0,
        generation: 0,
        phase: 0,
        worker: NO_WORKER,
        core: 0,
        class: 0,
        try_number: 0,
        open: false,
        measured: false,
    };

    /// A new attempt in the place of an old one, whose generation and phase it takes over.
    #[inline(always)]
    fn renew(&mut self, new: &NewRequest, request: u32, try_number: u32, now: Nanos) {
        self.number = new.number;
        self.arrived = now;
        self.start = NOT_STARTED;
        self.work = new.work;
        self.request = request;
        self.worker = NO_WORKER;
        self.class = new.class;
        self.try_number = try_number;
        self.open = true;
        self.measured = new.measured;
    }
}

impl Request {
    /// Just born, with its first attempt.
    #[inline(always)]
    fn new(born: Nanos, memory: u64, source: u32) -> Request {
        Request {
            born,
            memory,
            source,
            tries: 1,
            holders: 2,
            active: true,
            ..Request::EMPTY
        }
    }

    const EMPTY: Request = Request {
        born: 0,
        dispatched_after: 0,
        waited: 0,
        memory: 0,
        patience: Nanos::MAX,
        ticket: 0,
        epoch: 0,
        source: 0,
        tries: 0,
        holders: 0,
        active: false,
        answered: false,
        lined_up: false,
    };
}
