//! A model file as a tree that can be written in several ways which mean the same.

use crate::draw::Draw;

/// What stands behind a key.
#[derive(Clone, Debug)]
pub enum Node {
    /// A value as it is written.
    Value(String),
    /// A table, inline or under its own header.
    Table(Table),
    /// Tables under `[[headers]]`.
    Tables(Vec<Table>),
    /// A list of values or inline tables.
    List(Vec<Node>),
}

/// Keys in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub struct Table(pub Vec<(String, Node)>);

impl Table {
    pub fn put(&mut self, key: &str, value: impl ToString) {
        self.node(key, Node::Value(value.to_string()));
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.put(key, format!("{value:?}"));
    }

    pub fn node(&mut self, key: &str, node: Node) {
        self.0.push((key.to_owned(), node));
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().find(|e| e.0 == key).map(|e| &e.1)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.0.iter_mut().find(|e| e.0 == key).map(|e| &mut e.1)
    }

    /// The tables in a table: `source`, `service`.
    fn named(&mut self, key: &str) -> &mut [(String, Node)] {
        match self.get_mut(key) {
            Some(Node::Table(table)) => &mut table.0,
            _ => &mut [],
        }
    }

    /// The same model with its keys in another order. Where the order has a meaning (of classes,
    /// groups, faults), and where names are listed (`source`, `service`), it stays.
    pub fn shuffled(&self, draw: &mut Draw) -> Table {
        let mut model = self.clone();
        for key in ["source", "service"] {
            for (_, node) in model.named(key) {
                shuffle(node, draw);
            }
        }
        if let Some(Node::Tables(faults)) = model.get_mut("fault") {
            faults.iter_mut().for_each(|f| shuffle_table(f, draw));
        }
        draw.shuffle(&mut model.0);
        model
    }

    /// The same model with its sources and services listed in another order. Sources that call
    /// the same service keep theirs: who of two comes first at one instant is decided by it.
    pub fn renamed_order(&self, draw: &mut Draw) -> Table {
        let mut model = self.clone();
        draw.shuffle(model.named("service"));
        let sources = model.named("source");
        for _ in 0..2 * sources.len() {
            if sources.len() < 2 {
                break;
            }
            let i = draw.from(0, sources.len() as u64 - 2) as usize;
            if to(&sources[i].1) != to(&sources[i + 1].1) {
                sources.swap(i, i + 1);
            }
        }
        model
    }

    /// The same model without faults, balancers and what clients do.
    pub fn plainer(&self) -> Table {
        let mut model = self.clone();
        model.0.retain(|e| e.0 != "fault");
        for (key, gone) in [("source", "client"), ("service", "balancer")] {
            for (_, node) in model.named(key) {
                if let Node::Table(table) = node {
                    table.0.retain(|e| e.0 != gone);
                    if let Some(Node::Tables(classes)) = table.get_mut("class") {
                        // Counts only with the discipline of that name.
                        let urgent = |e: &(String, Node)| e.0 != "priority";
                        classes.iter_mut().for_each(|c| c.0.retain(urgent));
                    }
                }
            }
        }
        let gone = ["weight", "discipline", "lifo_above"];
        let weight = |e: &(String, Node)| !gone.contains(&e.0.as_str());
        for (_, node) in model.named("service") {
            let Node::Table(table) = node else { continue };
            match table.get_mut("workers") {
                Some(Node::Table(group)) => group.0.retain(weight),
                Some(Node::Tables(groups)) => groups.iter_mut().for_each(|g| g.0.retain(weight)),
                _ => {}
            }
        }
        model
    }

    /// As TOML. Some tables are written inline, by the draw.
    pub fn write(&self, draw: &mut Draw) -> String {
        let mut out = String::new();
        write_table(self, "", draw, &mut out);
        out
    }
}

fn to(source: &Node) -> Option<String> {
    match source {
        Node::Table(table) => table.get("to").map(inline),
        _ => None,
    }
}

fn shuffle(node: &mut Node, draw: &mut Draw) {
    match node {
        Node::Value(_) => {}
        Node::Table(table) => shuffle_table(table, draw),
        Node::Tables(tables) => tables.iter_mut().for_each(|t| shuffle_table(t, draw)),
        Node::List(list) => list.iter_mut().for_each(|n| shuffle(n, draw)),
    }
}

fn shuffle_table(table: &mut Table, draw: &mut Draw) {
    draw.shuffle(&mut table.0);
    table.0.iter_mut().for_each(|e| shuffle(&mut e.1, draw));
}

fn write_table(table: &Table, path: &str, draw: &mut Draw, out: &mut String) {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    let mut later = Vec::new();
    for (key, node) in &table.0 {
        let under_header = match node {
            Node::Table(t) => {
                path.is_empty() || path == "source" || path == "service" || {
                    // A distribution is nothing for a header.
                    t.get("dist").is_none() && draw.chance(0.5)
                }
            }
            Node::Tables(_) => path.is_empty() || draw.chance(0.9),
            _ => false,
        };
        if under_header {
            later.push((key, node));
        } else {
            out.push_str(&format!("{key} = {}\n", inline(node)));
        }
    }
    for (key, node) in later {
        let path = below(key);
        match node {
            Node::Table(t) => {
                out.push_str(&format!("\n[{path}]\n"));
                write_table(t, &path, draw, out);
            }
            Node::Tables(tables) => {
                for t in tables {
                    out.push_str(&format!("\n[[{path}]]\n"));
                    write_table(t, &path, draw, out);
                }
            }
            _ => {}
        }
    }
}

fn inline(node: &Node) -> String {
    let of = |table: &Table| {
        let entries = table.0.iter();
        let entries: Vec<String> = entries
            .map(|(key, node)| format!("{key} = {}", inline(node)))
            .collect();
        format!("{{ {} }}", entries.join(", "))
    };
    let list = |all: Vec<String>| format!("[{}]", all.join(", "));
    match node {
        Node::Value(value) => value.clone(),
        Node::Table(table) => of(table),
        Node::Tables(tables) => list(tables.iter().map(of).collect()),
        Node::List(nodes) => list(nodes.iter().map(inline).collect()),
    }
}
