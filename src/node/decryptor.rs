//! The body of a message being read.

use napi::bindgen_prelude::{ClassInstance, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::caller::{Caller, caller_of, on_behalf};
use super::client::NativeClient;
use super::error::to_napi;
use super::header::NativeHeader;
use super::runtime::spawn;
use crate::error::{self, Error};
use crate::message::Decryptor;

/// Reads one body into buffers that JavaScript allocated.
#[napi(js_name = "Decryptor")]
pub struct NativeDecryptor(Option<Decryptor>);

#[napi]
impl NativeDecryptor {
    /// The most that `update` writes for `inputLength` more bytes.
    #[napi]
    pub fn update_length(&self, input_length: u32) -> Result<i64> {
        let decryptor = self.0.as_ref().ok_or_else(finished).map_err(to_napi)?;
        Ok(bytes::length(decryptor.update_length(input_length as usize)))
    }

    /// Opens the frames that `input` completes, into `output` from `at`; returns the length.
    ///
    /// After an error nothing of `output` is valid.
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
        let mut decryptor = self.0.take().ok_or_else(finished).map_err(to_napi)?;
        let opened = bytes::pair(&input, (from, to), &mut output, at)
            .and_then(|(input, output)| decryptor.update(input, output))
            .map_err(to_napi)?;
        self.0 = Some(decryptor);
        Ok(bytes::length(opened))
    }

    /// Confirms that the message was whole.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> Result<()> {
        self.0.take().ok_or_else(finished).and_then(Decryptor::finish).map_err(to_napi)
    }

    pub(super) fn of(decryptor: Decryptor) -> Self {
        Self(Some(decryptor))
    }

    pub(super) fn take(&mut self) -> error::Result<Decryptor> {
        self.0.take().ok_or_else(finished)
    }

    /// Wipes its keys, where it has not finished.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }
}

/// Verifies the header at once; nothing if a service must be asked first.
#[napi(catch_unwind)]
pub fn decryptor_now(
    client: &NativeClient,
    header: &NativeHeader,
) -> Result<Option<NativeDecryptor>> {
    let opened = header.get().and_then(|header| client.get().decryptor_now(header));
    opened.map(|decryptor| decryptor.map(NativeDecryptor::of)).map_err(to_napi)
}

/// Verifies the header as soon as the keyring answers.
#[napi(catch_unwind, ts_return_type = "Promise<Decryptor>")]
pub fn create_decryptor<'env>(
    env: &'env Env,
    client: &NativeClient,
    header: &NativeHeader,
    caller: Option<ClassInstance<'_, Caller>>,
) -> Result<PromiseRaw<'env, NativeDecryptor>> {
    let client = client.shared();
    let header = header.shared().map_err(to_napi)?;
    let caller = caller_of(caller.as_ref());
    spawn(env, async move {
        let decryptor = on_behalf(caller, client.decryptor(&header)).await.map_err(to_napi)?;
        Ok(NativeDecryptor::of(decryptor))
    })
}

fn finished() -> Error {
    Error::invalid("this message is finished; start another")
}
