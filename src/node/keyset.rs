//! Tink's keysets. Keys leave them only as `write` says, whose purpose it is.

use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::bytes::{self, Uint8ArraySlice};
use super::caller::{CallerOrId, spawn_for};
use super::context::from_flat;
use super::error::to_napi;
use super::keyring::NativeKeyring;
use super::numbers::{to_js_length, to_js_number};
use crate::error::{self, Error};
use crate::fields::{Form, KeyType, Keyset, Primitive, read_encrypted, write_encrypted};
use crate::materials::DataKey;

/// Keys with ids, one of them primary.
#[napi(js_name = "Keyset")]
pub struct NativeKeyset(Arc<Keyset>);

/// What is public about a key.
#[napi(object, object_from_js = false)]
pub struct NativeKeyInfo {
    /// The key's id.
    pub id: u32,
    /// The name of its type.
    pub type_name: String,
    /// Whether it is used.
    pub enabled: bool,
    /// Whether it encrypts.
    pub primary: bool,
    /// What its ciphertexts begin with.
    pub prefix: String,
    /// How many values it has encrypted in this process.
    pub encrypted: i64,
}

#[napi]
impl NativeKeyset {
    /// A keyset of one fresh key.
    #[napi(factory, catch_unwind)]
    pub fn generate(key_type: String) -> Result<Self> {
        key_type_of(&key_type).and_then(Keyset::generate).map(Self::of).map_err(to_napi)
    }

    /// A keyset in the clear.
    #[napi(factory, catch_unwind)]
    pub fn read(json: bool, input: Uint8ArraySlice<'_>) -> Result<Self> {
        Keyset::read(form(json), &input).map(Self::of).map_err(to_napi)
    }

    /// The keyset in the clear; JavaScript owns it from now on.
    #[napi(catch_unwind)]
    pub fn write(&self, json: bool) -> Result<Buffer> {
        self.0.write(form(json)).map(|bytes| bytes.to_vec().into()).map_err(to_napi)
    }

    /// A keyset that is encrypted under this one.
    #[napi(catch_unwind)]
    pub fn unwrap(
        &self,
        json: bool,
        input: Uint8ArraySlice<'_>,
        associated_data: Uint8ArraySlice<'_>,
    ) -> Result<NativeKeyset> {
        let unwrap = || {
            let sealed = read_encrypted(form(json), &input)?;
            let mut plain = Zeroizing::new(vec![0; sealed.len()]);
            let length = self.0.decrypt(&sealed, &associated_data, &mut plain)?;
            Keyset::read_binary(&plain[..length])
        };
        unwrap().map(Self::of).map_err(to_napi)
    }

    /// Another keyset, encrypted under this one.
    #[napi(catch_unwind)]
    pub fn wrap(
        &self,
        json: bool,
        keyset: &NativeKeyset,
        associated_data: Uint8ArraySlice<'_>,
    ) -> Result<Buffer> {
        let wrap = || {
            let plain = keyset.0.write_binary()?;
            let mut sealed = vec![0; plain.len() + self.0.overhead()?];
            self.0.encrypt(&plain, &associated_data, &mut sealed)?;
            write_encrypted(form(json), &keyset.0, sealed)
        };
        wrap().map(Buffer::from).map_err(to_napi)
    }

