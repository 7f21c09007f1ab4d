//! The example of `docs/verify.md`: a command and what it prints.

use std::fs;

use super::{page, root, veltrix};

const PAGE: &str = "docs/verify.md";

#[test]
fn the_example_of_verify_is_what_it_prints() {
    let text = page(PAGE);
    let (head, rest) = text
        .split_once("<!-- verify -->\n\n```\n$ veltrix ")
        .unwrap();
    let (command, rest) = rest.split_once('\n').unwrap();
    let (shown, tail) = rest.split_once("```\n").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let (exit, out, err) = veltrix(root(), &words);
    assert_eq!((exit, err.as_str()), (0, ""));
    if std::env::var("VELTRIX_UPDATE").is_ok_and(|v| v == "1") {
        let mark = "<!-- verify -->\n\n```\n$ veltrix ";
        let new = format!("{head}{mark}{command}\n{out}```\n{tail}");
        fs::write(root().join(PAGE), new).unwrap();
        return;
    }
    assert_eq!(shown, out, "VELTRIX_UPDATE=1 writes it anew");
}
