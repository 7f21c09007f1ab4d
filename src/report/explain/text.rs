//! What a person reads, part by part in the order in which it becomes known.

use super::super::show;
use super::super::summary::wrapped;
use super::super::table::{Align, Table};
use super::{Told, words};
use crate::experiment::explain::{
    Causes, Curve, Effect, LINEAGES, Larger, Mitigations, Nature, Scope, Seen, Tested, Together,
};
use crate::model::incident::Kind;
use crate::model::spec::SystemSpec;

const COLUMNS: usize = 100;

pub(super) fn fitted(text: &str) -> String {
    text.lines().map(|line| wrapped(line, COLUMNS)).collect()
}

/// What happened, and the numbers at its place.
pub fn head(told: &Told<'_>, seen: &Seen<'_>) -> String {
    let (spec, episode) = (&told.case.system, &seen.sought.episode);
    let mut text = format!(
        "{}\n{}, {}, seed {}, replication {}\n\n",
        told.token, told.name, told.label, told.case.run.seed, told.case.run.replication
    );
    text.push_str(&format!(
        "{} ({}) at {}, {}\n",
        episode.code(),
        episode.kind.name(),
        episode.place.name(spec),
        words::moment(episode.at)
    ));
    let scene = &episode.scene;
    if scene.cores > 0 {
        let slots = match scene.slots {
            Some(slots) => format!(
                "{} of {}",
                show::grouped(scene.waiting),
                show::grouped(slots)
            ),
            None => show::grouped(scene.waiting),
        };
        text.push_str(&format!(
            "then {slots} waiting, {} of {} cores busy\n",
            show::grouped(scene.busy),
            show::grouped(scene.cores)
        ));
    }
    text.push('\n');
    text.push_str(&numbers(spec, seen));
    fitted(&text)
}

fn change(now: f64, usual: f64) -> String {
    match usual > 0.0 {
        true => format!("{:+.0} %", (now / usual - 1.0) * 100.0),
        false => String::new(),
    }
}

/// Inflow and outflow, shortly before and usually.
fn numbers(spec: &SystemSpec, seen: &Seen<'_>) -> String {
    let facts = &seen.facts;
    let (now, usual) = (&facts.now, &facts.usual);
    let known = facts.before.is_some();
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Right, Align::Right]);
    let seconds = |t: u64| format!("{:.1}", t as f64 / 1e9);
    table.row([
        seen.sought.episode.place.name(spec),
        "usually".into(),
        format!("{}-{} s", seconds(facts.window.0), seconds(facts.window.1)),
        String::new(),
    ]);
    let mut row = |name: &str, now: f64, usual: f64, shown: &dyn Fn(f64) -> String| {
        let before = if known {
            shown(usual)
        } else {
            "not known".into()
        };
        let by = if known {
            change(now, usual)
        } else {
            String::new()
        };
        table.row([name.to_owned(), before, shown(now), by]);
    };
    row("arrived", now.arrived(), usual.arrived(), &words::rate);
    if now.again + usual.again > 0.0 {
        row("  first attempts", now.first, usual.first, &words::rate);
        row("  further attempts", now.again, usual.again, &words::rate);
    }
    row(
        "answered in time",
        now.answered,
        usual.answered,
        &words::rate,
    );
    if now.failed + usual.failed > 0.0 {
        row("failed", now.failed, usual.failed, &words::rate);
    }
    let work = |seconds: f64| words::length((seconds * 1e9) as u64);
    row("work an attempt", now.work_each(), usual.work_each(), &work);
    let mut text = table.print();
    text.push_str(&branch(spec, seen));
    text
}

