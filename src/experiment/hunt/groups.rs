//! What a hunt found: how often, and the sorts of incidents by their signatures.

use std::collections::BTreeMap;

use super::shot::{Caught, Shot};
use crate::stats::interval::{Interval, upper_bound_none_seen, wilson_interval};

/// What a hunt found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Seeds that have a result: those that the shares are of.
    pub seeds: u64,
    /// Those of them with an incident.
    pub caught: u64,
    /// Seeds without a result.
    pub failed: u64,
    /// Events simulated.
    pub events: u64,
    /// The share of seeds with an incident.
    pub share: Option<Interval>,
    /// Of no incident at all: the share that it is below, with this confidence.
    pub below: Option<f64>,
    /// The sorts of incidents, the most frequent first.
    pub groups: Vec<Group>,
}

/// Incidents of one signature. Places are those in the list of outcomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What they have in common.
    pub signature: String,
    /// How many seeds.
    pub count: u64,
    /// The share of seeds.
    pub share: Option<Interval>,
    /// The one that came first in its run.
    pub earliest: usize,
    /// The one with the largest amount, and of equal ones with the worst value.
    pub worst: usize,
    /// Whether no signature is rarer, and some are more frequent.
    pub rarest: bool,
}

impl Found {
    /// What these outcomes say, with this confidence.
    pub fn of(shots: &[Shot], confidence: f64) -> Found {
        let mut by_signature: BTreeMap<&str, Vec<(usize, &Caught)>> = BTreeMap::new();
        for (place, shot) in shots.iter().enumerate() {
            if let Some(caught) = shot.caught() {
                let same = by_signature.entry(&caught.signature).or_default();
                same.push((place, caught));
            }
        }
        let failed = shots.iter().filter(|s| s.failed().is_some()).count() as u64;
        let seeds = shots.len() as u64 - failed;
        let caught: u64 = by_signature.values().map(|same| same.len() as u64).sum();
        let groups = by_signature.into_iter();
        let mut groups: Vec<Group> = groups
            .filter_map(|(signature, same)| Group::of(signature, &same, seeds, confidence))
            .collect();
        // The sort is stable: equal ones stay in the order of their signatures.
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        let most = groups.first().map_or(0, |g| g.count);
        let least = groups.last().map_or(0, |g| g.count);
        for group in &mut groups {
            group.rarest = group.count == least && least < most;
        }
        let none = upper_bound_none_seen(seeds, confidence);
        Found {
            seeds,
            caught,
            failed,
            events: shots.iter().map(|s| s.events).sum(),
            share: wilson_interval(caught, seeds, confidence),
            below: none.filter(|_| caught == 0),
            groups,
        }
    }
}

impl Group {
    fn of(
        signature: &str,
        same: &[(usize, &Caught)],
        seeds: u64,
        confidence: f64,
    ) -> Option<Group> {
        let earliest = same.iter().min_by_key(|(place, c)| (c.at, *place))?;
        let worst = same.iter().max_by(|(p, a), (q, b)| {
            let value = a.worst.abs().total_cmp(&b.worst.abs());
            let sooner = (b.at, q).cmp(&(a.at, p));
            a.amount.cmp(&b.amount).then(value).then(sooner)
        })?;
        let count = same.len() as u64;
        Some(Group {
            signature: signature.into(),
            count,
            share: wilson_interval(count, seeds, confidence),
            earliest: earliest.0,
            worst: worst.0,
            rarest: false,
        })
    }
}
