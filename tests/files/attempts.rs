//! From a trace by the command line to `attempts.csv`: every row to the nanosecond.

use crate::ground::Ground;

/// One core, one waiting place. In milliseconds: the first is served from 0 to 30; the second
/// waits from 10 to 30 and ends at 50; the third finds the place taken; the fourth comes as the
/// first leaves and takes the place of the second, which begins; the fifth comes a nanosecond after
/// the fourth has ended, and finds an idle worker.
const TRACE: &str = "arrival_s,service_s,size_bytes
0,0.03,10
0.010,0.02,20
0.0200000004,0.5,30
0.030,0.0000000015,40
0.050000003,0.001,50
";

const MODEL: &str = r#"
[source.replay]
to = "web"

[source.replay.arrivals]
process = "trace"
file    = "trace.csv"
columns = { work = { column = "service_s" }, size = { column = "size_bytes", unit = "B" } }

[service.web.workers]
count  = 1
cores  = 1
buffer = { slots = 1 }
"#;

const HEADER: &str = "point,replication,request,attempt,source,class,service,worker,born_ns,\
                      arrived_ns,start_ns,end_ns,work_ns,outcome,code";

fn attempts(name: &str, model: &str, experiment: &str) -> Vec<String> {
    let ground = Ground::new(name);
    ground.write("trace.csv", TRACE);
    ground.write("model.toml", model);
    let file = ground.write("x.toml", experiment);
    let (exit, files) = ground.run(&file, "out", &[], &[]);
    assert_eq!(exit, 0);
    let text = String::from_utf8(files["attempts.csv"].clone()).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some(HEADER));
    lines.collect()
}

#[test]
fn rows_of_a_trace_are_exact() {
    let experiment = "model = \"model.toml\"\nhorizon = \"trace\"\nreplications = 2\n\
                      attempts = true\n";
    let mut rows = attempts("rows", MODEL, experiment);
    rows.sort();
    let expected = [
        "0,1,replay,default,web,web[1],0,0,0,30000000,30000000,ok,",
        "1,1,replay,default,web,web[1],10000000,10000000,30000000,50000000,20000000,ok,",
        "2,1,replay,default,web,web[1],20000000,20000000,,20000000,500000000,refused,VX3102",
        "3,1,replay,default,web,web[1],30000000,30000000,50000000,50000002,2,ok,",
        "4,1,replay,default,web,web[1],50000003,50000003,50000003,51000003,1000000,ok,",
    ];
    let both = (0..2).flat_map(|r| expected.map(|row| format!("0,{r},{row}")));
    assert_eq!(rows, both.collect::<Vec<_>>());
}

#[test]
fn one_request_in_so_many_by_its_number_with_all_its_attempts() {
    let client = "client = { timeout = \"25ms\", retry = { attempts = 2, base = \"0ms\", cap = \
                  \"0ms\" } }\n[source.replay.arrivals]";
    let model = MODEL.replace("[source.replay.arrivals]", client);
    let experiment = "model = \"model.toml\"\nhorizon = \"trace\"\nreplications = 1\n\
                      attempts = { every = 2 }\n";
    let rows = attempts("sample", &model, experiment);
    let number = |row: &String| row.split(',').nth(2).unwrap().parse::<u64>().unwrap();
    assert!(rows.iter().all(|row| number(row) % 2 == 0), "{rows:#?}");
    let of_2: Vec<&String> = rows.iter().filter(|row| number(row) == 2).collect();
    assert_eq!(of_2.len(), 2, "{rows:#?}");
    assert!(of_2[0].contains(",2,1,replay") && of_2[1].contains(",2,2,replay"));
}
