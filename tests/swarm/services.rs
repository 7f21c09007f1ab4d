//! Services: work, memory, balancers, workers.

use crate::breakers::breaker;
use crate::care::{health, outlier};
use crate::dists::{Kind, any, number, positive, share};
use crate::features::Feature::*;
use crate::model::{Making, Service, default};
use crate::text::{Node, Table};
use crate::workers::{autoscale, ram, restart, shed, strain};

/// Bytes of memory that requests hold, in the mean.
pub const MEMORY: f64 = 8e6;

pub fn add(m: &mut Making, file: &mut Table) {
    let mut all = Table::default();
    for name in &["web", "store", "mail"][..m.draw.pick(&[1, 1, 2, 3])] {
        let table = service(m, name);
        all.node(name, Node::Table(table));
    }
    file.node("service", Node::Table(all));
}

fn service(m: &mut Making, name: &str) -> Table {
    let mut about = Service {
        name: name.to_owned(),
        work: m.length as f64 / m.draw.scale(20.0, 2000.0),
        pulls: m.has(CentralQueue),
        bounded_ram: true,
        cores: u64::MAX,
        ..Service::default()
    };
    let mut table = Table::default();
    about.traced = m.features.on(Trace) && m.draw.chance(0.15);
    let work = work(m, &about);
    table.node("work", work);
    let policy = policy(m, &mut about);
    let weights = match policy.0 {
        "ring_hash" | "maglev" | "rendezvous" => true,
        "least_request" => policy.1 == 2,
        name if weighs_by_turns(name) => true,
        _ => false,
    };
    // What holds nothing strains nobody, and that is refused.
    about.strained = m.has(Strained) && !m.features.on(Zeros);
    let workers = workers(m, &mut about, weights);
    if !about.pulls && !matches!(&workers, Node::Tables(all) if all.len() > 1) && m.has(Scaled) {
        about.scaled = true;
        let (count, shares) = (about.workers, about.cores == u64::MAX);
        let scale = autoscale(m, count, shares);
        table.node("autoscale", Node::Table(scale));
    }
    table.node("workers", workers);
    if about.strained || m.has(Memory) {
        let memory = memory(m, about.ram);
        table.node("memory", memory);
    }
    if m.features.on(Policy) || about.pulls || m.draw.chance(0.3) {
        let balancer = balancer(m, &about, policy);
        table.node("balancer", Node::Table(balancer));
    }
    m.services.push(about);
    table
}

pub fn work(m: &mut Making, about: &Service) -> Node {
    let mut table = Table::default();
    if about.traced {
        table.text("column", "tokens");
        let unit = about.work / 10.0;
        table.put("per_unit", m.time(unit));
        if m.draw.chance(0.5) {
            table.put("base", m.time(unit));
        }
        return Node::Table(table);
    }
    let (sized, crowded) = (m.has(Size), m.has(Crowded));
    if !sized && !crowded {
        return any(m, about.work, Kind::Time);
    }
    let cpu = any(m, about.work, Kind::Time);
    table.node("cpu", cpu);
    if sized {
        table.put("per_kib", m.time(about.work / 20.0));
    }
    if crowded {
        table.put("per_in_flight", m.time(about.work / 20.0));
    }
    Node::Table(table)
}

/// Memory of requests, the least of which fits into so much RAM.
pub fn memory(m: &mut Making, ram: Option<u64>) -> Node {
    // A distribution may come to nothing, and so fits.
    let mean = ram.map_or(MEMORY, |ram| MEMORY.min(ram as f64 / 4.0));
    let base = any(m, mean, Kind::Bytes);
    let served = m.has(HeldService);
    if m.draw.chance(0.5) && !served {
        return base;
    }
    let mut table = Table::default();
    table.node("base", base);
    if m.features.on(Size) {
        table.put("per_byte", share(&mut m.draw, 0.0, 3.0));
    }
    if served {
        table.text("held", "service");
        // What never fits waits for ever.
        m.ends = false;
    } else {
        default(m, &mut table, "held", "\"admission\"");
    }
    Node::Table(table)
}

type Write = fn(&mut Making, &mut Table, &Service);

