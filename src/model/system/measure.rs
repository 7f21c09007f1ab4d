//! What is measured and when. Measuring draws nothing and comes last within an instant, so it
//! moves nothing.

use super::batches::Batches;
use super::windows::Totals;
use super::*;
use crate::model::series::Series;
use crate::model::tally::{Delays, Narrow, Tally};
use crate::model::worker::Areas;
use crate::stats::histogram::Histogram;

/// Fixed point of slowdowns.
const SLOWDOWN_BITS: u32 = 20;

/// The tally of a run, and what it takes to keep it.
#[derive(Clone, Debug)]
pub(super) struct Measure<'s> {
    run: &'s RunSpec,
    /// Counts that follow from others are added at the end, by [`Measure::assemble`].
    pub tally: Tally,
    /// Measured attempts served that did not wait.
    no_waits: u64,
    /// Responses of first attempts that were `ok`: a response and a latency in one.
    first_ok: Histogram,
    /// Whether slowdowns or narrowed delays are asked for.
    pub special: bool,
    /// Whether narrowed delays are asked for.
    pub narrowed: bool,
    /// The service that each caller calls.
    service_of: Vec<u32>,
    /// How many classes the sources have.
    roots: usize,
    pub series: Series,
    /// The batches that the measured time is cut into, where it is.
    pub batches: Option<Box<Batches>>,
    /// Half open: what is measured.
    pub from: Nanos,
    to: Nanos,
    /// Measured time is over: the run ends when what was measured has ended.
    draining: bool,
    /// Whether it is worth asking if the run is over: after the measured time, or, for a run that
    /// ends with its traces, when all is sent.
    pub may_be_over: bool,
    closed: bool,
    pub window_from: Nanos,
    pub before: Totals,
    pausing_before: u128,
    open_before: Vec<u128>,
}

impl<'s> Measure<'s> {
    pub fn new(spec: &SystemSpec, run: &'s RunSpec, workers: usize) -> Self {
        let timing = &run.timing;
        let to = match timing.horizon {
            Horizon::For(horizon) => timing.warm_up.saturating_add(horizon),
            Horizon::Trace => Nanos::MAX,
        };
        let mut tally = Tally {
            trials: 1,
            ..Tally::default()
        };
        let roots = spec.classes().count();
        let classes = roots * (1 + spec.call_sites().count());
        tally.classes.resize(classes, Default::default());
        tally
            .balancers
            .resize(spec.services.len(), Default::default());
        tally.workers.resize(workers, Default::default());
        tally
            .delays
            .resize(1 + run.wanted.scopes.len(), Delays::default());
        let window = if run.series { timing.window } else { 0 };
        Measure {
            run,
            tally,
            no_waits: 0,
            first_ok: Histogram::new(),
            special: run.wanted.slowdown || !run.wanted.scopes.is_empty(),
            narrowed: !run.wanted.scopes.is_empty(),
            service_of: spec.called_services().map(|s| s as u32).collect(),
            roots,
            series: Series {
                window,
                start: timing.warm_up,
                rows: Vec::new(),
            },
            batches: Batches::new(run),
            from: timing.warm_up,
            to,
            draining: false,
            may_be_over: false,
            closed: false,
            window_from: timing.warm_up,
            before: Totals::default(),
            pausing_before: 0,
            open_before: vec![0; spec.services.len()],
        }
    }

    pub fn horizon(&self) -> Horizon {
        self.run.timing.horizon
    }

    /// Whether the measured time is not yet over. What is born later, while the run waits for what
    /// was measured, depends on how long that takes.
    #[inline(always)]
    pub fn before_end(&self, now: Nanos) -> bool {
        now < self.to
    }

    /// Whether a request born now is measured.
    #[inline]
    pub fn covers(&self, now: Nanos) -> bool {
        now >= self.from && now < self.to
    }

    /// Whether any measured request is active.
    pub fn any_open(&self) -> bool {
        let mut classes = self.tally.classes.iter();
        classes.any(|c| c.born != c.ok + c.lost.iter().sum::<u64>())
    }

    /// All is sent: a run that ends with its traces may be over from now on.
    pub fn all_sent(&mut self) {
        self.may_be_over |= self.to == Nanos::MAX;
    }

    /// A measured request has its answer in time: narrowed latencies, where asked for.
    #[inline(never)]
    pub fn answered_narrow(&mut self, class: u32, source: u32, latency: Nanos) {
        let scopes = self.run.wanted.scopes.iter();
        for (scope, delays) in scopes.zip(&mut self.tally.delays[1..]) {
            let inside = match *scope {
                Narrow::Class(c) => c == class,
                Narrow::Source(s) => s == source,
                Narrow::Service(service) => service == self.service_of[source as usize],
                _ => false,
            };
            if inside {
                delays.latency.record(latency);
            }
        }
    }

