//! From the words of a known answer to a system. Whatever has no counterpart here is named, so
//! that no case runs as something simpler than it is.

use serde_json::Value;

use crate::model::spec::plain::{class, fault, group, service, source};
use crate::model::spec::*;

/// What this version cannot express, in the words of the case.
pub type Lacking = String;

const SECOND: f64 = 1e9;

/// Keys that say nothing new to this version, or only what it always does.
const SAID: &[&str] = &[
    "arrivals",
    "service",
    "nodes",
    "cores_per_node",
    "waiting_slots_per_node",
    "balancer",
    "client",
    "note",
    "same_instant_order",
    "band",
    "classes",
    "ram_gib_per_node",
    "admission",
    "failures",
    "fanout",
    "needs_all",
    "call_failure",
    "breaker",
];

/// The system of a model.
pub fn system(model: &Value) -> Result<SystemSpec, Lacking> {
    for (key, value) in model.as_object().into_iter().flatten() {
        let discipline = key == "discipline" && discipline(value).is_some();
        if !SAID.contains(&key.as_str()) && !discipline {
            return Err(format!("{key} = {value}"));
        }
    }
    let count = |key: &str| match &model[key] {
        Value::Null => Ok(None),
        _ => whole(model, key).map(Some),
    };
    let cores = count("cores_per_node")?.unwrap_or(UNBOUNDED_CORES);
    let traced = &model["service"]["ns"];
    let work = if model["service"] == "none" {
        WorkSpec::drawn(constant(0.0)?)
    } else if traced.is_array() {
        WorkSpec::FromTrace
    } else {
        match &model["arrivals"]["classes"] {
            Value::Array(_) => WorkSpec::drawn(constant(0.0)?),
            _ => WorkSpec::drawn(dist(&model["service"])?),
        }
    };
    let group = GroupSpec {
        discipline: discipline(&model["discipline"]).unwrap_or_default(),
        // A GiB of theirs is a byte of ours.
        ram: model["ram_gib_per_node"].as_u64(),
        slots: count("waiting_slots_per_node")?,
        ..group(need(count("nodes")?, "nodes")?, cores)
    };
    let mut sender = source("clients", arrivals(&model["arrivals"], &model["service"])?);
    if model["arrivals"]["batch_size"].is_object() {
        sender.batch = Some(sizes(&model["arrivals"]["batch_size"])?);
    }
    sender.client = client(&model["client"])?;
    if let Some(classes) = classes(model)? {
        sender.classes = classes;
    }
    sender.client.limit = admission(&model["admission"])?;
    let mut served = service("nodes", work, PolicySpec::Random, group);
    sender.fan_out = fan_out(model)?;
    balancer(&model["balancer"], &mut served.balancer)?;
    served.balancer.breaker = breaker(&model["breaker"])?;
    let mut faults = failures(&model["failures"])?;
    faults.extend(call_failure(&model["call_failure"])?);
    let spec = SystemSpec {
        title: "a known answer".into(),
        sources: vec![sender],
        services: vec![served],
        faults,
        prices: PriceSpec::default(),
    };
    match spec.check().first() {
        None => Ok(spec),
        Some(problem) => Err(format!("{problem:?}")),
    }
}

fn need<T>(value: Option<T>, what: &str) -> Result<T, Lacking> {
    value.ok_or_else(|| format!("{what} that is readable"))
}

fn number(value: &Value, key: &str) -> Result<f64, Lacking> {
    need(value[key].as_f64(), key)
}

fn whole(value: &Value, key: &str) -> Result<u32, Lacking> {
    need(value[key].as_u64().and_then(|n| n.try_into().ok()), key)
}

fn word<'v>(value: &'v Value, key: &str) -> Result<&'v str, Lacking> {
    need(value[key].as_str(), key)
}

/// What a key must say, since nothing else is known here.
fn says(value: &Value, key: &str, known: impl Into<Value>) -> Result<(), Lacking> {
    match value[key] == known.into() {
        true => Ok(()),
        false => Err(format!("{key} = {}", value[key])),
    }
}

