//! Text of strangers, such as names in a message or words of a service, as our errors show it.

use std::fmt::{self, Write};
use std::path::Path;

/// How many characters of a stranger's text are shown.
const MAX_CHARS: usize = 200;
/// Paths are the caller's, and may have to be copied; names of files in them can be strangers'.
const MAX_PATH_CHARS: usize = 4096;

/// The text in one line, at most 200 characters of it: what is invisible, or moves or colours other
/// text, is escaped as in Rust and JavaScript, as are quotes and backslashes. Says if it was cut.
pub fn shown(text: &str) -> String {
    escaped(text, MAX_CHARS, |c| matches!(c, '"' | '\\') || is_unseen(c))
}

/// As [`shown`], for a sentence that stands in no quotes, and keeps its own.
#[cfg(feature = "aws-kms")]
pub fn shown_sentence(text: &str) -> String {
    escaped(text, MAX_CHARS, is_unseen)
}

/// A path in one line, with what is invisible escaped.
pub fn shown_path(path: &Path) -> String {
    escaped(&path.to_string_lossy(), MAX_PATH_CHARS, is_unseen)
}

/// The first of these texts in quotes, and how many more there are.
pub fn listed<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 5;
    let more = texts.len().saturating_sub(MOST);
    let mut list = String::new();
    for (i, text) in texts.take(MOST).enumerate() {
        let separator = if i == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(list, "{separator}\"{}\"", shown(text));
    }
    if more > 0 {
        let _ = write!(list, " and {more} more");
    }
    list
}

fn escaped(text: &str, most: usize, is_escaped: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    let mut chars = text.chars();
    for c in chars.by_ref().take(most) {
        let wrote = match c {
            '\t' | '\n' | '\r' | '"' | '\\' if is_escaped(c) => add(&mut out, c.escape_default()),
            c if is_escaped(c) => add(&mut out, c.escape_unicode()),
            c => out.write_char(c),
        };
        debug_assert!(wrote.is_ok(), "writing to a String cannot fail");
    }
    if !chars.as_str().is_empty() {
        add_cut(&mut out, text.len());
    }
    out
}

fn add(out: &mut String, escape: impl fmt::Display) -> fmt::Result {
    write!(out, "{escape}")
}

fn add_cut(out: &mut String, length: usize) {
    let _ = write!(out, "... (cut; {length} bytes in all)");
}

/// Whether a character is invisible, or changes how others are shown.
///
/// Source: Unicode 16, the categories Cc, Cf, Co, Zl, Zp and Zs but the space, and the property
/// `Default_Ignorable_Code_Point`.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}'
            | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{1680}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}'
            | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped_and_visible_ones_stay() {
        assert_eq!(shown("a\nb\u{1b}[31m\u{9b}0m"), r"a\nb\u{1b}[31m\u{9b}0m");
        assert_eq!(
            shown("\u{202e}\u{200b}\u{2066}\u{e0041}"),
            r"\u{202e}\u{200b}\u{2066}\u{e0041}"
        );
        assert_eq!(shown("say \"hi\" \\"), r#"say \"hi\" \\"#);
        assert_eq!(shown("Grüße, 東京 \u{1f510}"), "Grüße, 東京 \u{1f510}");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = "é".repeat(1 << 20);
        let text = shown(&long);
        assert!(text.ends_with("... (cut; 2097152 bytes in all)"), "{text}");
        assert_eq!(text.chars().filter(|c| *c == 'é').count(), MAX_CHARS);
        assert_eq!(shown(&"é".repeat(MAX_CHARS)), "é".repeat(MAX_CHARS));
    }

    #[test]
    fn a_list_names_five_and_counts_the_rest() {
        let names = vec!["n"; 1000];
        let list = listed(names.iter().copied());
        assert_eq!(list, r#""n", "n", "n", "n", "n" and 995 more"#);
    }

    #[test]
    fn a_path_can_be_copied_and_stays_in_its_line() {
        assert_eq!(shown_path(Path::new(r#"C:\a "b""#)), r#"C:\a "b""#);
        assert_eq!(shown_path(Path::new("a\n\u{202e}b")), r"a\n\u{202e}b");
    }
}
