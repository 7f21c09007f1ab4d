//! The page of sensitivity shows what veltrix prints (`VELTRIX_UPDATE=1` writes it anew).

use std::fs;

use super::{blocks, folder, page, root, veltrix};

const PAGE: &str = "docs/sensitivity.md";

#[test]
fn the_example_of_sensitivity_prints_what_the_page_says() {
    let text = page(PAGE);
    let folder = folder("sensitivity");
    for (_, file, text) in blocks(&text) {
        fs::write(folder.join(file), text).unwrap();
    }
    let (_, rest) = text.split_once("<!-- output: ").unwrap();
    let (arguments, rest) = rest.split_once(" -->\n\n```\n").unwrap();
    let (said, _) = rest.split_once("```").unwrap();
    let mut words: Vec<&str> = arguments.split(' ').collect();
    words.extend(["--out", "out"]);
    let (exit, out, err) = veltrix(&folder, &words);
    assert_eq!(exit, 0, "{err}");
    // Where the files are is of no interest on a page.
    let (found, _) = out.split_once("\nfiles ").unwrap();
    let printed = format!("{err}\n{found}");
    if std::env::var_os("VELTRIX_UPDATE").is_some() {
        let new = text.replace(&format!("```\n{said}```"), &format!("```\n{printed}```"));
        fs::write(root().join(PAGE), new).unwrap();
        return;
    }
    assert_eq!(said, printed);
}
