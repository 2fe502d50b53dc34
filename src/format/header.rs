//! The message header.
//!
//! Source: `data-format/message-header.md`.

use std::sync::Arc;

use super::division::{Division, is_framed};
use super::edk::EncryptedDataKey;
use super::reader::{Failure, Reader};
use super::sizes::{COMMITMENT, IV, IV_LENGTH, TAG};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::suite::AlgorithmSuite;

/// A parsed header. It is authentic only once a decryptor has verified it.
#[derive(Debug)]
pub struct Header {
    /// The algorithm suite.
    pub suite: &'static AlgorithmSuite,
    /// 32 random bytes (format 1.0: 16) that name the message.
    pub message_id: Vec<u8>,
    /// The encryption context that the message carries.
    pub context: EncryptionContext,
    /// The wrapped copies of the data key.
    pub encrypted_data_keys: Arc<[EncryptedDataKey]>,
    /// How the body is divided: into frames of one length, or not at all.
    pub division: Division,
    /// The commitment to the data key; empty in format 1.0.
    pub commitment: Vec<u8>,
    /// The length of the whole header in the message, in bytes.
    pub length: usize,
    /// The nonce of the tag: stored in format 1.0, zero in 2.0.
    pub(crate) iv: [u8; IV],
    /// The tag over the header body.
    pub(crate) tag: [u8; TAG],
    bytes: Vec<u8>,
    body_length: usize,
}

/// What a reader accepts, beyond the format's own rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeaderLimits {
    /// The most encrypted data keys (`client-apis/client.md`, "Maximum Number Of Encrypted Data Keys").
    pub max_encrypted_data_keys: Option<u16>,
}

/// A header is read whole before it can be verified, so a hostile one must not fill the memory.
const MAX_HEADER_LENGTH: usize = 16 << 20;

pub(super) const TYPE_CUSTOMER_AED: u8 = 0x80;

impl Header {
    /// Reads the header at the start of `message`.
    ///
    /// # Errors
    /// `TruncatedMessage`, `MalformedMessage`, `UnsupportedMessage`, `LimitExceeded`.
    pub fn parse(message: &[u8], limits: HeaderLimits) -> Result<Self> {
        HeaderParser::new(limits).advance(message)?.ok_or_else(Error::truncated)
    }

    /// The header as it stands in the message.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the tag authenticates: the header without its authentication ("Header Body").
    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[..self.body_length]
    }
}

/// Reads a header from bytes that may arrive one at a time; what was read is not read again.
///
/// Between calls every field before `step` is read, and `at` is where that step's own field begins, in
/// bytes of the message. `suite` is there from `Context` on.
pub struct HeaderParser {
    limits: HeaderLimits,
    at: usize,
    step: Step,
    suite: Option<&'static AlgorithmSuite>,
    message_id: Vec<u8>,
    context: EncryptionContext,
    encrypted_data_keys: Vec<EncryptedDataKey>,
}

enum Step {
    Start,
    Context,
    KeyCount,
    Keys { left: u16 },
    End,
}

impl HeaderParser {
    /// A parser at the start of a message.
    pub fn new(limits: HeaderLimits) -> Self {
        Self {
            limits,
            at: 0,
            step: Step::Start,
            suite: None,
            message_id: Vec::new(),
            context: EncryptionContext::default(),
            encrypted_data_keys: Vec::new(),
        }
    }

    /// Goes on with `message`, which starts where the message starts and has grown since the last
    /// call; `None` if it must grow further.
    ///
    /// # Errors
    /// As [`Header::parse`], but `TruncatedMessage`.
    pub fn advance(&mut self, message: &[u8]) -> Result<Option<Header>> {
        loop {
            if self.at > MAX_HEADER_LENGTH {
                return Err(too_long());
            }
            let mut reader = Reader::new(message.get(self.at..).unwrap_or_default());
            let read = self.step(message, &mut reader);
            match read {
                Ok(Some(header)) if header.length > MAX_HEADER_LENGTH => return Err(too_long()),
                Ok(Some(header)) => return Ok(Some(header)),
                Ok(None) => self.at += reader.position(),
                Err(Failure::Invalid(error)) => return Err(error),
                Err(Failure::Incomplete { .. }) if message.len() > MAX_HEADER_LENGTH => {
                    return Err(too_long());
                }
                Err(Failure::Incomplete { .. }) => return Ok(None),
            }
        }
    }