    /// What it does: `aead`, `daead` or `prf`.
    #[napi(getter)]
    pub fn primitive(&self) -> &'static str {
        match self.0.primitive() {
            Primitive::Aead => "aead",
            Primitive::DeterministicAead => "daead",
            Primitive::Prf => "prf",
        }
    }

    /// The keys, in their order.
    #[napi]
    pub fn keys(&self) -> Vec<NativeKeyInfo> {
        info_of(&self.0)
    }

    /// How much longer than its plaintext a ciphertext is, in bytes.
    #[napi(getter)]
    pub fn overhead(&self) -> Result<i64> {
        self.0.overhead().map(to_js_length).map_err(to_napi)
    }

    /// Encrypts into `output`, which is longer than the plaintext by the overhead.
    #[napi(catch_unwind)]
    pub fn encrypt(
        &self,
        deterministic: bool,
        plaintext: Uint8ArraySlice<'_>,
        associated_data: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<()> {
        let mut encrypt = || {
            let whole = (0, to_js_length(plaintext.len()));
            let (plaintext, output) = bytes::pair(&plaintext, whole, &mut output, 0)?;
            match deterministic {
                false => self.0.encrypt(plaintext, &associated_data, output),
                true => self.0.encrypt_deterministically(plaintext, &associated_data, output),
            }
        };
        encrypt().map_err(to_napi)
    }

    /// Decrypts into `output`, which is as long as the ciphertext; returns the plaintext's length.
    #[napi(catch_unwind)]
    pub fn decrypt(
        &self,
        deterministic: bool,
        sealed: Uint8ArraySlice<'_>,
        associated_data: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<i64> {
        let mut decrypt = || {
            let whole = (0, to_js_length(sealed.len()));
            let (sealed, output) = bytes::pair(&sealed, whole, &mut output, 0)?;
            let length = match deterministic {
                false => self.0.decrypt(sealed, &associated_data, output)?,
                true => self.0.decrypt_deterministically(sealed, &associated_data, output)?,
            };
            Ok(to_js_length(length))
        };
        decrypt().map_err(to_napi)
    }

    /// Fills `output` with the PRF of the input, under the key with this id or the primary.
    #[napi(catch_unwind)]
    pub fn prf(
        &self,
        key_id: Option<u32>,
        input: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<()> {
        let mut compute = || {
            let whole = (0, to_js_length(input.len()));
            let (input, output) = bytes::pair(&input, whole, &mut output, 0)?;
            self.0.prf(key_id, input, output)
        };
        compute().map_err(to_napi)
    }

    /// The keyset with one more key, which is its last.
    #[napi(catch_unwind)]
    pub fn with_key(&self, key_type: String) -> Result<NativeKeyset> {
        let changed = key_type_of(&key_type).and_then(|key_type| self.0.with_key(key_type));
        changed.map(|(keyset, _)| Self::of(keyset)).map_err(to_napi)
    }

    /// The keyset with this key as the primary.
    #[napi(catch_unwind)]
    pub fn with_primary(&self, id: u32) -> Result<NativeKeyset> {
        self.0.with_primary(id).map(Self::of).map_err(to_napi)
    }

    /// The keyset with this key enabled or disabled.
    #[napi(catch_unwind)]
    pub fn with_enabled(&self, id: u32, enabled: bool) -> Result<NativeKeyset> {
        self.0.with_enabled(id, enabled).map(Self::of).map_err(to_napi)
    }

    /// The keyset without this key.
    #[napi(catch_unwind)]
    pub fn without(&self, id: u32) -> Result<NativeKeyset> {
        self.0.without(id).map(Self::of).map_err(to_napi)
    }

    pub(super) fn of(keyset: Keyset) -> Self {
        Self(Arc::new(keyset))
    }
}

/// Decrypts a keyset that AWS KMS encrypted.
#[napi(catch_unwind, ts_return_type = "Promise<Keyset>")]
pub fn unwrap_keyset<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    json: bool,
    input: Uint8ArraySlice<'_>,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeKeyset>> {
    let keyring = keyring.shared();
    let sealed = read_encrypted(form(json), &input).map_err(to_napi)?;
    let context = from_flat(context).map_err(to_napi)?;
    spawn_for(env, caller.as_ref(), async move {
        let unwrapper = keyring.data_key_unwrapper()?;
        let plain = unwrapper.decrypt_data_key(&sealed, &context).await?.plaintext;
        Keyset::read_binary(plain.expose()).map(NativeKeyset::of)
    })
}

/// Encrypts a keyset with AWS KMS.
#[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
pub fn wrap_keyset<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    json: bool,
    keyset: &NativeKeyset,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, Buffer>> {
    let keyring = keyring.shared();
    let keyset = Arc::clone(&keyset.0);
    let plain = DataKey::new(keyset.write_binary().map_err(to_napi)?);
    let context = from_flat(context).map_err(to_napi)?;
    spawn_for(env, caller.as_ref(), async move {
        let wrapper = keyring.data_key_wrapper()?;
        let sealed = wrapper.wrap_data_key(&plain, &context).await?.ciphertext_blob;
        write_encrypted(form(json), &keyset, sealed).map(Buffer::from)
    })
}

pub(super) fn info_of(keyset: &Keyset) -> Vec<NativeKeyInfo> {
    let info = keyset.info().into_iter().map(|key| NativeKeyInfo {
        id: key.id,
        type_name: key.type_name,
        enabled: key.enabled,
        primary: key.primary,
        prefix: key.prefix.to_owned(),
        encrypted: to_js_number(key.encrypted),
    });
    info.collect()
}

pub(super) fn key_type_of(name: &str) -> error::Result<KeyType> {
    KeyType::ALL.into_iter().find(|known| known.as_str() == name).ok_or_else(|| {
        let names = KeyType::ALL.map(|known| format!("\"{}\"", known.as_str())).join(", ");
        Error::invalid(format!("the type of a key must be one of {names}"))
    })
}

fn form(json: bool) -> Form {
    if json { Form::Json } else { Form::Binary }
}
