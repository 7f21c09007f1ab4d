//! What is written is read again, and nothing of the disk with it.

use std::path::Path;

use super::*;
use crate::config::load_model;
use crate::model::spec::{ClassSpec, Dist, Failures, RetrySpec, WorkSpec};

fn again(spec: &SystemSpec) -> Written {
    let written = write_model(spec);
    match read_written(&written.text, &written.files) {
        Ok(read) => {
            assert!(read == *spec, "{read:#?}\n{spec:#?}\n{}", written.text);
        }
        Err(found) => panic!("{}\n{}", found, written.text),
    }
    assert_eq!(written.inexact, Vec::<String>::new(), "{}", written.text);
    written
}

#[test]
fn every_model_comes_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let model = load_model(&path, &[]).unwrap();
            again(&model.system);
            seen += 1;
        }
    }
    assert!(seen >= 7, "{seen} models");
}

const PLAIN: &str = "[source.s]\nto = \"w\"\narrivals = \"5/s\"\n[service.w]\nwork = \"1ms\"\n\
                     [service.w.workers]\ncores = 1\n";

#[test]
fn distributions_come_back_however_they_were_given() {
    for work in [
        "{ dist = \"lognormal\", mean = \"3us\", cv = 0.7 }",
        "{ dist = \"lognormal\", mean = \"3000001ns\", cv = 1.5 }",
        "{ dist = \"lognormal\", median = \"17ns\", p99 = \"900ns\" }",
        "{ dist = \"lognormal\", mu = -18.123456, sigma = 0.31 }",
        "{ dist = \"lognormal\", mu = -3.7, sigma = 0 }",
        "{ dist = \"hyperexponential\", mean = \"1234567ns\", cv = 1.0001 }",
        "{ dist = \"hyperexponential\", mean = \"7ms\", cv = 37.25 }",
        "{ dist = \"hyperexponential\", means = [\"1ms\", \"2ms\", \"9ms\"], weights = [7, 0, 3] }",
        "{ dist = \"pareto\", mean = \"7ms\", shape = 1.3 }",
        "{ dist = \"pareto\", mean = \"7ms\", shape = 0.7, max = \"9s\" }",
        "{ dist = \"gamma\", mean = \"7ms\", cv = 0.33 }",
        "{ dist = \"weibull\", mean = \"7ms\", shape = 0.33 }",
        "{ dist = \"empirical\", values = [\"7ms\", \"1ms\", \"1ms\"], weights = [12, 1, 1e-9] }",
        "{ dist = \"mixture\", of = [\"1ms\", { dist = \"gamma\", mean = \"3ms\", cv = 2 }], \
         weights = [0.3, 0.6] }",
    ] {
        let text = PLAIN.replace("\"1ms\"", work);
        again(&read_written(&text, &[]).unwrap_or_else(|e| panic!("{work}: {e}")));
    }
}

#[test]
fn long_lists_go_into_a_file() {
    let mut spec = read_written(PLAIN, &[]).unwrap();
    let values: Vec<f64> = (0..1000).map(|i| f64::from(i * i)).collect();
    let cpu = Dist::empirical(&values, None).unwrap();
    spec.services[0].work = Some(WorkSpec::drawn(cpu));
    let written = again(&spec);
    assert_eq!(written.files.len(), 1);
    assert_eq!(written.files[0].0, "values-1.csv");
}

#[test]
fn only_what_is_given_is_read() {
    for hostile in [
        "[prices]\ntable = \"../../etc/passwd\"\n",
        "[prices]\ntable = \"/etc/passwd\"\n",
        "[prices]\ntable = \"Cargo.toml\"\n",
    ] {
        let found = read_written(&format!("{PLAIN}{hostile}"), &[]).unwrap_err();
        let text = found.render(crate::config::Style::Plain);
        assert!(text.contains("VX1001") && text.contains("only"), "{text}");
    }
    for file in ["/etc/passwd", "../model.toml", "Cargo.toml", "./x/../y.csv"] {
        let work = format!("{{ dist = \"empirical\", file = \"{file}\", column = \"a_s\" }}");
        let text = PLAIN.replace("\"1ms\"", &work);
        let found = read_written(&text, &[]).unwrap_err();
        let text = found.render(crate::config::Style::Plain);
        assert!(text.contains("VX1001") && !text.contains("root:"), "{text}");
    }
}

#[test]
fn what_no_file_can_say_is_named() {
    let mut spec = read_written(PLAIN, &[]).unwrap();
    spec.services[0].work = Some(WorkSpec::drawn(Dist::constant(1.5).unwrap()));
    spec.sources[0].client.retry = Some(RetrySpec {
        on: Failures::NONE,
        ..RetrySpec::full_jitter(3, 1, 2)
    });
    let class: &mut ClassSpec = &mut spec.sources[0].classes[0];
    class.apart = true;
    let written = write_model(&spec);
    assert_eq!(
        written.inexact,
        [
            "source.s.client.retry",
            "service.w.work",
            "service.w.class.default"
        ]
    );
    assert!(read_written(&written.text, &written.files).is_ok());
}
