//! `profile` of arrivals: how the rate changes with time.

use crate::base::codes::Code;
use crate::base::units::Nanos;
use crate::model::spec::{Profile, ProfileError};

use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::dist::Of;
use super::files::Span;
use super::keys::PROFILE;
use super::tree::{Node, Value};

/// A profile.
pub struct Series {
    /// What the rate is multiplied by.
    pub profile: Profile,
    /// The mean of a series of rates, requests a second.
    pub mean: Option<f64>,
}

/// Rates of a series are read as whole billionths.
const BILLION: f64 = 1e9;

impl Cx {
    /// Points alone, or a table.
    pub fn profile(&mut self, node: &Node, path: &str) -> Option<Series> {
        if matches!(node.value, Value::Array(_)) {
            let points = self.profile_points(node, path)?;
            let built = Profile::points(&points, false, false);
            return self.built_profile(built, node.span, path);
        }
        let fields = self.fields(node, path, &PROFILE)?;
        let groups: [(&str, &[&str]); 3] = [
            ("points", &["points", "steps", "repeat"]),
            ("period", &["period", "amplitude", "phase"]),
            ("file", &["file", "time", "column", "steps", "repeat"]),
        ];
        let given: Vec<_> = groups
            .iter()
            .filter(|g| fields.get(g.0).is_some())
            .collect();
        let [(kind, keys)] = given[..] else {
            let help = "give `points`, or `period` and `amplitude`, or `file`";
            let message = format!("`{path}`: a profile is one of three kinds");
            self.disagree(fields.span, path, &message, help);
            return None;
        };
        self.only(&fields, &format!("a profile with `{kind}`"), kind, keys);
        let flag = |cx: &mut Cx, key: &str| match fields.get(key) {
            Some(node) => cx.boolean(node, &fields.path(key)),
            None => Some(false),
        };
        let (steps, repeat) = (flag(self, "steps")?, flag(self, "repeat")?);
        match *kind {
            "points" => {
                let points = self.profile_points(fields.get("points")?, &fields.path("points"))?;
                let built = Profile::points(&points, steps, repeat);
                self.built_profile(built, fields.span, path)
            }
            "period" => self.wave(&fields),
            _ => self.series(&fields, steps, repeat),
        }
    }

    fn built_profile(
        &mut self,
        built: Result<Profile, ProfileError>,
        span: Span,
        path: &str,
    ) -> Option<Series> {
        match built {
            Ok(profile) => Some(Series {
                profile,
                mean: None,
            }),
            Err(e) => {
                let d = Diagnostic::error(Code::OUT_OF_RANGE, format!("`{path}` {e}"))
                    .at(span, "")
                    .path(path);
                self.push(d);
                None
            }
        }
    }

    /// `[[time, factor], ..]`.
    fn profile_points(&mut self, node: &Node, path: &str) -> Option<Vec<(Nanos, f64)>> {
        let takes = "a list of points such as [\"10s\", 1.5]";
        let list = self.list(node, path, takes)?;
        let all: Vec<_> = list
            .iter()
            .map(|point| {
                let Some([time, factor]) = point.array() else {
                    self.wrong_type(point, path, "[time, factor]");
                    return None;
                };
                let (time, factor) = (self.time(time, path), self.number(factor, path));
                Some((time?, factor?))
            })
            .collect();
        all.into_iter().collect()
    }

    fn wave(&mut self, fields: &Fields<'_>) -> Option<Series> {
        let period = self.time(fields.get("period")?, &fields.path("period"));
        let Some(amplitude) = fields.get("amplitude") else {
            self.missing(fields, "amplitude", &PROFILE);
            return None;
        };
        let amplitude = self.number(amplitude, &fields.path("amplitude"));
        let path = fields.path("phase");
        let phase = match fields.get("phase") {
            // A time is a share of the period.
            Some(node) if node.text().is_some() => {
                let time = self.time(node, &path)?;
                period.map(|period| time as f64 / period as f64)
            }
            Some(node) => self.number(node, &path),
            None => Some(0.0),
        };
        let built = Profile::wave(period?, amplitude?, phase?);
        self.built_profile(built, fields.span, &fields.path)
    }

    /// A column of rates.
    fn series(&mut self, fields: &Fields<'_>, steps: bool, repeat: bool) -> Option<Series> {
        let name = |cx: &mut Cx, key: &str, default: &str| match fields.get(key) {
            Some(node) => cx.text(node, &fields.path(key)),
            None => Some(default.to_owned()),
        };
        let (time, column) = (
            name(self, "time", "t_s")?,
            name(self, "column", "rate_per_s")?,
        );
        let node = fields.get("file")?;
        let file = self.text(node, &fields.path("file"))?;
        self.header = format!("{time},{column}");
        let unit = self.unit_of(fields, &time, Of::Time)?;
        let times = self.column(&file, node.span, &fields.path, &time, unit)?;
        let unit = Unit::rounded(BILLION as u64);
        let rates = self.column(&file, node.span, &fields.path, &column, unit)?;
        if let Some(row) = (1..times.len()).find(|&i| times[i] < times[i - 1]) {
            let message = format!("column `{time}` goes backwards");
            let help = "sort the rows by time";
            self.row_problem(&file, row, &message, help, &fields.path);
            return None;
        }
        let a_second = match column.rsplit('_').next() {
            Some("min") => 60.0,
            Some("h") => 3600.0,
            _ => 1.0,
        };
        let rows = times.iter().zip(rates.iter());
        let points: Vec<(Nanos, f64)> = rows
            .map(|(&at, &rate)| (at, rate as f64 / BILLION / a_second))
            .collect();
        let built = Profile::points(&points, steps, repeat);
        let rates = self
            .built_profile(built, fields.span, &fields.path)?
            .profile;
        let mean = mean(&rates, &points);
        if mean <= 0.0 {
            let message = format!("`{}` is a series of rates that are all 0", fields.path);
            let help = "give a rate above 0, or leave the source out";
            self.disagree(fields.span, &fields.path, &message, help);
            return None;
        }
        let factors: Vec<_> = points.iter().map(|p| (p.0, p.1 / mean)).collect();
        let built = Profile::points(&factors, steps, repeat);
        let series = self.built_profile(built, fields.span, &fields.path)?;
        Some(Series {
            mean: Some(mean),
            ..series
        })
    }
}

/// The mean over the time from the first point to the last.
fn mean(rates: &Profile, points: &[(Nanos, f64)]) -> f64 {
    let (first, last) = (points[0].0 as f64, points[points.len() - 1].0 as f64);
    if last <= first {
        return points[points.len() - 1].1;
    }
    // Just before the end, where one that repeats has not begun again.
    let area: f64 = rates.area(last.next_down()) - rates.area(first);
    area / (last - first)
}
