//! A file that is encrypted, decrypted or re-encrypted, in the order in which it can go wrong: the
//! paths and the header are checked before a key is asked for, and nothing is written before that.

use std::sync::Arc;

use super::start::{Operation, Reader, Start, Writer};
use super::started::Started;
use crate::client::Client;
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::file::{Control, Destination, Lengths, Source, run};
use crate::message::plaintext_length_at_most;

/// What becomes of a file.
pub enum FileOperation {
    /// It is the plaintext of a message.
    Encrypt(Writer),
    /// It is a message, which must have this context.
    Decrypt(Arc<Client>, EncryptionContext),
    /// It is a message, which must have this context, and another is written.
    ReEncrypt(Arc<Client>, EncryptionContext, Writer),
}

/// A file whose paths and header are right, and whose keys are not there yet.
pub struct PreparedFile {
    source: Source,
    destination: Destination,
    operation: Operation,
}

/// How a file starts.
pub enum FileStart {
    /// Its keys were at hand.
    Now(StartedFile),
    /// A key must be waited for: [`PreparedFile::start`] does.
    Later(PreparedFile),
}

/// A file whose keys are there, and of which nothing is written yet.
pub struct StartedFile {
    source: Source,
    destination: Destination,
    started: Started,
}

impl FileOperation {
    /// Checks the header of the source, and returns what is to be started; no key is asked for.
    ///
    /// # Errors
    /// As [`Source::read_header`] and [`Client::accept`]; `LimitExceeded` for a plaintext that is too
    /// long.
    pub fn prepare(self, mut source: Source, destination: Destination) -> Result<PreparedFile> {
        let operation = match self {
            Self::Encrypt(writer) => Operation::encryption(writer, Some(source.length())),
            Self::Decrypt(client, context) => {
                Operation::decryption(read_header(&mut source, client, &context)?)
            }
            Self::ReEncrypt(client, context, writer) => {
                Operation::re_encryption(read_header(&mut source, client, &context)?, writer)
            }
        };
        Ok(PreparedFile { source, destination, operation })
    }
}

impl PreparedFile {
    /// Starts with keys that are at hand, and asks no service.
    ///
    /// # Errors
    /// As [`Operation::start_now`].
    pub fn start_now(self) -> Result<FileStart> {
        let Self { source, destination, operation } = self;
        Ok(match operation.start_now()? {
            Start::Now(started) => FileStart::Now(StartedFile { source, destination, started }),
            Start::Later(operation, _) => FileStart::Later(Self { source, destination, operation }),
        })
    }

    /// Starts as soon as the keyrings have answered.
    ///
    /// # Errors
    /// As [`Operation::start`].
    pub async fn start(self) -> Result<StartedFile> {
        let Self { source, destination, operation } = self;
        Ok(StartedFile { source, destination, started: operation.start().await? })
    }
}

impl StartedFile {
    /// Writes the destination: it blocks, and wants a thread of its own.
    ///
    /// # Errors
    /// As [`run`].
    pub fn run(self, control: &Control) -> Result<Lengths> {
        run(self.source, self.destination, self.started, control)
    }
}

fn read_header(
    source: &mut Source,
    client: Arc<Client>,
    expected_context: &EncryptionContext,
) -> Result<Reader> {
    let header = source.read_header(client.header_limits())?;
    let length = usize::try_from(source.length()).unwrap_or(usize::MAX);
    let body_length = length.saturating_sub(header.length);
    // Of a signed message it is more than there is: the decryptor counts then.
    if !header.suite.signed() {
        client.check_plaintext_length(plaintext_length_at_most(&header, body_length) as u64)?;
    }
    let header = client.accept(header, expected_context)?;
    Ok(Reader::new(client, Arc::new(header)))
}
