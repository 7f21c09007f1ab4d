//! Whom a balancer leaves out by itself: `health`, `outlier` and `panic_threshold`.

use crate::base::units::SECOND;
use crate::model::spec::{
    BalancerSpec, CheckPath, EnforceSpec, HealthAction, HealthSpec, OutlierSpec, PANIC_THRESHOLD,
    WHOLE,
};

use super::decode::{Cx, Fields};
use super::keys::{ENFORCE, HEALTH, OUTLIER};
use super::tree::{Node, Table};

/// Most calls or workers that a rule waits for, and most failures in a row.
const MOST: u32 = 1 << 20;

/// A trigger: its key of `enforce`, what it is by default there, and its own keys.
const TRIGGERS: [(&str, u32, &[&str]); 4] = [
    ("consecutive", WHOLE, &["consecutive"]),
    ("consecutive_gateway", 0, &["consecutive_gateway"]),
    ("success_rate", WHOLE, &["success_rate_factor"]),
    ("failure_share", 0, &["failure_share"]),
];

/// Whether a key of `outlier` belongs to a trigger that ever ejects, or to none.
pub fn is_enforced(outlier: &Table, key: &str) -> bool {
    let given = outlier.get("enforce").and_then(Node::table);
    let enforced = |(trigger, default, _): &(&str, u32, &[&str])| {
        let said = given.and_then(|g| g.get(trigger)).map(Node::to_toml);
        said.map_or(*default > 0, |text| text.parse() != Ok(0.0))
    };
    match key {
        "min_hosts" => TRIGGERS[2..].iter().any(enforced),
        _ => TRIGGERS.iter().filter(|t| t.2.contains(&key)).all(enforced),
    }
}

impl Cx {
    /// What a balancer says of workers that it leaves out.
    pub fn hosts(&mut self, fields: &Fields<'_>, balancer: &mut BalancerSpec) {
        if let Some(node) = fields.get("health").filter(|n| !n.is_none()) {
            balancer.health = self.health(node, &fields.path("health"));
        }
        if let Some(node) = fields.get("outlier").filter(|n| !n.is_none()) {
            balancer.outlier = self.outlier(node, &fields.path("outlier"));
        }
        let Some(node) = fields.get("panic_threshold") else {
            return;
        };
        let path = fields.path("panic_threshold");
        let restarts = |node: &Node| {
            let action = node.table().and_then(|t| t.get("action"));
            action.and_then(Node::text) == Some("restart")
        };
        let checked = fields.get("health").is_some_and(|n| !restarts(n));
        if !checked && fields.get("outlier").is_none() {
            let message = format!("`{path}` has no effect: nobody is ever left out");
            let help = "add `outlier`, or `health` with the action \"remove\", or remove it";
            self.disagree(node.span, &path, &message, help);
        } else if let Some(share) = self.share(fields, "panic_threshold", PANIC_THRESHOLD) {
            balancer.panic_threshold = share;
        }
    }

    fn health(&mut self, node: &Node, path: &str) -> Option<HealthSpec> {
        let fields = self.fields(node, path, &HEALTH)?;
        let mut word = |key: &str, words: &[&'static str; 2]| match fields.get(key) {
            Some(node) => self.choice(node, &fields.path(key), words, &[]),
            None => Some(words[0]),
        };
        let action = word("action", &["remove", "restart"]);
        let deep = word("path", &["shallow", "deep"])? == "deep";
        let restarts = action? == "restart";
        if let (true, Some(node)) = (restarts, fields.get("rise")) {
            let path = fields.path("rise");
            let message = format!("`{path}` has no effect: a restarted worker is another one");
            self.disagree(node.span, &path, &message, "remove it");
        }
        let mut count = |key: &str, default| match fields.get(key) {
            Some(node) => self.count32(node, &fields.path(key), 1, MOST),
            None => Some(default),
        };
        let (fall, rise) = (
            count("fall", 3),
            count("rise", if restarts { 1 } else { 2 }),
        );
        let mut time = |key: &str, usual| match fields.get(key) {
            Some(node) => self.time(node, &fields.path(key)),
            None => Some(usual),
        };
        let every = time("every", if restarts { 10 } else { 2 } * SECOND)?;
        Some(HealthSpec {
            every,
            timeout: time("timeout", SECOND.min(every))?,
            fall: fall?,
            rise: rise?,
            action: match restarts {
                true => HealthAction::Restart,
                false => HealthAction::Remove,
            },
            path: match deep {
                true => CheckPath::Deep,
                false => CheckPath::Shallow,
            },
        })
    }

