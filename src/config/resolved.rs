//! The experiment in full: every point with every value, and where each comes from. The text is
//! TOML, and the table of a point is a model file of its own.

use super::Overrides;
use super::autoscale;
use super::balancer::takes;
use super::breaker;
use super::budget;
use super::faults;
use super::health;
use super::keys::{self, Block};
use super::retry;
use super::shed;
use super::tree::{Entry, Node, Origin, Table, Value, key, quoted};

/// Points that are written in full; of further ones only what differs.
const FULL: u128 = 1000;

/// The text so far.
pub struct Resolved {
    /// The text.
    pub text: String,
    full: bool,
}

impl Origin {
    /// In a comment.
    fn word(self) -> &'static str {
        match self {
            Origin::File => "file",
            Origin::Set => "set",
            Origin::Axis => "axis",
            Origin::Argument => "--set",
        }
    }
}

impl Resolved {
    /// Nothing written yet.
    pub fn new(points: u128) -> Resolved {
        let text = "# Every value and where it comes from: file, set (of the variant), axis, \
                    --set, default.\n\n";
        Resolved {
            text: text.into(),
            full: points <= FULL,
        }
    }

    /// The keys of the experiment itself.
    pub fn experiment(&mut self, root: &Node, overrides: &Overrides) {
        let Some(table) = root.table() else { return };
        let flags = [
            ("seed", &overrides.seed),
            ("replications", &overrides.replications),
            ("horizon", &overrides.horizon),
        ];
        for known in keys::EXPERIMENT.keys {
            let flag = flags
                .iter()
                .find(|f| f.0 == known.name)
                .and_then(|f| f.1.as_ref());
            if let Some(text) = flag {
                let plain = known.name == "replications";
                let value = if plain { text.clone() } else { quoted(text) };
                self.line(known.name, &value, &format!("--{}", known.name));
            } else if let Some(node) = table.get(known.name) {
                let later = matches!(
                    known.name,
                    "variant" | "sweep" | "objective" | "uncertain" | "chart"
                );
                if !later {
                    self.line(known.name, &node.to_toml(), "file");
                }
            } else if !known.default.is_empty() {
                self.line(known.name, known.default, "default");
            }
        }
        for name in ["sweep", "objective", "uncertain", "chart"] {
            if let Some(node) = table.get(name) {
                self.line(name, &node.to_toml(), "file");
            }
        }
    }

    fn line(&mut self, name: &str, value: &str, origin: &str) {
        self.text
            .push_str(&format!("{} = {value} # {origin}\n", key(name)));
    }

    /// One point.
    pub fn point(
        &mut self,
        variant: &str,
        number: usize,
        settings: &[(String, String)],
        tree: &Node,
    ) {
        self.text.push_str("\n[[point]]\n");
        self.text
            .push_str(&format!("variant = {}\n", quoted(variant)));
        let set: Vec<String> = settings
            .iter()
            .map(|(path, value)| format!("{} = {}", quoted(path), quoted(value)))
            .collect();
        if !set.is_empty() {
            self.text
                .push_str(&format!("at = {{ {} }}\n", set.join(", ")));
        }
        if self.full || number == 0 {
            self.text.push_str(&model_text(tree, "point.model"));
        }
    }
}

/// A model in full, as TOML; `prefix` is put before every header.
pub fn model_text(root: &Node, prefix: &str) -> String {
    let mut out = String::new();
    let Some(model) = root.table() else {
        return out;
    };
    if !prefix.is_empty() {
        out.push_str(&format!("\n[{prefix}]\n"));
    }
    if let Some(title) = model.get("title") {
        out.push_str(&format!(
            "title = {} # {}\n",
            title.to_toml(),
            title.origin.word()
        ));
    }
    let below = |name: &str| match prefix {
        "" => name.to_owned(),
        _ => format!("{prefix}.{name}"),
    };
    for (name, block) in [("source", &keys::SOURCE), ("service", &keys::SERVICE)] {
        for entry in named(model, name) {
            let header = format!("{}.{}", below(name), key(&entry.key));
            if let Some(table) = entry.node.table() {
                table_text(&mut out, block, table, (&header, "[", "]"), false);
            }
        }
    }
    if let Some(faults) = model.get("fault").and_then(Node::array) {
        for table in faults.iter().filter_map(Node::table) {
            let header = (&*below("fault"), "[[", "]]");
            table_text(&mut out, &keys::FAULT, table, header, false);
        }
    }
    if let Some(prices) = model.get("prices").and_then(Node::table) {
        let header = (&*below("prices"), "[", "]");
        table_text(&mut out, &keys::PRICES, prices, header, false);
    }
    out
}

