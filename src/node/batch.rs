//! Batches of small messages, a slice of them each synchronous call.

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::caller::{CallerOrId, spawn_for};
use super::client::NativeClient;
use super::context::from_flat;
use super::error::{to_json, to_napi};
use super::guard::batch_finished;
use super::numbers::{to_js_length, to_u64, to_usize};
use super::transform::NativeTransform;
use crate::client::{BatchDecryptor, BatchEncryptor, BatchHeaders};
use crate::error;
use crate::operation::Started;

/// Writes messages under one data key.
#[napi(js_name = "BatchEncryptor")]
pub struct NativeBatchEncryptor(Option<BatchEncryptor>);

/// The headers of messages to be read.
#[napi(js_name = "BatchHeaders")]
pub struct NativeBatchHeaders(Option<BatchHeaders>);

/// Reads messages whose data keys are there.
#[napi(js_name = "BatchDecryptor")]
pub struct NativeBatchDecryptor(Option<BatchDecryptor>);

/// What became of one item of a batch.
#[napi(object, object_from_js = false)]
pub struct NativeSettled {
    /// How many bytes were written.
    pub length: i64,
    /// The error as JSON, if it failed.
    pub error: Option<String>,
}

/// Gets a data key for so many messages, with so many bytes of plaintext in all.
#[napi(catch_unwind, ts_return_type = "Promise<BatchEncryptor>")]
pub fn create_batch_encryptor<'env>(
    env: &'env Env,
    client: &NativeClient,
    context: Vec<String>,
    messages: i64,
    plaintext_bytes: i64,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeBatchEncryptor>> {
    let client = client.shared();
    let context = from_flat(context).map_err(to_napi)?;
    let messages = to_u64(messages).map_err(to_napi)?;
    let plaintext_bytes = to_u64(plaintext_bytes).map_err(to_napi)?;
    spawn_for(env, caller.as_ref(), async move {
        let encryptor = client.batch_encryptor(context, messages, plaintext_bytes).await?;
        Ok(NativeBatchEncryptor(Some(encryptor)))
    })
}

#[napi]
impl NativeBatchEncryptor {
    /// The most room that the message of a plaintext of this length needs, in bytes.
    #[napi]
    pub fn message_length(&self, plaintext_length: i64) -> Result<i64> {
        let length = self.get().and_then(|batch| batch.message_length(to_usize(plaintext_length)));
        length.map(to_js_length).map_err(to_napi)
    }

    /// Writes a message for each input into the output beside it.
    #[napi(catch_unwind)]
    pub fn encrypt(
        &self,
        inputs: Vec<Uint8ArraySlice<'_>>,
        mut outputs: Vec<Uint8ArraySlice<'_>>,
    ) -> Result<Vec<NativeSettled>> {
        let pairs = bytes::pairs(&inputs, &mut outputs);
        let encrypted = self.get().and_then(|batch| Ok(batch.encrypt(pairs?)));
        encrypted.map(settled).map_err(to_napi)
    }

    /// What writes one long message.
    #[napi]
    pub fn transform(&self) -> Result<NativeTransform> {
        let encryptor = self.get().and_then(BatchEncryptor::encryptor).map_err(to_napi)?;
        Ok(Started::encryption(encryptor).into())
    }

    /// Wipes the data key.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }

    fn get(&self) -> error::Result<&BatchEncryptor> {
        self.0.as_ref().ok_or_else(batch_finished)
    }
}

#[napi]
impl NativeBatchHeaders {
    /// For messages that must have this context.
    #[napi(factory, catch_unwind)]
    pub fn create(client: &NativeClient, expected_context: Vec<String>) -> Result<Self> {
        let expected_context = from_flat(expected_context).map_err(to_napi)?;
        Ok(Self(Some(BatchHeaders::new(client.shared(), expected_context))))
    }

    /// Takes the next messages.
    #[napi(catch_unwind)]
    pub fn push(&mut self, messages: Vec<Uint8ArraySlice<'_>>) -> Result<()> {
        let headers = self.0.as_mut().ok_or_else(batch_finished).map_err(to_napi)?;
        messages.iter().for_each(|message| headers.push(message));
        Ok(())
    }

    /// Unwraps the data keys; nothing can follow.
    #[napi(catch_unwind, ts_return_type = "Promise<BatchDecryptor>")]
    pub fn unwrap<'env>(
        &mut self,
        env: &'env Env,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, NativeBatchDecryptor>> {
        let headers = self.0.take().ok_or_else(batch_finished).map_err(to_napi)?;
        spawn_for(env, caller.as_ref(), async {
            Ok(NativeBatchDecryptor(Some(headers.unwrap().await)))
        })
    }

    /// The same for those that the cache can keep, which `keep` then stores.
    #[napi(catch_unwind, ts_return_type = "Promise<BatchDecryptor>")]
    pub fn unwrap_to_keep<'env>(
        &mut self,
        env: &'env Env,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, NativeBatchDecryptor>> {
        let headers = self.0.take().ok_or_else(batch_finished).map_err(to_napi)?;
        spawn_for(env, caller.as_ref(), async {
            Ok(NativeBatchDecryptor(Some(headers.unwrap_to_keep().await?)))
        })
    }
}

#[napi]
impl NativeBatchDecryptor {
    /// Verifies the headers of so many messages from this index on, and lets the cache keep their data
    /// keys; what was written is 0 bytes.
    #[napi(catch_unwind)]
    pub fn keep(&self, from: u32, count: u32) -> Result<Vec<NativeSettled>> {
        let outcomes = self.get().map(|batch| batch.keep(from as usize, count as usize));
        let outcomes = outcomes.map_err(to_napi)?.into_iter();
        Ok(settled(outcomes.map(|outcome| outcome.map(|()| 0)).collect()))
    }

    /// The most room that the plaintext of this message needs, in bytes.
    #[napi(catch_unwind)]
    pub fn plaintext_length(&self, index: u32, message: Uint8ArraySlice<'_>) -> Result<i64> {
        let batch = self.get().map_err(to_napi)?;
        Ok(to_js_length(batch.plaintext_length(index as usize, &message)))
    }

    /// Reads the messages from this index on, each into the output beside it.
    #[napi(catch_unwind)]
    pub fn decrypt(
        &self,
        from: u32,
        messages: Vec<Uint8ArraySlice<'_>>,
        mut outputs: Vec<Uint8ArraySlice<'_>>,
    ) -> Result<Vec<NativeSettled>> {
        let pairs = bytes::pairs(&messages, &mut outputs);
        let decrypted = self.get().and_then(|batch| Ok(batch.decrypt(from as usize, pairs?)));
        decrypted.map(settled).map_err(to_napi)
    }

    /// What reads one long message.
    #[napi(catch_unwind)]
    pub fn transform(&self, index: u32) -> Result<NativeTransform> {
        let start = || -> error::Result<Started> {
            let (batch, index) = (self.get()?, index as usize);
            Ok(Started::decryption(batch.header(index)?.clone(), batch.decryptor(index)?))
        };
        start().map(NativeTransform::from).map_err(to_napi)
    }

    /// Wipes the data keys.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }

    fn get(&self) -> error::Result<&BatchDecryptor> {
        self.0.as_ref().ok_or_else(batch_finished)
    }
}

fn settled(results: Vec<error::Result<usize>>) -> Vec<NativeSettled> {
    let settle = |result: error::Result<usize>| match result {
        Ok(length) => NativeSettled { length: to_js_length(length), error: None },
        Err(error) => NativeSettled { length: 0, error: Some(to_json(&error).to_string()) },
    };
    results.into_iter().map(settle).collect()
}
