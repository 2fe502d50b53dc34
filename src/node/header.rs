//! The header of a message being read.

use std::sync::Arc;

use napi::Result;
use napi::bindgen_prelude::{Buffer, Uint8ArraySlice};
use napi_derive::napi;

use super::bytes;
use super::context::{from_flat, to_pairs};
use super::error::to_napi;
use crate::error::{self, Error};
use crate::format::{ContentType, EncryptedDataKey, Header, HeaderLimits};
use crate::keyring::key_name;
use crate::message::{check_readable, plaintext_length};

/// A parsed header; authentic once a decryptor was made from it.
#[napi(js_name = "Header")]
pub struct NativeHeader(Option<Arc<Header>>);

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

#[napi]
impl NativeHeader {
    /// Reads the header at the start of a message; says nothing of whether it can be decrypted.
    #[napi(factory, catch_unwind)]
    pub fn inspect(message: Uint8ArraySlice<'_>) -> Result<Self> {
        let header = Header::parse(&message, HeaderLimits::default()).map_err(to_napi)?;
        Ok(Self::new(header))
    }

    /// Reads the header of a message that is to be decrypted, and checks it before any key call.
    #[napi(factory, catch_unwind)]
    pub fn read(
        message: Uint8ArraySlice<'_>,
        expected_context: Vec<String>,
        max_encrypted_data_keys: Option<u16>,
    ) -> Result<Self> {
        let limits = HeaderLimits { max_encrypted_data_keys };
        let read = || -> error::Result<Header> {
            let header = Header::parse(&message, limits)?;
            check_readable(&header)?;
            header.context.require(&from_flat(expected_context)?)?;
            Ok(header)
        };
        read().map(Self::new).map_err(to_napi)
    }

    /// The length of the header, in bytes.
    #[napi(getter)]
    pub fn length(&self) -> Result<i64> {
        self.get().map(|header| bytes::length(header.length)).map_err(to_napi)
    }

    /// Whether the body is divided into frames.
    #[napi(getter)]
    pub fn framed(&self) -> Result<bool> {
        self.get().map(|header| header.content_type == ContentType::Framed).map_err(to_napi)
    }

    /// The length of the plaintext of a message of this length, in bytes.
    #[napi]
    pub fn plaintext_length(&self, message_length: i64) -> Result<i64> {
        let header = self.get().map_err(to_napi)?;
        let message_length = usize::try_from(message_length).unwrap_or_default();
        let body = message_length.saturating_sub(header.length);
        Ok(bytes::length(plaintext_length(header, body)))
    }

    /// What the header says.
    #[napi(catch_unwind)]
    pub fn fields(&self) -> Result<HeaderFields> {
        let header = self.get().map_err(to_napi)?;
        Ok(HeaderFields {
            version: header.suite.version.into(),
            suite_id: header.suite.id.into(),
            suite_name: header.suite.name.to_owned(),
            commits: header.suite.commits,
            signed: header.suite.signed,
            message_id: header.message_id.clone().into(),
            encryption_context: to_pairs(&header.context),
            encrypted_data_keys: header.encrypted_data_keys.iter().map(key_fields).collect(),
            framed: header.content_type == ContentType::Framed,
            frame_length: header.frame_length,
            header_length: bytes::length(header.length),
        })
    }

    /// Frees what it holds; the garbage collector would take its time.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }

    pub(super) fn new(header: Header) -> Self {
        Self(Some(Arc::new(header)))
    }

    pub(super) fn shared(&self) -> error::Result<Arc<Header>> {
        self.get().cloned()
    }

    fn get(&self) -> error::Result<&Arc<Header>> {
        self.0.as_ref().ok_or_else(|| Error::invalid("this header has been released"))
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
