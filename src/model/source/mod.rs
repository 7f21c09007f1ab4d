//! Who sends requests: when they are born and what they ask for. Everything a request is is drawn
//! at its birth, from the source's own streams, before any policy is asked: every design meets
//! the same requests.

mod apart;
mod arrivals;
mod backoff;
mod births;
mod keys;
mod modulated;
mod profiled;
mod states;
mod surge;

use apart::Apart;
use arrivals::Gaps;
use surge::Surges;

pub use arrivals::ARRIVALS;
pub(super) use backoff::pause;
pub use births::{BirthRow, Columns, births, trace};

use super::spec::{Arrivals, SourceSpec, SystemSpec, Trace, Vary, WorkSpec};
use super::trial::{Horizon, Spared};
use crate::base::units::Nanos;
use crate::engine::dist::Dist;
use crate::engine::queue::Register;
use crate::engine::rng::{Bits, Key, Keyed, Stream, path_hash};
use crate::engine::zipf::Zipf;

/// A source in a run.
#[derive(Clone, Debug)]
pub struct Source<'s> {
    pub(super) spec: &'s SourceSpec,
    /// Where its next arrival waits.
    pub(super) register: Register,
    /// Number of its first class, through all sources.
    pub(super) first_class: u32,
    key: Key,
    gaps: Gaps<'s>,
    stop: Nanos,
    born: u64,
    /// Thinks of each user so far, for a closed source.
    rounds: Vec<u32>,
    class_shares: Vec<f64>,
    classes: Vec<Asks<'s>>,
    streams: Streams,
    purposes: Purposes,
}

/// What requests of one class ask for.
#[derive(Clone, Debug)]
struct Asks<'s> {
    size: Amount<'s>,
    work: &'s WorkSpec,
    work_factor: f64,
    memory: Amount<'s>,
    apart: Option<Box<Apart<'s>>>,
    key: Option<Zipf>,
}

/// Bytes: always the same, or drawn, or drawn plus a part in proportion to the size.
#[derive(Clone, Copy, Debug)]
enum Amount<'s> {
    Same(u64),
    Drawn(&'s Dist),
    WithSize(&'s Dist, f64),
}

impl<'s> Amount<'s> {
    fn new(base: &'s Dist, per_byte: f64) -> Self {
        match base {
            Dist::Constant { value } if per_byte == 0.0 => Amount::Same(whole(*value)),
            _ if per_byte == 0.0 => Amount::Drawn(base),
            _ => Amount::WithSize(base, per_byte),
        }
    }

    #[inline(always)]
    fn bytes(self, stream: &mut Stream, size: u64) -> u64 {
        match self {
            Amount::Same(bytes) => bytes,
            Amount::Drawn(dist) => whole(dist.sample(stream)),
            Amount::WithSize(dist, per_byte) => whole(dist.sample(stream) + per_byte * size as f64),
        }
    }
}

#[derive(Clone, Debug)]
struct Streams {
    class: Stream,
    size: Stream,
    work: Stream,
    memory: Stream,
    patience: Stream,
}

/// What keyed draws are for.
#[derive(Clone, Copy, Debug)]
struct Purposes {
    copy: u64,
    think: u64,
    key: u64,
}

/// A new request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// Its number within its source.
    pub number: u64,
    /// Its class, numbered within its source.
    pub class: u32,
    /// Bytes.
    pub size: u64,
    /// Core-time at speed 1.
    pub work: Nanos,
    /// Bytes of RAM held.
    pub memory: u64,
    /// Its turn, if it was recorded: the smaller, the more urgent.
    pub priority: Option<i64>,
    /// What it is about, if that was recorded.
    pub key: Option<u64>,
}

/// The moment before which the last birth of a run is, where the run is as long as its traces.
pub fn last_birth(spec: &SystemSpec, horizon: Horizon) -> Nanos {
    let traces = spec.sources.iter().filter_map(SourceSpec::last_row);
    match horizon {
        Horizon::Trace => traces.max().map_or(0, |last| last.saturating_add(1)),
        Horizon::For(_) => Nanos::MAX,
    }
}

/// A real number of nanoseconds or bytes, to the nearest whole one: 0 below 0, and the greatest
/// where there is none so great.
#[inline(always)]
pub fn whole(value: f64) -> u64 {
    let up = value + 0.5;
    let bits = up.to_bits();
    // From 1 to 2^53 what is before the point is the upper part of the mantissa.
    let power = (bits >> MANTISSA_BITS).wrapping_sub(1023);
    if power <= u64::from(MANTISSA_BITS) {
        let mantissa = bits & ((1 << MANTISSA_BITS) - 1) | 1 << MANTISSA_BITS;
        mantissa >> (u64::from(MANTISSA_BITS) - power)
    } else {
        up as u64
    }
}

/// Bits of a real number behind its leading one.
const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;

const NOTHING: WorkSpec = WorkSpec::Drawn {
    cpu: Dist::Constant { value: 0.0 },
    per_kib: 0.0,
    per_in_flight: 0.0,
    vary: Vary::Copy,
};

