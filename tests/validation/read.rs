//! Reads the known answers of `tests/truth` as they stand; judges nothing.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// One system with its known answers.
pub struct Case {
    pub id: String,
    pub kind: String,
    pub model: Value,
    pub known: Vec<Known>,
    pub mistakes: Vec<Mistake>,
    /// None for an event so rare that counting sees none of it.
    pub min_requests: Option<u64>,
    pub warmup_requests: u64,
    /// Of kind `trace`: what becomes of every request.
    pub expected: Vec<Value>,
}

/// One number that is known.
pub struct Known {
    pub metric: String,
    pub value: f64,
    pub abs_error: f64,
    pub sd_per_request: f64,
    /// The tolerance at `min_requests`.
    pub abs_tol: f64,
}

/// A mistake that the comparison must notice.
#[derive(Clone)]
pub struct Mistake {
    pub text: String,
    pub metric: String,
    pub would_give: f64,
}

impl Known {
    /// How far off n requests may be.
    pub fn tolerance(&self, n: u64) -> f64 {
        5.5 * self.sd_per_request / (n as f64).sqrt() + self.abs_error
    }

    /// The difference in standard errors.
    pub fn z(&self, measured: f64, n: u64) -> f64 {
        (measured - self.value) / (self.sd_per_request / (n as f64).sqrt())
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Every case of every file, in the order of the files' names.
pub fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| file(path)).collect()
}

fn file(path: &Path) -> Vec<Case> {
    let value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(value["schema"], "truth/1", "{}", path.display());
    list(&value, "cases").iter().map(case).collect()
}

fn case(value: &Value) -> Case {
    let known = |v: &Value| {
        (!v["sd_per_request"].is_null()).then(|| Known {
            metric: text(v, "metric"),
            value: number(v, "value"),
            abs_error: number(v, "abs_error"),
            sd_per_request: number(v, "sd_per_request"),
            abs_tol: number(v, "abs_tol"),
        })
    };
    let mistake = |v: &Value| Mistake {
        text: text(v, "mistake"),
        metric: text(v, "metric"),
        would_give: number(v, "would_give"),
    };
    Case {
        id: text(value, "id"),
        kind: text(value, "kind"),
        model: value["model"].clone(),
        known: list(value, "metrics").iter().filter_map(known).collect(),
        mistakes: list(value, "must_reject").iter().map(mistake).collect(),
        min_requests: value["min_requests"].as_u64(),
        warmup_requests: value["warmup_requests"].as_u64().unwrap_or(0),
        expected: list(value, "expected").to_vec(),
    }
}
