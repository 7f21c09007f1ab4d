//! CSV files: exact numbers, and every bad file of `tests/bad-inputs`.

use std::fs;
use std::path::Path;

use veltrix::model::spec::{Arrivals, Dist, SourceSpec, SystemSpec, Trace, WorkSpec};

use crate::fixture::{Folder, names, snapshot};

const REPLAY: &str = r#"
[source.replay]
to = "web"

[source.replay.arrivals]
process = "trace"
file    = "FILE"
columns = { work = { column = "service_s" }, memory = { column = "memory_mib", unit = "MiB" } }

[service.web.workers]
cores = 1
"#;

fn folder(file: &str) -> Folder {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-inputs");
    let folder = Folder::new(&[("model.toml", &REPLAY.replace("FILE", file))]);
    folder.write(file, &fs::read(source.join(file)).expect(file));
    folder
}

fn trace(system: &SystemSpec) -> &Trace {
    match &system.sources[0].arrivals {
        Arrivals::Trace(trace) => trace,
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_traces_are_refused_by_line() {
    let cases: &[(&str, &[&str])] = &[
        (
            "empty",
            &["trace-empty.csv", "empty", "arrival_s,service_s,memory_mib"],
        ),
        ("header-only", &["trace-header-only.csv", "0 requests"]),
        (
            "no-header",
            &["line 1", "no header", "arrival_s,service_s,memory_mib"],
        ),
        (
            "missing-column",
            &["`service_s`", "`arrival_s`, `memory_mib`"],
        ),
        ("short-row", &["line 3", "2 fields where 3 are wanted"]),
        (
            "extra-field",
            &["line 3", "4 fields where 3 are wanted", "decimal comma"],
        ),
        ("not-a-number", &["line 3", "`service_s`", "`fast`"]),
        (
            "nan-inf",
            &[
                "line 2",
                "line 3",
                "line 4",
                "line 5",
                "`service_s`",
                "`memory_mib`",
            ],
        ),
        ("negative", &["line 2", "line 3", "line 4", "negative"]),
        ("out-of-order", &["line 3", "backwards"]),
        ("unclosed-quote", &["line 2", "never closed"]),
        ("truncated", &["line 4", "cut off"]),
        ("binary", &["line 3"]),
        (
            "overflow",
            &["line 2", "line 3", "`service_s`", "`memory_mib`", "2^62"],
        ),
    ];
    for (name, words) in cases {
        let folder = folder(&format!("trace-{name}.csv"));
        let text = folder.model("model.toml").map(|_| ()).expect_err(name);
        names(&text, words);
        names(&text, &["VX1011"]);
        snapshot(&format!("trace-{name}"), &text);
    }
}

#[test]
fn good_traces_are_read_to_the_nanosecond() {
    for (file, rows) in [
        ("trace-mixed-line-ends.csv", 3),
        ("trace-blank-lines.csv", 2),
        ("trace-formula-and-html-classes.csv", 3),
    ] {
        let folder = folder(file);
        let model = folder.model("model.toml").unwrap();
        let trace = trace(&model.system);
        assert_eq!(trace.at.len(), rows, "{file}");
        assert_eq!(trace.work, vec![100_000_000; rows]);
        assert_eq!(trace.memory, vec![64 << 20; rows]);
        assert_eq!(model.inputs.len(), 2);
        assert_eq!(model.inputs[1].path, file);
        assert_eq!(
            model.system.sources[0].classes[0].work,
            Some(WorkSpec::FromTrace)
        );
    }
}

#[test]
fn lines_after_blank_ones_keep_their_numbers() {
    let text = "arrival_s,service_s,memory_mib\n\n\n0,x,1\n";
    let folder = Folder::new(&[
        ("model.toml", &REPLAY.replace("FILE", "t.csv")),
        ("t.csv", text),
    ]);
    let text = folder.model("model.toml").map(|_| ()).expect_err("refused");
    names(&text, &["t.csv line 4", "t.csv:4:1"]);
}

const TOKENS: &str = "arrival_ms,tokens\n0,3\n0.000001,2.5\n7,0\n";

#[test]
fn work_is_a_column_times_a_factor_rounded_half_to_even() {
    let model = r#"
[source.s]
to = "a"
arrivals = { process = "trace", file = "t.csv", column = "arrival_ms" }

[service.a]
work = { base = "10ns", per_unit = "1ns", column = "tokens" }
workers = { cores = 1 }
"#;
    let folder = Folder::new(&[("model.toml", model), ("t.csv", TOKENS)]);
    let loaded = folder.model("model.toml").unwrap();
    let trace = trace(&loaded.system);
    assert_eq!(trace.at, [0, 1, 7_000_000]);
    assert_eq!(trace.work, [13, 12, 10]);
    assert_eq!(loaded.system.services[0].work, Some(WorkSpec::FromTrace));
}

#[test]
fn work_from_a_file_is_drawn_from_its_rows_whatever_the_arrivals() {
    let model = r#"
[source.s]
to = "a"
arrivals = "5/s"

[service.a]
work = { base = "10ns", per_unit = "1ns", column = "tokens", file = "t.csv" }
workers = { cores = 1 }
"#;
    let folder = Folder::new(&[("model.toml", model), ("t.csv", TOKENS)]);
    let loaded = folder.model("model.toml").unwrap();
    let expected = Dist::empirical(&[13.0, 12.0, 10.0], None).unwrap();
    let work = loaded.system.services[0].work.clone();
    assert_eq!(work, Some(WorkSpec::drawn(expected)));
}

#[test]
fn recorded_traffic_is_read_row_by_row() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/data");
    let model = r#"
[source.s]
to = "a"
arrivals = { process = "trace", file = "azure-llm-2023-conv.csv" }

[service.a]
work = { base = "200ms", per_unit = "10ms", column = "output_tokens" }
workers = { cores = 14, buffer = { slots = 16 } }
"#;
    let name = "azure-llm-2023-conv.csv";
    let folder = Folder::new(&[("model.toml", model)]);
    let bytes = fs::read(data.join(name)).expect(name);
    folder.write(name, &bytes);
    let loaded = folder.model("model.toml").unwrap();
    let trace = trace(&loaded.system);
    assert_eq!(trace.at.len(), 19_366);
    assert_eq!(trace.at[..2], [0, 4_314_579_000]);
    assert_eq!(trace.work[..2], [640_000_000, 1_290_000_000]);
    assert!(trace.at.is_sorted());
    assert_eq!(loaded.inputs[1].digest.len(), 64);
    let load = loaded.system.offered_load().workers;
    assert!((load - 0.913).abs() < 1e-3, "{load}");
}

#[test]
fn a_time_finer_than_a_nanosecond_is_rounded() {
    let text = "arrival_s,service_s,memory_mib\n0.0000000004,0.30000000000000004,0.5\n";
    let folder = Folder::new(&[
        ("model.toml", &REPLAY.replace("FILE", "t.csv")),
        ("t.csv", text),
    ]);
    let loaded = folder.model("model.toml").unwrap();
    let trace = trace(&loaded.system);
    assert_eq!(
        (trace.at[0], trace.work[0], trace.memory[0]),
        (0, 300_000_000, 1 << 19)
    );
}

/// The one source of a model that sends `t.csv` in this way.
fn sent(csv: &str, keys: &str, classes: &str) -> Result<SourceSpec, String> {
    let model = format!(
        "[source.s]\nto = \"a\"\n{classes}\n[source.s.arrivals]\nprocess = \"trace\"\n\
         file = \"t.csv\"\n{keys}\n[service.a]\nwork = \"1ms\"\nworkers = {{ cores = 1 }}\n",
    );
    let folder = Folder::new(&[("model.toml", &model), ("t.csv", csv)]);
    let loaded = folder.model("model.toml");
    loaded.map(|loaded| loaded.system.sources[0].clone())
}

fn recorded(source: &SourceSpec) -> &Trace {
    match &source.arrivals {
        Arrivals::Trace(trace) => trace,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trace_can_be_spread_sped_up_and_repeated() {
    let csv = "arrival_s\n0\n0\n0\n0\n1\n1\n3\n";
    let ms = |source: &SourceSpec| -> Vec<u64> {
        recorded(source)
            .at
            .iter()
            .map(|at| at / 1_000_000)
            .collect()
    };
    let spread = sent(csv, "spread = \"2s\"", "").unwrap();
    assert_eq!(ms(&spread), [0, 250, 500, 750, 1000, 2000, 3000]);
    let fast = sent(csv, "spread = \"1s\"\nspeed = 2.5\nrepeat = true", "").unwrap();
    assert_eq!(ms(&fast), [0, 100, 200, 300, 400, 600, 1200]);
    assert_eq!(recorded(&fast).round(), Some(1_400_000_000));
    assert!((fast.mean_rate() - 5.0).abs() < 1e-12);
    let text = sent(csv, "speed = 0", "").expect_err("refused");
    names(&text, &["arrivals.speed", "1e-6 to 1e6"]);
    let text = sent("arrival_s\n1\n1\n", "repeat = true", "").expect_err("refused");
    names(&text, &["arrivals.repeat", "different times"]);
    let text = sent(csv, "profile = [[\"0s\", 1]]", "").expect_err("refused");
    names(&text, &["has no `profile`"]);
}

#[test]
fn a_column_says_which_class_a_request_has() {
    let csv = "arrival_s,kind\n0,b\n1,Big One\n2,a\n3,b\n4,big_one\n5,\n";
    let keys = "columns = { class = \"kind\" }";
    let named = |source: &SourceSpec| -> Vec<String> {
        let one = |&c: &u32| source.classes[c as usize].name.clone();
        recorded(source).class.iter().map(one).collect()
    };
    let plain = sent(csv, keys, "").unwrap();
    assert_eq!(
        named(&plain),
        ["b", "big_one_2", "a", "b", "big_one", "class"]
    );
    assert_eq!(plain.classes[0].weight, 2.0);
    let declared = "[[source.s.class]]\nname = \"idle\"\n[[source.s.class]]\nname = \"b\"\n\
                    work = \"9ms\"\n";
    let source = sent(csv, keys, declared).unwrap();
    assert_eq!(named(&source), named(&plain));
    assert_eq!(
        (source.classes[0].weight, source.classes[1].weight),
        (0.0, 2.0)
    );
    assert!(source.classes[1].work.is_some());
    let declared = "[[source.s.class]]\nname = \"big_one\"\n";
    let other = "arrival_s,kind\n0,Big One\n1,big one\n";
    let source = sent(other, keys, declared).unwrap();
    assert_eq!(recorded(&source).class, [0, 0]);
    let weighty = "[[source.s.class]]\nname = \"b\"\nweight = 2\n";
    names(
        &sent(csv, keys, weighty).expect_err("refused"),
        &["VX1012", "`weight`"],
    );
    let many: String = (0..1001).map(|i| format!("{i},c{i}\n")).collect();
    let text = sent(&format!("arrival_s,kind\n{many}"), keys, "").expect_err("refused");
    names(&text, &["1001 classes", "1000"]);
    let text = sent(csv, "columns = { class = \"sort\" }", "").expect_err("refused");
    names(&text, &["no column `sort`"]);
    let text = sent(csv, "columns = { key = \"sort\" }", "").expect_err("refused");
    names(&text, &["no column `sort`"]);
}

/// Formulas, markup and mentions as names of classes come out as plain names.
#[test]
fn hostile_names_of_classes_are_made_harmless() {
    let name = "trace-formula-and-html-classes.csv";
    let folder = folder(name);
    let model = REPLAY
        .replace("FILE", name)
        .replace("columns = {", "columns = { class = \"class\",")
        .replace(", memory = { column = \"memory_mib\", unit = \"MiB\" }", "");
    folder.write("model.toml", model.as_bytes());
    let system = folder.model("model.toml").unwrap().system;
    let classes = system.sources[0].classes.iter();
    let found: Vec<&str> = classes.map(|c| c.name.as_str()).collect();
    assert_eq!(found, ["hyperlink_http_x", "script_alert_1_script", "a"]);
}

#[test]
fn a_file_that_an_experiment_sets_is_counted_from_its_folder() {
    let model = "[source.a]\nto = \"web\"\narrivals = \"1/s\"\n[service.web]\nwork = \"1ms\"\n\
                 [service.web.workers]\ncores = 1\n";
    let set = r#"{ "source.a.arrivals" = { process = "trace", file = "FILE" } }"#;
    let experiment =
        "model = \"models/model.toml\"\nhorizon = \"10s\"\n[[variant]]\nname = \"x\"\n";
    let folder = Folder::new(&[("here.csv", "arrival_s\n1.0\n2.0\n")]);
    fs::create_dir(folder.join("models")).unwrap();
    folder.write("models/model.toml", model.as_bytes());
    folder.write("models/there.csv", b"arrival_s\n3.0\n");
    let load = |file: &str| {
        let text = format!("{experiment}set = {}\n", set.replace("FILE", file));
        folder.write("e.toml", text.as_bytes());
        folder.load("e.toml", &[])
    };
    for (file, at) in [("here.csv", &[1, 2][..]), ("models/there.csv", &[3])] {
        let loaded = load(file).unwrap_or_else(|d| panic!("{d}"));
        let wanted: Vec<u64> = at.iter().map(|s| s * 1_000_000_000).collect();
        assert_eq!(trace(&loaded.design.points[0].system).at.as_slice(), wanted);
    }
    let refused = load("there.csv").map(|_| ()).expect_err("not there");
    assert!(refused.contains("VX1001"), "{refused}");
}
