//! What requests need, said at their class, at the service or in a trace.

use veltrix::model::spec::{Arrivals, Dist, KeySpec, SystemSpec, Vary, WorkSpec};

use crate::fixture::{EXPERIMENT, Folder, MODEL, names, with};

fn read(model: &str) -> Result<SystemSpec, String> {
    let folder = Folder::new(&[("model.toml", model)]);
    let first = folder.model("model.toml")?;
    folder.write("again.toml", first.resolved.as_bytes());
    let again = folder.model("again.toml")?;
    assert_eq!(first.system, again.system, "{}", first.resolved);
    Ok(first.system)
}

fn said(model: &str) -> String {
    read(model).map(|_| ()).expect_err("refused")
}

/// The model, with this said about classes at the service.
fn at_service(text: &str) -> String {
    with(
        MODEL,
        "[service.events.balancer]",
        &format!("{text}\n[service.events.balancer]"),
    )
}

#[test]
fn a_service_says_what_its_classes_need() {
    let text =
        at_service("[service.events.class.upload]\nwork = \"7ms\"\nmemory = \"1MiB\"\ncores = 2\n");
    let system = read(&text).unwrap();
    let classes = &system.sources[0].classes;
    let work = WorkSpec::drawn(Dist::Constant { value: 7e6 });
    assert_eq!((&classes[1].work, classes[1].cores), (&Some(work), 2));
    let memory = classes[1].memory.as_ref().map(|m| m.base.clone());
    assert_eq!(memory, Some(Dist::Constant { value: 1_048_576.0 }));
    assert_eq!((&classes[0].work, classes[0].cores), (&None, 1));
}

#[test]
fn what_a_class_needs_at_a_service_can_be_set() {
    let folder = Folder::new(&[
        ("model.toml", MODEL),
        (
            "e.toml",
            "model = \"model.toml\"\nhorizon = \"1s\"\n[sweep]\n\
             \"service.events.class.upload.work\" = [\"1ms\", \"2ms\"]\n",
        ),
    ]);
    let loaded = folder.load("e.toml", &[]).unwrap();
    let work = |point: usize| {
        loaded.design.points[point].system.sources[0].classes[1]
            .work
            .clone()
    };
    for (point, value) in [(0, 1e6), (1, 2e6)] {
        let cpu = Dist::Constant { value };
        assert_eq!(work(point), Some(WorkSpec::drawn(cpu)));
    }
    assert!(loaded.resolved.contains("work = \"1ms\" # axis"));
    let wrong = folder.load("e.toml", &["service.events.class.uplod.work=3ms"]);
    let text = wrong.map(|_| ()).expect_err("refused");
    names(&text, &["VX1008", "uplod", "did you mean `upload`"]);
}

#[test]
fn mistakes_about_classes_at_a_service_are_named() {
    let twice = with(
        &at_service("[service.events.class.upload]\nwork = \"7ms\"\ncores = 3"),
        "name   = \"upload\"",
        "name   = \"upload\"\nwork = \"6ms\"\ncores = 2",
    );
    let key = |key: &str| {
        format!("`service.events.class.upload.{key}` and `source.web.class.upload.{key}`")
    };
    names(
        &said(&twice),
        &["VX1012", &key("work"), &key("cores"), "twice"],
    );
    let unknown = at_service("[service.events.class.uploads]\nwork = \"7ms\"");
    names(
        &said(&unknown),
        &[
            "VX1008",
            "`uploads`",
            "did you mean `upload`",
            "click, upload",
        ],
    );
    let no_key = at_service("[service.events.class.upload]\nwrk = \"7ms\"");
    names(&said(&no_key), &["VX1003", "`wrk`", "did you mean `work`"]);
    let no_table = at_service("[service.events]\nclass = 3")
        .replace("[service.events]\nclass = 3\n", "class = 3\n");
    names(
        &said(&no_table),
        &["VX1004", "service.events.class", "a table"],
    );
    let wide = at_service("[service.events.class.upload]\ncores = 4");
    names(
        &said(&wide),
        &["VX1007", "upload", "needs 4 cores", "workers.small", ":23:"],
    );
    let column =
        at_service("[service.events.class.upload]\nwork = { per_unit = \"1ms\", column = \"c\" }");
    names(
        &said(&column),
        &[
            "VX1012",
            "class.upload.work",
            "no column of its own",
            "columns.work",
        ],
    );
    let negative = at_service("[service.events.class.upload]\nmemory = { per_byte = -1 }");
    names(
        &said(&negative),
        &[
            "VX1007",
            "`service.events.class.upload.memory.per_byte`",
            "0 to 1e12",
        ],
    );
}

