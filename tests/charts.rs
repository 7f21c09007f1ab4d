//! Charts: no text overlaps another or leaves the picture, whatever the data; the same bytes
//! twice; and a folder of samples to look at (`target/tmp/charts`).

#[path = "charts/boxes.rs"]
mod boxes;
#[path = "charts/corners.rs"]
mod corners;
#[path = "charts/samples.rs"]
mod samples;
#[path = "charts/story_timeline.rs"]
mod story_timeline;

use boxes::{text_boxes, tidy};
use samples::{every_chart, story};

#[test]
fn no_text_overlaps_or_leaves_the_picture() {
    for (name, chart) in every_chart() {
        tidy(&name, &chart.svg());
    }
}

#[test]
fn same_bytes_twice() {
    for ((name, first), (_, second)) in every_chart().into_iter().zip(every_chart()) {
        assert_eq!(first.svg(), second.svg(), "{name}");
    }
}

#[test]
fn charts_without_data_say_so() {
    let empty = every_chart()
        .into_iter()
        .filter(|(name, _)| name.contains("empty"));
    let mut seen = 0;
    for (name, chart) in empty {
        let texts = text_boxes(&chart.svg());
        assert!(texts.iter().any(|text| text.words == "no data"), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 7, "each kind, and lines over names");
}

#[test]
fn hostile_names_stay_text() {
    for (name, chart) in every_chart()
        .into_iter()
        .filter(|(name, _)| name.contains("hostile"))
    {
        let svg = chart.svg();
        assert!(!svg.contains("<script"), "{name}");
        let forbidden = |letter: char| letter.is_control() && letter != '\n';
        assert!(!svg.contains(forbidden), "{name}");
        assert!(svg.contains("&lt;script"), "{name}");
    }
}

#[test]
fn no_coordinate_is_wild() {
    for (name, chart) in every_chart() {
        let svg = chart.svg();
        for wrong in ["NaN", "inf", "2147483647", "-2147483648"] {
            let attribute = svg
                .split('"')
                .skip(1)
                .step_by(2)
                .any(|value| value.contains(wrong));
            assert!(!attribute || name.contains("hostile"), "{name}: {wrong}");
        }
    }
}

/// The bytes are those of every other machine. After a wanted change of looks, look at the
/// pictures, then take over the list that this test prints.
#[test]
fn bytes_are_those_of_every_machine() {
    let digests = story().into_iter().map(|(name, chart)| {
        let digest = blake3::hash(chart.svg().as_bytes()).to_hex();
        format!("{name} {}\n", &digest[..16])
    });
    let digests: String = digests.collect();
    assert_eq!(
        digests,
        include_str!("charts/golden.txt"),
        "now:\n{digests}"
    );
}

/// Writes every sample, so that somebody can look at them.
#[test]
fn samples_can_be_looked_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    for (name, chart) in every_chart() {
        std::fs::write(folder.join(format!("{name}.svg")), chart.svg()).expect("written");
    }
    #[cfg(feature = "png")]
    for (name, chart) in story() {
        let png = chart.png();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n", "{name}");
        assert_eq!(png, chart.png(), "{name}: the same bytes twice");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("written");
    }
}
