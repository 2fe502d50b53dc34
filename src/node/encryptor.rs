//! One message being written.

use napi::bindgen_prelude::{ClassInstance, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::caller::{Caller, caller_of, on_behalf};
use super::client::{NativeClient, length};
use super::context::from_flat;
use super::error::to_napi;
use super::runtime::spawn;
use crate::error::{self, Error};
use crate::message::Encryptor;

/// Writes one message into buffers that JavaScript allocated.
#[napi(js_name = "Encryptor")]
pub struct NativeEncryptor(Option<Encryptor>);

#[napi]
impl NativeEncryptor {
    /// The length of the whole message for a plaintext of this length, in bytes; if it is signed,
    /// the most it can be.
    #[napi]
    pub fn message_length(&self, plaintext_length: i64) -> Result<i64> {
        let length = usize::try_from(plaintext_length).unwrap_or(usize::MAX);
        let encryptor = self.get().map_err(to_napi)?;
        encryptor.message_length(length).map(bytes::length).map_err(to_napi)
    }

    /// How many bytes `update` writes for `inputLength` more bytes.
    #[napi]
    pub fn update_length(&self, input_length: u32) -> Result<i64> {
        let encryptor = self.get().map_err(to_napi)?;
        Ok(bytes::length(encryptor.update_length(input_length as usize)))
    }

    /// The most that `finish` writes for `inputLength` last bytes.
    #[napi]
    pub fn finish_length(&self, input_length: u32) -> Result<i64> {
        let encryptor = self.get().map_err(to_napi)?;
        Ok(bytes::length(encryptor.finish_length(input_length as usize)))
    }

    /// The length of the header, in bytes.
    #[napi(getter)]
    pub fn header_length(&self) -> Result<i64> {
        let encryptor = self.get().map_err(to_napi)?;
        Ok(bytes::length(encryptor.header().len()))
    }

    /// Writes the whole message to `output`; returns its length.
    #[napi(catch_unwind)]
    pub fn seal(
        &mut self,
        input: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<i64> {
        let header = self.write_header(&mut output).map_err(to_napi)?;
        let to = bytes::length(input.len());
        Ok(header + self.finish(input, 0, to, output, header)?)
    }

    /// Writes the header to the start of `output`; returns its length.
    #[napi(catch_unwind)]
    pub fn header(&self, mut output: Uint8ArraySlice<'_>) -> Result<i64> {
        self.write_header(&mut output).map_err(to_napi)
    }

    /// Seals what `input` completes of the frames, into `output` from `at`; returns the length.
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
        let mut encryptor = self.0.take().ok_or_else(finished).map_err(to_napi)?;
        let sealed = bytes::pair(&input, (from, to), &mut output, at)
            .and_then(|(input, output)| encryptor.update(input, output))
            .map_err(to_napi)?;
        self.0 = Some(encryptor);
        Ok(bytes::length(sealed))
    }

    /// Seals the last of the input and the final frame; returns the length.
    #[napi(catch_unwind)]
    pub fn finish(
        &mut self,
        input: Uint8ArraySlice<'_>,
        from: i64,
        to: i64,
        mut output: Uint8ArraySlice<'_>,
        at: i64,
    ) -> Result<i64> {
        let encryptor = self.0.take().ok_or_else(finished).map_err(to_napi)?;
        let sealed = bytes::pair(&input, (from, to), &mut output, at)
            .and_then(|(input, output)| encryptor.finish(input, output));
        sealed.map(bytes::length).map_err(to_napi)
    }

    /// Wipes its keys, where it has not finished.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }

    fn get(&self) -> error::Result<&Encryptor> {
        self.0.as_ref().ok_or_else(finished)
    }

    pub(super) fn of(encryptor: Encryptor) -> Self {
        Self(Some(encryptor))
    }

    pub(super) fn take(&mut self) -> error::Result<Encryptor> {
        self.0.take().ok_or_else(finished)
    }

    fn write_header(&self, output: &mut Uint8ArraySlice<'_>) -> error::Result<i64> {
        bytes::copy(self.get()?.header(), output)
    }
}

/// Starts a message at once; nothing if a service must be asked first.
#[napi(catch_unwind)]
pub fn encryptor_now(
    client: &NativeClient,
    context: Vec<String>,
    plaintext_length: Option<i64>,
) -> Result<Option<NativeEncryptor>> {
    let start = || -> error::Result<Option<Encryptor>> {
        let plaintext_length = plaintext_length.map(length).transpose()?;
        client.get().encryptor_now(from_flat(context)?, plaintext_length)
    };
    start().map(|encryptor| encryptor.map(NativeEncryptor::of)).map_err(to_napi)
}

/// Starts a message as soon as the keyring answers.
#[napi(catch_unwind, ts_return_type = "Promise<Encryptor>")]
pub fn create_encryptor<'env>(
    env: &'env Env,
    client: &NativeClient,
    context: Vec<String>,
    plaintext_length: Option<i64>,
    caller: Option<ClassInstance<'_, Caller>>,
) -> Result<PromiseRaw<'env, NativeEncryptor>> {
    let client = client.shared();
    let caller = caller_of(caller.as_ref());
    let context = from_flat(context).map_err(to_napi)?;
    let plaintext_length = plaintext_length.map(length).transpose().map_err(to_napi)?;
    spawn(env, async move {
        let encryptor = client.encryptor(context, plaintext_length);
        let encryptor = on_behalf(caller, encryptor).await.map_err(to_napi)?;
        Ok(NativeEncryptor::of(encryptor))
    })
}

fn finished() -> Error {
    Error::invalid("this message is finished; start another")
}
