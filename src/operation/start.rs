//! The start of an operation: now, if no service must be asked for a key, or later.

use std::sync::Arc;

use super::started::Started;
use crate::client::{AcceptedHeader, Client, Patience};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::format::Header;
use crate::keyring::answer_now;
use crate::message::{Decryptor, RangeOpening, plaintext_length};

/// What a message is read with: its header, which the client's settings let through.
#[derive(Clone)]
pub struct Reader {
    client: Arc<Client>,
    header: Arc<AcceptedHeader>,
}

/// What a message is written with.
#[derive(Clone)]
pub struct Writer {
    /// Whose keyring and settings the message gets.
    pub client: Arc<Client>,
    /// The context of the message; without one, that of the message that is read, as its writer gave
    /// it.
    pub context: Option<EncryptionContext>,
}

/// A reader, a writer, or both, and the keys of neither yet.
///
/// `decryptor` is there only between an attempt to start now, in which the reader's key was at hand
/// but the writer's was not, and the start later.
pub struct Operation {
    reader: Option<Reader>,
    writer: Option<Writer>,
    plaintext_length: Option<u64>,
    decryptor: Option<Decryptor>,
}

/// How an operation starts.
pub enum Start {
    /// Its keys were at hand.
    Now(Started),
    /// A key must be waited for: [`Operation::start`] does. The error is for those who cannot wait.
    Later(Operation, Error),
}

impl Reader {
    /// Returns the reader of a message with this header, whose keyring is not asked yet.
    pub fn new(client: Arc<Client>, header: Arc<AcceptedHeader>) -> Self {
        Self { client, header }
    }

    /// Reads the header of a message that lies in memory as a whole, and checks all that can be known
    /// before a key call.
    ///
    /// # Errors
    /// As [`Header::parse`] and [`Client::accept`]; `LimitExceeded` for a plaintext that is too long.
    pub fn of_message(
        client: Arc<Client>,
        message: &[u8],
        expected_context: &EncryptionContext,
    ) -> Result<Self> {
        let header = Header::parse(message, client.header_limits())?;
        let header = client.accept(header, expected_context)?;
        let body = message.get(header.header().length..).unwrap_or_default();
        client.check_plaintext_length(plaintext_length(header.header(), body) as u64)?;
        Ok(Self::new(client, Arc::new(header)))
    }

    /// The header, which is authentic once the operation has started.
    pub fn header(&self) -> &Arc<AcceptedHeader> {
        &self.header
    }

    /// Returns what reads ranges of the message, of this length in bytes, once it is given the final
    /// frame.
    ///
    /// # Errors
    /// As [`Client::range_opening`].
    pub async fn range_opening(
        &self,
        message_length: u64,
        patience: Patience,
    ) -> Result<RangeOpening> {
        self.client.range_opening(&self.header, message_length, patience).await
    }

    /// The context as the writer of the message gave it, which a new message inherits.
    fn writers_context(&self) -> EncryptionContext {
        self.header.context().without_reserved()
    }
}

impl Operation {
    /// Writes a message; `plaintext_length`, in bytes, is checked before a key call, where it is
    /// known.
    pub fn encryption(writer: Writer, plaintext_length: Option<u64>) -> Self {
        Self { reader: None, writer: Some(writer), plaintext_length, decryptor: None }
    }

    /// Reads a message.
    pub fn decryption(reader: Reader) -> Self {
        Self { reader: Some(reader), writer: None, plaintext_length: None, decryptor: None }
    }

    /// Reads one message, and writes another with the same plaintext.
    pub fn re_encryption(reader: Reader, writer: Writer) -> Self {
        Self { writer: Some(writer), ..Self::decryption(reader) }
    }

    /// Starts with keys that are at hand, and asks no service.
    ///
    /// # Errors
    /// As [`Client::encryptor`] and [`Client::decryptor`].
    pub fn start_now(mut self) -> Result<Start> {
        match answer_now(self.get_keys(Patience::None)) {
            Ok(started) => Ok(Start::Now(started)),
            Err(error) if error.code() == Code::WouldBlock => Ok(Start::Later(self, error)),
            Err(error) => Err(error),
        }
    }

    /// Starts as soon as the keyrings have answered.
    ///
    /// # Errors
    /// As [`Client::encryptor`] and [`Client::decryptor`].
    pub async fn start(mut self) -> Result<Started> {
        self.get_keys(Patience::Full).await
    }

    async fn get_keys(&mut self, patience: Patience) -> Result<Started> {
        if let (Some(Reader { client, header }), None) = (&self.reader, &self.decryptor) {
            self.decryptor = Some(client.decryptor(header, patience).await?);
        }
        let encryptor = match &self.writer {
            Some(Writer { client, context }) => {
                let inherited = || self.reader.as_ref().map(Reader::writers_context);
                let context = context.clone().or_else(inherited).unwrap_or_default();
                Some(client.encryptor(context, self.plaintext_length, patience).await?)
            }
            None => None,
        };
        let header = self.reader.as_ref().map(|reader| Arc::clone(&reader.header));
        Started::new(header, self.decryptor.take(), encryptor)
    }
}
