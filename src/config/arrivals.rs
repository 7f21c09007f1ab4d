//! `arrivals` of a source: when requests are born.

use crate::model::spec::{Arrivals, ClassSpec, Dist, MAX_USERS, Profile};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::ARRIVALS;
use super::sources::TraceWork;
use super::tree::{Node, Value};

/// Processes of this version with the keys that each has.
const PROCESSES: &[(&str, &[&str])] = &[
    ("poisson", &["rate", "batch", "profile"]),
    ("constant", &["rate", "batch", "profile"]),
    ("mmpp", &["rates", "dwell", "switch", "batch", "profile"]),
    ("renewal", &["gap", "batch", "profile"]),
    ("on_off", &["rate", "on", "off", "batch", "profile"]),
    ("closed", &["users", "think"]),
    (
        "trace",
        &[
            "file", "column", "columns", "speed", "repeat", "spread", "batch",
        ],
    ),
];

/// When requests are born, and how many together.
pub struct Sending {
    /// The process.
    pub arrivals: Arrivals,
    /// How many arrive together.
    pub batch: Option<Dist>,
    /// What the rate is multiplied by.
    pub profile: Option<Profile>,
}

impl Default for Sending {
    /// Nothing is sent.
    fn default() -> Sending {
        Sending {
            arrivals: Arrivals::Poisson { rate: 0.0 },
            batch: None,
            profile: None,
        }
    }
}

impl Cx {
    /// A rate alone or an arrival process, and what shapes it.
    pub fn sending(
        &mut self,
        node: &Node,
        path: &str,
        fed: Option<&TraceWork>,
        classes: &mut Vec<ClassSpec>,
    ) -> Option<Sending> {
        let is_trace = node
            .table()
            .and_then(|t| t.get("process"))
            .and_then(Node::text)
            == Some("trace");
        if let (Some(fed), false) = (fed, is_trace) {
            let message = format!(
                "`{path}` is no trace, and the work of service `{}` is a column of the trace that \
                 sends",
                fed.name
            );
            let help = "use `process = \"trace\"`, or give `work` a `file` to draw rows from";
            self.disagree(node.span, path, &message, help);
        }
        if !matches!(node.value, Value::Table(_)) {
            let rate = self.rate(node, path)?;
            return Some(Sending {
                arrivals: Arrivals::Poisson { rate },
                batch: None,
                profile: None,
            });
        }
        let fields = self.fields(node, path, &ARRIVALS)?;
        let Some(process) = fields.get("process") else {
            self.missing(&fields, "process", &ARRIVALS);
            return None;
        };
        let names: Vec<&'static str> = PROCESSES.iter().map(|p| p.0).collect();
        let process = self.choice(process, &fields.path("process"), &names, &[])?;
        let keys = PROCESSES.iter().find(|p| p.0 == process);
        let allowed = keys.map_or(&[][..], |p| p.1);
        self.only(
            &fields,
            &format!("the process `{process}`"),
            "process",
            allowed,
        );
        let batch = fields
            .get("batch")
            .filter(|n| !n.is_none())
            .and_then(|n| self.dist(n, &fields.path("batch"), Of::Number));
        let series = match fields.get("profile").filter(|n| !n.is_none()) {
            Some(node) => self.profile(node, &fields.path("profile")),
            None => None,
        };
        let own = series.as_ref().and_then(|s| s.mean);
        let arrivals = match process {
            "mmpp" => self.mmpp(&fields),
            "trace" => self.trace(&fields, fed, classes),
            "closed" => self.closed(&fields),
            "renewal" => {
                let gap = self.period(&fields, "gap");
                gap.map(|gap| Arrivals::Renewal { gap })
            }
            "on_off" => {
                let rate = self.required_rate(&fields, own);
                let (on, off) = (self.period(&fields, "on"), self.period(&fields, "off"));
                let (rate, on, off) = (rate?, on?, off?);
                Some(Arrivals::OnOff { rate, on, off })
            }
            "poisson" => self
                .required_rate(&fields, own)
                .map(|rate| Arrivals::Poisson { rate }),
            _ => self
                .required_rate(&fields, own)
                .map(|rate| Arrivals::Constant { rate }),
        };
        let arrivals = arrivals?;
        Some(Sending {
            arrivals,
            batch,
            profile: series.map(|s| s.profile),
        })
    }

    /// The rate, or that of the series that it follows.
    fn required_rate(&mut self, fields: &Fields<'_>, own: Option<f64>) -> Option<f64> {
        let Some(rate) = fields.get("rate") else {
            if own.is_some() {
                return own;
            }
            self.missing(fields, "rate", &ARRIVALS);
            return None;
        };
        self.rate(rate, &fields.path("rate"))
    }

    /// A distribution of times that must be given.
    fn period(&mut self, fields: &Fields<'_>, key: &str) -> Option<Dist> {
        let Some(node) = fields.get(key) else {
            self.missing(fields, key, &ARRIVALS);
            return None;
        };
        self.dist(node, &fields.path(key), Of::Time)
    }

    fn closed(&mut self, fields: &Fields<'_>) -> Option<Arrivals> {
        if fields.get("users").is_none() {
            self.missing(fields, "users", &ARRIVALS);
        }
        let think = self.period(fields, "think");
        let users = fields.get("users")?;
        let users = self.count32(users, &fields.path("users"), 1, MAX_USERS);
        Some(Arrivals::Closed {
            users: users?,
            think: think?,
        })
    }

    fn mmpp(&mut self, fields: &Fields<'_>) -> Option<Arrivals> {
        for key in ["rates", "dwell"] {
            if fields.get(key).is_none() {
                self.missing(fields, key, &ARRIVALS);
            }
        }
        let (rates, dwell) = (fields.get("rates")?, fields.get("dwell")?);
        let path = fields.path("rates");
        let list = self.list(rates, &path, "a list of rates")?;
        let rates: Vec<Option<f64>> = list
            .iter()
            .map(|n| match n.value {
                Value::Integer(Some(0), _) => Some(0.0),
                _ => self.rate(n, &path),
            })
            .collect();
        let path = fields.path("dwell");
        let list = self.list(dwell, &path, "a list of times")?;
        let dwell: Vec<Option<f64>> = list
            .iter()
            .map(|n| self.time(n, &path).map(|t| t as f64))
            .collect();
        let rates: Vec<f64> = rates.into_iter().collect::<Option<_>>()?;
        let dwell: Vec<f64> = dwell.into_iter().collect::<Option<_>>()?;
        let switch = match fields.get("switch") {
            Some(node) => {
                let path = fields.path("switch");
                let rows = self.list(node, &path, "a list of rows of chances")?;
                let rows: Vec<_> = rows.iter().map(|n| self.numbers(n, &path)).collect();
                rows.into_iter().collect::<Option<Vec<_>>>()?
            }
            None => next_in_turn(rates.len()),
        };
        Some(Arrivals::Mmpp {
            rates,
            dwell,
            switch,
        })
    }
}

/// Each state is followed by the next in the list.
fn next_in_turn(states: usize) -> Vec<Vec<f64>> {
    let row = |i: usize| {
        let mut row = vec![0.0; states];
        row[(i + 1) % states] = 1.0;
        row
    };
    (0..states).map(row).collect()
}
