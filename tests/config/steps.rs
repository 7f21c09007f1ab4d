//! `steps`: what is refused, each where it stands.

use crate::fixture::{names, refusal};

/// A front with these steps, and two services that it may call.
fn model(steps: &str, more: &str) -> String {
    format!(
        "[source.s]\nto = \"a\"\narrivals = \"10/s\"\n[service.a]\nsteps = {steps}\n\
         workers = {{ cores = 1 }}\n[service.b]\nwork = \"1ms\"\nworkers = {{ cores = 1 }}\n{more}"
    )
}

/// Steps, code, and what must be named.
const WRONG: &[(&str, &str, &[&str])] = &[
    ("[]", "VX1004", &["service.a.steps", "list of steps"]),
    ("5", "VX1004", &["service.a.steps"]),
    (
        "[{}]",
        "VX1012",
        &["steps.0", "`cpu`, `wait`, `call` or `fail`"],
    ),
    ("[{ cpu = 5 }]", "VX1005", &["steps.0.cpu", "5ms"]),
    (
        "[{ cpu = \"1ms\", hold = \"core\" }]",
        "VX1012",
        &["a step with `cpu`", "`hold`"],
    ),
    (
        "[{ wait = \"1ms\", hold = \"ram\" }]",
        "VX1008",
        &["steps.0.hold", "nothing, core"],
    ),
    ("[{ call = \"c\" }]", "VX1008", &["steps.0.call", "a, b"]),
    (
        "[{ call = \"b\", need = 2 }]",
        "VX1012",
        &["steps.0.need", "without `fan_out`"],
    ),
    (
        "[{ call = \"b\", fan_out = 2, need = 3 }]",
        "VX1007",
        &["steps.0.need", "1 to the 2 copies"],
    ),
    (
        "[{ call = \"b\", cache = {} }]",
        "VX1012",
        &["steps.0.cache", "`hit` or `capacity`"],
    ),
    (
        "[{ call = \"b\", cache = { hit = 2 } }]",
        "VX1007",
        &["cache.hit", "0 to 1"],
    ),
    (
        "[{ call = \"b\", cache = { capacity = 9 } }]",
        "VX1012",
        &["cache.capacity", "no request has a `key`"],
    ),
    (
        "[{ call = \"b\", client = { timeout = 5 } }]",
        "VX1005",
        &["steps.0.client.timeout"],
    ),
    ("[{ fail = 1.5 }]", "VX1007", &["steps.0.fail", "0 to 1"]),
    (
        "[{ cpu = \"1ms\", calls = 3 }]",
        "VX1003",
        &["calls", "did you mean `call`"],
    ),
];

#[test]
fn every_wrong_step_is_refused_where_it_stands() {
    for (steps, code, named) in WRONG {
        let said = refusal(&model(steps, ""));
        assert!(said.contains(code), "{steps}: not {code}:\n{said}");
        names(&said, named);
    }
}

/// A calls B calls A: the circle is named in its order.
#[test]
fn services_that_call_each_other_in_a_circle() {
    let more = "[service.c]\nsteps = [{ call = \"a\" }]\nworkers = { cores = 1 }\n";
    let said = refusal(&model("[{ cpu = \"1ms\" }, { call = \"c\" }]", more));
    assert!(said.contains("VX1012"), "{said}");
    assert!(
        said.contains("in a circle: `a` calls `c` calls `a`"),
        "{said}"
    );
    let said = refusal(&model("[{ call = \"a\" }]", ""));
    assert!(said.contains("in a circle: `a` calls `a`"), "{said}");
}

#[test]
fn what_does_not_go_together_with_steps_is_refused() {
    let steps = "[{ cpu = \"1ms\" }, { call = \"b\" }]";
    let cases = [
        ("work = \"1ms\"\nsteps", "`work` cannot stand together"),
        (
            "memory = { base = \"1KiB\", held = \"service\" }\nsteps",
            "held in service only",
        ),
        (
            "balancer = { policy = \"central_queue\" }\nsteps",
            "workers that pull",
        ),
    ];
    for (instead, part) in cases {
        let text = model(steps, "").replacen("steps", instead, 1);
        let said = refusal(&text);
        assert!(
            said.contains("VX1012") && said.contains(part),
            "{instead}:\n{said}"
        );
    }
    let fault = "[[fault]]\nkind = \"crash\"\ntarget = \"a\"\nevery = \"9s\"\nfor = \"1s\"\n\
                 unit = \"core\"\n";
    let said = refusal(&model(steps, fault));
    assert!(said.contains("cores that go down by themselves"), "{said}");
    let class = model(steps, "").replace(
        "arrivals = \"10/s\"",
        "arrivals = \"10/s\"\nclass = [{ name = \"k\", work = \"1ms\" }]",
    );
    assert!(
        refusal(&class).contains("amounts of work of its own"),
        "{}",
        refusal(&class)
    );
}