/// Down the larger branch.
fn branch(spec: &SystemSpec, seen: &Seen<'_>) -> String {
    let facts = &seen.facts;
    let (now, usual) = (&facts.now, &facts.usual);
    let mut text = match facts.larger {
        Larger::Inflow => {
            let (first, again) = (now.first - usual.first, now.again - usual.again);
            let mut text = format!("More came in: {} more", words::rate(first + again));
            if again > 0.0 && first + again > 0.0 {
                let share = show::share((again / (first + again)).min(1.0));
                text.push_str(&format!(", {share} of it further attempts"));
            }
            let grown = facts.classes.first().filter(|_| facts.classes.len() > 1);
            if let Some(class) = grown {
                let name = spec
                    .classes()
                    .nth(class.class)
                    .map_or("?", |c| c.name.as_str());
                text.push_str(&format!(
                    "; most of class {name}, {} where {} is usual",
                    words::rate(class.now),
                    words::rate(class.usual)
                ));
            }
            text
        }
        Larger::Outflow => {
            let mut text = "Less was answered".to_owned();
            let heavier = now.work_each() / usual.work_each().max(1e-12);
            if heavier > 1.1 {
                text.push_str(&format!(
                    "; an attempt asked for {heavier:.2} times the work"
                ));
            }
            text
        }
        Larger::Neither => return String::new(),
    };
    let share = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
    let then = share(usual.arrived(), facts.around.1.arrived());
    let here = share(now.arrived(), facts.around.0.arrived());
    if then > 0.0 && (here / then > 1.1 || here / then < 0.9) {
        text.push_str(&format!(
            "; {} of the attempts came here where {} is usual",
            show::share(here),
            show::share(then)
        ));
    }
    format!("{text}.\n")
}

/// Why, and what was tried to find out.
pub fn causes(told: &Told<'_>, seen: &Seen<'_>, causes: &Causes) -> String {
    let spec = &told.case.system;
    let mut text = format!("\nWhy\n{}", because(spec, seen, causes));
    let others = before(spec, causes);
    if !others.is_empty() {
        text.push_str(&others);
    }
    text.push_str(&format!(
        "\nThe same run with one thing taken away, watched to {}{}\n",
        words::moment(seen.sought.stop),
        scope(spec, seen)
    ));
    text = fitted(&text);
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left]);
    for tested in &causes.tested {
        let what = super::super::table::cut(&words::taken_away(spec, &tested.suspect), 52);
        table.row([
            format!("  {what}"),
            words::effect(&tested.effect),
            beyond(tested),
        ]);
    }
    text.push_str(&table.print());
    text
}

/// Where an incident counts as the same.
fn scope(spec: &SystemSpec, seen: &Seen<'_>) -> String {
    match seen.sought.scope {
        Scope::Here => format!(" for one at {}", seen.sought.episode.place.name(spec)),
        Scope::Service(service) => {
            format!(
                " for one anywhere in {}",
                spec.services[service as usize].name
            )
        }
    }
}

fn beyond(tested: &Tested) -> String {
    let Some(agreement) = tested.agreement else {
        return String::new();
    };
    format!(
        "{} of {LINEAGES} with, {} without",
        agreement.with, agreement.without
    )
}

