//! Every error code stands in the table of the docs and in the types, and no other does.

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

/// The codes at the start of the lines that begin so.
fn starts<'a>(text: &'a str, beginning: &str) -> BTreeSet<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(beginning))
        .filter_map(|rest| rest.split(['`', '"']).next())
        .filter(|code| code.starts_with("ERR_ENVELOPE_"))
        .collect()
}
