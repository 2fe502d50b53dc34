//! Data keys for use outside a message: where JavaScript gets a plaintext key.

use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::bytes::Uint8ArraySlice;
use super::caller::{CallerOrId, spawn_for};
use super::context::from_flat;
use super::error::to_napi;
use super::keyring::NativeKeyring;
use crate::keyring::{GeneratedDataKey, WrappedDataKey};
use crate::materials::DataKey;

/// A data key as KMS Decrypt gives it.
#[napi(object)]
pub struct NativeDataKey {
    /// The key itself; JavaScript owns it from now on, and wipes it.
    pub plaintext: Buffer,
    /// The ARN of the KMS key, or the name of a local one.
    pub key_id: String,
    /// Which of the KMS key's materials wrapped it.
    pub key_material_id: Option<String>,
    /// The AWS request id.
    pub request_id: Option<String>,
}

/// A data key as KMS GenerateDataKey gives it.
#[napi(object)]
pub struct NativeGeneratedDataKey {
    /// The key itself; JavaScript owns it from now on, and wipes it.
    pub plaintext: Buffer,
    /// The wrapped form.
    pub ciphertext_blob: Buffer,
    /// The ARN of the KMS key, or the name of a local one.
    pub key_id: String,
    /// Which of the KMS key's materials wrapped it.
    pub key_material_id: Option<String>,
    /// The AWS request id.
    pub request_id: Option<String>,
}

/// Makes a data key of `length` bytes.
#[napi(catch_unwind, ts_return_type = "Promise<NativeGeneratedDataKey>")]
pub fn generate_data_key<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    length: u32,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeGeneratedDataKey>> {
    let keyring = keyring.shared();
    let context = from_flat(context).map_err(to_napi)?;
    spawn_for(env, caller.as_ref(), async move {
        let wrapper = keyring.data_key_wrapper()?;
        let GeneratedDataKey { ciphertext_blob, key } =
            wrapper.generate_data_key(length as usize, &context).await?;
        Ok(NativeGeneratedDataKey {
            plaintext: key.plaintext.into_bytes().into(),
            ciphertext_blob: ciphertext_blob.into(),
            key_id: key.key_id,
            key_material_id: key.key_material_id,
            request_id: key.request_id,
        })
    })
}

/// Unwraps a data key.
#[napi(catch_unwind, ts_return_type = "Promise<NativeDataKey>")]
pub fn decrypt_data_key<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    ciphertext_blob: Uint8ArraySlice<'_>,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeDataKey>> {
    let keyring = keyring.shared();
    let context = from_flat(context).map_err(to_napi)?;
    let ciphertext_blob = ciphertext_blob.to_vec();
    spawn_for(env, caller.as_ref(), async move {
        let unwrapper = keyring.data_key_unwrapper()?;
        let key = unwrapper.decrypt_data_key(&ciphertext_blob, &context).await?;
        Ok(NativeDataKey {
            plaintext: key.plaintext.into_bytes().into(),
            key_id: key.key_id,
            key_material_id: key.key_material_id,
            request_id: key.request_id,
        })
    })
}

/// A wrapped data key, or other bytes.
#[napi(object, object_from_js = false)]
pub struct NativeWrappedDataKey {
    /// The wrapped form.
    pub ciphertext_blob: Buffer,
    /// The ARN of the KMS key, or the name of a local one.
    pub key_id: String,
    /// Which of the KMS key's materials wrapped it.
    pub key_material_id: Option<String>,
    /// The AWS request id.
    pub request_id: Option<String>,
}

impl From<WrappedDataKey> for NativeWrappedDataKey {
    fn from(wrapped: WrappedDataKey) -> Self {
        Self {
            ciphertext_blob: wrapped.ciphertext_blob.into(),
            key_id: wrapped.key_id,
            key_material_id: wrapped.key_material_id,
            request_id: wrapped.request_id,
        }
    }
}

/// Makes a data key of `length` bytes, and gives its wrapped form alone.
#[napi(catch_unwind, ts_return_type = "Promise<NativeWrappedDataKey>")]
pub fn generate_data_key_without_plaintext<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    length: u32,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeWrappedDataKey>> {
    let keyring = keyring.shared();
    let context = from_flat(context).map_err(to_napi)?;
    spawn_for(env, caller.as_ref(), async move {
        let wrapper = keyring.data_key_wrapper()?;
        wrapper.generate_data_key_without_plaintext(length as usize, &context).await.map(Into::into)
    })
}

/// Wraps a few bytes.
#[napi(catch_unwind, ts_return_type = "Promise<NativeWrappedDataKey>")]
pub fn wrap_data_key<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    plaintext: Uint8ArraySlice<'_>,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeWrappedDataKey>> {
    let keyring = keyring.shared();
    let context = from_flat(context).map_err(to_napi)?;
    let plaintext = DataKey::new(Zeroizing::new(plaintext.to_vec()));
    spawn_for(env, caller.as_ref(), async move {
        let wrapper = keyring.data_key_wrapper()?;
        wrapper.wrap_data_key(&plaintext, &context).await.map(Into::into)
    })
}

/// Wraps a data key again, under another keyring.
#[napi(catch_unwind, ts_return_type = "Promise<NativeWrappedDataKey>")]
pub fn rewrap_data_key<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    ciphertext_blob: Uint8ArraySlice<'_>,
    context: Vec<String>,
    to: &NativeKeyring,
    new_context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeWrappedDataKey>> {
    let (keyring, to) = (keyring.shared(), to.shared());
    let context = from_flat(context).map_err(to_napi)?;
    let new_context = from_flat(new_context).map_err(to_napi)?;
    let ciphertext_blob = ciphertext_blob.to_vec();
    spawn_for(env, caller.as_ref(), async move {
        let unwrapper = keyring.data_key_unwrapper()?;
        let to = to.data_key_wrapper()?;
        unwrapper
            .rewrap_data_key(&ciphertext_blob, &context, to, &new_context)
            .await
            .map(Into::into)
    })
}
