//! What a person reads after a search.

use super::super::show;
use super::super::summary::{short_path, wrapped};
use super::super::table::{Align, Table};
use super::Found;
use crate::experiment::find::answer::Ends;
use crate::experiment::find::{Fate, Winner};
use crate::model::metric::{Kind, Metric, Unit};

const COLUMNS: usize = 100;

/// The story, without where files are.
pub fn print(found: Found<'_>) -> String {
    let mut text = heading(found);
    let answer = found.answer;
    match (&answer.winner, answer.stopped) {
        (Some(winner), _) => text.push_str(&won(found, winner)),
        (None, true) => text.push_str(&so_far(found)),
        (None, false) => text.push_str(&nothing(found)),
    }
    text.push_str(&took(found));
    text.push_str(&orders(found));
    text.lines().map(|line| wrapped(line, COLUMNS)).collect()
}

fn percent(share: f64) -> String {
    let text = show::digits(share * 100.0, 3);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    format!("{text} %")
}

fn heading(found: Found<'_>) -> String {
    let title = super::super::csv_table::visible(&found.design.title);
    let points = show::count(found.answer.points as f64);
    format!(
        "{title}\nthe least {} of {points} points that meets the objective; seed {}\n\n",
        found.objective.minimise, found.design.seed,
    )
}

fn cost(found: Found<'_>, value: f64) -> String {
    let metric = &found.objective.minimise;
    let text = show::value(metric.unit(), found.currency, value);
    match metric.to_string().as_str() {
        "cost_per_month" => format!("{text} a month"),
        "cost_per_hour" => format!("{text} an hour"),
        _ => format!("{text} workers"),
    }
}

fn won(found: Found<'_>, winner: &Winner) -> String {
    let (variant, settings) = found.settings_of(winner.point);
    let mut text = format!(
        "winner  {} at {}\n",
        found.label(winner.point),
        cost(found, winner.cost)
    );
    let settings: Vec<String> = settings
        .iter()
        .map(|(path, value)| format!("{} = {value}", short_path(path)))
        .collect();
    text.push_str(&format!(
        "        {}\n",
        [vec![format!("variant {variant}")], settings]
            .concat()
            .join(", ")
    ));
    text.push_str(&format!(
        "        confirmed on {} fresh replications, {} requests; its intervals hold together\n\n",
        winner.replications,
        show::count(winner.requests as f64)
    ));
    text.push_str(&constraints(found, winner));
    text.push_str(&format!(
        "\nsure    {}: it meets the objective, and no cheaper point meets it with {} to spare\n",
        percent(found.settings.confidence),
        percent(found.objective.indifference)
    ));
    text.push_str(&next(found));
    if let Some(binding) = found.answer.binding {
        let binding = &found.checks.list[binding].constraint.text;
        text.push_str(&format!("binds   {binding}\n"));
    }
    text.push_str(&money(found, winner, variant));
    text
}

fn constraints(found: Found<'_>, winner: &Winner) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left]);
    for (check, confirmed) in found.checks.list.iter().zip(&winner.confirmed) {
        let metric = &check.constraint.metric;
        let unit = metric.unit();
        let judged = confirmed.share.map(|share| {
            let later = match metric.kind {
                Kind::Percentile(..) => show::value(unit, found.currency, check.constraint.bound),
                _ => String::new(),
            };
            let bound = show::share(check.bound.1);
            let sign = if check.small { "below" } else { "above" };
            let share = interval(Unit::Share, found.currency, share);
            format!("later than {later}: {share}, to be {sign} {bound}")
        });
        let shown = match confirmed.shown {
            Some(shown) => interval(unit, found.currency, shown),
            None => "no data".into(),
        };
        table.row([
            format!("  {}", check.constraint.text),
            shown,
            judged.unwrap_or_default(),
        ]);
    }
    table.print()
}

fn interval(unit: Unit, currency: &str, (mean, low, high): Ends) -> String {
    let value = |x: f64| show::value(unit, currency, x.max(0.0));
    if low == high {
        return value(mean);
    }
    format!("{} ({} to {})", value(mean), value(low), value(high))
}

fn next(found: Found<'_>) -> String {
    let Some(next) = &found.answer.next else {
        let cheaper = found.best().is_some_and(|best| {
            let cheaper = |l: &&crate::experiment::find::Looked| l.cost < best.cost;
            found.answer.looked.iter().filter(cheaper).count() > 0
        });
        return match cheaper {
            true => "fails   all that is cheaper, by theory alone\n".into(),
            false => {
                "fails   no cheaper point was run: theory, or a better one that misses, rules \
                      out what there is\n"
                    .into()
            }
        };
    };
    let looked = &found.answer.looked[next.place];
    let constraint = &found.checks.list[next.check].constraint.text;
    let certainty = match next.certainty {
        c if c > 0.9999 => "over 99.99 %".to_owned(),
        c => percent(c),
    };
    let what = match looked.fate {
        Fate::Missed(_) | Fate::Near(_) if next.certainty > found.settings.confidence => {
            format!("misses `{constraint}`, {certainty} sure")
        }
        Fate::Missed(_) => format!("misses `{constraint}`, {certainty} sure"),
        Fate::Near(_) => format!(
            "does not meet `{constraint}` with {} to spare; that it misses it is {certainty} sure",
            percent(found.objective.indifference)
        ),
        Fate::NotConfirmed(_) => format!("`{constraint}` was met in the race, not when confirmed"),
        _ => format!(
            "`{constraint}` is not decided by counting in {} trials",
            looked.trials
        ),
    };
    format!(
        "fails   next cheaper that was run: {} at {}: {what}\n",
        found.label(looked.point),
        cost(found, looked.cost)
    )
}

