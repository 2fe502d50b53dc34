//! A header that arrives in pieces.

use napi::Result;
use napi::bindgen_prelude::{Buffer, Uint8ArraySlice};
use napi_derive::napi;

use super::context::from_flat;
use super::error::to_napi;
use super::header::NativeHeader;
use crate::context::EncryptionContext;
use crate::error::{self, Error};
use crate::format::{HeaderLimits, HeaderParser};
use crate::message::check_readable;

/// Collects the first bytes of a message until its header is whole.
#[napi]
pub struct HeaderReader {
    parser: HeaderParser,
    bytes: Vec<u8>,
    expected_context: EncryptionContext,
    header_length: usize,
}

#[napi]
impl HeaderReader {
    /// A reader at the start of a message that is to be decrypted.
    #[napi(factory, catch_unwind)]
    pub fn create(
        expected_context: Vec<String>,
        max_encrypted_data_keys: Option<u16>,
    ) -> Result<Self> {
        Ok(Self {
            parser: HeaderParser::new(HeaderLimits { max_encrypted_data_keys }),
            bytes: Vec::new(),
            expected_context: from_flat(expected_context).map_err(to_napi)?,
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
        check_readable(&header)?;
        header.context.require(&self.expected_context)?;
        self.header_length = header.length;
        Ok(Some(NativeHeader::new(header)))
    }
}
