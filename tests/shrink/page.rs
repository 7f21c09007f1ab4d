//! The page of shrinking shows what veltrix prints (`VELTRIX_UPDATE=1` writes it anew).

use std::fs;
use std::path::Path;

use veltrix::model::incident::Kind;

use crate::command::{said, veltrix};
use crate::{folder, token_of};

const PAGE: &str = "docs/shrink.md";

/// The text of the block after a mark.
fn block<'p>(page: &'p str, mark: &str) -> &'p str {
    let (_, rest) = page.split_once(mark).unwrap();
    let (_, rest) = rest.split_once("```").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_example_prints_what_the_page_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let place = folder("page");
    for (mark, name) in [
        ("<!-- model: ", "desk.toml"),
        ("<!-- experiment: ", "rush.toml"),
    ] {
        fs::write(place.join(name), block(&page, &format!("{mark}{name} -->"))).unwrap();
    }
    let token = token_of(&place.join("rush.toml"), Kind::OverflowFirst);
    let (code, out) = said(&veltrix(
        &place,
        &["shrink", &token, "rush.toml", "--out", "small"],
    ));
    assert_eq!(code, 0, "{out}");
    let out = format!("$ veltrix shrink {token} rush.toml --out small\n{out}");
    let files = ["arrivals.csv", "model.toml"].map(|name| {
        let text = fs::read_to_string(place.join("small").join(name)).unwrap();
        (format!("<!-- written: {name} -->"), text)
    });
    let mut new = page.clone();
    for (mark, text) in [("<!-- output -->".to_owned(), out)]
        .into_iter()
        .chain(files)
    {
        if std::env::var_os("VELTRIX_UPDATE").is_none() {
            assert_eq!(block(&page, &mark), text, "{mark}");
        }
        let (before, after) = new.split_once(&mark).unwrap();
        let (fence, rest) = after.split_once("```\n").unwrap();
        let (_, rest) = rest.split_once("```").unwrap();
        new = format!("{before}{mark}{fence}```\n{text}```{rest}");
    }
    if std::env::var_os("VELTRIX_UPDATE").is_some() {
        fs::write(path, new).unwrap();
    }
}
