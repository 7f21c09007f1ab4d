//! Distributions to constants, and numbers to round ones.

use super::rows::change;
use crate::base::units::Nanos;
use crate::model::spec::{
    Arrivals, BackoffSpec, ClientBreaker, Dist, FaultWhen, SystemSpec, WorkSpec,
};

/// Steps that times of arrival are rounded down to, the coarsest first.
const STEPS: [Nanos; 7] = [
    1_000_000_000,
    100_000_000,
    10_000_000,
    1_000_000,
    100_000,
    10_000,
    1_000,
];

/// Calls for each distribution with what it is of.
fn each_dist(system: &mut SystemSpec, see: &mut dyn FnMut(&str, &mut Dist)) {
    for source in &mut system.sources {
        let name = format!("source {}", source.name);
        let mut one = |what: &str, dist: &mut Dist| see(&format!("{what} of {name}"), dist);
        match &mut source.arrivals {
            Arrivals::Renewal { gap } => one("gaps", gap),
            Arrivals::OnOff { on, off, .. } => {
                one("time on", on);
                one("time off", off);
            }
            Arrivals::Closed { think, .. } => one("thinking", think),
            _ => {}
        }
        let client = &mut source.client;
        for (what, dist) in [
            ("batches", &mut source.batch),
            ("timeout", &mut client.timeout),
            ("patience", &mut client.patience),
        ] {
            if let Some(dist) = dist {
                one(what, dist);
            }
        }
        if let Some(retry) = &mut client.retry
            && let BackoffSpec::Drawn(dist) = &mut retry.backoff
        {
            one("pauses", dist);
        }
        if let Some(ClientBreaker::Machine { spec, .. }) = &mut client.breaker
            && let Some(dist) = spec.open_for_mut()
        {
            one("open times of the breaker", dist);
        }
        for class in &mut source.classes {
            let name = format!("class {} of {name}", class.name);
            see(&format!("size of {name}"), &mut class.size);
            if let Some(WorkSpec::Drawn { cpu, .. }) = &mut class.work {
                see(&format!("work of {name}"), cpu);
            }
            if let Some(memory) = &mut class.memory {
                see(&format!("memory of {name}"), &mut memory.base);
            }
        }
    }
    dists_of_services(system, see);
    for fault in &mut system.faults {
        if let FaultWhen::Every(gap) = &mut fault.when {
            see(&format!("gaps of fault {}", fault.name), gap);
        }
        if let Some(lasts) = &mut fault.lasts {
            see(&format!("length of fault {}", fault.name), lasts);
        }
    }
}

fn dists_of_services(system: &mut SystemSpec, see: &mut dyn FnMut(&str, &mut Dist)) {
    for service in &mut system.services {
        let name = format!("service {}", service.name);
        if let Some(WorkSpec::Drawn { cpu, .. }) = &mut service.work {
            see(&format!("work of {name}"), cpu);
        }
        see(&format!("memory of {name}"), &mut service.memory.base);
        if let Some(dispatch) = &mut service.balancer.dispatch {
            see(&format!("dispatch of {name}"), dispatch);
        }
        let breaker = service.balancer.breaker.as_mut();
        if let Some(open_for) = breaker.and_then(|b| b.open_for_mut()) {
            see(&format!("open time of breakers of {name}"), open_for);
        }
        restarts(&mut service.groups, &name, see);
    }
}

fn restarts(
    groups: &mut [crate::model::spec::GroupSpec],
    name: &str,
    see: &mut dyn FnMut(&str, &mut Dist),
) {
    for group in groups {
        see(
            &format!("restart time of workers of {name}"),
            &mut group.restart,
        );
    }
}

/// Distribution `n` becomes its mean.
pub fn constant(system: &mut SystemSpec, n: usize) -> Option<String> {
    let (mut number, mut found) = (0, None);
    each_dist(system, &mut |what, dist| {
        if number == n {
            found = Some(match dist {
                Dist::Constant { .. } => String::new(),
                _ => {
                    let value = dist.mean().round().max(1.0);
                    *dist = Dist::Constant { value };
                    format!("distribution of the {what}")
                }
            });
        }
        number += 1;
    });
    found
}

