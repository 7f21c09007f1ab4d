//! Reads the known answers as they stand; judges nothing.

use serde_json::Value;

use super::STANDARD_ERRORS;
use super::truth::FILES;

/// One system with its known answers.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What kind of system: the cases of one theory share it.
    pub kind: String,
    /// The system in a sentence.
    pub description: String,
    /// Where its numbers are from: formulas with their literature, methods, other simulations.
    pub source: Vec<String>,
    /// The system, in the words of the truth.
    pub model: Value,
    /// Its known numbers.
    pub known: Vec<Known>,
    /// Mistakes that a comparison must notice.
    pub mistakes: Vec<Mistake>,
    /// Requests to measure at least. None for an event so rare that counting sees none of it.
    pub min_requests: Option<u64>,
    /// Requests to leave out first, in every replication.
    pub warmup_requests: u64,
    /// Of kind `trace`: what becomes of every request.
    pub expected: Vec<Value>,
}

/// One number that is known.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it is the value of, in the words of the truth.
    pub metric: String,
    /// Its unit; `1` for a share.
    pub unit: String,
    /// How it is known: `exact`, `numeric`, `simulation-table`, `own-simulation`.
    pub how: String,
    /// The number.
    pub value: f64,
    /// How far off the number itself may be.
    pub abs_error: f64,
    /// Over n requests a measurement has this standard error, times the root of n.
    pub sd_per_request: f64,
    /// The tolerance at the least number of requests.
    pub abs_tol: f64,
}

/// A mistake that the comparison must notice.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// What is done wrong.
    pub text: String,
    /// The number that shows it.
    pub metric: String,
    /// What the number would be.
    pub would_give: f64,
}

impl Known {
    /// The standard error of a measurement over n requests.
    pub fn standard_error(&self, n: u64) -> f64 {
        self.sd_per_request / (n as f64).sqrt()
    }

    /// How far off n requests may be.
    pub fn tolerance(&self, n: u64) -> f64 {
        STANDARD_ERRORS * self.sd_per_request / (n as f64).sqrt() + self.abs_error
    }

    /// The difference in standard errors.
    pub fn z(&self, measured: f64, n: u64) -> f64 {
        (measured - self.value) / self.standard_error(n)
    }
}

/// Every case of every file, in the order of the files' names.
pub fn cases() -> Vec<Case> {
    FILES
        .iter()
        .flat_map(|(name, text)| file(name, text))
        .collect()
}

fn file(name: &str, text: &str) -> Vec<Case> {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(value["schema"], "truth/1", "{name}");
    list(&value, "cases").iter().map(case).collect()
}

// The files are part of the program, and every one of them is read by the tests.

fn text(value: &Value, key: &str) -> String {
    let text = value[key].as_str();
    text.unwrap_or_else(|| panic!("no text `{key}` in {value}"))
        .to_owned()
}

fn number(value: &Value, key: &str) -> f64 {
    let number = value[key].as_f64();
    number.unwrap_or_else(|| panic!("no number `{key}` in {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn case(value: &Value) -> Case {
    let known = |v: &Value| {
        (!v["sd_per_request"].is_null()).then(|| Known {
            metric: text(v, "metric"),
            unit: text(v, "unit"),
            how: text(v, "kind"),
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
    let source = list(value, "source").iter().filter_map(Value::as_str);
    Case {
        id: text(value, "id"),
        kind: text(value, "kind"),
        description: text(value, "description"),
        source: source.map(str::to_owned).collect(),
        model: value["model"].clone(),
        known: list(value, "metrics").iter().filter_map(known).collect(),
        mistakes: list(value, "must_reject").iter().map(mistake).collect(),
        min_requests: value["min_requests"].as_u64(),
        warmup_requests: value["warmup_requests"].as_u64().unwrap_or(0),
        expected: list(value, "expected").to_vec(),
    }
}
