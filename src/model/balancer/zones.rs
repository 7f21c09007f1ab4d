//! `zone_aware`: an instance sends to workers in its own zone as much as these can take, and the
//! rest to zones that have more workers than instances.
//!
//! Source: Envoy, `load_balancing_policies/common/load_balancer_impl.cc`
//! (`ZoneAwareLoadBalancerBase`).

use super::Front;
use crate::engine::rng::{Bits, Key, Stream};
use crate::model::spec::{ServiceSpec, WHOLE, ZoneSpec};

/// Shares of instances and workers are counted in these.
const PARTS: u64 = 10_000;

/// The zones as an instance sees them, its own first.
#[derive(Clone, Debug)]
pub(super) struct Zones<'s> {
    spec: &'s ZoneSpec,
    /// The zone of each worker.
    of: Vec<usize>,
    /// The share of the instances in each zone.
    instances: Vec<u64>,
    /// Workers that are let in, by zone.
    members: Vec<Vec<u32>>,
    way: Way,
    stream: Stream,
}

/// Where attempts go.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// To any zone.
    Anywhere,
    /// To the own one.
    Own,
    /// A part to the own one; the others have so much room, summed up.
    Spread { own: u64, room: Vec<u64> },
}

impl<'s> Zones<'s> {
    /// `None` where nobody looks at zones.
    pub fn new(service: &'s ServiceSpec, instance: u32, key: &Key) -> Option<Box<Self>> {
        let balancer = &service.balancer;
        let spec = balancer.zone_aware.as_ref()?;
        let mut names = vec![spec.of(instance)];
        let mut of = Vec::new();
        for group in &service.groups {
            let zone = group.zone.as_deref().unwrap_or_default();
            let known = names.iter().position(|name| *name == zone);
            let place = known.unwrap_or_else(|| {
                names.push(zone);
                names.len() - 1
            });
            of.extend((0..group.count).map(|_| place));
        }
        let all = 0..balancer.instances;
        let count = |name: &&str| all.clone().filter(|i| spec.of(*i) == *name).count() as u64;
        let total = u64::from(balancer.instances);
        let path = format!("service/{}/balancer/{}/zone", service.name, instance + 1);
        let workers: Vec<u32> = (0..of.len() as u32).collect();
        let mut zones = Zones {
            spec,
            of,
            instances: names.iter().map(|n| PARTS * count(n) / total).collect(),
            members: vec![Vec::new(); names.len()],
            way: Way::Anywhere,
            stream: Stream::new(key, &path),
        };
        zones.find_way(&workers, false);
        Some(Box::new(zones))
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.stream.rekey(key);
    }

    /// Others are let in: finds anew where attempts go.
    pub fn find_way(&mut self, eligible: &[u32], panics: bool) {
        self.members.iter_mut().for_each(Vec::clear);
        for &worker in eligible {
            self.members[self.of[worker as usize]].push(worker);
        }
        let total = eligible.len() as u64;
        if panics || total < u64::from(self.spec.min_cluster_size) || total == 0 {
            self.way = Way::Anywhere;
            return;
        }
        let share = |members: &Vec<u32>| PARTS * members.len() as u64 / total;
        let workers: Vec<u64> = self.members.iter().map(share).collect();
        let (here, needed) = (workers[0], self.instances[0]);
        if here > 0 && here >= needed {
            self.way = Way::Own;
            return;
        }
        let own = (here * PARTS).checked_div(needed).unwrap_or(0);
        let mut sum = 0;
        let pairs = workers.iter().zip(&self.instances).enumerate();
        let room = pairs.map(|(zone, (workers, instances))| {
            // What the own zone has is what it gets anyway. One without workers has no room.
            if zone > 0 {
                sum += workers.saturating_sub(*instances);
            }
            sum
        });
        let room = room.collect();
        self.way = Way::Spread { own, room };
    }

