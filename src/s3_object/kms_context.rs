//! The encryption context that KMS sees for an object: the caller's pairs, and one of the format's,
//! which binds the data key to the algorithm of the content.

use super::metadata::ObjectMetadata;
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;

/// The pair of a KMS key's encryption context that binds the data key to the content's algorithm.
const RESERVED_PAIR: &str = "aws:x-amz-cek-alg";
/// A pair that V1 wrote, and that is nobody's in a comparison of contexts.
const KMS_KEY_PAIR: &str = "kms_cmk_id";

/// The stored context binds the key to this content, and is else what the caller expects.
pub(super) fn check_context(object: &ObjectMetadata, given: &EncryptionContext) -> Result<()> {
    let stored = object.pairs();
    let algorithm = stored.iter().find(|(key, _)| key == RESERVED_PAIR);
    if algorithm.is_none_or(|(_, name)| name != object.content().name()) {
        return Err(Error::new(
            Code::ContextMismatch,
            format!(
                "the object's encryption context does not bind its data key to {}; the data key \
                 was taken from an object of another format",
                object.content().name()
            ),
        ));
    }
    check_given(given)?;
    let mut rest: Vec<_> = stored
        .iter()
        .filter(|(key, _)| key != RESERVED_PAIR && key != KMS_KEY_PAIR)
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    rest.sort_unstable();
    let expected: Vec<_> = given.iter().collect();
    if rest == expected {
        return Ok(());
    }
    let differs = given.iter().find(|pair| !rest.contains(pair)).map(|(key, _)| key);
    let differs =
        differs.or_else(|| rest.iter().find(|pair| !expected.contains(pair)).map(|(key, _)| *key));
    Err(Error::new(
        Code::ContextMismatch,
        format!(
            "the given encryption context is not the object's; they differ in \"{}\"; give exactly \
             the pairs that the object was written with",
            shown(differs.unwrap_or_default())
        ),
    ))
}

/// The caller's pairs have none of the names that are the format's.
pub(super) fn check_given(given: &EncryptionContext) -> Result<()> {
    match [RESERVED_PAIR, KMS_KEY_PAIR].iter().find(|key| given.get(key).is_some()) {
        None => Ok(()),
        Some(key) => Err(Error::invalid(format!(
            "the encryption context key \"{key}\" belongs to the S3 Encryption Client's format; \
             leave it out"
        ))),
    }
}

/// The context that KMS is given for a new object.
pub(super) fn bound_context(given: &EncryptionContext, content: &str) -> Result<EncryptionContext> {
    let reserved = (RESERVED_PAIR.to_owned(), content.to_owned());
    let pairs = given.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    EncryptionContext::new(pairs.chain([reserved]))
}
