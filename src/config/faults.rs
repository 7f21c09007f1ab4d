//! `[[fault]]`: what goes wrong, where and when.

use crate::model::spec::{
    Edge, EdgeEnd, ErrorWhen, FaultKind, FaultSpec, FaultUnit, FaultWhen, GroupSpec, InService,
    PoisonEffect, ServiceSpec,
};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::FAULT;
use super::patch::fault_name;
use super::tree::Node;

/// Kinds of faults of the format that this version does not have.
const LATER_FAULTS: &[&str] = &["config_push", "limit"];

/// Keys of every kind.
const COMMON: [&str; 6] = ["name", "enabled", "kind", "target", "at", "every"];

/// What a fault befalls.
#[derive(Clone, Copy)]
enum At {
    Workers,
    /// The workers of a zone, of every service.
    Zone,
    Source(usize),
    Edge(Edge),
}

/// Which workers a fault befalls, as a spec says it: service, first and last, zone.
type Whom = (usize, (u32, u32), Option<String>);

/// Keys that a kind has beside the common ones.
fn own_keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "slow" => &["factor", "shared", "for"],
        "steal" => &["share", "shared", "for"],
        "zone_down" | "partition" => &["for"],
        "error" => &["probability", "when", "shared", "for"],
        "surge" => &["factor", "for"],
        "poison" => &["class", "probability", "effect", "for"],
        "restart" => &[],
        "ram_cap" => &["share", "shared", "for"],
        "leak" => &["rate", "shared", "for"],
        "network" => &["delay", "loss", "probability", "for"],
        "cache_flush" => &["share"],
        _ => &["unit", "in_service", "shared", "for"],
    }
}

/// Whether faults of a kind have a key.
pub fn has_key(kind: &str, key: &str) -> bool {
    COMMON.contains(&key) || own_keys(kind).contains(&key)
}

impl At {
    fn edge(self) -> Option<Edge> {
        match self {
            At::Edge(edge) => Some(edge),
            _ => None,
        }
    }
}

impl Cx {
    /// Every `[[fault]]`.
    pub fn faults(
        &mut self,
        node: &Node,
        services: &[ServiceSpec],
        sources: &[&str],
    ) -> Vec<FaultSpec> {
        let Some(list) = self.list(node, "fault", "[[fault]] tables") else {
            return Vec::new();
        };
        let (mut faults, mut names) = (Vec::new(), Vec::new());
        for node in list {
            let name = node.table().map(fault_name).unwrap_or_default();
            let path = format!("fault.{name}");
            names.push((name.clone(), node.span));
            faults.extend(self.fault(node, &path, name, (services, sources)));
        }
        self.duplicates("faults", &names, "fault");
        faults
    }

