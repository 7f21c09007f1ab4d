//! Rules about who sends, what a request is, and whether anyone can take it in.

use super::{MAX_KEYS, MAX_USERS, Rules, least};
use crate::base::codes::Code;
use crate::base::units::{HIGHEST_RATE, print_bytes};
use crate::model::spec::{
    Arrivals, ClassSpec, Discipline, Dist, MemorySpec, ServiceSpec, SourceSpec, SystemSpec, Trace,
    WorkSpec,
};

impl Rules {
    pub(super) fn sources(&mut self, system: &SystemSpec) {
        for source in &system.sources {
            let path = format!("source.{}", source.name);
            self.name(&source.name, &path);
            let Some(service) = system.services.get(source.to) else {
                let message = format!("`{path}.to` is no service");
                self.add(Code::UNKNOWN_NAME, &format!("{path}.to"), message, None);
                continue;
            };
            self.arrivals(&source.arrivals, &format!("{path}.arrivals"));
            if let Some(batch) = &source.batch {
                self.batch(batch, &format!("{path}.arrivals.batch"));
            }
            if let (Some(_), Arrivals::Trace(_)) = (&source.profile, &source.arrivals) {
                let place = format!("{path}.arrivals.profile");
                let message = format!("`{place}` cannot change the times of a trace");
                self.add(Code::KEYS_DISAGREE, &place, message, None);
            }
            if let Arrivals::Trace(trace) = &source.arrivals
                && trace
                    .class
                    .iter()
                    .any(|&c| c as usize >= source.classes.len())
            {
                let place = format!("{path}.arrivals.columns.class");
                let message = format!("`{place}` names a class that the source does not have");
                self.add(Code::UNKNOWN_NAME, &place, message, None);
            }
            self.priorities(source, service);
            if source.stop.is_some_and(|stop| stop <= source.start) {
                let message = format!("`{path}.stop` must be after `start`");
                self.add(Code::KEYS_DISAGREE, &format!("{path}.stop"), message, None);
            }
            self.classes(source, &path);
            let several = (source.fan_out.is_some(), false);
            self.client(&source.client, several, &format!("{path}.client"));
            let copies = (source.fan_out, &source.client);
            self.copies(copies, service.worker_count(), &path);
            if !service.steps.is_empty() {
                continue;
            }
            for class in &source.classes {
                let Some(work) = class.work.as_ref().or(service.work.as_ref()) else {
                    let place = format!("service.{}.work", service.name);
                    let message = format!(
                        "`service.{}` needs `work`: class `{}` of source `{}` has none of its own",
                        service.name, class.name, source.name
                    );
                    self.add(Code::MISSING_KEY, &place, message, None);
                    continue;
                };
                self.needs_trace(work, source, &path);
            }
        }
    }

    /// A priority, of a class or recorded, counts only where requests wait by it.
    fn priorities(&mut self, source: &SourceSpec, service: &ServiceSpec) {
        let mut groups = service.groups.iter();
        if groups.any(|g| g.discipline == Discipline::Priority) {
            return;
        }
        let recorded = match &source.arrivals {
            Arrivals::Trace(trace) => !trace.priority.is_empty(),
            _ => false,
        };
        let path = format!("source.{}", source.name);
        let columns = recorded.then(|| format!("{path}.arrivals.columns.priority"));
        let classes = source.classes.iter().filter(|c| c.priority != 0);
        let classes = classes.map(|c| format!("{path}.class.{}.priority", c.name));
        for path in columns.into_iter().chain(classes) {
            let message = format!(
                "`{path}` has no effect: no worker of service `{}` serves by priority",
                service.name
            );
            let help = Some("say `discipline = \"priority\"` of its workers");
            self.add(Code::KEYS_DISAGREE, &path, message, help);
        }
    }

    fn needs_trace(&mut self, work: &WorkSpec, source: &SourceSpec, path: &str) {
        let has = match &source.arrivals {
            Arrivals::Trace(trace) => !trace.work.is_empty(),
            _ => false,
        };
        if *work == WorkSpec::FromTrace && !has {
            let path = format!("{path}.arrivals");
            let message = format!(
                "source `{}` must send a trace with a column for the work of its requests",
                source.name
            );
            self.add(Code::KEYS_DISAGREE, &path, message, None);
        }
    }