fn constant(value: f64) -> Result<Dist, Lacking> {
    Dist::constant(value).map_err(|e| e.to_string())
}

fn discipline(value: &Value) -> Option<Discipline> {
    match value.as_str()? {
        "fifo" => Some(Discipline::Fifo),
        "processor_sharing" => Some(Discipline::Ps),
        "priority, non-preemptive, fifo within class" => Some(Discipline::Priority),
        _ => None,
    }
}

/// Classes: by rate with what each holds, or by share in the order of their urgency.
fn classes(model: &Value) -> Result<Option<Vec<ClassSpec>>, Lacking> {
    if let Some(kinds) = model["arrivals"]["classes"].as_array() {
        let one = |(i, kind): (usize, &Value)| -> Result<ClassSpec, Lacking> {
            let memory = match kind["holds"]["ram_gib"].as_f64() {
                Some(gib) => Some(MemorySpec {
                    held: Held::Admission,
                    base: constant(gib)?,
                    per_byte: 0.0,
                }),
                None => None,
            };
            Ok(ClassSpec {
                weight: number(kind, "rate")?,
                work: Some(WorkSpec::drawn(dist(&kind["service"])?)),
                cores: whole(&kind["holds"], "cores")?,
                memory,
                ..class(&format!("class{i}"))
            })
        };
        return kinds
            .iter()
            .enumerate()
            .map(one)
            .collect::<Result<_, _>>()
            .map(Some);
    }
    let Some(kinds) = model["classes"].as_array() else {
        return Ok(None);
    };
    let one = |(i, kind): (i64, &Value)| -> Result<ClassSpec, Lacking> {
        Ok(ClassSpec {
            weight: number(kind, "share")?,
            priority: i,
            ..class(word(kind, "name")?)
        })
    };
    (0..)
        .zip(kinds)
        .map(one)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn only(value: &Value, known: &[&str]) -> Result<(), Lacking> {
    let keys = value.as_object().into_iter().flatten();
    for (key, value) in keys {
        if !known.contains(&key.as_str()) && key != "note" {
            return Err(format!("{key} = {value}"));
        }
    }
    Ok(())
}

fn numbers(value: &Value, key: &str) -> Result<Vec<f64>, Lacking> {
    let all = need(value[key].as_array(), key)?;
    all.iter().map(|v| need(v.as_f64(), key)).collect()
}

fn whole_numbers(value: &Value, key: &str) -> Result<Vec<u64>, Lacking> {
    let all = need(value[key].as_array(), key)?;
    all.iter().map(|v| need(v.as_u64(), key)).collect()
}

fn arrivals(value: &Value, service: &Value) -> Result<Arrivals, Lacking> {
    only(
        value,
        &[
            "process",
            "rate",
            "rates",
            "switch_rates",
            "gap",
            "at_ns",
            "classes",
            "batch_rate",
            "batch_size",
        ],
    )?;
    match word(value, "process")? {
        "poisson" => Ok(Arrivals::Poisson {
            rate: number(value, "rate")?,
        }),
        "renewal" if value["gap"]["distribution"] == "constant" => Ok(Arrivals::Constant {
            rate: 1.0 / number(&value["gap"], "value")?,
        }),
        "renewal" => Ok(Arrivals::Renewal {
            gap: dist(&value["gap"])?,
        }),
        "poisson_batches" => Ok(Arrivals::Poisson {
            rate: number(value, "batch_rate")?,
        }),
        "mmpp2" => {
            let leave = numbers(value, "switch_rates")?;
            Ok(Arrivals::Mmpp {
                rates: numbers(value, "rates")?,
                dwell: leave.iter().map(|rate| SECOND / rate).collect(),
                switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
            })
        }
        "trace" => Ok(Arrivals::Trace(std::sync::Arc::new(Trace {
            at: whole_numbers(value, "at_ns")?,
            work: whole_numbers(service, "ns")?,
            ..Trace::default()
        }))),
        other => Err(format!("arrivals {other}")),
    }
}

/// How many arrive together.
fn sizes(value: &Value) -> Result<Dist, Lacking> {
    match value["distribution"].as_str() {
        Some("constant") => constant(number(value, "value")?),
        _ => Err(format!("batches {value}")),
    }
}

/// A distribution of seconds, in nanoseconds.
fn dist(value: &Value) -> Result<Dist, Lacking> {
    let time = |key: &str| number(value, key).map(|v| v * SECOND);
    let times = |key: &str| -> Result<Vec<f64>, Lacking> {
        Ok(numbers(value, key)?.iter().map(|v| v * SECOND).collect())
    };
    let name = value["distribution"].as_str();
    let made = match name.ok_or_else(|| format!("service {value}"))? {
        "constant" => Dist::constant(match value["value_ns"].as_f64() {
            Some(ns) => ns,
            None => time("value")?,
        }),
        "exponential" => Dist::exponential(time("mean")?),
        "uniform" => Dist::uniform(time("low")?, time("high")?),
        "erlang" => Dist::erlang(time("mean")?, whole(value, "shape")?),
        "lognormal" => Dist::lognormal_log(number(value, "mu")?, number(value, "sigma")?, SECOND),
        "bounded_pareto" => {
            Dist::pareto(time("low")?, number(value, "alpha")?, Some(time("high")?))
        }
        "hyperexponential" => {
            Dist::hyperexponential_of(&times("means")?, &numbers(value, "probs")?)
        }
        "two_point" => Dist::empirical(&times("values")?, Some(&numbers(value, "probs")?)),
        other => return Err(format!("distribution {other}")),
    };
    made.map_err(|e| e.to_string())
}

/// Cores that go down one by one.
fn failures(value: &Value) -> Result<Vec<FaultSpec>, Lacking> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    only(
        value,
        &["unit", "up", "down", "in_service", "fails_when_idle"],
    )?;
    let known = value["unit"] == "core"
        && value["in_service"] == "resume from head of queue"
        && value["fails_when_idle"] == true;
    if !known {
        return Err(format!("failures {value}"));
    }
    let when = FaultWhen::Every(dist(&value["up"])?);
    Ok(vec![FaultSpec {
        lasts: Some(dist(&value["down"])?),
        unit: FaultUnit::Core,
        ..fault("failures", FaultKind::Crash, (1, 1), when)
    }])
}

