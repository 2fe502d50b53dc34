//! The keysets of a tenant, as they are stored and changed.

use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::bytes::Uint8ArraySlice;
use super::caller::{CallerOrId, spawn_for};
use super::client::NativeClient;
use super::context::from_flat;
use super::error::to_napi;
use super::keyset::{NativeKeyInfo, NativeKeyset, info_of, key_type_of};
use super::numbers::{to_js_number, to_u64};
use crate::error::{self, Error};
use crate::fields::{Purpose, Step, TenantKeys};
use crate::operation::{Operation, Reader, Writer};

/// The keysets of a tenant, as one version of them is stored.
#[napi(js_name = "TenantKeys")]
pub struct NativeTenantKeys(Arc<TenantKeys>);

#[napi]
impl NativeTenantKeys {
    /// Fresh keysets.
    #[napi(factory, catch_unwind)]
    pub fn generate(key_type: String, refresh_ms: i64) -> Result<Self> {
        let generate = || TenantKeys::generate(key_type_of(&key_type)?, to_u64(refresh_ms)?);
        generate().map(Self::of).map_err(to_napi)
    }

    /// How often processes read the keysets again, in milliseconds.
    #[napi(getter)]
    pub fn refresh_ms(&self) -> i64 {
        to_js_number(self.0.refresh_ms())
    }

    /// With one more key, which is the last of its keyset.
    #[napi(catch_unwind)]
    pub fn with_key(
        &self,
        purpose: String,
        key_type: String,
        now_ms: i64,
    ) -> Result<NativeTenantKeys> {
        let change = || {
            let purpose = purpose_of(&purpose)?;
            self.0.with_key(purpose, key_type_of(&key_type)?, to_u64(now_ms)?)
        };
        change().map(|(keys, _)| Self::of(keys)).map_err(to_napi)
    }

    /// With a step of a key taken: `promote`, `enable`, `disable` or `destroy`.
    #[napi(catch_unwind)]
    pub fn with_step(
        &self,
        step: String,
        key_id: u32,
        now_ms: i64,
        force: bool,
    ) -> Result<NativeTenantKeys> {
        let step = match step.as_str() {
            "promote" => Step::Promote,
            "enable" => Step::Enable,
            "disable" => Step::Disable,
            _ => Step::Destroy,
        };
        let change = || self.0.with_step(step, key_id, to_u64(now_ms)?, force);
        change().map(Self::of).map_err(to_napi)
    }

    /// How long a key still waits before its next step, in milliseconds.
    #[napi(catch_unwind)]
    pub fn wait_ms(&self, key_id: u32, now_ms: i64) -> Result<i64> {
        let wait = self.0.wait_ms(key_id, to_u64(now_ms).map_err(to_napi)?);
        Ok(to_js_number(wait))
    }

    /// The keys of a purpose.
    #[napi(catch_unwind)]
    pub fn keys(&self, purpose: String) -> Result<Vec<NativeKeyInfo>> {
        Ok(info_of(self.0.keyset(purpose_of(&purpose).map_err(to_napi)?)))
    }

    /// The keyset of a purpose, by itself.
    #[napi(catch_unwind)]
    pub fn keyset(&self, purpose: String) -> Result<NativeKeyset> {
        let purpose = purpose_of(&purpose).map_err(to_napi)?;
        Ok(NativeKeyset::of(self.0.keyset(purpose).clone()))
    }

    pub(super) fn shared(&self) -> Arc<TenantKeys> {
        Arc::clone(&self.0)
    }

    fn of(keys: TenantKeys) -> Self {
        Self(Arc::new(keys))
    }
}

/// Encrypts the keysets as a message of the client.
#[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
pub fn seal_tenant_keys<'env>(
    env: &'env Env,
    client: &NativeClient,
    keys: &NativeTenantKeys,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, Buffer>> {
    let client = client.shared();
    let context = Some(from_flat(context).map_err(to_napi)?);
    let plain = keys.0.write().map_err(to_napi)?;
    spawn_for(env, caller.as_ref(), async move {
        let operation = Operation::encryption(Writer { client, context }, Some(plain.len() as u64));
        let started = operation.start().await?;
        let mut message = vec![0; started.output_length(&plain)?];
        let written = started.run_whole(&plain, &mut message)?;
        message.truncate(written);
        Ok(Buffer::from(message))
    })
}

/// Decrypts what `sealTenantKeys` gave, of a message that has all pairs of the context.
#[napi(catch_unwind, ts_return_type = "Promise<TenantKeys>")]
pub fn open_tenant_keys<'env>(
    env: &'env Env,
    client: &NativeClient,
    message: Uint8ArraySlice<'_>,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeTenantKeys>> {
    let context = from_flat(context).map_err(to_napi)?;
    let reader = Reader::of_message(client.shared(), &message, &context).map_err(to_napi)?;
    let message = message.to_vec();
    spawn_for(env, caller.as_ref(), async move {
        let started = Operation::decryption(reader).start().await?;
        let mut plain = Zeroizing::new(vec![0; started.output_length(&message)?]);
        let written = started.run_whole(&message, &mut plain)?;
        TenantKeys::read(&plain[..written]).map(NativeTenantKeys::of)
    })
}

impl From<Arc<TenantKeys>> for NativeTenantKeys {
    fn from(keys: Arc<TenantKeys>) -> Self {
        Self(keys)
    }
}

fn purpose_of(name: &str) -> error::Result<Purpose> {
    Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == name).ok_or_else(|| {
        let names = Purpose::ALL.map(|purpose| format!("\"{}\"", purpose.as_str())).join(", ");
        Error::invalid(format!("the purpose of a key must be one of {names}"))
    })
}