const TRACED: &str = r#"
[source.s]
to = "a"

[source.s.arrivals]
process = "trace"
file = "t.csv"
columns = { work = { column = "w_ms" }, class = "kind" }

[service.a]
class = { big = { work = "1ms" } }
workers = { cores = 4 }
"#;

#[test]
fn a_trace_that_says_the_work_leaves_none_to_its_classes() {
    let rows = "arrival_s,w_ms,kind\n0,5,big\n1,5,small\n";
    let folder = Folder::new(&[("model.toml", TRACED), ("t.csv", rows)]);
    let text = folder.model("model.toml").map(|_| ()).expect_err("refused");
    names(
        &text,
        &[
            "VX1012",
            "`service.a.class.big.work` has no effect",
            "source `s`",
        ],
    );
    let cores = TRACED.replace("work = \"1ms\"", "cores = 3");
    folder.write("model.toml", cores.as_bytes());
    let system = folder.model("model.toml").unwrap().system;
    let cores: Vec<u32> = system.sources[0].classes.iter().map(|c| c.cores).collect();
    assert_eq!(cores, [3, 1], "a class that only the trace names");
}

#[test]
fn a_class_of_a_source_has_no_work_beside_the_column_either() {
    let rows = "arrival_s,w_ms,kind\n0,5,big\n";
    let own = "[[source.s.class]]\nname = \"big\"\nwork = \"1ms\"\n";
    let model = TRACED.replace("class = { big = { work = \"1ms\" } }", "");
    let folder = Folder::new(&[("model.toml", &format!("{model}\n{own}")), ("t.csv", rows)]);
    let text = folder.model("model.toml").map(|_| ()).expect_err("refused");
    names(&text, &["VX1012", "class `big`", "columns.work"]);
}

const URGENT: &str = r#"
[source.s]
to = "a"
arrivals = { process = "trace", file = "t.csv", columns = { priority = "urgency" } }

[service.a]
work = "1ms"
workers = { cores = 1, discipline = "priority" }
"#;

#[test]
fn recorded_priorities_are_read_exactly_or_refused() {
    let rows = "arrival_s,urgency\n0,-9223372036854775808\n1,9223372036854775807\n2, 0\n";
    let folder = Folder::new(&[("model.toml", URGENT), ("t.csv", rows)]);
    let system = folder.model("model.toml").unwrap().system;
    let Arrivals::Trace(trace) = &system.sources[0].arrivals else {
        panic!("a trace");
    };
    assert_eq!(trace.priority, [i64::MIN, i64::MAX, 0]);
    let fifo = URGENT.replace(", discipline = \"priority\"", "");
    folder.write("model.toml", fifo.as_bytes());
    let text = folder.model("model.toml").map(|_| ()).expect_err("refused");
    let path = "`source.s.arrivals.columns.priority` has no effect";
    names(&text, &["VX1012", path, "service `a`", "discipline"]);
    let bad = "arrival_s,urgency\n0,9223372036854775808\n1,1.5\n2,\n3,1\n";
    let folder = Folder::new(&[("model.toml", URGENT), ("t.csv", bad)]);
    let text = folder.model("model.toml").map(|_| ()).expect_err("refused");
    let all = [
        "VX1011",
        "line 2",
        "line 3",
        "line 4",
        "`urgency`",
        "64 bits",
    ];
    names(&text, &all);
    assert!(!text.contains("line 5"), "{text}");
}

