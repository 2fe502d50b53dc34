//! Encryption contexts to and from JavaScript, as pairs: an object would lose a key `__proto__`.

use crate::context::EncryptionContext;
use crate::error::{Error, Result};

/// A context from its keys and values in turn, as `lib/input/index.js` gives them.
pub(super) fn from_flat(flat: Vec<String>) -> Result<EncryptionContext> {
    let mut flat = flat.into_iter();
    let pairs = std::iter::from_fn(|| flat.next().zip(flat.next()));
    EncryptionContext::new(pairs)
}

/// A context from its keys and values in turn, each after its length, 4 bytes little-endian, as
/// `lib/input/scratch.js` writes them.
pub(super) fn from_texts(mut texts: &[u8]) -> Result<EncryptionContext> {
    let pairs = std::iter::from_fn(|| {
        let (key, rest) = split_text(texts)?;
        let (value, rest) = split_text(rest)?;
        texts = rest;
        Some((key.to_owned(), value.to_owned()))
    });
    let context = EncryptionContext::new(pairs)?;
    if texts.is_empty() { Ok(context) } else { Err(Error::invalid("a text of the context is cut")) }
}

/// The first of the texts, and the others.
fn split_text(texts: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = texts.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// A context as pairs, sorted by key.
pub(super) fn to_pairs(context: &EncryptionContext) -> Vec<Vec<String>> {
    context.iter().map(|(key, value)| vec![key.to_owned(), value.to_owned()]).collect()
}
