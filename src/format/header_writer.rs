//! The header of a message that we write.
//!
//! Source: `client-apis/encrypt.md`, "Construct the header"; `data-format/message-header.md`.

use std::borrow::Cow;

use super::division::FRAMED;
use super::edk::EncryptedDataKey;
use super::frame;
use super::header::TYPE_CUSTOMER_AED;
use super::sizes::{IV, IV_LENGTH, TAG};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::suite::AlgorithmSuite;

/// The most that a header has beside its fields of varying length, in bytes.
const MOST_FIXED: usize = 1 + 1 + 2 + 2 + 2 + 1 + 5 + 4 + IV + TAG;

/// The header body of a framed message, in the suite's format.
pub(crate) fn header_body(
    suite: &AlgorithmSuite,
    message_id: &[u8],
    context: &EncryptionContext,
    encrypted_data_keys: &[EncryptedDataKey],
    frame_length: u32,
    commitment: &[u8],
) -> Result<Vec<u8>> {
    let context = context.serialize();
    let keys_length: usize = encrypted_data_keys.iter().map(EncryptedDataKey::length).sum();
    // To let it grow step by step would copy it as often.
    let varying_length = message_id.len() + context.len() + keys_length + commitment.len();
    let mut body = Vec::with_capacity(varying_length + MOST_FIXED);
    body.push(suite.version);
    if suite.version == 1 {
        body.push(TYPE_CUSTOMER_AED);
    }
    body.extend_from_slice(&suite.id.to_be_bytes());
    body.extend_from_slice(message_id);
    body.extend_from_slice(&count(context.len(), "the encryption context")?);
    body.extend_from_slice(&context);
    let keys = encrypted_data_keys.len();
    body.extend_from_slice(&count(keys, "the number of encrypted data keys")?);
    for key in encrypted_data_keys {
        key.write(&mut body)?;
    }
    body.push(FRAMED);
    if suite.version == 1 {
        // "Reserved", and "IV Length".
        body.extend_from_slice(&[0, 0, 0, 0, IV_LENGTH]);
    }
    body.extend_from_slice(&frame_length.to_be_bytes());
    body.extend_from_slice(commitment);
    Ok(body)
}

/// What the tag of a header authenticates: its body, and what the writer and the reader of the message
/// know beside it (`framework/required-encryption-context-cmm.md`).
pub(crate) fn header_aad<'a>(body: &'a [u8], not_stored: &EncryptionContext) -> Cow<'a, [u8]> {
    if not_stored.is_empty() {
        return Cow::Borrowed(body);
    }
    Cow::Owned([body, &not_stored.serialize()].concat())
}

/// What follows the header body: the tag, in format 1.0 after its nonce, which is zero.
pub(crate) fn header_authentication(suite: &AlgorithmSuite, tag: &[u8; TAG]) -> Vec<u8> {
    let iv: &[u8] = if suite.version == 1 { &frame::iv(0) } else { &[] };
    [iv, tag].concat()
}

fn count(count: usize, name: &str) -> Result<[u8; 2]> {
    let too_much = |_| Error::new(Code::LimitExceeded, format!("{name} does not fit a header"));
    u16::try_from(count).map(u16::to_be_bytes).map_err(too_much)
}