    fn fault(
        &mut self,
        node: &Node,
        path: &str,
        name: String,
        (services, sources): (&[ServiceSpec], &[&str]),
    ) -> Option<FaultSpec> {
        let fields = self.fields(node, path, &FAULT)?;
        if let Some(node) = fields.get("name") {
            self.name(node, &fields.path("name"));
        }
        for key in ["kind", "target"] {
            if fields.get(key).is_none() {
                self.missing(&fields, key, &FAULT);
            }
        }
        let enabled = fields
            .get("enabled")
            .and_then(|n| self.boolean(n, &fields.path("enabled")));
        let lasts = fields
            .get("for")
            .map(|n| self.dist(n, &fields.path("for"), Of::Time));
        let when = self.fault_when(&fields);
        let (kind, target) = (fields.get("kind")?, fields.get("target")?);
        let now = &[
            "slow",
            "steal",
            "pause",
            "crash",
            "zone_down",
            "error",
            "surge",
            "poison",
            "restart",
            "ram_cap",
            "leak",
            "network",
            "partition",
            "cache_flush",
        ];
        let word = self.choice(kind, &fields.path("kind"), now, LATER_FAULTS);
        let path = fields.path("target");
        let no_workers = Some((0, (1, 1), None));
        let (at, target) = match word {
            Some("surge" | "poison") => {
                let source = self.source_target(target, &path, sources);
                (source.map(At::Source), no_workers)
            }
            Some("network" | "partition" | "cache_flush") => {
                let edge = self.edge_target(target, &path, (services, sources));
                (edge.map(At::Edge), no_workers)
            }
            word => match self.whole_zone(target, &path, word, services) {
                Some(zone) => (Some(At::Zone), zone),
                None => (
                    Some(At::Workers),
                    self.target(target, &path, word, services),
                ),
            },
        };
        let kind = self.fault_kind(&fields, word?, at);
        let delay = fields
            .get("delay")
            .map(|n| self.dist(n, &fields.path("delay"), Of::Time));
        let class = fields.get("class");
        let class = class.and_then(|n| self.name(n, &fields.path("class")));
        let shared = fields.get("shared");
        let shared = shared.and_then(|n| self.boolean(n, &fields.path("shared")));
        let unit = match self.word(&fields, "unit", &["worker", "core"]) {
            Some("core") => FaultUnit::Core,
            _ => FaultUnit::Worker,
        };
        let in_service = self.word(&fields, "in_service", &["resume", "restart", "lost"]);
        let in_service = in_service.map(|word| match word {
            "resume" => InService::Resume,
            "restart" => InService::Restart,
            _ => InService::Lost,
        });
        let (service, workers, zone) = target?;
        Some(FaultSpec {
            name,
            enabled: enabled.unwrap_or(true),
            kind: kind?,
            service,
            workers,
            zone,
            class,
            when: when?,
            lasts: lasts.unwrap_or_default(),
            unit,
            in_service,
            shared: shared.unwrap_or(false),
            delay: delay.unwrap_or_default(),
        })
    }

    /// A kind with its own keys; a key that it does not have is refused.
    fn fault_kind(&mut self, fields: &Fields<'_>, word: &str, at: Option<At>) -> Option<FaultKind> {
        let own = own_keys(word);
        let keys = [&COMMON[..], own].concat();
        self.only(fields, &format!("a fault of kind `{word}`"), "kind", &keys);
        match word {
            "slow" => Some(FaultKind::Slow {
                factor: self.needed_number(fields, "factor")?,
            }),
            "steal" => Some(FaultKind::Steal {
                share: self.needed_number(fields, "share")?,
            }),
            "zone_down" => Some(FaultKind::ZoneDown {
                everywhere: matches!(at?, At::Zone),
            }),
            "error" => {
                let when = self.word(fields, "when", &["end", "start"]);
                Some(FaultKind::Error {
                    probability: self.needed_number(fields, "probability")?,
                    when: match when {
                        Some("start") => ErrorWhen::Start,
                        _ => ErrorWhen::End,
                    },
                })
            }
            "surge" => {
                let factor = self.needed_number(fields, "factor")?;
                match at? {
                    At::Source(source) => Some(FaultKind::Surge { source, factor }),
                    _ => None,
                }
            }
            "poison" => {
                let probability = self.needed_number(fields, "probability")?;
                let effect = self.word(fields, "effect", &["error", "crash", "hang"]);
                match at? {
                    At::Source(source) => Some(FaultKind::Poison {
                        source,
                        probability,
                        effect: match effect {
                            Some("crash") => PoisonEffect::Crash,
                            Some("hang") => PoisonEffect::Hang,
                            _ => PoisonEffect::Error,
                        },
                    }),
                    _ => None,
                }
            }
            "network" => Some(FaultKind::Network {
                loss: self.number_or(fields, "loss", 0.0),
                probability: self.number_or(fields, "probability", 1.0),
                edge: at?.edge()?,
            }),
            "partition" => Some(FaultKind::Partition { edge: at?.edge()? }),
            "cache_flush" => Some(FaultKind::CacheFlush {
                share: self.number_or(fields, "share", 1.0),
                edge: at?.edge()?,
            }),
            "ram_cap" => Some(FaultKind::RamCap {
                share: self.needed_number(fields, "share")?,
            }),
            "leak" => match fields.get("rate") {
                Some(node) => Some(FaultKind::Leak {
                    rate: self.byte_rate(node, &fields.path("rate"))?,
                }),
                None => {
                    self.missing(fields, "rate", &FAULT);
                    None
                }
            },
            "restart" => Some(FaultKind::Restart),
            "pause" => Some(FaultKind::Pause),
            _ => Some(FaultKind::Crash),
        }
    }