impl<'s> Source<'s> {
    /// The source of a spec, before its first arrival. `last` is the end of its sending for a
    /// run that ends with its traces.
    pub fn new(
        system: &'s SystemSpec,
        spec: &'s SourceSpec,
        key: Key,
        first_class: u32,
        register: Register,
        last: Nanos,
    ) -> Self {
        let path = |purpose: &str| format!("source/{}/{purpose}", spec.name);
        let stream = |purpose: &str| Stream::new(&key, &path(purpose));
        let service = &system.services[spec.to];
        let named = |s: &SourceSpec| s.name == spec.name;
        let number = system.sources.iter().position(named).unwrap_or(0);
        let asks = |class: &'s super::spec::ClassSpec| Asks {
            size: Amount::new(&class.size, 0.0),
            work: class
                .work
                .as_ref()
                .or(service.work.as_ref())
                .unwrap_or(&NOTHING),
            work_factor: class.work_factor,
            memory: {
                let memory = class.memory.as_ref().unwrap_or(&service.memory);
                Amount::new(&memory.base, memory.per_byte)
            },
            apart: Apart::new(class, (service.work.as_ref(), &service.memory), &stream),
            key: class.key.map(|k| Zipf::new(k.keys, k.exponent)),
        };
        let total: f64 = spec.classes.iter().map(|c| c.weight).sum();
        let mut below = 0.0;
        let share = |class: &super::spec::ClassSpec| {
            below += class.weight / total;
            below
        };
        Source {
            spec,
            register,
            first_class,
            key,
            gaps: Gaps::new(spec, &stream).with(Surges::new(system, number, &key)),
            stop: spec.stop.unwrap_or(Nanos::MAX).min(last),
            born: 0,
            rounds: match spec.arrivals {
                Arrivals::Closed { users, .. } => vec![0; users as usize],
                _ => Vec::new(),
            },
            class_shares: spec.classes.iter().map(share).collect(),
            classes: spec.classes.iter().map(asks).collect(),
            streams: Streams {
                class: stream("class"),
                size: stream("size"),
                work: stream("work"),
                memory: stream("memory"),
                patience: stream("patience"),
            },
            purposes: Purposes {
                copy: path_hash(&path("copy")),
                think: path_hash(&path("think")),
                key: path_hash(&path("key")),
            },
        }
    }

    /// Notes what its faults do not do; before its first birth.
    pub fn spare(&mut self, spared: &Spared) {
        self.gaps.spare(spared);
    }

    /// Goes its own way under another key: what is drawn from now on is. What was drawn stays.
    pub fn rekey(&mut self, key: &Key) {
        self.key = *key;
        self.gaps.rekey(key);
        for apart in self.classes.iter_mut().filter_map(|c| c.apart.as_mut()) {
            apart.rekey(key);
        }
        let Streams {
            class,
            size,
            work,
            memory,
            patience,
        } = &mut self.streams;
        for stream in [class, size, work, memory, patience] {
            stream.rekey(key);
        }
    }

    /// When the next request is born; `None`: no more.
    #[inline(always)]
    pub fn next_birth(&mut self) -> Option<Nanos> {
        self.gaps.next().filter(|&at| at < self.stop)
    }

    /// Whether its users wait for the end of each request before the next.
    pub fn is_closed(&self) -> bool {
        matches!(self.spec.arrivals, Arrivals::Closed { .. })
    }

    /// When a user of a closed source sends who begins to think at this moment; `None`: no more.
    /// Drawn by user and round, whatever the order in which users send.
    pub fn sends_at(&mut self, user: u32, from: Nanos) -> Option<Nanos> {
        let Arrivals::Closed { think, .. } = &self.spec.arrivals else {
            return None;
        };
        let round = self.rounds.get_mut(user as usize)?;
        let number = u64::from(user);
        let mut keyed = Keyed::new(&self.key, self.purposes.think, number, 0, *round);
        *round = round.wrapping_add(1);
        let at = from.saturating_add(whole(think.sample(&mut keyed)));
        (at < self.stop).then_some(at)
    }

    /// Whether its arrivals are a trace that says whose turn comes first.
    pub fn records_turns(&self) -> bool {
        match &self.spec.arrivals {
            Arrivals::Trace(trace) => !trace.priority.is_empty(),
            _ => false,
        }
    }

    /// Whether its arrivals are a trace.
    pub fn is_trace(&self) -> bool {
        matches!(self.spec.arrivals, Arrivals::Trace(_))
    }

    /// What the request born now is.
    #[inline(always)]
    pub fn birth(&mut self) -> Birth {
        match &self.spec.arrivals {
            Arrivals::Trace(trace) => self.birth_of_row(trace),
            _ => self.birth_as(None),
        }
    }

    #[inline(never)]
    fn birth_of_row(&mut self, trace: &Trace) -> Birth {
        let row = self.gaps.row();
        self.birth_as(Some((trace, row)))
    }

    /// What the request born now is: as a row of a trace says, and else as drawn.
    #[inline(always)]
    fn birth_as(&mut self, row: Option<(&Trace, usize)>) -> Birth {
        let number = self.born;
        self.born += 1;
        let class = match row {
            Some((trace, row)) if !trace.class.is_empty() => trace.class[row],
            _ => self.draw_class(),
        };
        let asks = &mut self.classes[class as usize];
        let size = match row {
            Some((trace, row)) if !trace.size.is_empty() => trace.size[row],
            _ => asks.size.bytes(&mut self.streams.size, 0),
        };
        let work = match (asks.work, row) {
            (_, Some((trace, row))) if !trace.work.is_empty() => trace.work[row],
            (WorkSpec::Drawn { cpu, per_kib, .. }, _) => {
                let common = &mut self.streams.work;
                let drawn = match &mut asks.apart {
                    None => cpu.sample(common),
                    Some(apart) => apart.cpu(cpu, common),
                };
                whole((drawn + per_kib / 1024.0 * size as f64) * asks.work_factor)
            }
            (WorkSpec::FromTrace, _) => 0,
        };
        let memory = match row {
            Some((trace, row)) if !trace.memory.is_empty() => trace.memory[row],
            _ => {
                let common = &mut self.streams.memory;
                match &mut asks.apart {
                    None => asks.memory.bytes(common, size),
                    Some(apart) => apart.bytes(asks.memory, common, size),
                }
            }
        };
        let priority = match row {
            Some((trace, row)) => trace.priority.get(row).copied(),
            None => None,
        };
        let key = row.and_then(|(trace, row)| trace.key.get(row).copied());
        Birth {
            number,
            class,
            size,
            work,
            memory,
            priority,
            key,
        }
    }

    /// How long attempts of the request born now stay in a buffer.
    pub fn patience(&mut self) -> Nanos {
        match &self.spec.client.patience {
            Some(dist) => whole(dist.sample(&mut self.streams.patience)),
            None => Nanos::MAX,
        }
    }

    #[inline(always)]
    fn draw_class(&mut self) -> u32 {
        if self.classes.len() == 1 {
            return 0;
        }
        let u = self.streams.class.unit();
        let last = self.class_shares.len() - 1;
        self.class_shares[..last]
            .iter()
            .take_while(|&&share| u >= share)
            .count() as u32
    }

    /// Core-time at speed 1 of a copy (from 0) of a request of a class, which is numbered through
    /// all sources, that was tried so many times before; `None`: that of the request.
    pub fn further_work(
        &self,
        number: u64,
        class: u32,
        (copy, earlier): (u32, u32),
        size: u64,
    ) -> Option<Nanos> {
        let asks = &self.classes[(class - self.first_class) as usize];
        let WorkSpec::Drawn {
            cpu, per_kib, vary, ..
        } = asks.work
        else {
            return None;
        };
        let earlier = match vary {
            Vary::Request => return None,
            Vary::Copy => 0,
            Vary::Attempt => earlier,
        };
        if (copy, earlier) == (0, 0) || self.spec.records_work() {
            return None;
        }
        let mut keyed = Keyed::new(&self.key, self.purposes.copy, number, copy, earlier);
        let drawn = cpu.sample(&mut keyed) + per_kib / 1024.0 * size as f64;
        Some(whole(drawn * asks.work_factor))
    }

    /// Core-time at speed 1 of a request that has not begun, drawn anew under this key; `None`
    /// where it is not a draw of its own.
    pub fn unseen_work(&self, number: u64, class: u32) -> Option<Nanos> {
        let asks = &self.classes[(class - self.first_class) as usize];
        match asks.work {
            WorkSpec::Drawn { cpu, per_kib, .. } if *per_kib == 0.0 => {
                let mut keyed = Keyed::new(&self.key, self.purposes.copy, number, u32::MAX, 0);
                Some(whole(cpu.sample(&mut keyed) * asks.work_factor))
            }
            _ => None,
        }
        .filter(|_| !self.spec.records_work())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::{Bits, Key, Stream};

    #[test]
    fn the_nearest_whole_number_is_that_of_a_plain_conversion() {
        let plain = |value: f64| (value + 0.5) as u64;
        let near = [
            -1e300,
            -1.0,
            -0.5,
            -0.4,
            -0.0,
            0.0,
            0.3,
            0.49999999999999994,
            0.5,
            0.75,
        ];
        let far = [
            1.0,
            1.5,
            2.5,
            4503599627370495.5,
            9007199254740991.0,
            9007199254740993.0,
        ];
        let beyond = [
            1e18,
            1.8e19,
            1e300,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        for value in near.into_iter().chain(far).chain(beyond) {
            assert_eq!(whole(value), plain(value), "{value}");
        }
        let mut stream = Stream::new(&Key::new(1, 0, 0), "whole");
        for _ in 0..1_000_000 {
            let value = f64::from_bits(stream.next_u64());
            assert_eq!(whole(value), plain(value), "{value}");
            let value = stream.unit() * 1e11;
            assert_eq!(whole(value), plain(value), "{value}");
        }
    }
}
