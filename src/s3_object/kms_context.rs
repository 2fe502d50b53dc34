//! The encryption context that KMS sees for an object: the caller's pairs, and one of the format's,
//! which binds the data key to the algorithm of the content.

use super::metadata::ObjectMetadata;
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;

/// The pair of a KMS key's encryption context that binds the data key to the content's algorithm.
const RESERVED_PAIR: &str = "aws:x-amz-cek-alg";
/// A pair that V1 wrote; it is ignored when contexts are compared.
const KMS_KEY_PAIR: &str = "kms_cmk_id";

/// Checks that the stored context binds the data key to the object's content algorithm, and that its other
/// pairs are those that the caller expects.
pub(super) fn check_context(object: &ObjectMetadata, expected: &EncryptionContext) -> Result<()> {
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
    check_not_reserved(expected)?;
    let mut rest: Vec<_> = stored
        .iter()
        .filter(|(key, _)| key != RESERVED_PAIR && key != KMS_KEY_PAIR)
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    rest.sort_unstable();
    let expected: Vec<_> = expected.iter().collect();
    if rest == expected {
        return Ok(());
    }
    let missing = expected.iter().find(|pair| !rest.contains(pair));
    let differs = missing.or_else(|| rest.iter().find(|pair| !expected.contains(pair)));
    Err(Error::new(
        Code::ContextMismatch,
        format!(
            "the given encryption context is not the object's; they differ in \"{}\"; give exactly \
             the pairs that the object was written with",
            shown(differs.map(|(key, _)| *key).unwrap_or_default())
        ),
    ))
}

/// Checks that a context of the kind `kms` does not bind the data key to an algorithm: that is another kind,
/// which was renamed so that nobody compares its pairs.
pub(super) fn check_unbound(object: &ObjectMetadata) -> Result<()> {
    if object.pairs().iter().all(|(key, _)| key != RESERVED_PAIR) {
        return Ok(());
    }
    Err(Error::new(
        Code::ContextMismatch,
        "the object's data key is bound to a content algorithm, as \"kms+context\" does, but the object says \
         that it is wrapped by \"kms\"; its metadata was changed",
    ))
}

/// Checks that none of the caller's pairs has a key that belongs to the format.
pub(super) fn check_not_reserved(context: &EncryptionContext) -> Result<()> {
    match [RESERVED_PAIR, KMS_KEY_PAIR].iter().find(|key| context.get(key).is_some()) {
        None => Ok(()),
        Some(key) => Err(Error::invalid(format!(
            "the encryption context key \"{key}\" belongs to the S3 Encryption Client's format; \
             leave it out"
        ))),
    }
}

/// Returns the context that KMS gets for a new object: the caller's pairs, and the one that binds the data
/// key to the algorithm named `content`.
pub(super) fn bound_context(
    context: &EncryptionContext,
    content: &str,
) -> Result<EncryptionContext> {
    let reserved = (RESERVED_PAIR.to_owned(), content.to_owned());
    let pairs = context.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    EncryptionContext::new(pairs.chain([reserved]))
}
