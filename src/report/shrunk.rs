//! What is left of an incident: how small it got, and what was not needed, as text and JSON.

use super::incidents::seconds;
use serde_json::json;

use super::table::{Align, Table};
use crate::experiment::shrink::{Ended, Failing, Shrunk, Size};

/// The name of the JSON.
pub const JSON: &str = "shrunk.json";

/// The name of the text.
pub const TEXT: &str = "shrunk.txt";

/// What the sizes of a case are called.
fn sizes(size: &Size) -> [(&'static str, u64); 7] {
    [
        ("requests", size.requests),
        ("sources", size.sources),
        ("classes", size.classes),
        ("services", size.services),
        ("workers", size.workers),
        ("faults", size.faults),
        ("events", size.events),
    ]
}

/// `VX3102 overflow_first at web[1], at 0.005 s`
fn incident(failing: &Failing) -> String {
    let episode = &failing.episode;
    format!(
        "{} {} at {}, at {}",
        episode.code(),
        episode.kind.name(),
        episode.place.name(&failing.case.system),
        seconds(episode.at)
    )
}

fn ended(shrunk: &Shrunk) -> String {
    match shrunk.ended {
        Ended::Done => format!("{} tried: nothing more goes", shrunk.tried),
        Ended::Tries => format!(
            "{} tried, as many as --tries allows: more may go",
            shrunk.tried
        ),
        Ended::Stopped => format!(
            "{} tried when it was stopped: the best so far, which depends on this machine",
            shrunk.tried
        ),
    }
}

/// As text. `label`: what was shrunk; `token`: of what is left.
pub fn text(shrunk: &Shrunk, label: &str, token: &str) -> String {
    let (before, after) = (&shrunk.before, &shrunk.after);
    let mut text = format!(
        "shrink    {label}\nincident  {}\nleft      {}\n          {}\n\n",
        incident(&before.0),
        incident(&after.0),
        ended(shrunk)
    );
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Right]);
    table.row(["", "before", "left"]);
    for ((name, before), (_, after)) in sizes(&before.1).into_iter().zip(sizes(&after.1)) {
        table.row([format!("  {name}"), before.to_string(), after.to_string()]);
    }
    text.push_str(&table.print());
    text.push_str("\nnot needed\n");
    for gone in &shrunk.gone {
        text.push_str(&format!("  {gone}\n"));
    }
    if shrunk.gone.is_empty() {
        text.push_str("  nothing: all of it is needed\n");
    }
    text.push_str(&format!("\ntoken   {token}\n"));
    text
}

/// As JSON.
pub fn json(shrunk: &Shrunk, label: &str, token: &str) -> Vec<u8> {
    let side = |(failing, size): &(Failing, Size)| {
        let episode = &failing.episode;
        let sizes = sizes(size).into_iter();
        let sizes: serde_json::Map<_, _> = sizes.map(|(k, v)| (k.into(), json!(v))).collect();
        json!({
            "code": episode.code().to_string(),
            "kind": episode.kind.name(),
            "place": episode.place.name(&failing.case.system),
            "at_ns": episode.at,
            "size": sizes,
        })
    };
    let value = json!({
        "of": label,
        "token": token,
        "before": side(&shrunk.before),
        "left": side(&shrunk.after),
        "not_needed": shrunk.gone,
        "tried": shrunk.tried,
        "ended": match shrunk.ended {
            Ended::Done => "done",
            Ended::Tries => "tries",
            Ended::Stopped => "stopped",
        },
    });
    let mut bytes = serde_json::to_vec_pretty(&value).expect("plain data has a form in JSON");
    bytes.push(b'\n');
    bytes
}
