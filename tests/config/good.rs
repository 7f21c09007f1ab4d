//! What good files mean.

use veltrix::config::{Checked, InputKind};
use veltrix::model::spec::{Arrivals, Dist, OnFull, Profile, SystemSpec, WorkSpec};

use crate::fixture::{EXPERIMENT, Folder, MODEL, names, snapshot, with};

fn system(model: &str) -> SystemSpec {
    let folder = Folder::new(&[("model.toml", model)]);
    match folder.model("model.toml") {
        Ok(loaded) => loaded.system,
        Err(text) => panic!("{text}"),
    }
}

#[test]
fn defaults_are_filled_in() {
    let small = system(
        "[source.s]\nto = \"a\"\narrivals = \"3/s\"\n[service.a]\nwork = \"5ms\"\n\
         workers = { cores = 2 }\n",
    );
    assert_eq!(small.sources[0].classes[0].name, "default");
    assert_eq!(small.sources[0].client.timeout, None);
    let group = &small.services[0].groups[0];
    assert_eq!((group.count, group.ram, group.slots), (1, None, None));
    assert_eq!(group.on_full, OnFull::Reject);
    assert_eq!(group.restart, Dist::Constant { value: 1e10 });
    let work = Some(WorkSpec::drawn(Dist::Constant { value: 5e6 }));
    assert_eq!(small.services[0].work, work);
    assert!(small.check().is_empty());
}

#[test]
fn resolved_text_means_the_same() {
    let folder = Folder::new(&[("model.toml", MODEL)]);
    let first = folder.model("model.toml").unwrap();
    snapshot("resolved-model", &first.resolved);
    folder.write("again.toml", first.resolved.as_bytes());
    let again = folder.model("again.toml").unwrap();
    assert_eq!(first.system, again.system);
}

