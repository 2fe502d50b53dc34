//! An operation whose keys are there: bytes in, bytes out, and an end that must be told.

use std::sync::Arc;

use crate::client::AcceptedHeader;
use crate::error::{Code, Error, Result};
use crate::message::{Decryptor, Encryptor, ReEncryptor, Transform, plaintext_length};

/// What reads a message, writes one, or does both.
pub struct Started {
    kind: Kind,
    /// The header of the message that is read.
    header: Option<Arc<AcceptedHeader>>,
}

enum Kind {
    Encrypt(Encryptor),
    Decrypt(Decryptor),
    ReEncrypt(Box<ReEncryptor>),
}

impl Started {
    pub(super) fn new(
        header: Option<Arc<AcceptedHeader>>,
        decryptor: Option<Decryptor>,
        encryptor: Option<Encryptor>,
    ) -> Result<Self> {
        let kind = match (decryptor, encryptor) {
            (None, Some(encryptor)) => Kind::Encrypt(encryptor),
            (Some(decryptor), None) => Kind::Decrypt(decryptor),
            (Some(decryptor), Some(encryptor)) => {
                Kind::ReEncrypt(Box::new(ReEncryptor::new(decryptor, encryptor)))
            }
            (None, None) => return Err(Error::new(Code::Internal, "the operation does nothing")),
        };
        Ok(Self { kind, header })
    }

    /// Returns what writes the message that this encryptor begins.
    pub fn encryption(encryptor: Encryptor) -> Self {
        Self { kind: Kind::Encrypt(encryptor), header: None }
    }

    /// Returns what reads the message with this header.
    pub fn decryption(header: Arc<AcceptedHeader>, decryptor: Decryptor) -> Self {
        Self { kind: Kind::Decrypt(decryptor), header: Some(header) }
    }

    /// The header of the message that is read, now authentic; none where one is only written.
    pub fn header(&self) -> Option<&Arc<AcceptedHeader>> {
        self.header.as_ref()
    }

    /// Where the input of `update` begins in a message that is read, in bytes: after its header.
    pub fn input_start(&self) -> usize {
        self.header.as_ref().map_or(0, |header| header.header().length)
    }

    /// Whether slices of the input give slices of the output: a body without frames is verified as a
    /// whole.
    pub fn works_in_slices(&self) -> bool {
        self.header.as_ref().is_none_or(|header| header.header().division.is_framed())
    }

    /// Whether plaintext is written, of which a failure must leave nothing.
    pub fn writes_plaintext(&self) -> bool {
        matches!(self.kind, Kind::Decrypt(_))
    }

    /// The length of all that is written for an input that lies in memory as a whole, in bytes; of a
    /// signed message that is written, the most it can be.
    ///
    /// # Errors
    /// `LimitExceeded` for more frames than a message holds.
    pub fn output_length(&self, input: &[u8]) -> Result<usize> {
        let plaintext = match &self.header {
            Some(header) => {
                let body = input.get(self.input_start()..).unwrap_or_default();
                plaintext_length(header.header(), body)
            }
            None => input.len(),
        };
        match &self.kind {
            Kind::Encrypt(encryptor) => encryptor.message_length(plaintext),
            Kind::Decrypt(_) => Ok(plaintext),
            Kind::ReEncrypt(re_encryptor) => re_encryptor.message_length(plaintext),
        }
    }

    /// Reads a whole input, writes a whole output, and returns its length; of plaintext nothing is
    /// left in `output` if it fails.
    ///
    /// # Errors
    /// As [`Transform::update`] and [`Transform::finish`].
    pub fn run_whole(self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let body = input.get(self.input_start()..).ok_or_else(Error::truncated)?;
        match self.kind {
            Kind::Encrypt(encryptor) => encryptor.encrypt(body, output),
            Kind::Decrypt(decryptor) => decryptor.decrypt(body, output),
            Kind::ReEncrypt(re_encryptor) => re_encryptor.re_encrypt(body, output),
        }
    }

    fn get(&self) -> &dyn Transform {
        match &self.kind {
            Kind::Encrypt(encryptor) => encryptor,
            Kind::Decrypt(decryptor) => decryptor,
            Kind::ReEncrypt(re_encryptor) => re_encryptor.as_ref(),
        }
    }
}

impl Transform for Started {
    fn head(&self) -> &[u8] {
        self.get().head()
    }

    fn update_length(&self, input_length: usize) -> usize {
        self.get().update_length(input_length)
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        match &mut self.kind {
            Kind::Encrypt(encryptor) => encryptor.update(input, output),
            Kind::Decrypt(decryptor) => decryptor.update(input, output),
            Kind::ReEncrypt(re_encryptor) => re_encryptor.update(input, output),
        }
    }

    fn finish_length(&self, input_length: usize) -> usize {
        self.get().finish_length(input_length)
    }

    fn finish(self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        match self.kind {
            Kind::Encrypt(encryptor) => Transform::finish(encryptor, input, output),
            Kind::Decrypt(decryptor) => Transform::finish(decryptor, input, output),
            Kind::ReEncrypt(re_encryptor) => Transform::finish(*re_encryptor, input, output),
        }
    }
}
