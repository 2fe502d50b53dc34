//! One flat JSON object of strings: what descriptions and instruction files are.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error as _, MapAccess, Visitor};

use crate::error::{Error, Result};

/// The pairs of an object, in its own order.
pub(super) type Pairs = Vec<(String, String)>;

/// The pairs of a JSON object whose values are strings.
///
/// # Errors
/// `MalformedMessage`, which calls the text `name`, if it is anything else, has a key twice, or is
/// followed by more.
pub(super) fn parse(text: &str, name: &str) -> Result<Pairs> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let pairs = deserializer.deserialize_map(PairsVisitor).and_then(|pairs| {
        deserializer.end()?;
        Ok(pairs)
    });
    pairs.map_err(|_| {
        Error::malformed(format!(
            "{name} is not one JSON object of strings, each key once; the object was changed, \
             or another program wrote it"
        ))
    })
}

/// Returns the pairs as a JSON object in ASCII. Other characters are escaped: S3 would change them.
pub(super) fn write<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let members: Vec<_> =
        pairs.into_iter().map(|(key, value)| format!("{}:{}", quote(key), quote(value))).collect();
    format!("{{{}}}", members.join(","))
}

fn quote(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Pairs::new();
        let mut keys = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom("the same key twice"));
            }
            pairs.push((key, value));
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_strings_are_read_and_nothing_else() {
        let pairs = |list: &[(&str, &str)]| -> Pairs {
            list.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
        };
        assert_eq!(parse("{}", "it").unwrap(), pairs(&[]));
        assert_eq!(
            parse(" {\"b\": \"\\u00e9\", \"a\":\"\"} ", "it").unwrap(),
            pairs(&[("b", "é"), ("a", "")])
        );
        let deep = "{\"a\":".repeat(1500);
        for text in [
            "",
            "{",
            "[]",
            "\"a\"",
            "null",
            "{\"a\":1}",
            "{\"a\":null}",
            "{} {}",
            "{\"a\":{}}",
            "{\"a\":\"1\",\"a\":\"1\"}",
            "{\"a\":\"\\ud800\"}",
            &deep,
        ] {
            assert!(parse(text, "it").is_err(), "{text:.40}");
        }
    }

    #[test]
    fn what_is_written_is_ascii_and_reads_back() {
        let text = write([("clé", "\"\u{1f511}\"\n\u{7f}")]);
        assert_eq!(text, "{\"cl\\u00e9\":\"\\\"\\ud83d\\udd11\\\"\\n\\u007f\"}");
        assert_eq!(parse(&text, "it").unwrap()[0].1, "\"\u{1f511}\"\n\u{7f}");
    }
}