    /// A number without which the kind means nothing.
    fn needed_number(&mut self, fields: &Fields<'_>, key: &str) -> Option<f64> {
        match fields.get(key) {
            Some(node) => self.number(node, &fields.path(key)),
            None => {
                self.missing(fields, key, &FAULT);
                None
            }
        }
    }

    fn fault_when(&mut self, fields: &Fields<'_>) -> Option<FaultWhen> {
        let at = fields.get("at").filter(|n| !n.is_none());
        let every = fields.get("every").filter(|n| !n.is_none());
        match (at, every) {
            (Some(node), Some(_)) => {
                let path = fields.path("at");
                let message = format!("`{path}` and `every` exclude each other");
                self.disagree(node.span, &path, &message, "keep `at` for once, or `every`");
                None
            }
            (Some(node), None) => self.time(node, &fields.path("at")).map(FaultWhen::At),
            (None, Some(node)) => {
                let every = self.dist(node, &fields.path("every"), Of::Time)?;
                Some(FaultWhen::Every(every))
            }
            (None, None) => Some(FaultWhen::Always),
        }
    }

    /// `source.people`: the number of the source.
    fn source_target(&mut self, node: &Node, path: &str, sources: &[&str]) -> Option<usize> {
        let text = self.text(node, path)?;
        let Some(name) = text.strip_prefix("source.") else {
            self.wrong_type(node, path, "a source such as \"source.people\"");
            return None;
        };
        self.known(node, path, name, sources)
    }

    /// `source.people->web`, `web->store`: who calls, and whom.
    fn edge_target(
        &mut self,
        node: &Node,
        path: &str,
        (services, sources): (&[ServiceSpec], &[&str]),
    ) -> Option<Edge> {
        let text = self.text(node, path)?;
        let Some((from, to)) = text.split_once("->") else {
            let takes = "who calls and whom, such as \"source.people->web\" or \"web->store\"";
            self.wrong_type(node, path, takes);
            return None;
        };
        let (from, to) = (from.trim(), to.trim());
        let names: Vec<&str> = services.iter().map(|s| s.name.as_str()).collect();
        let from = match from.strip_prefix("source.") {
            Some(name) => self.known(node, path, name, sources).map(EdgeEnd::Source),
            None => self.known(node, path, from, &names).map(EdgeEnd::Service),
        };
        let to = self.known(node, path, to, &names);
        Some(Edge {
            from: from?,
            to: to?,
        })
    }

    /// The number of a name among those there are.
    fn known(&mut self, node: &Node, path: &str, name: &str, names: &[&str]) -> Option<usize> {
        let found = names.iter().position(|known| *known == name);
        if found.is_none() {
            self.unknown_name(node.span, path, name, names);
        }
        found
    }

