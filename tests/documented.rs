//! What the docs say of the code is there: every error code and no other; and what they cite.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;

use kms_envelope::error::Code;

#[test]
fn each_code_is_documented_and_typed() {
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let docs = std::fs::read_to_string("docs/errors.md").unwrap();
    assert_eq!(starts(&docs, "| `"), codes, "docs/errors.md");
    let types = std::fs::read_to_string("types/errors.d.ts").unwrap();
    assert_eq!(starts(&types, "  | \""), codes, "types/errors.d.ts");
}

/// A name in backquotes with a slash is a file, and what follows `::` stands in it.
#[test]
fn what_the_conformance_table_cites_is_there() {
    let table = std::fs::read_to_string("docs/conformance.md").unwrap();
    let mut cited = 0;
    for citation in table.split('`').skip(1).step_by(2).filter(|it| it.contains('/')) {
        let (file, name) = citation.split_once("::").unwrap_or((citation, ""));
        let text = std::fs::read_to_string(file).unwrap_or_default();
        assert!(std::path::Path::new(file).exists() && text.contains(name), "{citation}");
        cited += 1;
    }
    assert!(cited > 100, "{cited} citations");
}

/// The codes at the start of the lines that begin so.
fn starts<'a>(text: &'a str, beginning: &str) -> BTreeSet<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(beginning))
        .filter_map(|rest| rest.split(['`', '"']).next())
        .filter(|code| code.starts_with("ERR_ENVELOPE_"))
        .collect()
}
