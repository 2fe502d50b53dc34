//! The encryption context: public pairs of strings that a message authenticates.
//!
//! Source: `framework/structures.md`, "Encryption Context".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;

/// Keys with this prefix belong to the format (`data-format/message-header.md`, "AAD").
const RESERVED_PREFIX: &str = "aws-crypto-";

/// The verification key of a signed message (`framework/structures.md`, "Encryption Context").
pub(crate) const PUBLIC_KEY: &str = "aws-crypto-public-key";

/// The serialised context has a 16-bit length in the header.
const MAX_SERIALIZED_LENGTH: usize = u16::MAX as usize;

/// Pairs of strings, sorted by the UTF-8 bytes of their keys; Rust's order of `String` is that one.
/// A clone shares them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionContext {
    pairs: Arc<BTreeMap<String, String>>,
}

impl EncryptionContext {
    /// A context from the caller's pairs.
    ///
    /// # Errors
    /// `InvalidArgument` for a reserved or repeated key, or pairs of more than 65,535 bytes in all.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut context = Self::default();
        for (key, value) in pairs {
            if is_reserved(&key) {
                return Err(Error::invalid(format!(
                    "the encryption context key \"{}\" starts with \"{RESERVED_PREFIX}\", \
                     which is reserved; choose another name",
                    shown(&key)
                )));
            }
            if !context.insert(key, value) {
                return Err(Error::invalid("the encryption context has the same key twice"));
            }
        }
        context.check_length()?;
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

    /// Returns the whole context of a message that stores this one: its pairs, and from `expected` those
    /// whose keys are `required`, which messages authenticate but do not store. Every other pair of
    /// `expected` must be one of this context.
    ///
    /// # Errors
    /// `InvalidArgument` if the value of a required key is not given; `ContextMismatch`, naming the
    /// first key that the message lacks or has another value for.
    pub fn complete(&self, expected: &Self, required: &BTreeSet<String>) -> Result<Self> {
        expected.check_required(required)?;
        let mut whole = self.clone();
        for (key, value) in expected.iter() {
            let problem = match self.get(key) {
                Some(found) if found == value => continue,
                Some(_) => "has another value in",
                None if required.contains(key) => {
                    whole.insert(key.to_owned(), value.to_owned());
                    continue;
                }
                None => "is not in",
            };
            return Err(Error::new(
                Code::ContextMismatch,
                format!(
                    "the pair \"{}\" of the given encryption context {problem} the message's; \
                     this is another message than the one that was asked for",
                    shown(key)
                ),
            ));
        }
        Ok(whole)
    }

    /// Checks that there is a value for each of these keys
    /// (`framework/required-encryption-context-cmm.md`).
    ///
    /// # Errors
    /// `InvalidArgument`, naming the first key that has none.
    pub fn check_required(&self, keys: &BTreeSet<String>) -> Result<()> {
        match keys.iter().find(|key| self.get(key).is_none()) {
            None => Ok(()),
            Some(key) => Err(Error::invalid(format!(
                "the encryption context has no \"{}\", which `requiredContextKeys` names; \
                 give its value to encrypt, and the same to decrypt",
                shown(key)
            ))),
        }
    }

    /// The pairs that `wanted` tells by their key.
    pub(crate) fn filter(&self, wanted: impl Fn(&str) -> bool) -> Self {
        if self.iter().all(|(key, _)| wanted(key)) {
            return self.clone();
        }
        let pairs = self.iter().filter(|(key, _)| wanted(key));
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self { pairs: Arc::new(pairs.collect()) }
    }

    /// The context as its writer gave it, without the format's own pairs.
    pub fn without_reserved(&self) -> Self {
        self.filter(|key| !is_reserved(key))
    }

    /// The same context with the verification key of a signed message.
    pub(crate) fn with_public_key(mut self, key: String) -> Result<Self> {
        self.insert(PUBLIC_KEY.to_owned(), key);
        self.check_length()?;
        Ok(self)
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
        Arc::make_mut(&mut self.pairs).insert(key, value).is_none()
    }

    fn check_length(&self) -> Result<()> {
        let length = self.serialized_length();
        if length <= MAX_SERIALIZED_LENGTH {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "the encryption context takes {length} bytes; a message holds at most \
             {MAX_SERIALIZED_LENGTH}"
        )))
    }

    fn serialized_length(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        self.iter().fold(2, |sum, (key, value)| sum + 4 + key.len() + value.len())
    }
}

/// Whether a key of the context belongs to the format.
pub(crate) fn is_reserved(key: &str) -> bool {
    key.starts_with(RESERVED_PREFIX)
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
    fn pairs_are_written_as_the_specification_says() {
        assert_eq!(context(&[]).unwrap().serialize(), b"");
        let bytes = context(&[("b", "2"), ("a", "")]).unwrap().serialize();
        assert_eq!(bytes, b"\0\x02\0\x01a\0\0\0\x01b\0\x012");
    }

    #[test]
    fn pairs_are_sorted_by_utf8_and_not_by_utf16() {
        // In UTF-16 the surrogates of U+1F600 sort before U+FF5E; in UTF-8 they sort after.
        let context = context(&[("\u{1f600}", "x"), ("\u{ff5e}", "y")]).unwrap();
        let keys: Vec<_> = context.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["\u{ff5e}", "\u{1f600}"]);
    }

    #[test]
    fn reserved_repeated_and_oversized_pairs_are_refused() {
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
    fn every_given_pair_must_be_the_messages() {
        let message = context(&[("a", "1"), ("b", "2")]).unwrap();
        let complete =
            |key, value| message.complete(&context(&[(key, value)]).unwrap(), &BTreeSet::new());
        assert_eq!(complete("b", "2").unwrap(), message);
        for (key, value) in [("b", "3"), ("c", "2")] {
            assert_eq!(complete(key, value).unwrap_err().code(), Code::ContextMismatch);
        }
    }

    #[test]
    fn a_required_pair_completes_the_messages() {
        let message = context(&[("a", "1")]).unwrap();
        let required = BTreeSet::from(["r".to_owned()]);
        let complete = |pairs| message.complete(&context(pairs).unwrap(), &required);
        assert_eq!(complete(&[("r", "9")]).unwrap(), context(&[("a", "1"), ("r", "9")]).unwrap());
        assert_eq!(complete(&[]).unwrap_err().code(), Code::InvalidArgument);
        let other = complete(&[("r", "9"), ("s", "8")]).unwrap_err();
        assert_eq!(other.code(), Code::ContextMismatch);
    }
}