fn named<'t>(model: &'t Table, name: &str) -> &'t [Entry] {
    let table = model.get(name).and_then(Node::table);
    table.map(|t| &t.entries[..]).unwrap_or_default()
}

/// The block that a key's table has, when it is written out key by key.
fn child(block: &Block, name: &str) -> Option<&'static Block> {
    match (block.name, name) {
        ("[source.NAME]", "class") => Some(&keys::CLASS),
        ("[source.NAME]", "client") => Some(&keys::CLIENT),
        ("[source.NAME]", "arrivals") => Some(&keys::ARRIVALS),
        ("client", "retry") => Some(&keys::RETRY),
        ("retry", "budget") => Some(&keys::BUDGET),
        ("client", "hedge") => Some(&keys::HEDGE),
        ("client", "limit") => Some(&keys::LIMIT),
        ("client", "breaker") => Some(&keys::BREAKER),
        ("[service.NAME]", "class") => Some(&keys::SERVICE_CLASS),
        ("[service.NAME]" | "[[source.NAME.class]]" | "[service.NAME.class.CLASS]", "work") => {
            Some(&keys::WORK)
        }
        ("[service.NAME]" | "[[source.NAME.class]]" | "[service.NAME.class.CLASS]", "memory") => {
            Some(&keys::MEMORY)
        }
        ("[service.NAME]", "balancer") => Some(&keys::BALANCER),
        ("[service.NAME]", "workers") => Some(&keys::WORKERS),
        ("[service.NAME]", "autoscale") => Some(&keys::AUTOSCALE),
        ("[service.NAME.balancer]" | "[service.NAME.workers]", "buffer") => Some(&keys::BUFFER),
        ("[service.NAME.workers]", "cold_start") => Some(&keys::COLD_START),
        ("[service.NAME.workers]", "pressure") => Some(&keys::PRESSURE),
        ("[service.NAME.workers]", "gc") => Some(&keys::GC),
        ("[service.NAME.workers]", "shed") => Some(&keys::SHED),
        ("[service.NAME.balancer]", "breaker") => Some(&keys::BREAKER),
        ("[service.NAME.balancer]", "health") => Some(&keys::HEALTH),
        ("[service.NAME.balancer]", "zone_aware") => Some(&keys::ZONE_AWARE),
        ("[service.NAME.balancer]", "outlier") => Some(&keys::OUTLIER),
        ("outlier", "enforce") => Some(&keys::ENFORCE),
        _ => None,
    }
}

/// Whether the trace that a source sends says which class a request has: then classes have no
/// weights.
fn names_classes(block: &Block, source: &Table) -> bool {
    let arrivals = source.get("arrivals").and_then(Node::table);
    let columns = arrivals.and_then(|a| a.get("columns")?.table());
    block.name == keys::SOURCE.name && columns.is_some_and(|c| c.get("class").is_some())
}