#[test]
fn a_resolved_experiment_tells_where_each_value_comes_from() {
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", EXPERIMENT)]);
    let set = ["service.events.balancer.dispatch=1us"];
    let loaded = folder.load("e.toml", &set).unwrap();
    for line in [
        "slots = 16 # set",
        "count = 4 # axis",
        "dispatch = \"1us\" # --set",
        "speed = 1.0 # default",
        "cores = 8 # file",
        "warm_up = \"5s\" # file",
        "replications = 10 # default",
    ] {
        assert!(loaded.resolved.contains(line), "{line}");
    }
    assert_eq!(loaded.resolved.matches("[[point]]").count(), 7);
    let same = folder.load("e.toml", &set).unwrap();
    assert_eq!(loaded.resolved, same.resolved);
    let kinds: Vec<_> = loaded
        .inputs
        .iter()
        .map(|i| (i.path.as_str(), i.kind))
        .collect();
    let expected = [
        ("e.toml", InputKind::Experiment),
        ("model.toml", InputKind::Model),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_file_is_told_by_its_keys() {
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", EXPERIMENT)]);
    assert!(matches!(folder.check("model.toml"), Ok(Checked::Model(_))));
    assert!(matches!(folder.check("e.toml"), Ok(Checked::Experiment(_))));
}

#[test]
fn an_instance_fills_cores_ram_and_price() {
    let prices = "currency = \"EUR\"\nas_of = \"2026-09\"\nregion = \"here\"\n\
                  [instance.\"r7g.2xlarge\"]\ncores = 8\nram = \"64GiB\"\nprice = \"0.4284/h\"\n";
    let model = "[prices]\ntable = \"p.toml\"\n[service.a]\nwork = \"5ms\"\n\
                 [service.a.workers]\ncount = 2\ninstance = \"r7g.2xlarge\"\n";
    let folder = Folder::new(&[("model.toml", model), ("p.toml", prices)]);
    let loaded = folder.model("model.toml").unwrap();
    let group = &loaded.system.services[0].groups[0];
    assert_eq!(
        (group.cores, group.ram, group.price_per_hour),
        (8, Some(64 << 30), 0.4284)
    );
    assert_eq!(loaded.system.prices.currency, "EUR");
    assert_eq!(loaded.system.cost_per_hour(), 0.8568);

    folder.write("model.toml", format!("{model}cores = 4\n").as_bytes());
    let text = folder.model("model.toml").map(|_| ()).expect_err("refused");
    assert!(
        text.contains("VX1012") && text.contains("add `price`"),
        "{text}"
    );
    folder.write(
        "model.toml",
        format!("{model}cores = 4\nprice = \"0.2/h\"\n").as_bytes(),
    );
    let group = &folder.model("model.toml").unwrap().system.services[0].groups[0];
    assert_eq!((group.cores, group.price_per_hour), (4, 0.2));
    folder.write("model.toml", with(model, "r7g.2", "r7g.3").as_bytes());
    let text = folder.model("model.toml").map(|_| ()).expect_err("refused");
    assert!(text.contains("did you mean `r7g.2xlarge`?"), "{text}");
}

#[test]
fn the_two_designs_of_the_origin_story_can_be_said() {
    let set = "set = { \"service.events.balancer.policy\" = \"round_robin\", \
               \"service.events.balancer.breaker\" = \"none\", \
               \"service.events.workers.big.buffer.on_full\" = \"wedge\", \
               \"service.events.workers.big.restart\" = \"manual\", \
               \"service.events.workers.big.manual_after\" = \"30s\" }";
    let text = with(
        EXPERIMENT,
        "name  = \"before\"",
        &format!("name  = \"before\"\n{set}"),
    );
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", &text)]);
    let design = folder.load("e.toml", &[]).unwrap().design;
    let group = &design.points[0].system.services[0].groups[0];
    assert_eq!(group.on_full, OnFull::Wedge);
    assert_eq!(group.restart, Dist::Constant { value: 3e10 });
}

#[test]
fn the_price_tables_can_be_read() {
    let tables = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/prices");
    for (file, instance) in [
        ("aws-us-east-1.toml", "r7g.2xlarge"),
        ("gcp-us-central1.toml", "e2-standard-4"),
    ] {
        let model = format!(
            "[prices]\ntable = \"p.toml\"\n[service.a]\nwork = \"5ms\"\n\
             [service.a.workers]\ninstance = \"{instance}\"\n"
        );
        let table = std::fs::read_to_string(tables.join(file)).expect(file);
        let folder = Folder::new(&[("model.toml", &model), ("p.toml", &table)]);
        let loaded = folder.model("model.toml").unwrap();
        assert!(loaded.system.cost_per_hour() > 0.0);
    }
}

#[test]
fn every_point_of_a_resolved_experiment_means_the_same_by_itself() {
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", EXPERIMENT)]);
    let set = [
        "service.events.balancer.breaker.kind=consecutive",
        "source.web.arrivals=9/s",
    ];
    let model = with(MODEL, "window = 100, failure_share = 0.5, ", "");
    folder.write("model.toml", model.as_bytes());
    let loaded = folder.load("e.toml", &set).unwrap();
    let whole: toml::Table = toml::from_str(&loaded.resolved).expect("TOML");
    let points = whole["point"].as_array().expect("points");
    assert_eq!(points.len(), loaded.design.points.len());
    for (point, of) in points.iter().zip(&loaded.design.points) {
        let text = toml::to_string(&point["model"]).expect("a table");
        folder.write("point.toml", text.as_bytes());
        let again = folder.model("point.toml").unwrap();
        assert_eq!(again.system.services, of.system.services);
        assert_eq!(again.system.faults, of.system.faults);
        assert_eq!(again.system, *of.system);
    }
}

#[test]
fn a_model_is_no_experiment() {
    let folder = Folder::new(&[("model.toml", MODEL)]);
    let text = folder
        .load("model.toml", &[])
        .map(|_| ())
        .expect_err("refused");
    assert_eq!(text.matches("error[").count(), 1, "{text}");
    assert!(
        text.contains("is a model, and an experiment is wanted"),
        "{text}"
    );
}

#[test]
fn processes_and_batches_are_read() {
    let source = |arrivals: &str| {
        let model = format!(
            "[source.s]\nto = \"a\"\narrivals = {{ {arrivals} }}\n[service.a]\nwork = \"1ms\"\n\
             workers = {{ cores = 2 }}\n",
        );
        system(&model).sources.remove(0)
    };
    let pairs = source("process = \"constant\", rate = \"10/s\", batch = 2");
    assert_eq!(pairs.arrivals, Arrivals::Constant { rate: 10.0 });
    assert_eq!(pairs.batch, Some(Dist::Constant { value: 2.0 }));
    assert_eq!(pairs.mean_rate(), 20.0);
    let sizes = "{ dist = \"empirical\", values = [1, 5], weights = [3, 1] }";
    let few = source(&format!(
        "process = \"renewal\", gap = \"50ms\", batch = {sizes}"
    ));
    assert_eq!(
        few.arrivals,
        Arrivals::Renewal {
            gap: Dist::Constant { value: 5e7 }
        }
    );
    assert_eq!(few.mean_rate(), 40.0);
    let bursts = "process = \"on_off\", rate = \"1k/s\", on = \"1s\", off = \"4s\"";
    assert_eq!(source(bursts).mean_rate(), 200.0);
    assert_eq!(source(&format!("{bursts}, batch = \"none\"")).batch, None);
}

#[test]
fn profiles_are_read() {
    let series = "t_s,rate_per_min\n0,60\n10,180\n20,60\n";
    let source = |arrivals: &str| {
        let model = format!(
            "[source.s]\nto = \"a\"\narrivals = {{ {arrivals} }}\n[service.a]\nwork = \"1ms\"\n\
             workers = {{ cores = 2 }}\n",
        );
        let folder = Folder::new(&[("model.toml", &model), ("r.csv", series)]);
        let loaded = folder.model("model.toml").map_err(|text| panic!("{text}"));
        loaded.unwrap().system.sources.remove(0)
    };
    const S: u64 = 1_000_000_000;
    let rate = "process = \"poisson\", rate = \"5/s\"";
    let points = [(0, 1.0), (10 * S, 3.0)];
    let line = Profile::points(&points, false, false).unwrap();
    let bare = source(&format!("{rate}, profile = [[\"0s\", 1], [\"10s\", 3]]"));
    assert_eq!(bare.profile, Some(line));
    assert_eq!(bare.mean_rate(), 15.0);
    let table = "{ points = [[\"0s\", 1], [\"10s\", 3]], steps = true, repeat = true }";
    let steps = Profile::points(&points, true, true).unwrap();
    let table = source(&format!("{rate}, profile = {table}"));
    assert_eq!(
        (table.profile, table.arrivals),
        (Some(steps), bare.arrivals.clone())
    );
    let wave = Profile::wave(60 * S, 0.5, 0.25).unwrap();
    for phase in ["0.25", "\"15s\""] {
        let keys = format!("{{ period = \"60s\", amplitude = 0.5, phase = {phase} }}");
        let shaped = source(&format!("{rate}, profile = {keys}"));
        assert_eq!(shaped.profile, Some(wave.clone()));
    }
    let file = "profile = { file = \"r.csv\", column = \"rate_per_min\" }";
    let scaled = [(0, 0.5), (10 * S, 1.5), (20 * S, 0.5)];
    let scaled = Profile::points(&scaled, false, false).unwrap();
    let own = source(&format!("process = \"constant\", {file}"));
    assert_eq!(own.arrivals, Arrivals::Constant { rate: 2.0 });
    assert_eq!(own.expected(20e9), 40.0);
    assert_eq!(own.profile, Some(scaled.clone()));
    let times = source(&format!("{rate}, {file}"));
    assert_eq!(
        (times.arrivals, times.profile),
        (bare.arrivals, Some(scaled))
    );
}

#[test]
fn processes_without_meaning_are_refused() {
    let said = |arrivals: &str| {
        let model = format!(
            "[source.s]\nto = \"a\"\narrivals = {{ {arrivals} }}\n[service.a]\nwork = \"1ms\"\n\
             workers = {{ cores = 2 }}\n",
        );
        let folder = Folder::new(&[("model.toml", &model)]);
        folder.model("model.toml").map(|_| ()).expect_err(arrivals)
    };
    let cases: &[(&str, &[&str])] = &[
        ("process = \"renewal\"", &["VX1006", "`gap`"]),
        (
            "process = \"renewal\", gap = \"0s\"",
            &["source.s.arrivals.gap", "0.001 ns"],
        ),
        (
            "process = \"renewal\", gap = \"1s\", rate = \"1/s\"",
            &["has no `rate`"],
        ),
        (
            "process = \"on_off\", rate = \"1/s\", on = \"1s\"",
            &["VX1006", "`off`"],
        ),
        (
            "process = \"on_off\", rate = \"1/s\", on = \"1s\", off = \"0s\"",
            &["source.s.arrivals.off", "1 ns"],
        ),
        (
            "process = \"poisson\", rate = \"1/s\", batch = 0.4",
            &["arrivals.batch", "1 or more"],
        ),
        (
            "process = \"poisson\", rate = \"1/s\", batch = { dist = \"exponential\", mean = 4 }",
            &["arrivals.batch", "geometric"],
        ),
        (
            "process = \"poisson\", rate = \"1/s\", batch = \"4ms\"",
            &["arrivals.batch", "number"],
        ),
        (
            "process = \"poisson\", rate = \"1/s\", batch = 1e9",
            &["arrivals.batch", "1e6"],
        ),
    ];
    for (arrivals, words) in cases {
        names(&said(arrivals), words);
    }
}

#[test]
fn every_distribution_of_the_format_is_read() {
    let work = |text: &str| {
        let small = system(&format!(
            "[source.s]\nto = \"a\"\narrivals = \"3/s\"\n[service.a]\nwork = {text}\n\
             workers = {{ cores = 2 }}\n",
        ));
        match small.services[0].work.clone() {
            Some(WorkSpec::Drawn { cpu, .. }) => cpu,
            other => panic!("{other:?}"),
        }
    };
    let gamma = work("{ dist = \"gamma\", mean = \"5ms\", cv = 0.5 }");
    assert_eq!(gamma, Dist::gamma(5e6, 0.5).unwrap());
    let weibull = work("{ dist = \"weibull\", mean = \"5ms\", shape = 2 }");
    assert_eq!(weibull, Dist::weibull(5e6, 2.0).unwrap());
    let mixture = work(
        "{ dist = \"mixture\", of = [\"1ms\", { dist = \"exponential\", mean = \"9ms\" }], \
         weights = [3, 1] }",
    );
    let parts = [
        Dist::Constant { value: 1e6 },
        Dist::Exponential { mean: 9e6 },
    ];
    assert_eq!(mixture, Dist::mixture(&parts, &[3.0, 1.0]).unwrap());
    assert_eq!(mixture.mean(), 3e6);
}
