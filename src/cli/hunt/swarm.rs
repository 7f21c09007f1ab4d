//! `--swarm`: a system of its own for each seed.

use std::sync::{Mutex, PoisonError};

use super::super::hunt_args::HuntArgs;
use super::super::source::{self, Overrides, Refusal};
use super::target::{Target, wrong};
use crate::config::{Ask, Study, Style};
use crate::experiment::budget;
use crate::experiment::design::WarmUp;
use crate::experiment::hunt::swarm::{keeps, part};
use crate::experiment::hunt::{Drawn, Systems};

/// Systems drawn from a variant.
pub struct Swarm<'a> {
    target: &'a Target,
    faults: Vec<String>,
    paths: Vec<String>,
    /// One thread at a time makes a system.
    study: Mutex<Study>,
}

impl<'a> Swarm<'a> {
    /// What may be drawn from a point.
    ///
    /// # Errors
    /// There is nothing to draw, or the warm-up would be another one for each system.
    pub fn of(
        args: &HuntArgs,
        target: &'a Target,
        overrides: &Overrides,
        style: Style,
    ) -> Result<Swarm<'a>, Refusal> {
        if target.loaded.design.warm_up == WarmUp::Auto {
            return Err(wrong(
                "`--swarm` needs a warm-up that is stated: `auto` would find another one for each \
                 system",
                "write warm_up = \"5s\", or what a run has found",
            ));
        }
        // As the point is made: its values on the axes, then what is set.
        let axes = target.at_axes().into_iter();
        let mut set: Vec<String> = axes
            .map(|(path, value)| format!("{path}={value}"))
            .collect();
        set.extend(overrides.set.iter().cloned());
        let overrides = Overrides {
            set,
            ..overrides.clone()
        };
        let ask = Ask {
            variant: Some(target.variant().to_owned()),
            ..Ask::default()
        };
        let study = source::study(&args.file, &overrides, &ask, style)?;
        let (faults, paths) = (study.faults(), study.ranges());
        if faults.is_empty() && paths.is_empty() {
            return Err(wrong(
                "there is nothing to draw: the model has no fault that is enabled, and the file \
                 no [uncertain]",
                "see [uncertain] in docs/format.md",
            ));
        }
        if study.base().points[0].system != target.case.system {
            return Err(wrong(
                "the values of this point on its axes cannot be given with --set, which a replay \
                 would need",
                "hunt a variant that has them in its model",
            ));
        }
        Ok(Swarm {
            target,
            faults,
            paths,
            study: Mutex::new(study),
        })
    }
}

impl Systems for Swarm<'_> {
    fn of(&self, seed: u64) -> Result<Drawn, String> {
        let off = self.faults.iter().filter(|fault| !keeps(seed, fault));
        let off: Vec<&str> = off.map(String::as_str).collect();
        let parts: Vec<f64> = self.paths.iter().map(|path| part(seed, path)).collect();
        let mut study = self.study.lock().unwrap_or_else(PoisonError::into_inner);
        let (system, settings) = study.drawn(&off, &parts)?;
        drop(study);
        let mut case = self.target.case.clone();
        case.run.event_budget = budget::of(&system, &case.run.timing);
        case.system = system;
        Ok(Drawn {
            case,
            digest: None,
            point: self.target.point,
            settings,
        })
    }
}
