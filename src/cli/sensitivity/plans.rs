//! What `sensitivity` is about to run: methods, designs, and how many trials that makes.

use super::*;

/// What is to be done, in one order; or why that makes no sense.
pub(super) fn methods(args: &SensitivityArgs, study: &Study) -> Result<Vec<Method>, String> {
    let asked = |m: &Method| match (args.method.is_empty(), m) {
        (false, m) => args.method.contains(m),
        (true, Method::Tornado) => true,
        (true, Method::Morris) => study.uncertain_count() > 0,
        (true, Method::Sobol) => false,
    };
    let all = [Method::Tornado, Method::Morris, Method::Sobol];
    let methods: Vec<Method> = all.into_iter().filter(asked).collect();
    let without_effect = [
        ("--by", args.by.is_some(), Method::Tornado, "tornado"),
        (
            "--inputs",
            !args.inputs.is_empty(),
            Method::Tornado,
            "tornado",
        ),
        (
            "--trajectories",
            args.trajectories.is_some(),
            Method::Morris,
            "morris",
        ),
        ("--samples", args.samples.is_some(), Method::Sobol, "sobol"),
    ];
    let uses_ranges = methods.iter().any(|m| *m != Method::Tornado);
    if uses_ranges && study.uncertain_count() == 0 {
        return Err(format!(
            "error[{}]: `--method morris` and `sobol` need an [uncertain] table in the experiment\n\
             help: give each input its range: \"service.x.work.mean\" = [\"2ms\", \"5ms\"]\n",
            Code::MISSING_KEY
        ));
    }
    for (option, given, method, word) in without_effect {
        if given && !methods.contains(&method) {
            return Err(format!(
                "error[{}]: `{option}` has no effect without the method {word}\n\
                 help: remove it, or add `--method {word}`\n",
                Code::KEYS_DISAGREE
            ));
        }
    }
    if study.base().metrics.is_empty() {
        return Err(format!(
            "error[{}]: there is no metric to look at: the objective names costs alone, and the \
             model has no prices\nhelp: name some, such as `--metrics latency_p99,loss`\n",
            Code::MISSING_KEY
        ));
    }
    Ok(methods)
}

/// What is to be run.
#[derive(Default)]
pub(super) struct Plans {
    pub(super) tornado: Option<Tornado>,
    pub(super) screen: Option<Screen>,
    pub(super) variance: Option<Variance>,
}

impl Plans {
    pub(super) fn make(
        args: &SensitivityArgs,
        methods: &[Method],
        study: &mut Study,
    ) -> Result<Plans, Diagnostics> {
        let replications = |usual| args.changes.replications.unwrap_or(usual);
        let (seed, inputs) = (study.base().seed, study.uncertain_count());
        let mut plans = Plans::default();
        if methods.contains(&Method::Tornado) {
            let by = args.by.unwrap_or(BY);
            plans.tornado = Some(study.tornado(by, replications(TORNADO))?);
        }
        if methods.contains(&Method::Morris) {
            let count = args.trajectories.unwrap_or(TRAJECTORIES);
            let walks = sensitivity::walks(seed, inputs, count as usize);
            plans.screen = Some(study.screen(walks, replications(MORRIS))?);
        }
        if methods.contains(&Method::Sobol) {
            let rows = args.samples.unwrap_or(SAMPLES);
            let pairs = sensitivity::pairs(seed, inputs, rows as usize);
            plans.variance = Some(study.variance(&pairs, replications(SOBOL))?);
        }
        Ok(plans)
    }

    /// Why nothing can be run; `None`: something can.
    pub(super) fn empty(&self) -> Option<String> {
        let tornado = self.tornado.as_ref().filter(|t| t.rows.is_empty())?;
        let mut text = "error: no input can be varied\n".to_owned();
        for left in tornado.left_out.iter().take(20) {
            text.push_str(&format!(
                "  {} = {}: {}\n",
                left.path, left.value, left.reason
            ));
        }
        Some(text)
    }

    pub(super) fn designs(&self) -> Vec<&Design> {
        let tornado = self.tornado.iter().map(|t| &t.design);
        let screen = self.screen.iter().map(|s| &s.design);
        let variance = self.variance.iter().map(|v| &v.design);
        tornado.chain(screen).chain(variance).collect()
    }

    pub(super) fn trials(&self) -> usize {
        self.designs().iter().map(|d| d.trial_count()).sum()
    }

    /// What is going to be run, one line a method.
    pub(super) fn predicted(&self) -> String {
        let mut text = String::new();
        let mut line = |what: String, design: &Design| {
            let timing = &design.timing;
            let length = match timing.horizon {
                Horizon::For(length) => {
                    format!(" of {}", print_time(timing.warm_up.saturating_add(length)))
                }
                Horizon::Trace => String::new(),
            };
            text.push_str(&format!(
                "{what}: {} points x {} = {} trials{length}, about {:.1e} requests\n",
                design.points.len(),
                design.replications,
                design.trial_count(),
                expected_requests(design)
            ));
        };
        if let Some(t) = &self.tornado {
            let (moved, left) = (t.rows.len(), t.left_out.len());
            line(
                format!("tornado: {moved} inputs, {left} not varied"),
                &t.design,
            );
        }
        if let Some(s) = &self.screen {
            let (walks, inputs) = (s.walks.len(), s.inputs.len());
            line(
                format!("morris: {walks} walks through {inputs} inputs"),
                &s.design,
            );
        }
        if let Some(v) = &self.variance {
            line(format!("sobol: {} inputs", v.inputs.len()), &v.design);
        }
        text
    }
}