/// Zipf's law for a class, texts and numbers for a trace; what nobody looks at is no mistake, since
/// policies are compared on one model.
#[test]
fn keys_of_requests_are_read() {
    let keyed = with(
        MODEL,
        "name   = \"upload\"",
        "name   = \"upload\"\nkey = { dist = \"zipf\", keys = 1000, exponent = 0.9 }",
    );
    let upload = |spec: &SystemSpec| {
        let mut classes = spec.sources[0].classes.iter();
        classes.find(|c| c.name == "upload").unwrap().key
    };
    let (keys, exponent) = (1000, 0.9);
    let spec = read(&keyed).unwrap();
    assert_eq!(upload(&spec), Some(KeySpec { keys, exponent }));
    for (wrong, words) in [
        ("{ keys = 9 }", ["VX1006", "`dist`"]),
        ("{ dist = \"zipf\" }", ["VX1006", "`keys`"]),
        ("{ dist = \"pareto\", keys = 9 }", ["key.dist", "zipf"]),
        ("{ dist = \"zipf\", keys = 0 }", ["key.keys", "1 to"]),
        (
            "{ dist = \"zipf\", keys = 9, exponent = -1 }",
            ["key.exponent", "0 to 20"],
        ),
    ] {
        let told = "{ dist = \"zipf\", keys = 1000, exponent = 0.9 }";
        names(&said(&with(&keyed, told, wrong)), &words);
    }
    let column = URGENT.replace("priority = \"urgency\"", "key = \"user\"");
    let column = column.replace(", discipline = \"priority\"", "");
    let rows = "arrival_s,user\n0,7\n1,ann\n2,007\n3,ann\n4,18446744073709551615\n";
    let folder = Folder::new(&[("model.toml", &column), ("t.csv", rows)]);
    let spec = folder.model("model.toml").unwrap().system;
    let Arrivals::Trace(trace) = &spec.sources[0].arrivals else {
        panic!("a trace");
    };
    let [number, ann, padded, again, most] = trace.key[..] else {
        panic!("{:?}", trace.key);
    };
    assert_eq!((number, most, ann), (7, u64::MAX, again));
    assert!(padded != 7 && padded != ann);
}

#[test]
fn what_varies_can_be_said_and_set_where_it_makes_a_difference() {
    let said_so = with(MODEL, "per_kib = \"0.12ms\"", "vary = \"attempt\"");
    let vary = |text: &str| {
        read(text).unwrap().services[0]
            .work
            .as_ref()
            .map(WorkSpec::vary)
    };
    assert_eq!(vary(&said_so), Some(Vary::Attempt));
    assert_eq!(vary(MODEL), Some(Vary::Copy));
    let wrong = with(&said_so, "\"attempt\"", "\"atempt\"");
    names(
        &said(&wrong),
        &["VX1008", "work.vary", "did you mean `attempt`"],
    );
    let path = "`service.events.work.vary` has no effect";
    let alone = with(
        &said_so,
        ", retry = { attempts = 3, base = \"10ms\", cap = \"200ms\" }",
        "",
    );
    names(&said(&alone), &["VX1012", path, "no caller retries"]);
    let constant = with(
        &said_so,
        "{ dist = \"lognormal\", mean = \"3ms\", cv = 1.2 }",
        "\"3ms\"",
    );
    names(&said(&constant), &["VX1012", path, "is the same"]);
    let column = "work = { per_unit = \"1ms\", column = \"c\", vary = \"request\" }";
    let column = with(
        MODEL,
        "work   = { cpu = { dist = \"lognormal\", mean = \"3ms\", cv = 1.2 }, \
         per_kib = \"0.12ms\" }",
        column,
    );
    names(
        &said(&column),
        &["VX1012", "work with `column` has no `vary`"],
    );
    let class =
        at_service("[service.events.class.upload]\nwork = { cpu = \"3ms\", vary = \"attempt\" }");
    names(
        &said(&class),
        &[
            "VX1012",
            "`service.events.class.upload.work.vary` has no effect",
        ],
    );

    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", EXPERIMENT)]);
    let set = [
        "service.events.work={ dist = \"exponential\", mean = \"3ms\" }",
        "service.events.work.vary=request",
    ];
    let loaded = folder.load("e.toml", &set).unwrap();
    let work = loaded.design.points[0].system.services[0].work.clone();
    assert_eq!(work.map(|w| w.vary()), Some(Vary::Request));
}

#[test]
fn what_others_in_service_add_is_a_time() {
    let more = with(MODEL, "per_kib = \"0.12ms\"", "per_in_flight = \"0.5ms\"");
    let work = read(&more).unwrap().services[0].work.clone().unwrap();
    assert_eq!(work.per_in_flight(), 5e5);
    let bare = with(&more, "\"0.5ms\"", "0.5");
    names(&said(&bare), &["VX1005", "work.per_in_flight", "\"0.5ms\""]);
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", EXPERIMENT)]);
    let set = [
        "service.events.work=3ms",
        "service.events.work.per_in_flight=1ms",
    ];
    let loaded = folder.load("e.toml", &set).unwrap();
    let work = loaded.design.points[0].system.services[0].work.clone();
    assert_eq!(work.map(|w| w.per_in_flight()), Some(1e6));
}
