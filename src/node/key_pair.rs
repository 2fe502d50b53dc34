//! Key pairs for use outside messages, and the check of a keyring.

use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::caller::{CallerOrId, spawn_for};
use super::context::from_flat;
use super::error::to_napi;
use super::keyring::NativeKeyring;
use crate::crypto::KeyPairSpec;
use crate::error::Error;
use crate::keyring::GeneratedKeyPair;

/// A key pair as KMS GenerateDataKeyPair gives it.
#[napi(object, object_from_js = false)]
pub struct NativeKeyPair {
    /// DER SubjectPublicKeyInfo.
    pub public_key: Buffer,
    /// DER PKCS #8; JavaScript owns it from now on, and wipes it.
    pub private_key_plaintext: Option<Buffer>,
    /// The private key, wrapped.
    pub private_key_ciphertext_blob: Buffer,
    /// The ARN of the KMS key, or the name of a local one.
    pub key_id: String,
    /// Which of the KMS key's materials wrapped it.
    pub key_material_id: Option<String>,
    /// The AWS request id.
    pub request_id: Option<String>,
}

/// Makes a key pair; the private key comes only wrapped, unless asked for.
#[napi(catch_unwind, ts_return_type = "Promise<NativeKeyPair>")]
pub fn generate_data_key_pair<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    spec: String,
    with_private_key: bool,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeKeyPair>> {
    let keyring = keyring.shared();
    let context = from_flat(context).map_err(to_napi)?;
    let spec = KeyPairSpec::ALL.into_iter().find(|known| known.as_str() == spec);
    let spec = spec.ok_or_else(|| to_napi(unknown_spec()))?;
    spawn_for(env, caller.as_ref(), async move {
        let wrapper = keyring.data_key_wrapper()?;
        let GeneratedKeyPair { public_key, private_key, wrapped } =
            wrapper.generate_data_key_pair(spec, with_private_key, &context).await?;
        Ok(NativeKeyPair {
            public_key: public_key.into(),
            private_key_plaintext: private_key.map(|key| key.into_bytes().into()),
            private_key_ciphertext_blob: wrapped.ciphertext_blob.into(),
            key_id: wrapped.key_id,
            key_material_id: wrapped.key_material_id,
            request_id: wrapped.request_id,
        })
    })
}

/// Whether the keys of a keyring can be used.
#[napi(catch_unwind, ts_return_type = "Promise<void>")]
pub fn check_keyring<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, ()>> {
    let keyring = keyring.shared();
    spawn_for(env, caller.as_ref(), async move { keyring.check().await })
}

fn unknown_spec() -> Error {
    let names = KeyPairSpec::ALL.map(|spec| format!("\"{}\"", spec.as_str())).join(", ");
    Error::invalid(format!("keyPairSpec must be one of {names}"))
}
