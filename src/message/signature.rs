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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::EncryptionContext;
    use crate::error::Code;
    use crate::format::{EncryptedDataKey, HeaderLimits, header_authentication, header_body};
    use crate::suite::AlgorithmSuite;

    const SIGNED: u16 = 0x0578;
    const UNSIGNED: u16 = 0x0478;

    fn header(suite: u16, public_key: Option<&str>) -> Header {
        let suite = AlgorithmSuite::by_id(suite).unwrap();
        let mut context = EncryptionContext::default();
        if let Some(key) = public_key {
            context.insert(PUBLIC_KEY.to_owned(), key.to_owned());
        }
        let data_key = EncryptedDataKey {
            provider_id: "tests".to_owned(),
            provider_info: Vec::new(),
            ciphertext: vec![1; 32],
        };
        let mut bytes = header_body(suite, &[2; 32], &context, &[data_key], 10, &[3; 32]).unwrap();
        bytes.extend_from_slice(&header_authentication(suite, &[4; 16]));
        Header::parse(&bytes, HeaderLimits::default()).unwrap()
    }

    fn refusal(header: &Header) -> String {
        let error = check_public_key(header).unwrap_err();
        assert_eq!(error.code(), Code::MalformedMessage);
        assert_eq!(verifier(header).err().unwrap().message(), error.message());
        error.message().to_owned()
    }

    #[test]
    fn a_signed_message_whose_public_key_was_removed_is_refused() {
        let problem = refusal(&header(SIGNED, None));
        assert!(problem.starts_with("the message is signed, but"), "{problem}");
    }

    #[test]
    fn an_unsigned_message_that_brings_a_public_key_is_refused() {
        let problem = refusal(&header(UNSIGNED, Some("AAAA")));
        assert!(problem.starts_with("the message is not signed, but"), "{problem}");
    }

    #[test]
    fn a_public_key_belongs_to_signed_messages_alone() {
        assert!(check_public_key(&header(SIGNED, Some("AAAA"))).is_ok());
        assert!(check_public_key(&header(UNSIGNED, None)).is_ok());
        assert!(verifier(&header(UNSIGNED, None)).unwrap().is_none());
    }
}
