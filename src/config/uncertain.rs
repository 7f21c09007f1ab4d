//! `[uncertain]`: between which ends an input of the model is thought to lie.

use crate::base::codes::Code;

use super::amount::Amount;
use super::decode::{Cx, join};
use super::diagnostic::Diagnostic;
use super::files::Span;
use super::patch::Patch;
use super::points::Draft;
use super::tree::{Node, Origin};

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Range {
    /// Dotted path of the model file.
    pub path: String,
    /// Where the path was written.
    pub span: Span,
    /// Both ends as written.
    pub ends: [Node; 2],
    /// The lower end.
    pub low: Amount,
    /// The upper one, of the same kind.
    pub high: Amount,
}

impl Range {
    /// The value at this part of the way from the lower end to the upper one, and how far that
    /// really is.
    pub fn at(&self, part: f64) -> (Patch, f64) {
        let (amount, really) = self.low.toward(&self.high, part);
        let value = amount.node(self.ends[0].span);
        (self.patch(value), really)
    }

    fn patch(&self, value: Node) -> Patch {
        Patch {
            path: self.path.clone(),
            span: self.span,
            value,
        }
    }
}

impl Cx {
    /// Reads `[uncertain]`.
    pub fn uncertain(&mut self, node: &Node) -> Vec<Range> {
        let Some(table) = node.table() else {
            self.wrong_type(node, "uncertain", "a table of paths with [low, high]");
            return Vec::new();
        };
        let mut ranges: Vec<Range> = Vec::new();
        let entries = table.entries.iter().rev();
        let mut open: Vec<_> = entries
            .map(|e| (e.key.clone(), e.key_span, &e.node))
            .collect();
        while let Some((path, span, node)) = open.pop() {
            // Without quotes TOML makes tables of the path's parts.
            match node.table() {
                Some(table) => {
                    for e in table.entries.iter().rev() {
                        open.push((join(&path, &e.key), e.key_span, &e.node));
                    }
                }
                None => ranges.extend(self.range_of(path, span, node)),
            }
        }
        if ranges.is_empty() && table.entries.is_empty() {
            let d = Diagnostic::error(Code::OUT_OF_RANGE, "`uncertain` has no inputs")
                .at(
                    node.span,
                    "give at least one, such as \"service.x.work\" = [\"2ms\", \"5ms\"]",
                )
                .path("uncertain");
            self.push(d);
        }
        let paths: Vec<(String, Span)> = ranges.iter().map(|r| (r.path.clone(), r.span)).collect();
        self.duplicates("uncertain inputs", &paths, "uncertain");
        ranges
    }

    fn range_of(&mut self, path: String, span: Span, node: &Node) -> Option<Range> {
        let place = join("uncertain", &path);
        let Some([low, high]) = node.array() else {
            self.wrong_type(node, &place, "a list of two, [low, high]");
            return None;
        };
        let key = path.rsplit('.').next().unwrap_or_default();
        let read = |end: &Node| Amount::read(end, key);
        let both = read(low).and_then(|a| Amount::ends(a, read(high)?));
        let Some((from, to)) = both else {
            let message = format!(
                "`{place}` must be two amounts of one kind, not {} and {}",
                low.to_toml(),
                high.to_toml()
            );
            let d = Diagnostic::error(Code::WRONG_TYPE, message)
                .at(node.span, "")
                .help("such as [\"2ms\", \"5ms\"], [20, 30] or [0.8, 0.95]")
                .path(place);
            self.push(d);
            return None;
        };
        if !from.is_below(&to) {
            self.out_of_range(node, &place, "[low, high] with low below high");
            return None;
        }
        Some(Range {
            span,
            ends: [low, high].map(|n| n.clone().with_origin(Origin::Axis)),
            low: from,
            high: to,
            path,
        })
    }

    /// Reports what keeps the system of a variant from being made with all inputs at their lower
    /// ends, or all at their upper ones.
    pub fn uncertain_fits(&mut self, ranges: &[Range], draft: &Draft, arguments: &[Patch]) {
        if ranges.is_empty() {
            return;
        }
        self.folder.clone_from(&draft.folder);
        for end in 0..2 {
            let mut tree = draft.tree.clone();
            arguments.iter().for_each(|p| self.patch(&mut tree, p));
            for range in ranges {
                self.patch(&mut tree, &range.patch(range.ends[end].clone()));
            }
            let _ = self.model(&tree);
        }
    }
}
