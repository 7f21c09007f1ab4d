//! What a class needs at a service in place of all others there. It is drawn from streams of its
//! own, and the draws that it would have had are made all the same: nobody else's move.

use super::Amount;
use crate::engine::dist::Dist;
use crate::engine::rng::{Key, Stream};
use crate::model::spec::{ClassSpec, MemorySpec, WorkSpec};

/// Streams of a class, and what it would have drawn.
#[derive(Clone, Debug)]
pub(super) struct Apart<'s> {
    work: Option<(Stream, Option<&'s WorkSpec>)>,
    memory: Option<(Stream, Amount<'s>)>,
}

impl<'s> Apart<'s> {
    /// `None` for a class that draws as all do. `usual`: the work and memory of the service.
    pub fn new(
        class: &ClassSpec,
        usual: (Option<&'s WorkSpec>, &'s MemorySpec),
        stream: &dyn Fn(&str) -> Stream,
    ) -> Option<Box<Self>> {
        let own = |purpose: &str| stream(&format!("{purpose}/{}", class.name));
        let memory = Amount::new(&usual.1.base, usual.1.per_byte);
        class.apart.then(|| {
            Box::new(Apart {
                work: class.work.as_ref().map(|_| (own("work"), usual.0)),
                memory: class.memory.as_ref().map(|_| (own("memory"), memory)),
            })
        })
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        if let Some((stream, _)) = &mut self.work {
            stream.rekey(key);
        }
        if let Some((stream, _)) = &mut self.memory {
            stream.rekey(key);
        }
    }

    /// A draw of work.
    #[cold]
    pub fn cpu(&mut self, cpu: &Dist, common: &mut Stream) -> f64 {
        let Some((own, usual)) = &mut self.work else {
            return cpu.sample(common);
        };
        if let Some(WorkSpec::Drawn { cpu, .. }) = usual {
            cpu.sample(common);
        }
        cpu.sample(own)
    }

    /// A draw of memory.
    #[cold]
    pub fn bytes(&mut self, memory: Amount<'s>, common: &mut Stream, size: u64) -> u64 {
        let Some((own, usual)) = &mut self.memory else {
            return memory.bytes(common, size);
        };
        usual.bytes(common, size);
        memory.bytes(own, size)
    }
}
