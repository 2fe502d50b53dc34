//! Encryption contexts to and from JavaScript.

use std::collections::HashMap;

use crate::context::EncryptionContext;
use crate::error::Result;

/// A context from its keys and values in turn, as `lib/arguments.js` gives them.
pub(super) fn from_flat(flat: Vec<String>) -> Result<EncryptionContext> {
    let mut flat = flat.into_iter();
    let pairs = std::iter::from_fn(|| flat.next().zip(flat.next()));
    EncryptionContext::new(pairs)
}

/// A context as a plain object.
pub(super) fn to_map(context: &EncryptionContext) -> HashMap<String, String> {
    context.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
