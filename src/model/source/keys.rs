//! What requests are about: their keys, a function of what is drawn for their number.

use super::Source;
use crate::engine::rng::Keyed;
use crate::model::spec::Arrivals;

impl Source<'_> {
    /// What a request of a class (numbered within the source) is about, unless that was recorded.
    /// One without a key is about nothing but itself.
    pub fn key(&self, number: u64, class: u32) -> u64 {
        match &self.classes[class as usize].key {
            Some(zipf) => {
                let mut keyed = Keyed::new(&self.key, self.purposes.key, number, 0, 0);
                zipf.sample(&mut keyed)
            }
            None => self.purposes.key ^ number,
        }
    }

    /// Whether requests have keys, drawn or recorded.
    pub fn has_keys(&self) -> bool {
        self.spec.classes.iter().any(|c| c.key.is_some()) || self.records_keys()
    }

    /// Whether its arrivals are a trace that says what each request is about.
    pub fn records_keys(&self) -> bool {
        match &self.spec.arrivals {
            Arrivals::Trace(trace) => !trace.key.is_empty(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::heap::Wide;
    use crate::engine::queue::Queue;
    use crate::engine::rng::Key;
    use crate::model::event::Event;
    use crate::model::source::{Columns, Source, births, trace};
    use crate::model::spec::{
        Arrivals, Dist, KeySpec, PolicySpec, PriceSpec, SystemSpec, WorkSpec, plain,
    };
    use crate::model::tally::Wanted;
    use crate::model::trial::{Horizon, LookFor, RunSpec, Timing, Width};

    fn system(key: Option<KeySpec>) -> SystemSpec {
        let mut source = plain::source("web", Arrivals::Poisson { rate: 100.0 });
        source.classes[0].key = key;
        let work = WorkSpec::drawn(Dist::exponential(1e6).unwrap());
        let group = plain::group(2, 1);
        SystemSpec {
            title: String::new(),
            sources: vec![source],
            services: vec![plain::service("a", work, PolicySpec::Random, group)],
            faults: Vec::new(),
            prices: PriceSpec::default(),
        }
    }

    const ZIPF: Option<KeySpec> = Some(KeySpec {
        keys: 9,
        exponent: 1.0,
    });

    #[test]
    fn a_key_goes_by_the_number_and_moves_no_other_draw() {
        let end = (10_000_000_000, 10_000);
        let run = RunSpec {
            seed: 1,
            replication: 0,
            timing: Timing {
                warm_up: 0,
                horizon: Horizon::For(end.0),
                drain: 0,
                window: end.0,
            },
            wanted: Wanted::default(),
            series: false,
            look_for: LookFor::default(),
            event_budget: u64::MAX,
            width: Width::Auto,
            spared: Vec::new(),
        };
        let rows = |system: &SystemSpec| births((system, 0), &run, None, end).unwrap();
        let (with, without) = (rows(&system(ZIPF)), rows(&system(None)));
        assert_eq!(with.len(), without.len());
        for (a, b) in with.iter().zip(&without) {
            assert!(a.key.is_some_and(|key| (1..=9).contains(&key)) && b.key.is_none());
            assert_eq!((a.at, a.work), (b.at, b.work));
        }
        // As a trace they have the same keys, whichever rows are left out.
        let mut again = system(ZIPF);
        let recorded = trace(&with[5..], 0, Columns::Requests);
        again.sources[0].arrivals = Arrivals::Trace(recorded.into());
        let keys =
            |rows: &[super::super::BirthRow]| -> Vec<_> { rows.iter().map(|r| r.key).collect() };
        assert_eq!(keys(&rows(&again)), keys(&with[5..]));
    }

    #[test]
    fn without_a_key_every_request_is_its_own() {
        let spec = system(None);
        let register = Queue::<Wide, Event>::new().add_register();
        let key = Key::new(1, 0, 0);
        let source = Source::new(&spec, &spec.sources[0], key, 0, register, u64::MAX);
        assert!(!source.has_keys());
        assert_ne!(source.key(0, 0), source.key(1, 0));
    }
}
