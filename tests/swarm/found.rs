//! What random models have found: the smallest model of each, under the name of what was wrong.

use crate::model::{Model, Run};
use crate::same::{Place, Verdict, judge};

const S: u64 = 1_000_000_000;

/// Twenty seconds, to the last nanosecond; everything must hold.
#[track_caller]
fn holds(name: &str, data: &[(&str, &str)], text: &str) {
    let run = Run {
        warm_up: 0,
        horizon: Some(20 * S),
        drain: 5 * S,
    };
    let mut model = Model::written(data, run);
    match judge(&mut model, text, 1, &Place::new(name)) {
        Verdict::Fine { ended, .. } => assert!(ended[0] > 10, "nothing happens"),
        Verdict::Refused(why) | Verdict::Broken(why) => panic!("{why}"),
    }
}

#[test]
fn classes_that_a_trace_names_have_no_weight_when_they_are_written_out() {
    let rows: String = (0..20)
        .map(|i| format!("{i},{}\n", ["a", "b"][i % 2]))
        .collect();
    let trace = format!("arrival_s,kind\n{rows}");
    holds(
        "weights",
        &[("trace.csv", &trace)],
        r#"
        [source.log]
        to = "web"
        arrivals = { process = "trace", file = "trace.csv", columns = { class = "kind" } }
        [[source.log.class]]
        name = "a"
        [service.web]
        work = "1ms"
        workers = { cores = 1 }
        "#,
    );
}

#[test]
fn workers_of_unbounded_cores_do_not_count_for_utilisation() {
    holds(
        "cores",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        [service.web]
        work = "1s"
        [[service.web.workers]]
        name = "many"
        cores = "unbounded"
        [[service.web.workers]]
        name = "one"
        cores = 1
        "#,
    );
}

#[test]
fn workers_of_unbounded_ram_do_not_count_for_the_share_held() {
    holds(
        "ram",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        [service.web]
        work = "1s"
        memory = "1MiB"
        [[service.web.workers]]
        name = "much"
        cores = 4
        [[service.web.workers]]
        name = "little"
        cores = 1
        ram = "2MiB"
        "#,
    );
}

#[test]
fn a_late_copy_wastes_what_it_had_of_shared_cores() {
    holds(
        "late",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "4/s"
        fan_out = 4
        need = 1
        rest = "run"
        [service.web]
        work = { dist = "exponential", mean = "100ms" }
        workers = { count = 2, cores = 1, discipline = "ps" }
        "#,
    );
}

#[test]
fn work_that_a_crash_has_frozen_is_no_utilisation() {
    holds(
        "frozen",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        [service.web]
        work = "200ms"
        workers = { cores = 2 }
        [[fault]]
        kind = "crash"
        target = "web"
        every = "2s"
        for = "3s"
        in_service = "resume"
        "#,
    );
}

#[test]
fn who_left_the_middle_of_a_buffer_is_not_its_oldest() {
    holds(
        "oldest",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        client = { patience = { dist = "exponential", mean = "150ms" } }
        [service.web]
        work = { dist = "exponential", mean = "100ms" }
        workers = { cores = 1, buffer = { slots = 4, on_full = "drop_oldest" } }
        "#,
    );
}

#[test]
fn a_copy_on_shared_cores_is_lost_once_when_another_was_lost_with_it() {
    holds(
        "lost",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        fan_out = 3
        need = 3
        rest = "cancel"
        [service.web]
        work = { dist = "exponential", mean = "100ms" }
        workers = { cores = 1, discipline = "ps" }
        [[fault]]
        kind = "crash"
        target = "web"
        every = "500ms"
        for = "10ms"
        "#,
    );
}

#[test]
fn a_copy_that_displaces_another_is_taken_back_with_it() {
    holds(
        "displaced",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        fan_out = 3
        need = 2
        rest = "cancel"
        [service.web]
        work = { dist = "exponential", mean = "100ms" }
        workers = { cores = 1, buffer = { slots = 1, on_full = "drop_oldest" } }
        "#,
    );
}

#[test]
fn a_copy_that_waits_at_its_sender_is_taken_back() {
    holds(
        "blocked",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        fan_out = 3
        need = 1
        rest = "cancel"
        [service.web]
        work = { dist = "exponential", mean = "100ms" }
        workers = { cores = 1, buffer = { slots = 0, on_full = "block" } }
        "#,
    );
}

#[test]
fn a_copy_that_is_done_is_not_taken_back_by_the_worker_that_falls_after_it() {
    holds(
        "done",
        &[],
        r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        fan_out = 4
        need = 3
        rest = "cancel"
        [service.web]
        work = { dist = "exponential", mean = "20ms" }
        memory = { base = { dist = "exponential", mean = "8MiB" }, held = "service" }
        workers = { cores = 2, ram = "16MiB", ram_policy = "oom_kill", restart = "20ms" }
        "#,
    );
}
