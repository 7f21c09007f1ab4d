//! `[prices]` and price tables: what a worker costs.

use std::collections::BTreeMap;

use crate::base::codes::Code;
use crate::model::spec::PriceSpec;

use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::files::{InputKind, Span, tidy};
use super::keys::{INSTANCE, PRICE_TABLE, PRICES};
use super::tree::{self, Node};

/// Bytes in a GiB.
const GIB: f64 = 1_073_741_824.0;

/// One row of a price table.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Cores.
    pub cores: u32,
    /// Bytes of RAM.
    pub ram: u64,
    /// Money an hour.
    pub price: f64,
}

/// A price table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceTable {
    rows: BTreeMap<String, Instance>,
    notes: Notes,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Notes {
    currency: Option<String>,
    as_of: Option<String>,
    source: Option<String>,
}

/// `[prices]` with its table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    pub core_hour: f64,
    gib_hour: f64,
    /// What the spec keeps.
    pub spec: PriceSpec,
    table: Option<PriceTable>,
}

impl Cx {
    /// `[prices]`; all zero without one.
    pub fn prices(&mut self, node: Option<&Node>) -> Prices {
        let mut prices = Prices::default();
        let Some(node) = node.filter(|n| !n.is_none()) else {
            return prices;
        };
        let Some(fields) = self.fields(node, "prices", &PRICES) else {
            return prices;
        };
        prices.core_hour = self.unit_price(&fields, "core_hour");
        prices.gib_hour = self.unit_price(&fields, "gib_hour");
        if let Some(node) = fields.get("table")
            && let Some(file) = self.text(node, "prices.table")
        {
            prices.table = self.price_table(&file, node.span);
        }
        let own = self.notes(&fields);
        let table = prices
            .table
            .as_ref()
            .map(|t| t.notes.clone())
            .unwrap_or_default();
        let currency = own.currency.or(table.currency);
        prices.spec.currency = currency.unwrap_or_else(|| "USD".into());
        prices.spec.as_of = own.as_of.or(table.as_of);
        prices.spec.source = own.source.or(table.source);
        prices
    }

    fn unit_price(&mut self, fields: &Fields<'_>, key: &str) -> f64 {
        let Some(node) = fields.get(key) else {
            return 0.0;
        };
        let path = fields.path(key);
        let value = self.number(node, &path).unwrap_or(0.0);
        if !(0.0..=1e12).contains(&value) {
            self.out_of_range(node, &path, "a number from 0 to 1e12");
            return 0.0;
        }
        value
    }

    fn notes(&mut self, fields: &Fields<'_>) -> Notes {
        let mut text = |key: &str| {
            let node = fields.get(key)?;
            match &node.value {
                tree::Value::Date(date) => Some(date.clone()),
                _ => self.text(node, &fields.path(key)),
            }
        };
        Notes {
            currency: text("currency"),
            as_of: text("as_of"),
            source: text("source"),
        }
    }

    fn price_table(&mut self, file: &str, span: Span) -> Option<PriceTable> {
        let full = tidy(&self.folder.join(file));
        if let Some(known) = self.price_tables.get(&full) {
            return known.clone();
        }
        let mut found = Vec::new();
        let node = tree::read(&mut self.files, &full, InputKind::Prices, &mut found);
        for d in found {
            let d = if d.labels.is_empty() {
                d.at(span, "named here")
            } else {
                d
            };
            self.push(d.path("prices.table"));
        }
        let table = node.and_then(|n| self.read_price_table(&n));
        self.price_tables.insert(full, table.clone());
        table
    }

    fn read_price_table(&mut self, node: &Node) -> Option<PriceTable> {
        let fields = self.fields(node, "", &PRICE_TABLE)?;
        let notes = self.notes(&fields);
        let mut rows = BTreeMap::new();
        let list = fields.get("instance").and_then(Node::table);
        for entry in list.map(|t| &t.entries[..]).unwrap_or_default() {
            let path = format!("instance.{}", entry.key);
            let Some(row) = self.fields(&entry.node, &path, &INSTANCE) else {
                continue;
            };
            for key in ["cores", "ram", "price"] {
                if row.get(key).is_none() {
                    self.missing(&row, key, &INSTANCE);
                }
            }
            let cores = row
                .get("cores")
                .and_then(|n| self.count32(n, &row.path("cores"), 1, 65_535));
            let ram = row.get("ram").and_then(|n| self.bytes(n, &row.path("ram")));
            let price = row
                .get("price")
                .and_then(|n| self.money(n, &row.path("price")));
            if let (Some(cores), Some(ram), Some(price)) = (cores, ram, price) {
                rows.insert(entry.key.clone(), Instance { cores, ram, price });
            }
        }
        Some(PriceTable { rows, notes })
    }

    /// The row of the price table that a group of workers names.
    pub fn instance(&mut self, workers: &Fields<'_>, prices: &Prices) -> Option<Instance> {
        let node = workers.get("instance").filter(|n| !n.is_none())?;
        let path = workers.path("instance");
        let name = self.text(node, &path)?;
        let Some(table) = &prices.table else {
            if !self.reported("prices.table") {
                let message = "`instance` needs a price table";
                let help = "name its file: [prices] table = \"prices.toml\"";
                self.disagree(node.span, &path, message, help);
            }
            return None;
        };
        let row = table.rows.get(&name).cloned();
        if row.is_none() {
            let known: Vec<&str> = table.rows.keys().map(String::as_str).collect();
            self.unknown_name(node.span, &path, &name, &known);
        }
        row
    }

    /// Money an hour for one worker: its own, else its instance's, else by cores and RAM.
    pub fn price(
        &mut self,
        workers: &Fields<'_>,
        prices: &Prices,
        instance: Option<&Instance>,
        cores: u32,
        ram: Option<u64>,
    ) -> f64 {
        if let Some(node) = workers.get("price") {
            return self.money(node, &workers.path("price")).unwrap_or(0.0);
        }
        if let Some(instance) = instance {
            for key in ["cores", "ram"] {
                if let Some(node) = workers.get(key) {
                    let path = workers.path(key);
                    let message =
                        format!("`{path}` differs from the instance, so its price is not known");
                    let d = Diagnostic::error(Code::KEYS_DISAGREE, message)
                        .at(node.span, "the instance fills this")
                        .help("add `price`, or remove this key or `instance`")
                        .path(path);
                    self.push(d);
                }
            }
            return instance.price;
        }
        f64::from(cores) * prices.core_hour + ram.map_or(0.0, |b| b as f64 / GIB) * prices.gib_hour
    }
}