    fn step(&mut self, message: &[u8], reader: &mut Reader<'_>) -> Result<Option<Header>, Failure> {
        match self.step {
            Step::Start => {
                let suite = read_suite(reader)?;
                self.message_id = reader.take(suite.message_id_length())?.to_vec();
                self.suite = Some(suite);
                self.step = Step::Context;
            }
            Step::Context => {
                self.context = read_context(reader.field()?)?;
                self.step = Step::KeyCount;
            }
            Step::KeyCount => {
                let left = reader.u16()?;
                self.check_key_count(left)?;
                self.step = Step::Keys { left };
            }
            Step::Keys { left: 0 } => self.step = Step::End,
            Step::Keys { left } => {
                self.encrypted_data_keys.push(EncryptedDataKey::read(reader)?);
                self.step = Step::Keys { left: left - 1 };
            }
            Step::End => return self.end(message, reader).map(Some),
        }
        Ok(None)
    }

    fn check_key_count(&self, count: u16) -> Result<()> {
        if count == 0 {
            return Err(Error::malformed("the message has no encrypted data key"));
        }
        match self.limits.max_encrypted_data_keys {
            Some(limit) if count > limit => Err(Error::new(
                Code::LimitExceeded,
                format!(
                    "the message has {count} encrypted data keys; `maxEncryptedDataKeys` is {limit}"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn end(&mut self, message: &[u8], reader: &mut Reader<'_>) -> Result<Header, Failure> {
        let suite = self.suite.ok_or_else(Error::truncated)?;
        let framed = is_framed(reader.u8()?)?;
        if suite.version == 1 && (reader.u32()? != 0 || reader.u8()? != IV_LENGTH) {
            return Err(
                Error::malformed("a reserved field of the header is not as it must be").into()
            );
        }
        let division = Division::of(framed, reader.u32()?)?;
        let commitment =
            if suite.commits() { reader.take(COMMITMENT)?.to_vec() } else { Vec::new() };
        let body_length = self.at + reader.position();
        let iv = if suite.version == 1 { reader.array()? } else { [0; IV] };
        let tag = reader.array()?;
        let length = self.at + reader.position();
        Ok(Header {
            suite,
            message_id: std::mem::take(&mut self.message_id),
            context: std::mem::take(&mut self.context),
            encrypted_data_keys: std::mem::take(&mut self.encrypted_data_keys).into(),
            division,
            commitment,
            length,
            iv,
            tag,
            bytes: message.get(..length).unwrap_or_default().to_vec(),
            body_length,
        })
    }
}

fn too_long() -> Error {
    let message = format!("the header is longer than {MAX_HEADER_LENGTH} bytes");
    Error::new(Code::LimitExceeded, message)
}

fn read_suite(reader: &mut Reader<'_>) -> Result<&'static AlgorithmSuite, Failure> {
    let version = reader.u8()?;
    if !matches!(version, 1 | 2) {
        return Err(not_a_message(version).into());
    }
    if version == 1 && reader.u8()? != TYPE_CUSTOMER_AED {
        return Err(Error::malformed("the message has an unknown type").into());
    }
    let suite = AlgorithmSuite::by_id(reader.u16()?)?;
    if suite.version != version {
        return Err(Error::malformed(format!(
            "algorithm suite 0x{:04x} cannot stand in a message of format {version}.0",
            suite.id
        ))
        .into());
    }
    Ok(suite)
}

/// Returns the error of bytes that begin like no message. `client-apis/decrypt.md`, "Encrypted Message
/// Format", asks to detect Base64: a message begins with 0x01 or 0x02, which Base64 turns into an `A`.
fn not_a_message(version: u8) -> Error {
    if version == b'A' {
        return Error::malformed("this looks like Base64; decode it first");
    }
    Error::malformed(
        "this is not an AWS Encryption SDK message: it starts with none of its versions",
    )
}

/// Reads a serialized encryption context (`framework/structures.md`, "Serialization"). Its keys may stand
/// in any order: the tag of the header covers the bytes as they are.
fn read_context(block: &[u8]) -> Result<EncryptionContext> {
    let mut context = EncryptionContext::default();
    if block.is_empty() {
        return Ok(context);
    }
    let inside = |failure| match failure {
        Failure::Incomplete { .. } => {
            Error::malformed("the encryption context is longer than its length says")
        }
        Failure::Invalid(error) => error,
    };
    let mut reader = Reader::new(block);
    for _ in 0..reader.u16().map_err(inside)? {
        let key = reader.text("a key of the encryption context").map_err(inside)?;
        let value = reader.text("a value of the encryption context").map_err(inside)?;
        if !context.insert(key.to_owned(), value.to_owned()) {
            return Err(Error::malformed("the encryption context has the same key twice"));
        }
    }
    if !reader.is_at_end() {
        return Err(Error::malformed("the encryption context is shorter than its length says"));
    }
    Ok(context)
}

#[cfg(test)]
mod tests;
