//! Every line of `tests/bad-inputs/manifest.tsv` has its test, or waits by name.

use std::fs;
use std::path::Path;

/// A test by its file below `tests` and its function.
type Test = (&'static str, &'static str);

const RAW: Test = ("config/bad.rs", "every_raw_file_is_refused_as_asked");
const RAW_ENDS: Test = ("cli/bad.rs", "raw_files_are_refused_and_nothing_is_written");
const CHANGED: Test = ("config/mutations.rs", "changes_to_a_model");
const CHANGED_ENDS: Test = (
    "cli/bad.rs",
    "changed_models_are_refused_and_nothing_is_written",
);
const ODD: Test = ("config/mutations.rs", "what_is_odd_but_allowed_is_run");
const ODD_ENDS: Test = ("cli/bad.rs", "what_is_odd_but_allowed_is_run_to_its_end");
const TRACE: Test = ("config/traces.rs", "bad_traces_are_refused_by_line");
const TRACE_ENDS: Test = (
    "cli/bad.rs",
    "bad_traces_are_refused_and_nothing_is_written",
);
const GOOD_TRACE: Test = ("config/traces.rs", "good_traces_are_read_to_the_nanosecond");
const GOOD_TRACE_ENDS: Test = ("cli/bad.rs", "odd_traces_are_run_whole");

/// Lines that are tested, and by what.
const TESTED: &[(&[&str], &[Test])] = &[
    (
        &[
            "B001", "B002", "B004", "B005", "B006", "B008", "B009", "B012", "B013", "B015", "B018",
            "B019", "B022", "B023", "B024",
        ],
        &[RAW, RAW_ENDS],
    ),
    (
        &["B009"],
        &[("config/bad.rs", "no_nesting_brings_the_reader_down")],
    ),
    (
        &["B022"],
        &[("config/bad.rs", "a_long_line_makes_no_long_message")],
    ),
    (
        &[
            "B025", "B026", "B027", "B030", "B031", "B033", "B034", "B036", "B037", "B039", "B043",
            "B049",
        ],
        &[CHANGED, CHANGED_ENDS],
    ),
    (
        &["B040"],
        &[(
            "config/steps.rs",
            "services_that_call_each_other_in_a_circle",
        )],
    ),
    (
        &["B032"],
        &[
            (
                "config/mutations.rs",
                "weights_that_choose_nothing_are_refused",
            ),
            CHANGED_ENDS,
        ],
    ),
    (
        &["B049"],
        &[(
            "config/mutations.rs",
            "a_name_of_ten_thousand_characters_makes_a_short_message",
        )],
    ),
    (
        &["B057"],
        &[
            ("config/mutations.rs", "changes_to_an_experiment"),
            CHANGED_ENDS,
        ],
    ),
    (
        &["B029"],
        &[
            (
                "config/mutations.rs",
                "a_rate_beyond_reason_is_refused_with_an_estimate",
            ),
            ("cli/bad.rs", "too_much_is_refused_with_the_estimate"),
        ],
    ),
    (&["B028", "B035", "B037", "B038"], &[ODD, ODD_ENDS]),
    (
        &["B041"],
        &[
            ODD,
            ("cli/bad.rs", "a_run_of_no_time_says_that_it_has_no_data"),
        ],
    ),
    (
        &[
            "T001", "T002", "T003", "T004", "T005", "T006", "T007", "T008", "T009", "T010", "T011",
            "T012", "T013", "T014",
        ],
        &[TRACE, TRACE_ENDS],
    ),
    (&["T015", "T023"], &[GOOD_TRACE, GOOD_TRACE_ENDS]),
    (
        &["T023"],
        &[(
            "config/traces.rs",
            "lines_after_blank_ones_keep_their_numbers",
        )],
    ),
    (
        &["T027"],
        &[(
            "fit/command.rs",
            "three_bad_lines_of_four_are_refused_with_their_numbers_and_the_counts",
        )],
    ),
    (
        &["I001", "I002"],
        &[("cli/incident_files.rs", "files_that_are_none_are_refused")],
    ),
    (
        &["I003", "I004"],
        &[(
            "cli/incident_files.rs",
            "a_file_that_contradicts_itself_is_refused",
        )],
    ),
    (
        &["T016"],
        &[
            GOOD_TRACE,
            (
                "config/traces.rs",
                "hostile_names_of_classes_are_made_harmless",
            ),
            (
                "cli/bad.rs",
                "hostile_names_of_classes_are_harmless_in_every_output",
            ),
        ],
    ),
    (
        &["E001", "E002"],
        &[
            ("config/bad.rs", "only_regular_files_are_read"),
            (
                "cli/bad.rs",
                "paths_that_are_no_readable_file_are_refused_at_once",
            ),
        ],
    ),
    (
        &["E003"],
        &[
            ("cli/bad.rs", "an_output_folder_is_made_or_left_alone"),
            ("cli.rs", "a_run_is_refused_before_anything_is_written"),
        ],
    ),
    (
        &["E007", "E008"],
        &[
            ("cli.rs", "numbers_out_of_range_are_refused_with_the_range"),
            ("cli/bad.rs", "seeds_and_jobs_out_of_range_are_refused"),
        ],
    ),
    (
        &["E009"],
        &[
            ("cli.rs", "a_reader_that_leaves_is_no_trouble"),
            (
                "cli/bad.rs",
                "a_reader_that_stops_after_a_line_is_no_trouble",
            ),
        ],
    ),
];

/// Lines without a test of their own, and what each waits for.
const WAITING: &[(&str, &str)] = &[
    ("E004", "a full disk: needs a small file system of its own"),
    ("E005", "a sweep that is killed and resumed"),
    ("E006", "a sweep that is interrupted"),
    ("E010", "a lock on the output folder"),
];

fn tests_folder(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(file);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_line_of_the_manifest_is_tested_or_waits() {
    let manifest = tests_folder("bad-inputs/manifest.tsv");
    let lines: Vec<&str> = manifest
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(lines.len(), 67);
    let tested = |id: &str| TESTED.iter().any(|(ids, _)| ids.contains(&id));
    let waits = |id: &str| WAITING.iter().any(|(name, _)| *name == id);
    for id in &lines {
        assert!(
            tested(id) || waits(id),
            "{id} is neither tested nor waiting"
        );
        assert!(
            !tested(id) || !waits(id),
            "{id} is tested: it need not wait"
        );
    }
    let known = TESTED.iter().flat_map(|(ids, _)| ids.iter());
    for id in known.chain(WAITING.iter().map(|(id, _)| id)) {
        assert!(lines.contains(id), "the manifest has no line {id}");
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    for (ids, tests) in TESTED {
        for (file, function) in *tests {
            let text = tests_folder(file);
            let found = text.contains(&format!("#[test]\nfn {function}()"));
            assert!(found, "{ids:?}: no test {function} in tests/{file}");
        }
    }
}

/// A file of the folder belongs to a line.
#[test]
fn every_bad_file_is_in_the_manifest() {
    let manifest = tests_folder("bad-inputs/manifest.tsv");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-inputs");
    for entry in fs::read_dir(folder).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("a name");
        let other = ["manifest.tsv", "README.md", ".gitattributes"].contains(&name);
        let found = manifest.contains(&format!("\t{name}\t"));
        assert!(other || found, "{name} is in no line");
    }
}
