//! The example of each code's page: a command of veltrix and what it prints. The files are made
//! of a small model and a small experiment with one thing changed.

use std::fs;

use super::{folder, root, veltrix};

const MODEL: &str = "\
[source.shop]
to       = \"web\"
arrivals = \"200/s\"
client   = { timeout = \"250ms\" }

[service.web]
work = \"3ms\"

[service.web.workers]
count = 2
cores = 8
";

const EXPERIMENT: &str = "\
model        = \"../models/web.toml\"
horizon      = \"60s\"
replications = 2
";

const WEB: &str = "models/web.toml";
const RUN: &str = "experiments/web.toml";

/// A code, the file that is changed, what is replaced there, and by what; an empty text to replace
/// means the end of the file.
type Case = (u16, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (1001, RUN, "models/web", "models/wbe"),
    (1002, WEB, "\"web\"", "\"web"),
    (1003, WEB, "\"250ms\"", "\"250ms\", retires = 3"),
    (1004, WEB, "cores = 8", "cores = \"8\""),
    (1005, WEB, "\"250ms\"", "250"),
    (1006, WEB, "cores = 8\n", ""),
    (1007, WEB, "cores = 8", "cores = -3"),
    (1008, WEB, "\"web\"", "\"wbe\""),
    (1009, WEB, "[service.web.workers]\ncount = 2\n",
     "[[service.web.workers]]\nname  = \"big\"\ncores = 16\n\n\
      [[service.web.workers]]\nname  = \"big\"\n"),
    (1010, WEB, "work = \"3ms\"\n",
     "work = \"3ms\"\npull = { kind = \"competing\" }\n"),
    (1011, WEB, "\"200/s\"", "{ process = \"trace\", file = \"monday.csv\" }"),
    (1012, WEB, "work = \"3ms\"",
     "work = { dist = \"lognormal\", mean = \"3ms\", mu = -6.0, sigma = 1.0 }"),
    (1013, WEB, MODEL, ""),
    (1014, WEB, MODEL,
     "a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"),
    (1015, WEB, "", ""),
    (2001, RUN, "", "\n[sweep]\n\"service.web.worker.count\" = [20, 25]\n"),
    (2002, RUN, "", "\n[sweep]\n\
      \"service.web.workers.count\" = { from = 1, to = 1000, steps = 1000 }\n\
      \"service.web.workers.cores\" = { from = 1, to = 1000, steps = 1000 }\n"),
    (2003, RUN, "",
     "\n[objective]\nminimise   = \"p99_latency\"\nsubject_to = [\"loss < 0.01\"]\n"),
    (2004, RUN, "", "\n[objective]\nsubject_to = [\"latency_p99 < 50\"]\n"),
    (2005, RUN, "", "warm_up      = \"5min\"\n"),
    (2006, RUN, "", ""),
    (2007, WEB, "250ms", "2h"),
    (2008, WEB, "timeout = \"250ms\"", "retry = { attempts = 5000, base = \"0s\" }"),
    (2009, WEB, "200/s", "6k/s"),
    (4005, RUN, "",
     "warm_up      = \"auto\"\n\n[[variant]]\nname = \"busy\"\n\n[variant.set]\n\
      \"source.shop.arrivals\" = \"5330/s\"\n"),
    (4006, RUN, "replications = 2",
     "replications = { min = 2, max = 4, precision = 0.001, metric = \"offered\" }"),
    (2012, RUN, "", "\n[rare]\nmetrics = [\"latency_p99\"]\n"),
    (5003, WEB, "timeout = \"250ms\" }\n",
     "retry = { attempts = \"unbounded\", base = \"0s\" } }\n\n\
      [[fault]]\nkind   = \"crash\"\ntarget = \"web\"\nat     = \"2s\"\n"),
];

/// The block of a page's example: its command, and what follows it.
fn example(page: &str) -> Option<(String, String)> {
    let (_, block) = page.split_once("## Example\n\n```\n$ veltrix ")?;
    let (command, text) = block.split_once('\n')?;
    let (text, _) = text.split_once("```")?;
    Some((command.to_owned(), text.to_owned()))
}

fn printed((code, file, old, new): Case, command: &str) -> String {
    let folder = folder(&format!("VX{code}"));
    for (name, text) in [(WEB, MODEL), (RUN, EXPERIMENT)] {
        let text = match (name == file, old) {
            (true, "") => format!("{text}{new}"),
            (true, _) => text.replacen(old, new, 1),
            (false, _) => text.to_owned(),
        };
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(
        folder.join("models/monday.csv"),
        "arrival_s\n0.5\n2.0\n1.5\n",
    )
    .unwrap();
    fs::copy(
        root().join("tests/bad-inputs/access-bad-lines.log"),
        folder.join("models/monday.log"),
    )
    .unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let (_, out, err) = veltrix(&folder, &words);
    format!("{err}{out}")
}

#[test]
fn examples_of_codes_are_what_veltrix_prints() {
    for &case in CASES {
        let path = root().join(format!("docs/codes/VX{}.md", case.0));
        let page = fs::read_to_string(&path).unwrap();
        let (command, told) = example(&page).unwrap_or_else(|| panic!("VX{} has none", case.0));
        let printed = printed(case, &command);
        assert!(
            printed.contains(&format!("VX{}", case.0)) || case.0 == 2009,
            "{printed}"
        );
        // Of a long output a page shows some lines.
        let fine = |line: &str| line == "..." || printed.lines().any(|l| l == line);
        if std::env::var_os("VELTRIX_UPDATE").is_some() && !told.lines().all(fine) {
            let now = page.replace(
                &format!("{command}\n{told}"),
                &format!("{command}\n{printed}"),
            );
            fs::write(&path, now).unwrap();
            continue;
        }
        for line in told.lines() {
            assert!(
                fine(line),
                "VX{}: not printed: {line:?} in\n{printed}",
                case.0
            );
        }
    }
}

#[test]
fn every_page_of_a_wrong_file_has_a_tested_example() {
    for row in veltrix::base::codes::CODES {
        let number = row.code.number();
        let tested = CASES.iter().any(|c| c.0 == number);
        assert!(tested || number >= 3000, "{}", row.code);
    }
}
