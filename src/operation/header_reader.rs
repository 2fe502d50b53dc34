//! A header that arrives in pieces, and the operation that it starts.

use std::sync::Arc;

use super::start::Reader;
use crate::client::{AcceptedHeader, Client};
use crate::context::EncryptionContext;
use crate::error::{Error, Result};
use crate::format::HeaderParser;

/// Collects the first bytes of a message until its header is whole.
///
/// Until then `accepted` is none, and `bytes` is all that has come; afterwards those past the header are
/// the first of the body, until they are taken.
pub struct HeaderReader {
    client: Arc<Client>,
    parser: HeaderParser,
    bytes: Vec<u8>,
    expected_context: EncryptionContext,
    accepts_signed: bool,
    accepted: Option<Arc<AcceptedHeader>>,
}

impl HeaderReader {
    /// Returns a reader at the start of a message that must have the expected context; a signed one is
    /// refused unless its plaintext may be released before the signature at its end has verified.
    pub fn new(
        client: Arc<Client>,
        expected_context: EncryptionContext,
        accepts_signed: bool,
    ) -> Self {
        let parser = HeaderParser::new(client.header_limits());
        let (bytes, accepted) = (Vec::new(), None);
        Self { client, parser, bytes, expected_context, accepts_signed, accepted }
    }

    /// Takes the next bytes, and returns whether the header is whole; it was checked then.
    ///
    /// # Errors
    /// As [`Client::accept`] and [`Client::accept_unsigned`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool> {
        self.bytes.extend_from_slice(bytes);
        let Some(header) = self.parser.advance(&self.bytes)? else { return Ok(false) };
        let accepted = if self.accepts_signed {
            self.client.accept(header, &self.expected_context)?
        } else {
            self.client.accept_unsigned(header, &self.expected_context)?
        };
        self.accepted = Some(Arc::new(accepted));
        Ok(true)
    }

    /// Returns what reads the message.
    ///
    /// # Errors
    /// `TruncatedMessage` if the header is not whole.
    pub fn reader(&self) -> Result<Reader> {
        let header = self.accepted.as_ref().ok_or_else(Error::truncated)?;
        Ok(Reader::new(Arc::clone(&self.client), Arc::clone(header)))
    }

    /// Returns the bytes that came after the header, once.
    pub fn take_rest(&mut self) -> Vec<u8> {
        let start = self.accepted.as_ref().map_or(0, |header| header.header().length);
        let bytes = std::mem::take(&mut self.bytes);
        bytes.get(start..).unwrap_or_default().to_vec()
    }
}
