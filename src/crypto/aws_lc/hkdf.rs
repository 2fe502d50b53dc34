//! HKDF (RFC 5869) with AWS-LC.

use aws_lc_rs::hmac;

use crate::crypto::failures::engine_failed;
use crate::error::Result;
use crate::suite::Hash;

/// One extraction, then each `(info, output)` expanded: by HMAC, as the engine's own HKDF extracts anew for
/// each output, which takes 1.6 times as long.
pub(super) fn derive(
    hash: Hash,
    salt: &[u8],
    secret: &[u8],
    outputs: &mut [(&[u8], &mut [u8])],
) -> Result<()> {
    let algorithm = match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    let extracted = hmac::sign(&hmac::Key::new(algorithm, salt), secret);
    let key = hmac::Key::new(algorithm, extracted.as_ref());
    outputs.iter_mut().try_for_each(|(info, output)| expand(&key, info, output))
}

/// RFC 5869, 2.3: each block from the one before, the info and a counter.
fn expand(key: &hmac::Key, info: &[u8], output: &mut [u8]) -> Result<()> {
    let length = key.algorithm().tag_len();
    if output.len() > 255 * length {
        return Err(engine_failed("HKDF"));
    }
    let mut before = None;
    for (counter, block) in (1..=u8::MAX).zip(output.chunks_mut(length)) {
        let mut context = hmac::Context::with_key(key);
        if let Some(tag) = before.as_ref().map(AsRef::<[u8]>::as_ref) {
            context.update(tag);
        }
        context.update(info);
        context.update(&[counter]);
        let tag = context.sign();
        block.copy_from_slice(&tag.as_ref()[..block.len()]);
        before = Some(tag);
    }
    Ok(())
}