    /// A measured attempt was served to its end, with so much core-time. The latency of a request
    /// whose first attempt is
    /// `ok` is that attempt's response: one record for both.
    #[inline(always)]
    pub fn served(&mut self, a: &Attempt, spent: u64, waited: Nanos, now: Nanos) {
        self.spent(a, spent);
        let response = now - a.arrived;
        let all = &mut self.tally.delays[0];
        if waited > 0 {
            all.wait.record(waited);
        } else {
            self.no_waits += 1;
        }
        if a.open && a.try_number == 1 {
            self.first_ok.record(response);
        } else {
            all.response.record(response);
        }
    }

    /// Slowdowns and narrowed delays, where asked for.
    #[inline(never)]
    pub fn served_special(&mut self, a: &Attempt, source: u32, waited: Nanos, now: Nanos) {
        let work = a.work;
        let response = now - a.arrived;
        let slowdown = (self.run.wanted.slowdown && work > 0)
            .then(|| (u128::from(response) << SLOWDOWN_BITS) / u128::from(work));
        let slow = |delays: &mut Delays| {
            delays.slowdown += slowdown.unwrap_or(0);
            delays.slowdown_n += u64::from(slowdown.is_some());
        };
        slow(&mut self.tally.delays[0]);
        let scopes = self.run.wanted.scopes.iter();
        for (scope, delays) in scopes.zip(&mut self.tally.delays[1..]) {
            if covers(*scope, a, source, self.service_of[source as usize]) {
                delays.wait.record(waited);
                delays.response.record(response);
                slow(delays);
            }
        }
    }

    /// A measured attempt that was still open gave up waiting.
    pub fn gave_up(&mut self, a: &Attempt, source: u32, waited: Nanos) {
        let service = self.service_of[source as usize];
        let scopes = [Narrow::All].into_iter();
        let scopes = scopes.chain(self.run.wanted.scopes.iter().copied());
        for (scope, delays) in scopes.zip(&mut self.tally.delays) {
            if covers(scope, a, source, service) {
                delays.gave_up += u128::from(waited);
                delays.gave_up_n += 1;
            }
        }
    }

    /// So much core-time was spent on a measured attempt that is now at its end.
    #[inline(always)]
    pub fn spent(&mut self, a: &Attempt, spent: Nanos) {
        let class = &mut self.tally.classes[a.class as usize];
        let spent = u128::from(spent);
        class.core_ns += spent;
        if !a.open {
            class.wasted_ns += spent;
        }
    }

    /// Puts together what was kept apart for speed.
    pub fn assemble(&mut self) -> Tally {
        let mut tally = std::mem::take(&mut self.tally);
        let all = &mut tally.delays[0];
        all.latency.merge(&self.first_ok);
        all.response.merge(&self.first_ok);
        all.wait.record_zeros(self.no_waits);
        for class in &mut tally.classes {
            class.attempts += class.born;
            class.answered += class.ok;
            class.ended[Outcome::Ok.index()] += class.ok;
        }
        tally.calls = tally.classes.split_off(self.roots);
        tally
    }
}