/// Calls that are served and then fail, each by itself.
fn call_failure(value: &Value) -> Result<Option<FaultSpec>, Lacking> {
    only(value, &["probability", "known_at"])?;
    let Some(probability) = value["probability"].as_f64() else {
        return Ok(None);
    };
    says(value, "known_at", "end of service")?;
    let kind = FaultKind::Error {
        probability,
        when: ErrorWhen::End,
    };
    let errors = fault("errors", kind, (1, 1), FaultWhen::At(0));
    Ok(Some(errors))
}

/// A breaker that opens after failures in a row and then lets one call in at a time.
fn breaker(value: &Value) -> Result<Option<BreakerSpec>, Lacking> {
    only(
        value,
        &["opens_after", "open_for", "half_open", "counts_refusals"],
    )?;
    if value["opens_after"].is_null() {
        return Ok(None);
    }
    says(&value["half_open"], "probe", "next arrival")?;
    says(value, "counts_refusals", false)?;
    Ok(Some(BreakerSpec::Consecutive {
        failures: whole(&value["opens_after"], "consecutive_failures")?,
        open_for: dist(&value["open_for"])?,
        half_open_calls: whole(&value["half_open"], "probes")?,
        successes: 1,
        counts: Failures::of(&[FailureKind::Error]),
    }))
}

