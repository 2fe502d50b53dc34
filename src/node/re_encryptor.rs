//! One message being read while another is written; the plaintext stays in Rust.

use napi::Result;
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::decryptor::NativeDecryptor;
use super::encryptor::NativeEncryptor;
use super::error::to_napi;
use crate::error::{self, Error};
use crate::message::ReEncryptor;

/// From one message to another.
#[napi(js_name = "ReEncryptor")]
pub struct NativeReEncryptor(Option<ReEncryptor>);

#[napi]
impl NativeReEncryptor {
    /// Takes both halves over.
    #[napi(factory, catch_unwind)]
    pub fn create(
        decryptor: &mut NativeDecryptor,
        encryptor: &mut NativeEncryptor,
    ) -> Result<Self> {
        let mut join =
            || -> error::Result<_> { Ok(ReEncryptor::new(decryptor.take()?, encryptor.take()?)) };
        join().map(|re_encryptor| Self(Some(re_encryptor))).map_err(to_napi)
    }

    /// The length of the new message for a plaintext of this length, in bytes.
    #[napi]
    pub fn message_length(&self, plaintext_length: i64) -> Result<i64> {
        let length = usize::try_from(plaintext_length).unwrap_or(usize::MAX);
        self.get()
            .and_then(|re_encryptor| re_encryptor.message_length(length))
            .map(bytes::length)
            .map_err(to_napi)
    }

    /// The length of the new header, in bytes.
    #[napi(getter)]
    pub fn header_length(&self) -> Result<i64> {
        self.get().map(|it| bytes::length(it.header().len())).map_err(to_napi)
    }

    /// Writes the new header to the start of `output`; returns its length.
    #[napi(catch_unwind)]
    pub fn header(&self, mut output: Uint8ArraySlice<'_>) -> Result<i64> {
        let header = self.get().map(ReEncryptor::header);
        header.and_then(|header| bytes::copy(header, &mut output)).map_err(to_napi)
    }

    /// The most that `update` writes for `inputLength` more bytes.
    #[napi]
    pub fn update_length(&self, input_length: u32) -> Result<i64> {
        self.get().map(|it| bytes::length(it.update_length(input_length as usize))).map_err(to_napi)
    }

    /// Re-encrypts what `input` completes of the frames, into `output` from `at`.
    #[napi(catch_unwind)]
    pub fn update(
        &mut self,
        input: Uint8ArraySlice<'_>,
        from: i64,
        to: i64,
        mut output: Uint8ArraySlice<'_>,
        at: i64,
    ) -> Result<i64> {
        // Out of our hands until it has done its work: after an error or a panic it is gone.
        let mut re_encryptor = self.0.take().ok_or_else(finished).map_err(to_napi)?;
        let written = bytes::pair(&input, (from, to), &mut output, at)
            .and_then(|(input, output)| re_encryptor.update(input, output))
            .map_err(to_napi)?;
        self.0 = Some(re_encryptor);
        Ok(bytes::length(written))
    }

    /// The most that `finish` writes.
    #[napi]
    pub fn finish_length(&self) -> Result<i64> {
        self.get().map(|it| bytes::length(it.finish_length())).map_err(to_napi)
    }

    /// Confirms that the old message was whole, and ends the new one into `output` from `at`.
    #[napi(catch_unwind)]
    pub fn finish(&mut self, mut output: Uint8ArraySlice<'_>, at: i64) -> Result<i64> {
        let re_encryptor = self.0.take().ok_or_else(finished).map_err(to_napi)?;
        let written =
            bytes::writable(&mut output, at).and_then(|output| re_encryptor.finish(output));
        written.map(bytes::length).map_err(to_napi)
    }

    /// Wipes its keys, where it has not finished.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }

    fn get(&self) -> error::Result<&ReEncryptor> {
        self.0.as_ref().ok_or_else(finished)
    }
}

fn finished() -> Error {
    Error::invalid("this message is finished; start another")
}