    /// `@zone-a`: everyone who stands there, for kinds that take a whole zone. `None`: another
    /// target; of the two kinds of nothing inside, the target is wrong and has been told of.
    fn whole_zone(
        &mut self,
        node: &Node,
        path: &str,
        kind: Option<&str>,
        services: &[ServiceSpec],
    ) -> Option<Option<Whom>> {
        let zone = node.text()?.strip_prefix('@')?.trim();
        if kind? != "zone_down" {
            let message = format!("`{path}`: only a fault of kind `zone_down` takes a whole zone");
            let help = format!("name the service too: \"SERVICE@{zone}\"");
            self.disagree(node.span, path, &message, &help);
            return Some(None);
        }
        let stands = |s: &ServiceSpec| s.groups.iter().any(|g| g.zone.as_deref() == Some(zone));
        let service = services.iter().position(stands);
        if service.is_none() {
            let groups = services.iter().flat_map(|s| &s.groups);
            self.unknown_zone(node, path, zone, groups);
        }
        Some(service.map(|service| (service, (1, 1), Some(zone.to_owned()))))
    }

    fn unknown_zone<'a>(
        &mut self,
        node: &Node,
        path: &str,
        zone: &str,
        groups: impl Iterator<Item = &'a GroupSpec>,
    ) {
        let mut known: Vec<&str> = groups.filter_map(|g| g.zone.as_deref()).collect();
        known.sort_unstable();
        known.dedup();
        if known.is_empty() {
            let message = format!("`{path}`: no group of workers says in which `zone` it stands");
            let help = format!("give those that are to be hit `zone = \"{zone}\"`");
            return self.disagree(node.span, path, &message, &help);
        }
        self.unknown_name(node.span, path, zone, &known);
    }

    /// `events`, `events[14]`, `events[1..5]`, `events@zone-a`: the service, its first and last
    /// worker, and the zone.
    fn target(
        &mut self,
        node: &Node,
        path: &str,
        kind: Option<&str>,
        services: &[ServiceSpec],
    ) -> Option<Whom> {
        let text = self.text(node, path)?;
        if text.starts_with("source.") {
            let message =
                format!("`{path}`: only faults of kind `surge` and `poison` befall a source");
            self.disagree(node.span, path, &message, "name a service or its workers");
            return None;
        }
        if text.contains("->") {
            let message = format!(
                "`{path}`: only faults of kind `network`, `partition` and `cache_flush` befall \
                 a way"
            );
            self.disagree(node.span, path, &message, "name a service or its workers");
            return None;
        }
        let (text, zone) = match text.split_once('@') {
            Some((text, zone)) => (text.trim(), Some(zone.trim())),
            None => (text.as_str(), None),
        };
        let (name, range) = match text.split_once('[') {
            Some((name, range)) => (name, Some(range)),
            None => (text, None),
        };
        let Some(service) = services.iter().position(|s| s.name == name) else {
            let known: Vec<&str> = services.iter().map(|s| s.name.as_str()).collect();
            self.unknown_name(node.span, path, name, &known);
            return None;
        };
        let count = u32::try_from(services[service].worker_count()).unwrap_or(u32::MAX);
        if zone.is_none() && kind == Some("zone_down") {
            let takes = format!("a zone such as \"@zone-a\" or \"{name}@zone-a\"");
            self.wrong_type(node, path, &takes);
            return None;
        }
        let Some(range) = range else {
            let groups = services[service].groups.iter();
            let stands = |zone| groups.clone().any(|g| g.zone.as_deref() == Some(zone));
            if let Some(zone) = zone.filter(|&zone| !stands(zone)) {
                self.unknown_zone(node, path, zone, groups);
                return None;
            }
            return Some((service, (1, count.max(1)), zone.map(str::to_owned)));
        };
        if zone.is_some() {
            let takes =
                format!("workers by number or by zone: \"{name}[1..5]\" or \"{name}@zone-a\"");
            self.wrong_type(node, path, &takes);
            return None;
        }
        let inner = range.strip_suffix(']').unwrap_or_default();
        let (first, last) = inner.split_once("..").unwrap_or((inner, inner));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) => Some((service, (first, last), None)),
            _ => {
                let takes = format!("\"{name}\", \"{name}[14]\" or \"{name}[1..5]\"");
                self.wrong_type(node, path, &takes);
                None
            }
        }
    }
}
