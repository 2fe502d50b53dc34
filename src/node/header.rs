//! The header of a message being read.

use std::sync::Arc;

use napi::Result;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::client::NativeClient;
use super::context::{from_flat, to_flat, to_pairs};
use super::error::to_napi;
use crate::client::{AcceptedHeader, Client};
use crate::context::EncryptionContext;
use crate::error::{self, Error};
use crate::format::{ContentType, EncryptedDataKey, Header, HeaderLimits};
use crate::keyring::key_name;
use crate::message::plaintext_length;

/// A header that was checked; authentic once a decryptor was made from it.
#[napi(js_name = "Header")]
pub struct NativeHeader(Option<Arc<AcceptedHeader>>);

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
    pub frame_length: u32,
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

#[napi]
impl NativeHeader {
    /// Reads the header of a message that lies in memory as a whole, and checks all that can be
    /// known before a key call.
    #[napi(factory, catch_unwind)]
    pub fn read(
        client: &NativeClient,
        message: Uint8ArraySlice<'_>,
        given_context: Vec<String>,
    ) -> Result<Self> {
        read_header(client.get(), &message, given_context).map(Self::new).map_err(to_napi)
    }

    /// The length of the header, in bytes.
    #[napi(getter)]
    pub fn length(&self) -> Result<i64> {
        self.get().map(|accepted| bytes::length(accepted.header().length)).map_err(to_napi)
    }

    /// Whether the body is divided into frames.
    #[napi(getter)]
    pub fn framed(&self) -> Result<bool> {
        let framed = |it: &Arc<AcceptedHeader>| it.header().content_type == ContentType::Framed;
        self.get().map(framed).map_err(to_napi)
    }

    /// The length of the plaintext of the message, in bytes.
    #[napi(catch_unwind)]
    pub fn plaintext_length(&self, message: Uint8ArraySlice<'_>) -> Result<i64> {
        let length = |it: &Arc<AcceptedHeader>| message_plaintext_length(it.header(), &message);
        self.get().map(|accepted| bytes::length(length(accepted))).map_err(to_napi)
    }

    /// What the header says, with the whole encryption context.
    #[napi(catch_unwind)]
    pub fn fields(&self) -> Result<HeaderFields> {
        self.get().map(|it| fields(it.header(), it.context())).map_err(to_napi)
    }

    /// The context as its writer gave it: keys and values in turn.
    #[napi(catch_unwind)]
    pub fn given_context(&self) -> Result<Vec<String>> {
        self.get().map(|it| to_flat(&it.context().without_reserved())).map_err(to_napi)
    }

    /// Frees what it holds; the garbage collector would take its time.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }

    pub(super) fn new(header: AcceptedHeader) -> Self {
        Self(Some(Arc::new(header)))
    }

    pub(super) fn shared(&self) -> error::Result<Arc<AcceptedHeader>> {
        self.get().cloned()
    }

    pub(super) fn get(&self) -> error::Result<&Arc<AcceptedHeader>> {
        self.0.as_ref().ok_or_else(|| Error::invalid("this header has been released"))
    }
}

/// The header of a message that lies in memory as a whole, and what it says of the plaintext, checked.
pub(super) fn read_header(
    client: &Client,
    message: &[u8],
    given_context: Vec<String>,
) -> error::Result<AcceptedHeader> {
    let header = Header::parse(message, client.header_limits())?;
    let accepted = client.accept(header, &from_flat(given_context)?)?;
    let length = message_plaintext_length(accepted.header(), message);
    client.check_plaintext_length(length as u64)?;
    Ok(accepted)
}

fn message_plaintext_length(header: &Header, message: &[u8]) -> usize {
    plaintext_length(header, message.get(header.length..).unwrap_or_default())
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
        framed: header.content_type == ContentType::Framed,
        frame_length: header.frame_length,
        header_length: bytes::length(header.length),
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
