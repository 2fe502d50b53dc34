//! The public key of a signed message, which its encryption context holds.
//!
//! Source: `framework/default-cmm.md`, "Decrypt Materials".

use data_encoding::BASE64;

use crate::context::PUBLIC_KEY;
use crate::crypto::{EcdsaVerifier, Verifier};
use crate::error::{Error, Result};
use crate::format::Header;

/// Returns what verifies the signature, if the message is signed.
pub(super) fn verifier(header: &Header) -> Result<Option<Verifier>> {
    check_public_key(header)?;
    let (Some(curve), Some(key)) = (header.suite.signature, header.context.get(PUBLIC_KEY)) else {
        return Ok(None);
    };
    let unusable = || Error::malformed(format!("\"{PUBLIC_KEY}\" is not a public key"));
    let key = BASE64.decode(key.as_bytes()).map_err(|_| unusable())?;
    let mut verifier = Verifier::new(curve, &key).map_err(|_| unusable())?;
    verifier.update(header.bytes());
    Ok(Some(verifier))
}

/// Checks that the context holds a public key if the message is signed, and only then
/// (`framework/default-cmm.md`, "Decrypt Materials").
///
/// # Errors
/// `MalformedMessage` if not.
pub fn check_public_key(header: &Header) -> Result<()> {
    let problem = match (header.suite.signed(), header.context.get(PUBLIC_KEY)) {
        (true, Some(_)) | (false, None) => return Ok(()),
        (true, None) => "the message is signed, but its encryption context does not hold",
        (false, Some(_)) => "the message is not signed, but its encryption context holds",
    };
    Err(Error::malformed(format!("{problem} \"{PUBLIC_KEY}\"")))
}
