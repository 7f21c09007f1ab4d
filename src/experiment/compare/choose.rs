//! Which point of an experiment is meant: by its variant, and by its values on the axes.

use crate::experiment::design::Design;

/// What tells one point from the others of its experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its variant's name.
    pub variant: String,
    /// Paths of the sweep with its values, texts without quotes; none for one that is not swept.
    pub settings: Vec<(String, String)>,
}

/// How a point is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The name of its variant.
    pub variant: Option<String>,
    /// `PATH=VALUE`s that it must have.
    pub set: Vec<(String, String)>,
}

/// Why no point, or no single one, was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceError {
    /// What is wrong, one line.
    pub message: String,
    /// What could be written.
    pub help: String,
}

/// Points that an error names.
const NAMED: usize = 6;

impl Candidate {
    /// Those of a design, in its order.
    pub fn of(design: &Design) -> Vec<Candidate> {
        let one = |i: usize| {
            let settings = design.settings(i).into_iter();
            Candidate {
                variant: design.variants[design.points[i].variant].name.clone(),
                settings: settings
                    .map(|(path, value)| (path.to_owned(), bare(value).to_owned()))
                    .collect(),
            }
        };
        (0..design.points.len()).map(one).collect()
    }

    /// `after 44 x 4 x 4GiB`.
    pub fn label(&self) -> String {
        let values: Vec<&str> = self.settings.iter().map(|(_, v)| v.as_str()).collect();
        format!("{} {}", self.variant, values.join(" x "))
            .trim_end()
            .to_owned()
    }

    fn is(&self, (path, value): &(String, String)) -> bool {
        let same =
            |own: &str| own == value || number(own).is_some_and(|n| number(value) == Some(n));
        self.settings.iter().any(|(p, own)| p == path && same(own))
    }
}

/// A value as written in TOML, without the quotes of a text.
pub fn bare(value: &str) -> &str {
    let value = value.trim();
    let inner = |q: char| value.strip_prefix(q).and_then(|v| v.strip_suffix(q));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

fn number(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok()
}

/// Whether every point that the choice's variant leaves has a value for this path.
pub fn is_axis(candidates: &[Candidate], choice: &Choice, path: &str) -> bool {
    let fits = |c: &&Candidate| choice.variant.as_ref().is_none_or(|v| *v == c.variant);
    let mut left = candidates.iter().filter(fits).peekable();
    left.peek().is_some() && left.all(|c| c.settings.iter().any(|(p, _)| p == path))
}

/// The one point that fits; of a swept variant that is named without any value, the first: the
/// first value of every axis. `option` is how the caller's options begin: `--a`.
///
/// # Errors
/// None fits, or several do.
pub fn choose(
    candidates: &[Candidate],
    choice: &Choice,
    option: &str,
) -> Result<usize, ChoiceError> {
    let all: Vec<usize> = (0..candidates.len()).collect();
    let mut left = all;
    if let Some(variant) = &choice.variant {
        left.retain(|&i| candidates[i].variant == *variant);
        if left.is_empty() {
            let names = distinct(candidates.iter().map(|c| c.variant.clone()));
            return Err(ChoiceError {
                message: format!("`{option} {variant}`: there is no such variant"),
                help: format!("there are: {}", names.join(", ")),
            });
        }
    }
    for setting in &choice.set {
        let (path, value) = setting;
        let has = |i: &usize| candidates[*i].settings.iter().find(|(p, _)| p == path);
        let values = distinct(left.iter().filter_map(has).map(|(_, v)| v.clone()));
        left.retain(|&i| candidates[i].is(setting));
        if left.is_empty() {
            return Err(ChoiceError {
                message: format!("`{option}-set {path}={value}`: no point has it"),
                help: match values.is_empty() {
                    true => "the path must be one of the sweep's".into(),
                    false => format!("what is left has: {}", values.join(", ")),
                },
            });
        }
    }
    match left[..] {
        [one] => Ok(one),
        [first, ..] if choice.variant.is_some() && choice.set.is_empty() => Ok(first),
        _ => Err(several(candidates, &left, option)),
    }
}

fn several(candidates: &[Candidate], left: &[usize], option: &str) -> ChoiceError {
    let labels = left.iter().take(NAMED).map(|&i| candidates[i].label());
    let mut labels: Vec<String> = labels.collect();
    if left.len() > NAMED {
        labels.push("...".into());
    }
    // A path whose values differ among those left helps; a variant comes first.
    let variants = distinct(left.iter().map(|&i| candidates[i].variant.clone()));
    let telling = candidates[left[0]].settings.iter().find(|(path, value)| {
        let other = |i: &usize| {
            candidates[*i]
                .settings
                .iter()
                .any(|(p, v)| p == path && v != value)
        };
        left.iter().any(other)
    });
    let help = match telling {
        _ if variants.len() > 1 => format!("choose a variant: `{option} {}`", variants[0]),
        Some((path, value)) => format!("choose a value: `{option}-set {path}={value}`"),
        None => "points that have the same values cannot be told apart".into(),
    };
    ChoiceError {
        message: format!(
            "{} points fit `{option}`: {}",
            left.len(),
            labels.join(", ")
        ),
        help,
    }
}

fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = pairs.iter().map(|(p, v)| ((*p).into(), (*v).into()));
        owned.collect()
    }

    #[test]
    fn a_point_is_chosen_by_variant_and_values() {
        let candidates = Candidate::of(&fixture::design());
        let choose = |variant: Option<&str>, pairs: &[(&str, &str)]| {
            let choice = Choice {
                variant: variant.map(str::to_owned),
                set: set(pairs),
            };
            choose(&candidates, &choice, "--a")
        };
        let (count, ram) = ("service.events.workers.count", "service.events.workers.ram");
        assert_eq!(choose(Some("before"), &[]), Ok(0));
        assert_eq!(
            choose(Some("after"), &[(count, "25"), (ram, "4GiB")]),
            Ok(3)
        );
        assert_eq!(
            choose(Some("after"), &[]),
            Ok(1),
            "the first of a swept variant"
        );
        assert_eq!(choose(None, &[(count, "44.0"), (ram, "64GiB")]), Ok(2));
        assert_eq!(candidates[3].label(), "after 25 x 8 x 4GiB");
        let wrong = choose(Some("afte"), &[]).unwrap_err();
        assert_eq!(wrong.help, "there are: before, after");
        let wrong = choose(None, &[]).unwrap_err();
        assert!(
            wrong
                .message
                .contains("7 points fit `--a`: before, after 44"),
            "{wrong:?}"
        );
        assert_eq!(wrong.help, "choose a variant: `--a before`");
        let wrong = choose(Some("after"), &[(ram, "4GiB")]).unwrap_err();
        assert_eq!(wrong.help, format!("choose a value: `--a-set {count}=44`"));
        let wrong = choose(Some("after"), &[(count, "26")]).unwrap_err();
        assert_eq!(wrong.help, "what is left has: 44, 25, 12");
    }

    #[test]
    fn axes_are_those_of_the_points_that_are_left() {
        let candidates = Candidate::of(&fixture::design());
        let of = |variant: &str| Choice {
            variant: Some(variant.into()),
            set: Vec::new(),
        };
        let path = "service.events.workers.count";
        assert!(is_axis(&candidates, &of("after"), path));
        assert!(!is_axis(&candidates, &of("before"), path));
        assert!(!is_axis(&candidates, &Choice::default(), path));
    }
}