    fn arrivals(&mut self, arrivals: &Arrivals, path: &str) {
        match arrivals {
            Arrivals::Poisson { rate } | Arrivals::Constant { rate } => {
                self.rate(*rate, &format!("{path}.rate"));
            }
            Arrivals::Mmpp {
                rates,
                dwell,
                switch,
            } => {
                rates
                    .iter()
                    .for_each(|r| self.rate(*r, &format!("{path}.rates")));
                self.chain(rates.len(), dwell, switch, path);
            }
            Arrivals::Renewal { gap } => {
                let mean = gap.mean();
                let fine = mean >= 1e9 / HIGHEST_RATE;
                let allowed = "a distribution whose mean is at least 0.001 ns";
                self.range(fine, &format!("{path}.gap"), allowed, format!("{mean} ns"));
            }
            Arrivals::OnOff { rate, on, off } => {
                self.rate(*rate, &format!("{path}.rate"));
                for (name, period) in [("on", on), ("off", off)] {
                    let mean = period.mean();
                    let allowed = "a distribution whose mean is at least 1 ns";
                    self.range(
                        mean >= 1.0,
                        &format!("{path}.{name}"),
                        allowed,
                        format!("{mean} ns"),
                    );
                }
            }
            Arrivals::Closed { users, think } => {
                let fine = (1..=MAX_USERS).contains(users);
                self.range(fine, &format!("{path}.users"), "1 to 1e7", users);
                let fine = least(think) >= 0.0;
                self.range(fine, &format!("{path}.think"), "0 or more", least(think));
            }
            Arrivals::Trace(trace) => self.trace(trace, path),
        }
    }

    fn batch(&mut self, batch: &Dist, path: &str) {
        let fewest = least(batch);
        let allowed = "a distribution of 1 or more (`geometric`, `uniform`, a list of `values`)";
        self.range(fewest >= 1.0, path, allowed, fewest);
        let mean = batch.mean();
        let allowed = "of a mean of at most 1e6";
        self.range(mean <= 1e6, path, allowed, mean);
    }

    fn rate(&mut self, rate: f64, path: &str) {
        let fine = (0.0..=HIGHEST_RATE).contains(&rate);
        self.range(fine, path, "0 to 1e12 a second", rate);
    }

    fn chain(&mut self, states: usize, dwell: &[f64], switch: &[Vec<f64>], path: &str) {
        let square = switch.len() == states && switch.iter().all(|row| row.len() == states);
        if states == 0 || dwell.len() != states || !square {
            let message = format!(
                "`{path}` needs as many `dwell` times as `rates`, and `switch` as many rows and \
                 columns: {states} rates, {} times, {} rows",
                dwell.len(),
                switch.len()
            );
            self.add(Code::KEYS_DISAGREE, path, message, None);
            return;
        }
        for &stay in dwell {
            let fine = stay > 0.0 && stay.is_finite();
            self.range(fine, &format!("{path}.dwell"), "above 0", stay);
        }
        let place = format!("{path}.switch");
        for (i, row) in switch.iter().enumerate() {
            let sum: f64 = row.iter().sum();
            let fine = row.iter().all(|p| (0.0..=1.0).contains(p)) && (sum - 1.0).abs() < 1e-9;
            let allowed = "rows of chances from 0 to 1 that sum to 1";
            self.range(fine, &place, allowed, format!("{row:?}"));
            let stays = states > 1 && row[i] != 0.0;
            let allowed = "0 on the diagonal (a state is not followed by itself)";
            self.range(!stays, &place, allowed, row[i]);
        }
        if !connected(switch) {
            let message = format!("`{place}` must lead from every state to every other");
            self.add(Code::OUT_OF_RANGE, &place, message, None);
        }
    }

    fn trace(&mut self, trace: &Trace, path: &str) {
        let rows = trace.at.len();
        let columns = [
            trace.size.len(),
            trace.work.len(),
            trace.memory.len(),
            trace.class.len(),
            trace.priority.len(),
            trace.key.len(),
        ];
        if columns.iter().any(|&n| n != 0 && n != rows) {
            let message = format!("`{path}` has columns of different lengths");
            self.add(Code::TRACE, path, message, None);
        }
        if trace.repeat && trace.at.is_sorted() && trace.round().is_none() {
            let message = format!("`{path}` has all rows at one time: it cannot repeat");
            self.add(Code::TRACE, path, message, None);
        }
        if !trace.at.is_sorted() {
            let message = format!("`{path}` has times that go backwards");
            self.add(Code::TRACE, path, message, None);
        }
    }

    fn classes(&mut self, source: &SourceSpec, path: &str) {
        let names = source.classes.iter().map(|c| c.name.as_str());
        self.unique("classes", names, &format!("{path}.class"));
        for class in &source.classes {
            self.class(class, &format!("{path}.class.{}", class.name));
        }
        let total: f64 = source.classes.iter().map(|c| c.weight).sum();
        if source.classes.is_empty() || total == 0.0 {
            let path = format!("{path}.class");
            let message = format!(
                "the weights of the classes of source `{}` sum to 0: nothing could be chosen",
                source.name
            );
            let help = Some("give at least one `weight` above 0");
            self.add(Code::OUT_OF_RANGE, &path, message, help);
        }
    }

