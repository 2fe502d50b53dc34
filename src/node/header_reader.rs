//! A header that arrives in pieces.

use std::sync::Arc;

use napi::Result;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use super::bytes::Uint8ArraySlice;
use super::client::NativeClient;
use super::context::from_flat;
use super::error::to_napi;
use super::header::NativeHeader;
use crate::client::Client;
use crate::context::EncryptionContext;
use crate::error::{self, Error};
use crate::format::HeaderParser;

/// Collects the first bytes of a message until its header is whole.
#[napi]
pub struct HeaderReader {
    client: Arc<Client>,
    parser: HeaderParser,
    bytes: Vec<u8>,
    given_context: EncryptionContext,
    accepts_signed: bool,
    header_length: usize,
}

#[napi]
impl HeaderReader {
    /// A reader at the start of a message that is to be decrypted.
    #[napi(factory, catch_unwind)]
    pub fn create(
        client: &NativeClient,
        given_context: Vec<String>,
        accepts_signed: bool,
    ) -> Result<Self> {
        let client = client.shared();
        Ok(Self {
            parser: HeaderParser::new(client.header_limits()),
            client,
            bytes: Vec::new(),
            given_context: from_flat(given_context).map_err(to_napi)?,
            accepts_signed,
            header_length: 0,
        })
    }

    /// Takes the next bytes; the header, once it is whole and was checked.
    #[napi(catch_unwind)]
    pub fn push(&mut self, bytes: Uint8ArraySlice<'_>) -> Result<Option<NativeHeader>> {
        self.advance(&bytes).map_err(to_napi)
    }

    /// The bytes that came after the header.
    #[napi(catch_unwind)]
    pub fn rest(&mut self) -> Buffer {
        let bytes = std::mem::take(&mut self.bytes);
        bytes.get(self.header_length..).unwrap_or_default().to_vec().into()
    }

    /// The error of a message that ends before its header does.
    #[napi(catch_unwind)]
    pub fn truncated(&self) -> Result<()> {
        Err(to_napi(Error::truncated()))
    }

    fn advance(&mut self, bytes: &[u8]) -> error::Result<Option<NativeHeader>> {
        self.bytes.extend_from_slice(bytes);
        let Some(header) = self.parser.advance(&self.bytes)? else { return Ok(None) };
        self.header_length = header.length;
        let accepted = if self.accepts_signed {
            self.client.accept(header, &self.given_context)?
        } else {
            self.client.accept_unsigned(header, &self.given_context)?
        };
        Ok(Some(NativeHeader::new(accepted)))
    }
}
