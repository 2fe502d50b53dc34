//! Encryption contexts to and from JavaScript, as pairs: an object would lose a key `__proto__`.

use crate::context::EncryptionContext;
use crate::error::Result;

/// A context from its keys and values in turn, as `lib/input/index.js` gives them.
pub(super) fn from_flat(flat: Vec<String>) -> Result<EncryptionContext> {
    let mut flat = flat.into_iter();
    let pairs = std::iter::from_fn(|| flat.next().zip(flat.next()));
    EncryptionContext::new(pairs)
}

/// A context as pairs, sorted by key.
pub(super) fn to_pairs(context: &EncryptionContext) -> Vec<Vec<String>> {
    context.iter().map(|(key, value)| vec![key.to_owned(), value.to_owned()]).collect()
}