fn because(spec: &SystemSpec, seen: &Seen<'_>, causes: &Causes) -> String {
    if causes.because.is_empty() {
        return "No suspect is shown to be the cause: taking it away does not avoid the incident, \
                or no more often than chance does.\n"
            .into();
    }
    let mut text = String::new();
    for &i in &causes.because {
        let tested = &causes.tested[i];
        text.push_str(&format!(
            "Because of {}.\n",
            words::suspect(spec, &tested.suspect)
        ));
        if let Together::EachEnough(_) = causes.together {
            continue;
        }
        let Some(agreement) = tested.agreement else {
            continue;
        };
        text.push_str(&format!(
            "  {}: not up to {}. With fresh random numbers from {} on it comes in {} of {LINEAGES} \
             runs with it and in {} without.\n",
            sentence(&words::without(spec, &tested.suspect)),
            words::moment(seen.sought.stop),
            words::moment(tested.suspect.since.saturating_sub(100_000_000)),
            agreement.with,
            agreement.without
        ));
    }
    match causes.together {
        Together::Alone => {}
        Together::EachNeeded => {
            text.push_str("All of these were needed: without any one of them it does not come.\n");
        }
        Together::EachEnough(agreement) => text.push_str(&format!(
            "Each of these is enough: only without all of them it does not come. With fresh \
             random numbers it comes in {} of {LINEAGES} runs with them and in {} without.\n",
            agreement.with, agreement.without
        )),
    }
    text
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Inputs that came before and are not shown to matter.
fn before(spec: &SystemSpec, causes: &Causes) -> String {
    let innocent = causes
        .tested
        .iter()
        .enumerate()
        .filter(|(i, t)| t.suspect.nature == Nature::Input && !causes.because.contains(i));
    let worth_telling = |t: &&Tested| !matches!(t.effect, Effect::Same | Effect::Failed(_));
    let mut text = String::new();
    let mut same = 0;
    for (_, tested) in innocent {
        if !worth_telling(&tested) {
            same += 1;
            continue;
        }
        let effect = match (&tested.effect, tested.agreement) {
            (Effect::Avoided, Some(agreement)) => format!(
                "without it not in this run, but with fresh random numbers in {} of {LINEAGES} \
                 with it and {} without",
                agreement.with, agreement.without
            ),
            (effect, _) => format!("without it {}", words::effect(effect)),
        };
        let who = words::suspect(spec, &tested.suspect);
        text.push_str(&format!("Preceded by {who}; {effect}.\n"));
    }
    match same {
        0 => {}
        1 => text.push_str("One other thing came before and made no difference.\n"),
        n => text.push_str(&format!(
            "{n} other things came before and made no difference.\n"
        )),
    }
    text
}

/// How likely it was.
pub fn likelihood(told: &Told<'_>, seen: &Seen<'_>, curve: &Curve) -> String {
    let (Some(first), Some(last)) = (curve.moments.first(), curve.moments.last()) else {
        return String::new();
    };
    let share = |m: &crate::experiment::explain::Moment| {
        format!("{} of {} at {}", m.failed, m.of, words::moment(m.at))
    };
    let mut text = format!(
        "\nHow likely it was: {} runs from each of {} moments, fresh random numbers from then \
         on{}\n  {}, {}\n",
        curve.each,
        curve.moments.len(),
        scope(&told.case.system, seen),
        share(first),
        share(last)
    );
    match (curve.no_return(), curve.open()) {
        (Some(sure), _) if sure.at == first.at => text.push_str(&format!(
            "  It was as good as certain from {} on, the earliest moment looked at.\n",
            words::moment(sure.at)
        )),
        (Some(sure), Some(open)) => text.push_str(&format!(
            "  The moment of no return: {} ({} before), from when on nearly all runs have it. Up \
             to {} less than half had it.\n",
            words::moment(sure.at),
            words::length(seen.sought.episode.at.saturating_sub(sure.at)),
            words::moment(open.at)
        )),
        (Some(sure), None) => text.push_str(&format!(
            "  The moment of no return: {} ({} before). More than half had it all along.\n",
            words::moment(sure.at),
            words::length(seen.sought.episode.at.saturating_sub(sure.at))
        )),
        (None, _) => text.push_str(
            "  There was no moment of no return: to the last moment looked at, runs escape it.\n",
        ),
    }
    fitted(&text)
}

/// Whether it was over by itself. A metastable state has lost its trigger by definition.
fn lasted(seen: &Seen<'_>, found: &Mitigations) -> String {
    let metastable = seen.sought.episode.kind == Kind::Metastable;
    match (found.over, metastable) {
        (Some(at), true) => format!(
            "\nWith its trigger gone the system recovered by itself, at {}.\n",
            words::moment(at)
        ),
        (None, true) => {
            "\nWith its trigger gone the system stayed down to the end of the measured \
                         time: it does not recover by itself.\n"
                .into()
        }
        (Some(at), false) => format!("\nIt was over at {}.\n", words::moment(at)),
        (None, false) => "\nIt was not over when the measured time was.\n".into(),
    }
}

/// What would have saved the run.
pub fn mitigations(told: &Told<'_>, seen: &Seen<'_>, found: &Mitigations) -> String {
    let spec = &told.case.system;
    let mut text = lasted(seen, found);
    text.push_str(&format!(
        "\nWhat would have saved the run: {} of {} offered were answered in time; with one thing \
         otherwise\n",
        words::rate(found.goodput),
        words::rate(found.offered)
    ));
    text = fitted(&text);
    let currency = &spec.prices.currency;
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left, Align::Left]);
    for one in &found.all {
        let sign = if one.saved < 0.0 { "-" } else { "+" };
        let price = match one.cost {
            _ if one.ideal => "a bound, not for sale".into(),
            Some(cost) if cost > 0.0 => format!("{} an hour", show::money(currency, cost)),
            Some(_) => "free".into(),
            None => "price not known".into(),
        };
        let incident = if one.avoids { "no such incident" } else { "" };
        table.row([
            format!("  {}", words::otherwise(spec, one.setting)),
            format!("{sign}{}", words::rate(one.saved.abs())),
            price,
            incident.into(),
        ]);
    }
    text.push_str(&table.print());
    text
}