    fn outlier(&mut self, node: &Node, path: &str) -> Option<OutlierSpec> {
        let fields = self.fields(node, path, &OUTLIER)?;
        let enforce = self.enforce(&fields)?;
        let mut count = |key: &str, least, default| match fields.get(key) {
            Some(node) => self.count32(node, &fields.path(key), least, MOST),
            None => Some(default),
        };
        let (consecutive, gateway) = (
            count("consecutive", 1, 5),
            count("consecutive_gateway", 1, 5),
        );
        let min_hosts = count("min_hosts", 1, 5);
        let min_calls = count("min_calls", 1, 0).map(|n| (n > 0).then_some(n));
        let mut time = |key: &str, seconds| match fields.get(key) {
            Some(node) => self.time(node, &fields.path(key)),
            None => Some(seconds * SECOND),
        };
        let (every, eject_for) = (time("every", 10), time("eject_for", 30));
        Some(OutlierSpec {
            every: every?,
            consecutive: consecutive?,
            consecutive_gateway: gateway?,
            success_rate_factor_milli: self.milli(&fields, "success_rate_factor", 1900)?,
            failure_share: self.share(&fields, "failure_share", 850_000)?,
            eject_for: eject_for?,
            max_share: self.share(&fields, "max_share", 100_000)?,
            min_hosts: min_hosts?,
            min_calls: min_calls?,
            enforce,
        })
    }

    /// How likely each trigger ejects; keys of triggers that never do are refused.
    fn enforce(&mut self, fields: &Fields<'_>) -> Option<EnforceSpec> {
        let path = fields.path("enforce");
        let inner = match fields.get("enforce") {
            Some(node) => Some(self.fields(node, &path, &ENFORCE)?),
            None => None,
        };
        let mut shares = [0; 4];
        for (share, (key, default, _)) in shares.iter_mut().zip(TRIGGERS) {
            *share = match &inner {
                Some(inner) => self.share(inner, key, default)?,
                None => default,
            };
        }
        if shares == [0; 4] {
            let span = fields.get("enforce").map_or(fields.span, |n| n.span);
            let message = format!("`{path}`: no trigger is enforced, so nobody is ever ejected");
            let help = "give one of them a share above 0, or write outlier = \"none\"";
            self.disagree(span, &path, &message, help);
            return None;
        }
        for ((trigger, _, own), share) in TRIGGERS.iter().zip(shares) {
            for key in own.iter().filter(|_| share == 0) {
                let help = format!("add `{trigger} = 1.0` to `enforce`, or remove `{key}`");
                self.unenforced(fields, key, &help);
            }
        }
        if shares[2..] == [0, 0] {
            for key in ["min_hosts", "min_calls"] {
                let help = "enforce `success_rate` or `failure_share`, or remove it";
                self.unenforced(fields, key, help);
            }
        }
        Some(EnforceSpec {
            consecutive: shares[0],
            consecutive_gateway: shares[1],
            success_rate: shares[2],
            failure_share: shares[3],
        })
    }

    fn unenforced(&mut self, fields: &Fields<'_>, key: &str, help: &str) {
        if let Some(node) = fields.get(key) {
            let path = fields.path(key);
            let message = format!("`{path}` has no effect: what it belongs to is not enforced");
            self.disagree(node.span, &path, &message, help);
        }
    }

    /// A share in whole millionths.
    pub fn share(&mut self, fields: &Fields<'_>, key: &str, default: u32) -> Option<u32> {
        let Some(node) = fields.get(key) else {
            return Some(default);
        };
        let path = fields.path(key);
        let scaled = self.number(node, &path)? * f64::from(WHOLE);
        let whole = scaled.round();
        if (scaled - whole).abs() > 1e-4 || !(0.0..=f64::from(WHOLE)).contains(&whole) {
            let allowed = "a share from 0 to 1 with at most 6 decimals";
            self.out_of_range(node, &path, allowed);
            return None;
        }
        Some(whole as u32)
    }
}
