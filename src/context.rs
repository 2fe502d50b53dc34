//! The encryption context: public pairs of strings that a message authenticates.
//!
//! Source: `framework/structures.md`, "Encryption Context".

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};

/// Keys with this prefix belong to the format (`data-format/message-header.md`, "AAD").
const RESERVED_PREFIX: &str = "aws-crypto-";

/// The verification key of a signed message (`framework/structures.md`, "Encryption Context").
pub(crate) const PUBLIC_KEY: &str = "aws-crypto-public-key";

/// The serialised context has a 16-bit length in the header.
const MAX_SERIALIZED_LENGTH: usize = u16::MAX as usize;

/// Pairs of strings, sorted by the UTF-8 bytes of their keys; Rust's order of `String` is that one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionContext {
    pairs: BTreeMap<String, String>,
}

impl EncryptionContext {
    /// A context from the caller's pairs.
    ///
    /// # Errors
    /// `InvalidArgument` for a reserved or repeated key, or pairs of more than 65,535 bytes in all.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut context = Self::default();
        for (key, value) in pairs {
            if key.starts_with(RESERVED_PREFIX) {
                return Err(Error::invalid(format!(
                    "the encryption context key \"{key}\" starts with \"{RESERVED_PREFIX}\", \
                     which is reserved; choose another name"
                )));
            }
            if !context.insert(key, value) {
                return Err(Error::invalid("the encryption context has the same key twice"));
            }
        }
        if context.serialized_length() > MAX_SERIALIZED_LENGTH {
            return Err(Error::invalid(format!(
                "the encryption context takes {} bytes; a message holds at most {MAX_SERIALIZED_LENGTH}",
                context.serialized_length()
            )));
        }
        Ok(context)
    }

    /// The pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.get(key).map(String::as_str)
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Checks that every pair of `expected` is in this context.
    ///
    /// # Errors
    /// `ContextMismatch`, naming the first key that is missing or has another value.
    pub fn require(&self, expected: &EncryptionContext) -> Result<()> {
        for (key, value) in expected.iter() {
            let problem = match self.get(key) {
                Some(found) if found == value => continue,
                Some(_) => "has another value in",
                None => "is not in",
            };
            return Err(Error::new(
                Code::ContextMismatch,
                format!(
                    "the pair \"{key}\" of the given encryption context {problem} the message's; \
                     this is another message than the one that was asked for"
                ),
            ));
        }
        Ok(())
    }

    /// The bytes that are authenticated: count, then each key and value with its length.
    ///
    /// Empty for an empty context (`framework/structures.md`, "Serialization").
    pub(crate) fn serialize(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.serialized_length());
        if self.is_empty() {
            return bytes;
        }
        push_length(&mut bytes, self.pairs.len());
        for (key, value) in self.iter() {
            for text in [key, value] {
                push_length(&mut bytes, text.len());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        bytes
    }

    /// Adds a pair as a message carries it; `false` if the key is there already.
    pub(crate) fn insert(&mut self, key: String, value: String) -> bool {
        self.pairs.insert(key, value).is_none()
    }

    fn serialized_length(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        self.iter().fold(2, |sum, (key, value)| sum + 4 + key.len() + value.len())
    }
}

/// Every length here fits: a context is at most `MAX_SERIALIZED_LENGTH` bytes as a whole.
#[allow(clippy::cast_possible_truncation)]
fn push_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&(length as u16).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Result<EncryptionContext> {
        EncryptionContext::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())))
    }

    #[test]
    fn serializes_as_the_specification_says() {
        assert_eq!(context(&[]).unwrap().serialize(), b"");
        let bytes = context(&[("b", "2"), ("a", "")]).unwrap().serialize();
        assert_eq!(bytes, b"\0\x02\0\x01a\0\0\0\x01b\0\x012");
    }

    #[test]
    fn sorts_by_utf8_and_not_by_utf16() {
        // In UTF-16 the surrogates of U+1F600 sort before U+FF5E; in UTF-8 they sort after.
        let context = context(&[("\u{1f600}", "x"), ("\u{ff5e}", "y")]).unwrap();
        let keys: Vec<_> = context.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["\u{ff5e}", "\u{1f600}"]);
    }

    #[test]
    fn refuses_reserved_repeated_and_oversized() {
        let long = "x".repeat(65_536);
        let cases = [
            vec![("aws-crypto-public-key", "x")],
            vec![("a", "1"), ("a", "1")],
            vec![("a", long.as_str())],
        ];
        for pairs in cases {
            assert_eq!(context(&pairs).unwrap_err().code(), Code::InvalidArgument);
        }
        assert!(context(&[("a", &long[..65_536 - 2 - 4 - 1 - 1])]).is_ok());
    }

    #[test]
    fn requires_each_given_pair() {
        let message = context(&[("a", "1"), ("b", "2")]).unwrap();
        assert!(message.require(&context(&[("b", "2")]).unwrap()).is_ok());
        for pairs in [[("b", "3")], [("c", "2")]] {
            let error = message.require(&context(&pairs).unwrap()).unwrap_err();
            assert_eq!(error.code(), Code::ContextMismatch);
        }
    }
}