    /// Among whom the policy picks.
    #[inline(never)]
    pub fn choose<'a>(&'a mut self, eligible: &'a [u32]) -> &'a [u32] {
        if self.way == Way::Anywhere {
            return eligible;
        }
        let enabled = self.spec.routing_enabled;
        if enabled < WHOLE && self.stream.below(WHOLE) >= enabled {
            return eligible;
        }
        let zone = match &self.way {
            Way::Anywhere => return eligible,
            Way::Own => 0,
            Way::Spread { own, .. } if u64::from(self.stream.below(PARTS as u32)) < *own => 0,
            Way::Spread { room, .. } => match room.last() {
                // Rounding left nothing to anybody: any zone.
                Some(0) | None => self.stream.below(room.len() as u32) as usize,
                Some(&all) => {
                    let drawn = u64::from(self.stream.below(all as u32));
                    room.partition_point(|&sum| sum <= drawn)
                }
            },
        };
        match self.members[zone].is_empty() {
            true => eligible,
            false => &self.members[zone],
        }
    }
}

impl Front<'_> {
    /// Others are let in, or other workers are well: where attempts go now.
    pub(super) fn find_zones(&mut self) {
        if self.gives_up() {
            self.eligible.clear();
        }
        if let Some(zones) = &mut self.zones {
            let panics = self.hosts.as_ref().is_some_and(|h| h.panics());
            zones.find_way(&self.eligible, panics);
        }
    }

    /// Whether it asks nobody, because it would have to ask everybody.
    pub(super) fn gives_up(&self) -> bool {
        let fails = self.zones.as_ref().is_some_and(|z| z.spec.fail_on_panic);
        fails && self.hosts.as_ref().is_some_and(|h| h.panics())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::{Dist, GroupSpec, PolicySpec, WorkSpec, plain};

    /// Workers in each of the zones a, b and c, and in which the instances stand.
    fn service(workers: [u32; 3], zones: &[&str], instances: u32) -> ServiceSpec {
        let work = WorkSpec::drawn(Dist::constant(1e6).unwrap());
        let group = |(count, zone): (u32, &str)| GroupSpec {
            zone: Some(zone.into()),
            ..plain::group(count, 1)
        };
        let groups = workers.into_iter().zip(["a", "b", "c"]);
        let mut service = plain::service("web", work, PolicySpec::Random, plain::group(1, 1));
        service.groups = groups.filter(|g| g.0 > 0).map(group).collect();
        service.balancer.instances = instances;
        service.balancer.zone_aware = Some(ZoneSpec {
            zones: zones.iter().map(|z| (*z).to_owned()).collect(),
            min_cluster_size: 6,
            routing_enabled: WHOLE,
            fail_on_panic: false,
        });
        service
    }

    /// Workers by zone, where the instances stand, who is let in (none: all), and the way of the
    /// first instance by Envoy's rule.
    #[test]
    fn the_way_is_that_of_envoy() {
        use Way::{Anywhere, Own};
        let spread = |own, room: &[u64]| Way::Spread {
            own,
            room: room.to_vec(),
        };
        let all: &[&str] = &["a", "b", "c"];
        type Row<'a> = ([u32; 3], &'a [&'a str], u32, Option<&'a [u32]>, Way);
        let rows: &[Row<'_>] = &[
            // As many workers as instances, or more, or just fewer.
            ([4, 4, 4], all, 3, None, Own),
            ([6, 3, 3], all, 3, None, Own),
            // 2500 of 3333; b and c have 3750 for 3333 each.
            ([3, 4, 5], all, 3, None, spread(7500, &[0, 0, 833])),
            ([2, 3, 3], all, 3, None, spread(7500, &[0, 417, 834])),
            // Envoy's example: 40, 40 and 20 of instances, 25, 50 and 25 of workers.
            (
                [5, 10, 5],
                &["a", "b", "a", "b", "c"],
                5,
                None,
                spread(6250, &[0, 1000, 1500]),
            ),
            // Nobody left in the own zone: all to where there is room.
            (
                [2, 4, 4],
                all,
                3,
                Some(&[2, 3, 4, 5, 6, 7, 8, 9]),
                spread(0, &[0, 1667, 3334]),
            ),
            // Six are enough, five are not.
            ([2, 2, 2], all, 3, None, Own),
            ([2, 2, 2], all, 3, Some(&[0, 1, 2, 3, 4]), Anywhere),
            // A zone without instances has room for all that its workers are.
            ([1, 1, 6], &["a", "b"], 2, None, spread(2500, &[0, 0, 7500])),
        ];
        for (row, (workers, zones, instances, eligible, wanted)) in rows.iter().enumerate() {
            let service = service(*workers, zones, *instances);
            let mut seen = Zones::new(&service, 0, &Key::new(1, 0, 0)).unwrap();
            if let Some(eligible) = eligible {
                seen.find_way(eligible, false);
            }
            assert_eq!(seen.way, *wanted, "row {row}");
            let everybody: Vec<u32> = (0..workers.iter().sum()).collect();
            seen.find_way(&everybody, true);
            assert_eq!(seen.way, Anywhere, "row {row}: in panic");
        }
    }

    /// Each instance has its own zone first.
    #[test]
    fn an_instance_prefers_its_own_zone() {
        let service = service([4, 4, 4], &["a", "b", "c"], 6);
        for (instance, wanted) in [(0, 0..4), (1, 4..8), (2, 8..12), (4, 4..8)] {
            let mut zones = Zones::new(&service, instance, &Key::new(1, 0, 0)).unwrap();
            let wanted: Vec<u32> = wanted.collect();
            assert_eq!(zones.choose(&[7]), wanted);
        }
    }

    /// How often each zone is chosen of 30,000 times.
    #[test]
    fn zones_are_chosen_in_proportion_to_their_room() {
        let counts = |service: &ServiceSpec, eligible: &[u32]| {
            let mut zones = Zones::new(service, 0, &Key::new(1, 0, 0)).unwrap();
            zones.find_way(eligible, false);
            let mut counts = [0; 4];
            for _ in 0..30_000 {
                let chosen = zones.choose(eligible);
                let zone = match chosen {
                    _ if chosen.len() == eligible.len() => 3,
                    [0 | 1, ..] => 0,
                    [2, ..] => 1,
                    _ => 2,
                };
                counts[zone] += 1;
            }
            counts
        };
        let close = |counts: [i32; 4], wanted: [i32; 4]| {
            let off = counts.iter().zip(wanted).map(|(a, b)| (a - b).abs());
            assert!(off.max() < Some(400), "{counts:?} for {wanted:?}");
        };
        let all: Vec<u32> = (0..10).collect();
        // 2000 of 3333 stay; b has room for 667, c for 1667 - with 3, 5 of 10 workers.
        let mut three = service([2, 3, 5], &["a", "b", "c"], 3);
        close(counts(&three, &all), [18_002, 0, 11_998, 0]);
        // With 4 and 4: 667 each.
        let even = service([2, 4, 4], &["a", "b", "c"], 3);
        close(counts(&even, &all), [18_002, 5_999, 5_999, 0]);
        // A quarter of the attempts goes by zones.
        if let Some(zone_aware) = &mut three.balancer.zone_aware {
            zone_aware.routing_enabled = WHOLE / 4;
        }
        close(counts(&three, &all), [4_500, 0, 3_000, 22_500]);
    }

    /// Rounding leaves room nowhere: any zone, and where nobody is in it, anybody.
    #[test]
    fn without_room_anywhere_it_is_any_zone() {
        let service = service([2, 4, 4], &["a", "b", "c"], 3);
        let mut zones = Zones::new(&service, 0, &Key::new(1, 0, 0)).unwrap();
        zones.way = Way::Spread {
            own: 0,
            room: vec![0; 3],
        };
        zones.members[1].clear();
        let (mut own, mut other, mut anybody) = (0, 0, 0);
        for _ in 0..3000 {
            match zones.choose(&[9]) {
                [0, 1] => own += 1,
                [6, ..] => other += 1,
                [9] => anybody += 1,
                chosen => panic!("{chosen:?}"),
            }
        }
        assert!(
            [own, other, anybody]
                .iter()
                .all(|n| (850..1150).contains(n))
        );
    }
}
