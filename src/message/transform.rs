//! What the encryptor, the decryptor and the re-encryptor have in common.

use super::decryptor::Decryptor;
use super::encryptor::Encryptor;
use super::re_encryptor::ReEncryptor;
use crate::error::Result;

/// Bytes in, bytes out, and an end that must be told.
pub trait Transform: Send {
    /// Returns what stands before all that `update` and `finish` write.
    fn head(&self) -> &[u8] {
        &[]
    }

    /// Returns the most that `update` writes for `input_length` more bytes.
    fn update_length(&self, input_length: usize) -> usize;

    /// Takes all of `input`, and returns how much was written to `output`.
    ///
    /// # Errors
    /// What the message says; the transform is of no use then.
    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize>;

    /// Returns the most that `finish` writes for `input_length` last bytes.
    fn finish_length(&self, input_length: usize) -> usize;

    /// Takes the last of the input, ends the message, and returns how much was written to `output`.
    ///
    /// # Errors
    /// `TruncatedMessage` if what was read is not a whole message.
    fn finish(self, input: &[u8], output: &mut [u8]) -> Result<usize>
    where
        Self: Sized;
}

impl Transform for Encryptor {
    fn head(&self) -> &[u8] {
        self.header()
    }

    fn update_length(&self, input_length: usize) -> usize {
        self.update_length(input_length)
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.update(input, output)
    }

    fn finish_length(&self, input_length: usize) -> usize {
        self.finish_length(input_length)
    }

    fn finish(self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.finish(input, output)
    }
}

impl Transform for Decryptor {
    fn update_length(&self, input_length: usize) -> usize {
        self.update_length(input_length)
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.update(input, output)
    }

    fn finish_length(&self, input_length: usize) -> usize {
        self.update_length(input_length)
    }

    fn finish(mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let written = self.update(input, output)?;
        self.finish().map(|()| written)
    }
}

impl Transform for ReEncryptor {
    fn head(&self) -> &[u8] {
        self.header()
    }

    fn update_length(&self, input_length: usize) -> usize {
        self.update_length(input_length)
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.update(input, output)
    }

    fn finish_length(&self, input_length: usize) -> usize {
        self.finish_length(input_length)
    }

    fn finish(self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.finish(input, output)
    }
}