/// Calls for each number that may be rounded with what it is.
fn each_number(system: &mut SystemSpec, see: &mut dyn FnMut(&str, &mut u64)) {
    each_dist(system, &mut |what, dist| {
        if let Dist::Constant { value } = dist {
            let mut number = *value as u64;
            see(what, &mut number);
            *value = number as f64;
        }
    });
    for source in &mut system.sources {
        let name = source.name.clone();
        let client = &mut source.client;
        let mut optional = |what: &str, place: Option<&mut u64>| {
            if let Some(number) = place {
                see(&format!("{what} of source {name}"), number);
            }
        };
        optional("deadline", client.deadline.as_mut());
        optional("hedges", client.hedge.as_mut().map(|h| &mut h.after));
        let retry = client.retry.as_mut().map(|r| &mut r.backoff);
        if let Some(BackoffSpec::Kind { base, .. }) = retry {
            optional("pauses", Some(base));
        }
    }
    for fault in &mut system.faults {
        if let FaultWhen::At(at) = &mut fault.when {
            see(&format!("time of fault {}", fault.name), at);
        }
    }
    for service in &mut system.services {
        for group in &mut service.groups {
            let name = format!("of workers of service {}", service.name);
            if let Some(slots) = &mut group.slots {
                let mut number = u64::from(*slots);
                see(&format!("slots {name}"), &mut number);
                *slots = u32::try_from(number).unwrap_or(*slots);
            }
            for (what, place) in [("RAM", &mut group.ram), ("bytes", &mut group.bytes)] {
                if let Some(number) = place {
                    see(&format!("{what} {name}"), number);
                }
            }
        }
    }
}

/// To so many digits, to the nearest or up.
pub fn round(value: u64, digits: u32, up: bool) -> u64 {
    let length = value.checked_ilog10().map_or(1, |log| log + 1);
    let step = 10_u64.pow(length.saturating_sub(digits));
    let down = value / step * step;
    let rest = value - down;
    match rest > 0 && (up || rest * 2 >= step) {
        true => down.saturating_add(step),
        false => down,
    }
}

/// Number `n / 4` with one digit or two, to the nearest or up.
pub fn rounded(system: &mut SystemSpec, n: usize) -> Option<String> {
    let (mut number, mut found) = (0, None);
    let (digits, up) = [(1, false), (1, true), (2, false), (2, true)][n % 4];
    each_number(system, &mut |what, value| {
        if number == n / 4 {
            let short = round(*value, digits, up);
            found = Some(match short == *value {
                true => String::new(),
                false => format!("digits of the {what}: {digits} left"),
            });
            *value = short;
        }
        number += 1;
    });
    found
}

/// Times of arrival: all at once, or in steps; then work in rows with one digit.
pub fn times(system: &mut SystemSpec, n: usize) -> Option<String> {
    let step = match n {
        0 => Nanos::MAX,
        n if n <= STEPS.len() => STEPS[n - 1],
        n if n == STEPS.len() + 1 => {
            let mut other = false;
            for source in &mut system.sources {
                change(source, |trace| {
                    for work in &mut trace.work {
                        let short = round(*work, 1, true);
                        other |= short != *work;
                        *work = short;
                    }
                });
            }
            let what = "digits of the work of requests: 1 left";
            return Some(if other { what.into() } else { String::new() });
        }
        _ => return None,
    };
    let mut other = false;
    for source in &mut system.sources {
        change(source, |trace| {
            for at in &mut trace.at {
                let short = *at / step * step;
                other |= short != *at;
                *at = short;
            }
        });
    }
    let what = match step {
        Nanos::MAX => "times between arrivals: all come at once".to_owned(),
        step => format!(
            "times between arrivals: they come in steps of {}",
            crate::base::units::print_time(step)
        ),
    };
    Some(if other { what } else { String::new() })
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn numbers_become_round() {
        for (value, digits, up, wanted) in [
            (0, 1, true, 0),
            (7, 1, false, 7),
            (128, 1, false, 100),
            (128, 1, true, 200),
            (128, 2, false, 130),
            (150, 1, false, 200),
            (1_000_000_001, 1, true, 2_000_000_000),
        ] {
            assert_eq!(round(value, digits, up), wanted, "{value}");
        }
    }
}