    fn class(&mut self, class: &ClassSpec, path: &str) {
        self.name(&class.name, &format!("{path}.name"));
        let fine = (0.0..=1e12).contains(&class.weight);
        self.range(fine, &format!("{path}.weight"), "0 to 1e12", class.weight);
        let fine = (0.0..=1e12).contains(&class.work_factor);
        self.range(
            fine,
            &format!("{path}.work_factor"),
            "0 to 1e12",
            class.work_factor,
        );
        if let Some(work) = &class.work {
            self.work(work, &format!("{path}.work"));
        }
        if let Some(memory) = &class.memory {
            self.memory(memory, &format!("{path}.memory"));
        }
        if let Some(key) = &class.key {
            let fine = (1..=MAX_KEYS).contains(&key.keys);
            self.range(fine, &format!("{path}.key.keys"), "1 to 10^12", key.keys);
            let fine = (0.0..=20.0).contains(&key.exponent);
            self.range(
                fine,
                &format!("{path}.key.exponent"),
                "0 to 20",
                key.exponent,
            );
        }
    }

    pub(super) fn work(&mut self, work: &WorkSpec, path: &str) {
        let more = work.per_in_flight();
        let fine = (0.0..=1e18).contains(&more);
        self.range(fine, &format!("{path}.per_in_flight"), "0 or more", more);
        if let WorkSpec::Drawn { per_kib, .. } = work {
            let fine = (0.0..=1e18).contains(per_kib);
            self.range(fine, &format!("{path}.per_kib"), "0 or more", per_kib);
        }
    }

    pub(super) fn memory(&mut self, memory: &MemorySpec, path: &str) {
        let fine = (0.0..=1e12).contains(&memory.per_byte);
        self.range(
            fine,
            &format!("{path}.per_byte"),
            "0 to 1e12",
            memory.per_byte,
        );
    }

    /// Whether every group of workers can take in at least one kind of request.
    pub(super) fn admission(&mut self, system: &SystemSpec, index: usize) {
        let service = &system.services[index];
        let mut smallest: Option<(f64, &str)> = None;
        for source in system.sources.iter().filter(|s| s.to == index) {
            for class in source.classes.iter().filter(|c| c.weight > 0.0) {
                let memory = class.memory.as_ref().unwrap_or(&service.memory);
                let need = least_memory(memory, class, &source.arrivals);
                if smallest.is_none_or(|(least, _)| need < least) {
                    smallest = Some((need, &class.name));
                }
            }
        }
        let Some((need, class)) = smallest else {
            return;
        };
        for group in &service.groups {
            let Some(ram) = group.ram else { continue };
            if need <= ram as f64 {
                continue;
            }
            let path = format!("{}.ram", service.path_of(group));
            let message = format!(
                "no request can ever be admitted: `{path}` is {}, and the smallest request \
                 (class `{class}`) needs {}",
                print_bytes(ram),
                print_bytes(need.ceil() as u64)
            );
            let help = Some("give the workers more `ram`, or the requests less `memory`");
            self.add(Code::OUT_OF_RANGE, &path, message, help);
        }
    }
}

/// The least memory that a request of this class can need, bytes.
fn least_memory(memory: &MemorySpec, class: &ClassSpec, arrivals: &Arrivals) -> f64 {
    let column = |values: &[u64]| values.iter().min().map(|&v| v as f64);
    let mut size = least(&class.size);
    if let Arrivals::Trace(trace) = arrivals {
        if let Some(need) = column(&trace.memory) {
            return need;
        }
        size = column(&trace.size).unwrap_or(size);
    }
    least(&memory.base) + memory.per_byte * size
}

/// Whether every state can be reached from every other.
fn connected(switch: &[Vec<f64>]) -> bool {
    let reach = |follows: &dyn Fn(usize, usize) -> bool| {
        let mut seen = vec![false; switch.len()];
        let mut todo = vec![0];
        while let Some(i) = todo.pop() {
            if !std::mem::replace(&mut seen[i], true) {
                todo.extend((0..switch.len()).filter(|&j| follows(i, j)));
            }
        }
        seen.into_iter().all(|s| s)
    };
    reach(&|i, j| switch[i][j] > 0.0) && reach(&|i, j| switch[j][i] > 0.0)
}