/// Whether a scope covers an attempt of a source that calls this service.
fn covers(scope: Narrow, a: &Attempt, source: u32, service: u32) -> bool {
    match scope {
        Narrow::All => true,
        Narrow::Source(s) => s == source,
        Narrow::Class(class) => class == a.class,
        Narrow::Worker(worker) => worker == a.worker,
        Narrow::Service(s) => s == service,
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    pub(super) fn schedule_samples<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        let timing = &self.measure.run.timing;
        let from = timing.warm_up;
        queue.at(from, Event::Sample(Sample::WarmUpOver));
        for at in &self.measure.run.wanted.inside_at {
            queue.at(from.saturating_add(*at), Event::Sample(Sample::Inside));
        }
        if let Horizon::For(_) = timing.horizon {
            let to = self.measure.to;
            queue.at(to, Event::Sample(Sample::HorizonOver));
            queue.at(to.saturating_add(timing.drain), DRAIN_OVER);
        }
    }

    #[cold]
    pub(super) fn sample<W: Entry>(&mut self, queue: &mut Queue<W, Event>, what: Sample) -> Flow {
        let now = queue.now();
        match what {
            Sample::WarmUpOver => self.measure_start(queue),
            Sample::WindowOver => {
                if self.measure.draining {
                    return Flow::GoOn;
                }
                self.close_window(now);
                let next = now.saturating_add(self.measure.series.window);
                // Where nothing else can happen any more, nobody waits for another window.
                if next < self.measure.to && !queue.is_empty() {
                    queue.at(next, Event::Sample(Sample::WindowOver));
                }
            }
            Sample::Inside => {
                let inside: u64 = self.workers.load.iter().map(|&l| u64::from(l)).sum();
                let fronts = self
                    .fronts
                    .iter()
                    .map(|f| f.waiting.value + f.dispatching.value);
                let inside = inside + fronts.sum::<u64>();
                self.measure.tally.inside_at.push(inside);
            }
            Sample::BatchOver => self.close_batch(queue),
            Sample::HorizonOver => {
                self.measure_end(now);
                self.measure.draining = true;
                self.measure.may_be_over = true;
                return self.flow();
            }
            Sample::DrainOver => return Flow::Stop,
        }
        Flow::GoOn
    }

    /// The measured time begins.
    fn measure_start<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        let now = queue.now();
        self.carry_over(now);
        for worker in 0..self.workers.len() as u32 {
            if let Some(scaling) = &mut self.scaling {
                let busy = self.workers.areas(worker, now).busy;
                scaling.begins_anew(worker, busy);
            }
            self.workers.reset_areas(worker, now);
        }
        self.tick_breakers(now);
        for front in &mut self.fronts {
            front.reset_opens();
        }
        if let Some(guards) = &mut self.client_guards {
            guards.reset_opens();
            for (source, guard) in guards.guards() {
                let service = self.service_of[source] as usize;
                self.measure.open_before[service] += guard.open_area(now);
            }
        }
        self.measure.tally.queue_max = self.waiting;
        self.measure.pausing_before = self.pausing.area_at(now);
        for front in &self.fronts {
            let s = front.service as usize;
            self.measure.open_before[s] += front.open_area(now);
            let balancer = &mut self.measure.tally.balancers[s];
            // Taken off again at the end: the areas since now.
            balancer.queue_area += front.waiting.area_at(now);
            balancer.busy_area += front.dispatching.area_at(now);
        }
        self.note_provisioned(now);
        self.measure.before = self.totals(now);
        self.schedule_batch(queue);
        if self.measure.series.window > 0 {
            let next = now.saturating_add(self.measure.series.window);
            if next < self.measure.to {
                queue.at(next, Event::Sample(Sample::WindowOver));
            }
        }
    }

    /// The measured time ends: everything that is an integral over it is read off.
    pub(super) fn measure_end(&mut self, now: Nanos) {
        if self.measure.closed {
            return;
        }
        self.measure.closed = true;
        if now < self.measure.from {
            // It ended before the measured time began: nothing was measured.
            for worker in 0..self.workers.len() as u32 {
                self.workers.reset_areas(worker, now);
            }
        }
        let now_or_start = now.max(self.measure.from);
        if self.measure.series.window > 0 && now > self.measure.window_from {
            self.close_window(now);
        }
        self.read_areas(now, now_or_start);
    }

    /// Reads off what is an integral over the measured time up to now. Once only: it takes the
    /// place of what is needed for it.
    pub(super) fn read_areas(&mut self, now: Nanos, now_or_start: Nanos) {
        self.tick_breakers(now);
        let tally = &mut self.measure.tally;
        tally.measured_ns = u128::from(now_or_start - self.measure.from);
        tally.pausing_area = self.pausing.area_at(now) - self.measure.pausing_before;
        let starts: Vec<_> = tally.balancers.iter_mut().map(std::mem::take).collect();
        for (source, guard) in self.client_guards.iter().flat_map(|c| c.guards()) {
            let balancer = &mut tally.balancers[self.service_of[source] as usize];
            balancer.breaker_open_area += guard.open_area(now);
            balancer.breaker_area += tally.measured_ns;
            balancer.breaker_opens += guard.opens;
        }
        for front in &self.fronts {
            let balancer = &mut tally.balancers[front.service as usize];
            balancer.queue_area += front.waiting.area_at(now);
            balancer.busy_area += front.dispatching.area_at(now);
            balancer.breaker_open_area += front.open_area(now);
            balancer.breaker_area += tally.measured_ns * front.breakers() as u128;
            balancer.breaker_opens += front.opens().sum::<u64>();
            let first = front.first_worker as usize;
            for (worker, opens) in tally.workers[first..].iter_mut().zip(front.opens()) {
                worker.breaker_opens += opens;
            }
        }
        self.note_provisioned(now);
        let tally = &mut self.measure.tally;
        let starts = starts.iter().zip(&self.measure.open_before);
        for (balancer, (start, open)) in tally.balancers.iter_mut().zip(starts) {
            balancer.queue_area -= start.queue_area;
            balancer.busy_area -= start.busy_area;
            balancer.provisioned_area -= start.provisioned_area;
            balancer.breaker_open_area -= open;
        }
        for (worker, out) in (0u32..).zip(&mut tally.workers) {
            let Areas {
                busy,
                serving,
                wedged_busy,
                able,
                queue,
                ram,
                queue_max,
                ram_max,
                wedges,
                gc,
                ..
            } = self.workers.areas(worker, now);
            out.busy_area = busy;
            out.serving_area = serving;
            out.wedged_busy_area = wedged_busy;
            out.able_area = able;
            out.queue_area = queue;
            out.ram_area = ram;
            out.queue_max = queue_max;
            out.ram_max = ram_max;
            (out.wedges, out.gc_area) = (wedges, gc);
        }
    }
}