/// Policies in two columns: without and with keys of their own; `least_request` takes its keys
/// only where weights are equal.
const POLICIES: &[(&str, Write)] = &[
    ("random", |_, _, _| {}),
    ("round_robin", |m, t, about| match m.draw.from(0, 1) {
        0 => t.text("start", "random"),
        _ => t.put("start", m.draw.from(1, about.workers)),
    }),
    ("weighted_round_robin", |m, t, _| {
        let schedule = m.draw.pick(&["smooth", "edf"]);
        t.text("schedule", schedule);
    }),
    ("least_request", |m, t, _| match m.draw.from(0, 1) {
        0 => t.put("choices", m.draw.from(1, 4)),
        _ => t.put("full_scan", true),
    }),
    ("p2c", |_, _, _| {}),
    ("random_n", |m, t, _| t.put("choices", m.draw.from(1, 4))),
    ("least_connections", |_, _, _| {}),
    ("first", |_, _, _| {}),
    ("jsq_oracle", |m, t, _| {
        let ties = m.draw.pick(&["random", "first"]);
        t.text("ties", ties);
    }),
    ("ring_hash", |m, t, _| {
        t.put("ring_size", m.draw.pick(&[1, 16, 1024]));
        bounded_load(m, t);
    }),
    ("maglev", |m, t, _| {
        t.put("table_size", m.draw.pick(&[7, 251, 65537]));
        bounded_load(m, t);
    }),
    ("rendezvous", |m, t, _| bounded_load(m, t)),
    ("peak_ewma", |m, t, _| {
        let decay = m.time(m.length as f64 / 20.0);
        t.put("decay", decay);
    }),
    ("jiq", |_, t, _| t.text("register", "random")),
    ("aperture", |m, t, _| {
        t.put("low_load", share(&mut m.draw, 0.0, 1.0));
        t.put("high_load", share(&mut m.draw, 1.0, 3.0));
        let smooth = m.time(m.length as f64 / 20.0);
        t.put("smooth", smooth);
        t.put("min_aperture", m.draw.from(1, 3));
    }),
    ("client_wrr", |m, t, _| {
        for (key, part) in [("report", 30.0), ("blackout", 40.0), ("expiry", 10.0)] {
            let time = m.time(m.length as f64 / part);
            t.put(key, time);
        }
        t.text("update", "100ms");
        t.put("penalty", share(&mut m.draw, 0.0, 2.0));
    }),
    ("prequal", |m, t, _| {
        t.put("probes", share(&mut m.draw, 1.0, 4.0));
        t.put("removals", share(&mut m.draw, 0.0, 0.9));
        t.put("pool", m.draw.from(2, 20));
        t.put("hot_above", share(&mut m.draw, 0.0, 1.0));
        t.put("surplus", share(&mut m.draw, 0.0, 2.0));
        let age = m.nanos(m.length as f64 / 30.0);
        t.put("probe_age", number(Kind::Time, age));
        let takes = m.draw.from(0, (age / m.step - 1) / 2) * m.step;
        t.put("probe_time", number(Kind::Time, takes));
    }),
];

fn weighs_by_turns(policy: &str) -> bool {
    [
        "random",
        "weighted_round_robin",
        "least_request",
        "random_n",
        "least_connections",
    ]
    .contains(&policy)
}

fn bounded_load(m: &mut Making, table: &mut Table) {
    if m.draw.chance(0.5) {
        table.put("bounded_load", share(&mut m.draw, 1.0, 2.0));
    }
}

/// A policy, and whether it has keys (1), none (0), or none and unequal weights (2).
fn policy(m: &mut Making, about: &mut Service) -> (&'static str, u64) {
    if about.pulls {
        return ("central_queue", 0);
    }
    if !m.features.on(Policy) {
        return ("round_robin", 0);
    }
    let index = m.draw.from(0, POLICIES.len() as u64 - 1) as usize;
    let name = match POLICIES[index].0 {
        // Of unbounded cores always some are idle.
        "jiq" if m.features.on(Unbounded) => "p2c",
        name => name,
    };
    (name, m.draw.from(0, 2))
}