/// What a key is when it is left out, in this table.
fn default(block: &Block, table: &Table, name: &str, text: &'static str) -> Option<&'static str> {
    let says = |key: &str, word: &str| table.get(key).and_then(Node::text) == Some(word);
    match (block.name, name) {
        ("[service.NAME.balancer]", "panic_threshold") => {
            let health = table.get("health").and_then(Node::table);
            let action = health.map(|h| h.get("action").and_then(Node::text));
            let removes = action.is_some_and(|a| a != Some("restart"));
            (removes || table.get("outlier").is_some()).then_some(text)
        }
        ("[service.NAME.balancer]", _) => {
            let policy = table.get("policy").and_then(Node::text);
            takes(policy.unwrap_or("round_robin"), name).then_some(text)
        }
        ("client", "propagate_deadline") => table.get("deadline").is_some().then_some(text),
        ("breaker", "base" | "cap") if table.get("open_for").is_some() => None,
        ("breaker", _) => breaker::default(table.get("kind")?.text()?, name),
        ("[[fault]]", _) => {
            let kind = table.get("kind").and_then(Node::text)?;
            faults::has_key(kind, name).then_some(text)
        }
        ("arrivals", "column") => says("process", "trace").then_some(text),
        ("work", "per_kib" | "per_in_flight" | "vary") => {
            table.get("cpu").is_some().then_some(text)
        }
        ("work", "base") => table.get("column").is_some().then_some(text),
        ("limit", "burst" | "fill") => table.get("rate").is_some().then_some(text),
        ("limit", "pending") => table.get("in_flight").is_some().then_some(text),
        ("health", "rise") => (!says("action", "restart")).then_some(text),
        ("health", "every") if says("action", "restart") => Some("\"10s\""),
        // At most `every`, where that is given.
        ("health", "timeout") => table.get("every").is_none().then_some(text),
        ("outlier", _) if !health::is_enforced(table, name) => None,
        ("autoscale", _) => {
            let kind = table.get("kind").and_then(Node::text);
            Some(autoscale::default(kind, name, text))
        }
        ("shed", _) => Some(shed::default(table.get("kind").and_then(Node::text), name)),
        ("budget", _) => Some(budget::default(
            table.get("kind").and_then(Node::text),
            name,
        )),
        ("retry", "attempts" | "base" | "cap") => {
            let place = ["attempts", "base", "cap"]
                .iter()
                .position(|k| *k == name)?;
            let cap_follows = name == "cap" && table.get("base").is_some();
            match retry::named(table.get("backoff")) {
                Some(kind) => (!cap_follows).then_some(kind.defaults[place]),
                None => (name == "attempts").then_some(text),
            }
        }
        ("[service.NAME.workers]", "ram") => table.get("instance").is_none().then_some(text),
        ("[service.NAME.workers]", "restart") => Some(text),
        ("[[source.NAME.class]]", _) | ("[source.NAME]", _) => Some(text),
        _ => Some(text),
    }
    .filter(|t| !t.is_empty())
}

fn table_text(
    out: &mut String,
    block: &Block,
    table: &Table,
    (header, open, close): (&str, &str, &str),
    weightless: bool,
) {
    out.push_str(&format!("\n{open}{header}{close}\n"));
    let empty = Table::default();
    let mut deeper: Vec<(String, &Block, Vec<&Table>, bool)> = Vec::new();
    for known in block.keys {
        let inner = child(block, known.name);
        match (table.get(known.name), inner) {
            (Some(node), Some(inner)) if inner.name == keys::SERVICE_CLASS.name => {
                for entry in node.table().map(|t| &t.entries[..]).unwrap_or_default() {
                    let name = format!("{}.{}", known.name, key(&entry.key));
                    let tables = entry.node.table().into_iter().collect();
                    deeper.push((name, inner, tables, false));
                }
            }
            (Some(node), Some(inner)) if is_block(node) => {
                let (tables, many) = match &node.value {
                    Value::Array(list) => (list.iter().filter_map(Node::table).collect(), true),
                    Value::Table(table) => (vec![table], false),
                    _ => continue,
                };
                deeper.push((known.name.to_owned(), inner, tables, many));
            }
            (Some(node), _) => {
                let origin = node.origin.word();
                out.push_str(&format!("{} = {} # {origin}\n", known.name, node.to_toml()));
            }
            (None, Some(inner)) if matches!(known.name, "client" | "balancer") => {
                deeper.push((known.name.to_owned(), inner, vec![&empty], false));
            }
            (None, _) if weightless && known.name == "weight" => {}
            (None, _) => {
                if let Some(text) = default(block, table, known.name, known.default) {
                    out.push_str(&format!("{} = {text} # default\n", known.name));
                }
            }
        }
    }
    let classes_named = names_classes(block, table);
    for (name, inner, tables, many) in deeper {
        let (open, close) = if many { ("[[", "]]") } else { ("[", "]") };
        for table in tables {
            let header = format!("{header}.{name}");
            let weightless = name == "class" && classes_named;
            table_text(out, inner, table, (&header, open, close), weightless);
        }
    }
}

/// Whether a value is written out key by key: a table that is no distribution, or a list of them.
fn is_block(node: &Node) -> bool {
    match &node.value {
        Value::Table(table) => table.get("dist").is_none(),
        Value::Array(list) => !list.is_empty() && list.iter().all(|n| n.table().is_some()),
        _ => false,
    }
}
