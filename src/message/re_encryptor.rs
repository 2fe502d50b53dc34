//! Message to message, under another key; the plaintext in between is wiped.
//!
//! A header is never rewritten in place: two headers under one derived key would give away the
//! authentication key (NIST SP 800-38D, 8). So the new message has a data key and an id of its own.

use zeroize::Zeroizing;

use super::decryptor::Decryptor;
use super::encryptor::Encryptor;
use crate::error::{Error, Result};

/// Reads one message and writes another with the same plaintext.
///
/// `plaintext` holds what the last call of `update` decrypted; it is wiped where it must grow, after any
/// error, and at the end.
pub struct ReEncryptor {
    decryptor: Decryptor,
    encryptor: Encryptor,
    plaintext: Zeroizing<Vec<u8>>,
}

impl ReEncryptor {
    /// From the message that `decryptor` reads to the one that `encryptor` writes.
    pub fn new(decryptor: Decryptor, encryptor: Encryptor) -> Self {
        Self { decryptor, encryptor, plaintext: Zeroizing::new(Vec::new()) }
    }

    /// The new message's header: its first bytes.
    pub fn header(&self) -> &[u8] {
        self.encryptor.header()
    }

    /// The length of the new message for a plaintext of this length, in bytes.
    ///
    /// # Errors
    /// As [`Encryptor::message_length`].
    pub fn message_length(&self, plaintext_length: usize) -> Result<usize> {
        self.encryptor.message_length(plaintext_length)
    }

    /// The most that `update` writes for `input_length` more bytes.
    pub fn update_length(&self, input_length: usize) -> usize {
        self.encryptor.update_length(self.decryptor.update_length(input_length))
    }

    /// Decrypts every frame that `input` completes, encrypts its plaintext anew, and returns how much
    /// was written.
    ///
    /// `output` needs room for `update_length`, or, where the whole message goes into one buffer, for
    /// what `message_length` says of [`plaintext_length`](super::plaintext_length).
    ///
    /// # Errors
    /// As [`Decryptor::update`] and [`Encryptor::update`].
    pub fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.pass(input, output).inspect_err(|_| {
            self.decryptor.wipe();
            self.encryptor.wipe();
            self.plaintext = Zeroizing::new(Vec::new());
        })
    }

    fn pass(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let room = self.decryptor.update_length(input.len());
        if self.plaintext.len() < room {
            // A new buffer, not a grown one: the old one is wiped where it is.
            self.plaintext = Zeroizing::new(vec![0; room]);
        }
        let decrypted = self.decryptor.update(input, &mut self.plaintext)?;
        // Genuine frames that hold more than the body's length says have lost their final frame.
        if self.encryptor.update_length(decrypted) > output.len() {
            return Err(Error::truncated());
        }
        self.encryptor.update(&self.plaintext[..decrypted], output)
    }

    /// The most that `finish` writes for `input_length` last bytes.
    pub fn finish_length(&self, input_length: usize) -> usize {
        self.encryptor.finish_length(self.decryptor.update_length(input_length))
    }

    /// Takes the last of the old message and confirms that it was whole, ends the new one, and returns
    /// how much was written.
    ///
    /// # Errors
    /// As [`Decryptor::finish`] and [`Encryptor::finish`].
    pub fn finish(mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let written = self.update(input, output)?;
        self.decryptor.finish()?;
        self.encryptor.finish(&[], &mut output[written..]).map(|last| written + last)
    }

    /// Reads the whole body of the old message, writes the whole new one, and returns its length.
    ///
    /// # Errors
    /// As `finish`.
    pub fn re_encrypt(self, body: &[u8], output: &mut [u8]) -> Result<usize> {
        let head = self.header().len();
        let Some((header, rest)) = output.split_at_mut_checked(head) else {
            return Err(Error::invalid("the output has no room for the header"));
        };
        header.copy_from_slice(self.header());
        self.finish(body, rest).map(|length| head + length)
    }
}
