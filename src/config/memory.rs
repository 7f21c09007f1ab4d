//! `pressure` and `gc` of workers: what RAM that fills does to their speed.

use crate::model::spec::{GcSpec, PressureSpec};

use super::decode::Cx;
use super::keys::{GC, PRESSURE};
use super::tree::Node;

impl Cx {
    /// `pressure`
    pub fn pressure(&mut self, node: &Node, path: &str) -> Option<PressureSpec> {
        let fields = self.fields(node, path, &PRESSURE)?;
        let mut number = |key: &str| match fields.get(key) {
            Some(node) => self.number(node, &fields.path(key)),
            None => {
                self.missing(&fields, key, &PRESSURE);
                None
            }
        };
        let (above, factor) = (number("above"), number("factor"));
        Some(PressureSpec {
            above: above?,
            factor: factor?,
        })
    }

    /// `gc`
    pub fn gc(&mut self, node: &Node, path: &str) -> Option<GcSpec> {
        let fields = self.fields(node, path, &GC)?;
        let eden = match fields.get("eden") {
            Some(node) => self.bytes(node, &fields.path("eden")),
            None => {
                self.missing(&fields, "eden", &GC);
                None
            }
        };
        let mut time = |key: &str| match fields.get(key) {
            Some(node) => self.time(node, &fields.path(key)),
            None => Some(0),
        };
        let (pause, per_gib) = (time("pause"), time("per_gib"));
        Some(GcSpec {
            eden: eden?,
            pause: pause?,
            per_gib: per_gib?,
        })
    }
}
