//! The header of a message, as JavaScript sees it.

use napi::Result;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use super::bytes::Uint8ArraySlice;
use super::context::to_pairs;
use super::error::to_napi;
use super::numbers::to_js_length;
use crate::client::AcceptedHeader;
use crate::context::EncryptionContext;
use crate::format::{EncryptedDataKey, Header, HeaderLimits};
use crate::keyring::key_name;

/// A header for people and programs to look at.
#[napi(object)]
pub struct HeaderFields {
    /// The message format: 1 or 2.
    pub version: u32,
    /// The suite's id.
    pub suite_id: u32,
    /// The suite's name in the specification.
    pub suite_name: String,
    /// Whether the message commits to its data key.
    pub commits: bool,
    /// Whether the message is signed.
    pub signed: bool,
    /// The message id.
    pub message_id: Buffer,
    /// The encryption context, as pairs sorted by key.
    pub encryption_context: Vec<Vec<String>>,
    /// The encrypted data keys.
    pub encrypted_data_keys: Vec<EncryptedDataKeyFields>,
    /// Whether the body is divided into frames.
    pub framed: bool,
    /// The plaintext length of each frame but the last, in bytes.
    pub frame_length: i64,
    /// The length of the header itself, in bytes.
    pub header_length: i64,
}

/// An encrypted data key to look at.
#[napi(object)]
pub struct EncryptedDataKeyFields {
    /// Who wrapped it.
    pub key_provider_id: String,
    /// What that provider needs to unwrap it.
    pub key_provider_info: Buffer,
    /// The name of the key that wraps it: an ARN for KMS.
    pub key_name: String,
    /// The wrapped data key.
    pub ciphertext: Buffer,
}

/// What the header at the start of a message says; not whether it can be decrypted, or is genuine.
#[napi(catch_unwind)]
pub fn inspect_header(message: Uint8ArraySlice<'_>) -> Result<HeaderFields> {
    let header = Header::parse(&message, HeaderLimits::default()).map_err(to_napi)?;
    Ok(fields(&header, &header.context))
}

/// What an accepted header says, with the whole encryption context.
pub(super) fn fields_of(accepted: &AcceptedHeader) -> HeaderFields {
    fields(accepted.header(), accepted.context())
}

fn fields(header: &Header, context: &EncryptionContext) -> HeaderFields {
    HeaderFields {
        version: header.suite.version.into(),
        suite_id: header.suite.id.into(),
        suite_name: header.suite.name.to_owned(),
        commits: header.suite.commits(),
        signed: header.suite.signed(),
        message_id: header.message_id.clone().into(),
        encryption_context: to_pairs(context),
        encrypted_data_keys: header.encrypted_data_keys.iter().map(key_fields).collect(),
        framed: header.division.is_framed(),
        frame_length: to_js_length(header.division.frame_length()),
        header_length: to_js_length(header.length),
    }
}

fn key_fields(key: &EncryptedDataKey) -> EncryptedDataKeyFields {
    EncryptedDataKeyFields {
        key_provider_id: key.provider_id.clone(),
        key_provider_info: key.provider_info.clone().into(),
        key_name: key_name(key),
        ciphertext: key.ciphertext.clone().into(),
    }
}
