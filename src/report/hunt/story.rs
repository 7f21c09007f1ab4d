//! What a hunt found, in words.

use super::super::csv_table::visible;
use super::super::number;
use super::super::table::{Align, Table, cut};
use super::{Hunted, below, percent, whole_percent};
use crate::base::units::print_time;
use crate::experiment::hunt::{Group, LINGER, Shot};
use crate::stats::interval::Interval;

/// Signatures that are shown before the rest is only counted.
const SHOWN: usize = 8;

/// Columns that a command may take.
const WIDTH: usize = 96;

/// The story.
pub fn print(hunted: Hunted<'_>) -> String {
    let found = hunted.found;
    let mut text = head(hunted);
    if found.failed > 0 {
        text.push_str(&format!(
            "failed  {} without a result, in no share: hunt.csv says why\n",
            seeds(found.failed)
        ));
    }
    let last = found.groups.len().saturating_sub(1);
    for (number, group) in found.groups.iter().enumerate() {
        if number < SHOWN || number == last {
            text.push('\n');
            text.push_str(&block(hunted, number + 1, group));
        }
    }
    let shown = SHOWN + 1;
    if found.groups.len() > shown {
        text.push_str(&format!(
            "\n{} more signatures in hunt.json\n",
            found.groups.len() - shown
        ));
    }
    if !found.groups.is_empty() {
        text.push_str(&format!("\nreplay  {}\n", wrapped(hunted.replay, 8)));
    }
    text
}

fn head(hunted: Hunted<'_>) -> String {
    let (hunt, found) = (hunted.hunt, hunted.found);
    let until = match hunt.whole {
        true => "each to its end".to_owned(),
        false => format!("each to {} after its first incident", print_time(LINGER)),
    };
    let what = format!("{}, {}", visible(hunted.name), visible(hunted.label));
    let mut text = format!(
        "hunt    {}\nseeds   {}..{}, {until}\n",
        cut(&what, WIDTH - 8),
        hunt.seeds.start,
        hunt.seeds.end
    );
    if hunted.swarm {
        text.push_str("swarm   faults kept one in two, [uncertain] at an end or between\n");
    }
    if let Some(kinds) = hunted.kinds {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        text.push_str(&format!("for     {}\n", names.join(", ")));
    }
    let sure = whole_percent(hunted.confidence);
    let line = match (found.caught, found.below) {
        (0, Some(share)) => format!(
            "none of {}: the share is below {} with {sure} % confidence",
            seeds(found.seeds),
            below(share, found.seeds)
        ),
        _ => format!(
            "{} of {}: {} with {sure} % confidence",
            found.caught,
            seeds(found.seeds),
            share_of(found.share)
        ),
    };
    text.push_str(&format!("found   {line}\n"));
    text
}

fn seeds(count: u64) -> String {
    format!("{count} seed{}", if count == 1 { "" } else { "s" })
}

/// `98.5 % (95.7 % to 99.5 %)`.
fn share_of(interval: Option<Interval>) -> String {
    let Some(interval) = interval else {
        return "no share".into();
    };
    let ends = interval.low.zip(interval.high);
    let ends = ends.map(|(low, high)| format!(" ({} to {})", percent(low), percent(high)));
    format!("{}{}", percent(interval.estimate), ends.unwrap_or_default())
}

fn block(hunted: Hunted<'_>, number: usize, group: &Group) -> String {
    let rarest = if group.rarest { ", the rarest" } else { "" };
    let mut text = format!(
        "{number:>3}  {}, {}{rarest}\n",
        seeds(group.count),
        share_of(group.share)
    );
    text.push_str(&signature(&group.signature));
    let (earliest, worst) = (&hunted.shots[group.earliest], &hunted.shots[group.worst]);
    let right = Align::Right;
    let mut table = Table::new(&[Align::Left, Align::Left, right, right, Align::Left]);
    let mut add = |what: &str, shot: &Shot| {
        let caught = shot.caught();
        let (at, amount) = caught.map_or((0, 0), |c| (c.at, c.amount));
        table.row([
            format!("     {what}"),
            format!("seed {}", shot.seed),
            format!("{} s", number::seconds(at)),
            format!("amount {amount}"),
            caught.map_or_else(String::new, |c| c.token.clone()),
        ]);
    };
    let both = [("earliest", earliest), ("worst", worst)];
    let shown = match group.count {
        1 => &[("only", earliest)][..],
        _ => &both[..],
    };
    shown.iter().for_each(|(what, shot)| add(what, shot));
    text.push_str(&table.print());
    for (what, shot) in shown {
        let settings = shot.settings.iter();
        let words: Vec<String> = settings
            .map(|(path, value)| format!("--set {}", quoted(&format!("{path}={value}"))))
            .collect();
        if !words.is_empty() {
            text.push_str(&format!("     {what:8}  {}\n", wrapped(&words, 15)));
        }
    }
    text
}

/// A signature, on as many lines as it takes.
fn signature(signature: &str) -> String {
    let mut lines = vec![String::from("    ")];
    for word in signature.split_inclusive(", ") {
        let full = lines
            .last()
            .is_some_and(|line| line.len() + word.len() > WIDTH);
        if full {
            lines.push(String::from("    "));
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(match line.ends_with("    ") {
                true => " ",
                false => "",
            });
            line.push_str(&visible(word));
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    format!("{}\n", lines.join("\n"))
}

/// A command, on as many lines as it takes, as a shell reads it.
fn wrapped(words: &[String], indent: usize) -> String {
    let (mut text, mut column) = (String::new(), indent);
    for word in words {
        if !text.is_empty() {
            if column + word.chars().count() + 3 > WIDTH {
                text.push_str(&format!(" \\\n{}", " ".repeat(indent)));
                column = indent;
            } else {
                text.push(' ');
                column += 1;
            }
        }
        text.push_str(&visible(word));
        column += word.chars().count();
    }
    text
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-=:+,@%".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