fn balancer(m: &mut Making, about: &Service, (policy, keys): (&'static str, u64)) -> Table {
    let mut table = Table::default();
    if m.features.on(Policy) || about.pulls {
        table.text("policy", policy);
        if keys == 1
            && let Some(found) = POLICIES.iter().find(|p| p.0 == policy)
        {
            found.1(m, &mut table, about);
        }
    }
    if m.has(Dispatch) {
        let mean = about.work / about.all_cores.clamp(1, 99) as f64;
        let takes = positive(m, mean, Kind::Time);
        table.node("dispatch", takes);
        if m.draw.chance(0.5) {
            table.put("cores", m.draw.from(1, 3));
        }
        default(m, &mut table, "cores", "1");
    }
    let mut instances = 1;
    if (about.zoned || m.has(Instances)) && !about.pulls {
        instances = m.draw.from(1 + u64::from(about.zoned), 4);
        table.put("instances", instances);
        if policy == "jiq" && keys != 1 && instances > 1 {
            table.text("register", "sq2");
        }
    }
    if weighs_by_turns(policy) && m.has(SlowStart) {
        let mut slow = Table::default();
        let window = m.time(m.length as f64 / 20.0);
        slow.put("window", window);
        slow.put("aggression", share(&mut m.draw, 0.5, 3.0));
        slow.put("min_weight", share(&mut m.draw, 0.0, 1.0));
        table.node("slow_start", Node::Table(slow));
    }
    let subset = m.has(Subset) && !about.pulls && !about.scaled && policy != "jiq";
    if subset {
        table.put("subset", m.draw.from(1, 4));
    }
    if m.has(FrontBuffer) {
        let words = &["reject", "drop_oldest", "dead_letter"];
        let buffer = buffer(m, words, true);
        table.node("buffer", buffer);
    }
    if !about.pulls
        && let Some(breaker) = breaker(m, |m, table| {
            if instances > 1 && m.has(BreakerShare) {
                table.text("share", "all");
            }
        })
    {
        table.node("breaker", breaker);
    }
    let mut left_out = false;
    if m.has(Health) && !about.pulls {
        let (health, removes) = health(m);
        table.node("health", health);
        left_out = removes;
    }
    if m.has(Outlier) && !about.pulls {
        table.node("outlier", outlier(m));
        left_out = true;
    }
    if left_out && m.draw.chance(0.7) {
        let threshold = m.draw.pick(&["0", "0.3", "0.5", "0.9", "1"]);
        table.put("panic_threshold", threshold);
        left_out = threshold != "0";
    }
    let hashes = ["ring_hash", "maglev", "rendezvous"].contains(&policy);
    if about.zoned && !about.pulls && !hashes && !subset {
        let mut zones = Table::default();
        let named = m.draw.pick(&[r#"["a", "b"]"#, r#"["b", "a"]"#]);
        zones.put("zones", named);
        zones.put("min_cluster_size", m.draw.from(1, about.workers));
        zones.put("routing_enabled", share(&mut m.draw, 0.1, 1.0));
        if left_out {
            let fails = m.draw.chance(0.5);
            zones.put("fail_traffic_on_panic", fails);
        }
        table.node("zone_aware", Node::Table(zones));
    }
    default(m, &mut table, "health", "\"none\"");
    default(m, &mut table, "outlier", "\"none\"");
    default(m, &mut table, "dispatch", "\"0s\"");
    default(m, &mut table, "breaker", "\"none\"");
    table
}

/// A buffer; `bytes`: whether bytes may bound it.
fn buffer(m: &mut Making, words: &[&'static str], bytes: bool) -> Node {
    let mut table = Table::default();
    if m.has(Slots) {
        table.put("slots", m.draw.pick(&[0, 1, 2, 3, 8, 30]));
    } else {
        default(m, &mut table, "slots", "\"unbounded\"");
    }
    if bytes && m.has(Bytes) {
        let most = m.draw.scale(100.0, 1e5) as u64;
        table.put("bytes", number(Kind::Bytes, most));
    }
    if words.len() > 1 && m.has(OnFull) {
        let word = m.draw.pick(&words[1..]);
        table.text("on_full", word);
        if word == "redispatch" && m.draw.chance(0.5) {
            table.put("redispatch_max", m.draw.from(1, 4));
        }
    } else if words.contains(&"wedge") && m.has(Wedge) {
        table.text("on_full", "wedge");
    } else {
        default(m, &mut table, "on_full", "\"reject\"");
    }
    Node::Table(table)
}

fn workers(m: &mut Making, about: &mut Service, weights: bool) -> Node {
    let groups = if m.has(Groups) { 2 } else { 1 };
    let names = ["small", "big"];
    about.zoned = groups > 1 && m.has(Zones);
    let of = |m: &mut Making, about: &mut Service, i: usize| {
        let mut table = Table::default();
        if groups > 1 || m.draw.chance(0.5) {
            table.text("name", names[i]);
        }
        group(m, about, weights, &mut table);
        if about.zoned {
            table.text("zone", ["a", "b"][i]);
        }
        table
    };
    if groups == 1 && m.draw.chance(0.7) {
        return Node::Table(of(m, about, 0));
    }
    Node::Tables((0..groups).map(|i| of(m, about, i)).collect())
}

fn group(m: &mut Making, about: &mut Service, weights: bool, table: &mut Table) {
    let count = m.draw.pick(&[1, 1, 2, 3]);
    table.put("count", count);
    about.workers += count;
    let unbounded = m.has(Unbounded);
    if unbounded {
        table.text("cores", "unbounded");
        about.all_cores += 10;
    } else {
        let cores = m.draw.pick(&[1, 1, 2, 3, 4]);
        table.put("cores", cores);
        about.cores = about.cores.min(cores);
        about.all_cores += count * cores;
    }
    let sharing = !unbounded && m.has(Sharing);
    about.shares |= unbounded || sharing;
    if sharing {
        table.text("discipline", "ps");
    } else if !unbounded && m.has(Discipline) {
        let edf = m.features.on(Deadline);
        let words = if edf {
            &["lifo", "adaptive_lifo", "priority", "edf"][..]
        } else {
            &["lifo", "adaptive_lifo", "priority"]
        };
        let word = m.draw.pick(words);
        about.by_deadline |= word == "edf";
        about.by_priority |= word == "priority";
        table.text("discipline", word);
        if word == "adaptive_lifo" && m.draw.chance(0.7) {
            table.put("lifo_above", m.draw.from(0, 6));
        }
    } else {
        default(m, table, "discipline", "\"fifo\"");
    }
    if weights && m.has(Weight) {
        table.put("weight", share(&mut m.draw, 0.1, 4.0));
    }
    if m.has(Speed) {
        let speed = m.draw.pick(&["0.5", "1.0", "2.0", "1.37"]);
        table.put("speed", speed);
    }
    if !about.pulls && m.draw.chance(0.8) {
        let words = &[
            "reject",
            "drop_oldest",
            "dead_letter",
            "block",
            "redispatch",
            "crash",
        ];
        let words = if about.pulls { &words[..1] } else { &words[..] };
        let buffer = worker_buffer(m, words, !(unbounded || sharing));
        table.node("buffer", buffer);
    }
    ram(m, about, table);
    if about.strained {
        strain(m, table);
    }
    if !about.pulls && m.has(Shed) {
        let shed = shed(m, unbounded || sharing);
        table.node("shed", Node::Table(shed));
    }
    restart(m, table);
}

fn worker_buffer(m: &mut Making, words: &[&'static str], bytes: bool) -> Node {
    let mut all = words.to_vec();
    // Only told apart by its feature: it is there in plain models too.
    all.push("wedge");
    let full = if m.features.on(OnFull) {
        &all[..]
    } else {
        &["reject", "wedge"][..]
    };
    match m.features.on(OnFull) {
        true => buffer(m, full, bytes),
        false => plain_buffer(m, bytes),
    }
}

fn plain_buffer(m: &mut Making, bytes: bool) -> Node {
    let Node::Table(mut table) = buffer(m, &["reject"], bytes) else {
        return Node::Value("{}".into());
    };
    if table.get("on_full").is_none() && m.has(Wedge) {
        table.text("on_full", "wedge");
    }
    Node::Table(table)
}
