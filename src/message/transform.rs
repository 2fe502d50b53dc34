//! What the encryptor, the decryptor and the re-encryptor have in common, for streams and files.

use super::{Decryptor, Encryptor, ReEncryptor};
use crate::error::Result;

/// Bytes in, bytes out, and an end that must be told.
pub trait Transform: Send {
    /// The most that `update` writes for `input_length` more bytes.
    fn update_length(&self, input_length: usize) -> usize;

    /// Takes all of `input`, and returns how much was written to `output`.
    ///
    /// # Errors
    /// What the message says; the transform is of no use then.
    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize>;

    /// The most that `finish` writes.
    fn finish_length(&self) -> usize;

    /// Ends the message, and returns how much was written to `output`.
    ///
    /// # Errors
    /// `TruncatedMessage` if what was read is not a whole message.
    fn finish(self: Box<Self>, output: &mut [u8]) -> Result<usize>;
}

impl Transform for Encryptor {
    fn update_length(&self, input_length: usize) -> usize {
        self.update_length(input_length)
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.update(input, output)
    }

    fn finish_length(&self) -> usize {
        self.finish_length(0)
    }

    fn finish(self: Box<Self>, output: &mut [u8]) -> Result<usize> {
        (*self).finish(&[], output)
    }
}

impl Transform for Decryptor {
    fn update_length(&self, input_length: usize) -> usize {
        self.update_length(input_length)
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.update(input, output)
    }

    fn finish_length(&self) -> usize {
        0
    }

    fn finish(self: Box<Self>, _output: &mut [u8]) -> Result<usize> {
        (*self).finish().map(|()| 0)
    }
}

impl Transform for ReEncryptor {
    fn update_length(&self, input_length: usize) -> usize {
        self.update_length(input_length)
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.update(input, output)
    }

    fn finish_length(&self) -> usize {
        self.finish_length()
    }

    fn finish(self: Box<Self>, output: &mut [u8]) -> Result<usize> {
        (*self).finish(output)
    }
}