fn money(found: Found<'_>, winner: &Winner, variant: &str) -> String {
    let Some(original) = found.original else {
        return String::new();
    };
    let (a, b) = (cost(found, winner.cost), cost(found, original));
    let change = winner.cost / original - 1.0;
    let rest = match change {
        c if !c.is_finite() || c == 0.0 => String::new(),
        c => {
            let unit = found.objective.minimise.unit();
            let amount = show::value(unit, found.currency, (original - winner.cost).abs());
            let word = if c < 0.0 { "less" } else { "more" };
            format!(": {amount} {word}, {}", percent(c.abs()))
        }
    };
    format!("money   {a}, against {b} for `{variant}` as it is written{rest}\n")
}

fn so_far(found: Found<'_>) -> String {
    let mut text = String::from("stopped before the end: what follows is not confirmed\n");
    match found.best() {
        Some(best) => text.push_str(&format!(
            "best    {} at {}: met the objective in {} trials of the race\n",
            found.label(best.point),
            cost(found, best.cost),
            best.trials
        )),
        None => text.push_str("best    none: no point has met the objective yet\n"),
    }
    if let Some(floor) = found.answer.floor {
        text.push_str(&format!(
            "open    points from {} on; everything cheaper fails, {} sure\n",
            cost(found, floor),
            percent(found.settings.confidence)
        ));
    }
    text
}

fn nothing(found: Found<'_>) -> String {
    let mut text = String::from("winner  none: no point is shown to meet the objective\n");
    let looked = &found.answer.looked;
    for (i, check) in found.checks.list.iter().enumerate() {
        let missed = looked
            .iter()
            .filter(|l| matches!(l.fate, Fate::Missed(c) | Fate::Near(c) if c == i));
        let n = missed.count();
        if n > 0 {
            let plural = if n == 1 { "" } else { "s" };
            let text_of = &check.constraint.text;
            text.push_str(&format!(
                "misses  `{text_of}`: {n} point{plural} that were run\n"
            ));
        }
    }
    let count = |fate: fn(&Fate) -> bool| looked.iter().filter(|l| fate(&l.fate)).count();
    let theory = count(|f| matches!(f, Fate::Theory(_)));
    if theory > 0 {
        text.push_str(&format!("theory  refuses {theory} of those looked at\n"));
    }
    let undecided = count(|f| matches!(f, Fate::Undecided | Fate::NotConfirmed(_)));
    if undecided > 0 {
        text.push_str(&format!(
            "open    {undecided} not decided by counting: a constraint asks for more than so many \
             trials can show\n"
        ));
    }
    let failed = count(|f| matches!(f, Fate::Failed(_)));
    if failed > 0 {
        text.push_str(&format!("failed  {failed}: see find.csv\n"));
    }
    text
}

fn took(found: Found<'_>) -> String {
    let answer = found.answer;
    let run = answer.looked.iter().filter(|l| l.round > 0).count();
    let mut text = format!(
        "took    {} of {} points run, {} trials, {} requests",
        show::count(run as f64),
        show::count(answer.points as f64),
        show::count(answer.trials as f64),
        show::count(answer.requests as f64)
    );
    if let Some(full) = answer.full_requests().filter(|f| *f > 0.0) {
        text.push_str(&format!(
            ": {} of the whole grid's {}, every point run as long as the confirmation",
            percent(answer.requests as f64 / full),
            show::count(full)
        ));
    }
    text.push('\n');
    text
}

fn orders(found: Found<'_>) -> String {
    let name = |&axis: &usize| {
        let paths = found.design.axes[axis].paths.iter();
        paths.map(|p| short_path(p)).collect::<Vec<_>>().join(", ")
    };
    let names = |axes: &[usize]| axes.iter().map(name).collect::<Vec<_>>().join(", ");
    let mut text = String::new();
    let (ordered, violated) = (&found.answer.ordered, &found.answer.violated);
    if !ordered.is_empty() {
        text.push_str(&format!(
            "order   {}: taken to be never worse the larger; no run contradicts\n",
            names(ordered)
        ));
    }
    if !violated.is_empty() {
        text.push_str(&format!(
            "order   {}: larger was worse somewhere, so every value was searched\n",
            names(violated)
        ));
    }
    text
}

/// Whether a metric is an amount of money.
pub(super) fn is_money(metric: &Metric) -> bool {
    metric.unit() == Unit::Money
}