fn client(value: &Value) -> Result<ClientSpec, Lacking> {
    let known = [
        "timeout_s",
        "cancels_work",
        "retries",
        "patience",
        "applies",
        "hedge_after_s",
        "cancel_loser",
        "retry",
    ];
    only(value, &known)?;
    let mut client = ClientSpec::default();
    if let Some(after) = value["hedge_after_s"].as_f64() {
        says(value, "cancel_loser", true)?;
        client.hedge = Some(HedgeSpec {
            kind: HedgeKind::Grpc,
            after: (after * SECOND) as u64,
            max: 1,
            cancel: Cancel::Full,
        });
    }
    if value["retry"].is_object() {
        only(&value["retry"], &["pause", "max_attempts"])?;
        says(&value["retry"], "max_attempts", Value::Null)?;
        client.retry = Some(RetrySpec {
            attempts: u32::MAX,
            backoff: BackoffSpec::Drawn(dist(&value["retry"]["pause"])?),
            on: Failures::ALL,
            budget: None,
        });
    }
    if value["patience"].is_object() {
        says(value, "applies", "while waiting")?;
        client.patience = Some(dist(&value["patience"])?);
    }
    if let Some(timeout) = value["timeout_s"].as_f64() {
        if value["cancels_work"] != false || value["retries"] != 0 {
            return Err("a timeout that cancels".into());
        }
        client.timeout = Some(constant(timeout * SECOND)?);
    }
    Ok(client)
}

/// One copy to each node, all of which must answer.
fn fan_out(model: &Value) -> Result<Option<FanOutSpec>, Lacking> {
    if model["fanout"].is_null() {
        return Ok(None);
    }
    let everyone = model["fanout"] == model["nodes"] && model["needs_all"] == true;
    if !everyone || model["balancer"]["policy"] != "all" {
        return Err(format!("fan-out {}", model["fanout"]));
    }
    Ok(Some(FanOutSpec {
        copies: None,
        need: None,
        rest: Cancel::Nothing,
    }))
}

/// Tokens, in the words of the truth.
fn admission(value: &Value) -> Result<Option<LimitSpec>, Lacking> {
    only(value, &["token_bucket"])?;
    let bucket = &value["token_bucket"];
    only(bucket, &["rate", "depth", "fill", "start"])?;
    let Some(rate) = bucket["rate"].as_f64() else {
        return Ok(None);
    };
    says(bucket, "start", "full")?;
    let fill = match word(bucket, "fill")? {
        "even" => Fill::Even,
        "one token per tick" => Fill::Tick,
        other => return Err(format!("tokens filled {other}")),
    };
    let burst = whole(bucket, "depth")?;
    Ok(Some(LimitSpec {
        rate: Some(RateSpec { rate, burst, fill }),
        in_flight: None,
    }))
}

fn balancer(value: &Value, balancer: &mut BalancerSpec) -> Result<(), Lacking> {
    let known = [
        "policy",
        "counts",
        "ties",
        "d",
        "with_replacement",
        "service",
        "cores",
    ];
    only(value, &known)?;
    if value["counts"].is_string() {
        says(value, "counts", "waiting + in service")?;
    }
    if value["service"].is_object() {
        balancer.dispatch = Some(dist(&value["service"])?);
        balancer.cores = whole(value, "cores")?;
    }
    let Some(policy) = value["policy"].as_str() else {
        return Ok(());
    };
    let at_random = value["ties"] == "random";
    let choices = value["d"].as_u64().unwrap_or(0) as u32;
    balancer.policy = match (policy, value["with_replacement"].as_bool()) {
        // A copy for each node, or nobody ever waits: the policy decides nothing.
        ("all" | "any", _) => PolicySpec::Random,
        ("random", _) => PolicySpec::Random,
        ("round_robin", _) => PolicySpec::RoundRobin { start: Some(1) },
        ("least_requests", _) if at_random => PolicySpec::JsqOracle { ties: Ties::Random },
        ("power_of_d", Some(true)) if at_random => PolicySpec::LeastRequest {
            choices,
            full_scan: false,
        },
        ("power_of_d", Some(false)) if at_random && choices == 2 => PolicySpec::P2c,
        _ => return Err(format!("balancer {value}")),
    };
    Ok(())
}
