//! A keyring and the settings of its messages.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use super::caller::{CallerOrId, spawn_for};
use super::context::from_flat;
use super::error::to_napi;
use super::keyring::NativeKeyring;
use super::numbers::{milliseconds, to_u64};
use super::stats::{NativeStats, stats_of};
use crate::client::{CacheLimits, Client, Settings};
use crate::error::{self, Error};
use crate::suite::{AlgorithmSuite, CommitmentPolicy, SUITES};

/// Writes and reads messages under one keyring.
#[napi(js_name = "Client")]
pub struct NativeClient(Arc<Client>);

/// What messages are written and read; `lib/native/client.js` has checked the types.
#[napi(object)]
pub struct NativeSettings {
    /// The id of the suite of new messages.
    pub suite_id: Option<u16>,
    /// The name of the commitment policy.
    pub commitment_policy: Option<String>,
    /// The plaintext length of each frame but the last, in bytes.
    pub frame_length: Option<u32>,
    /// The most encrypted data keys.
    pub max_encrypted_data_keys: Option<u16>,
    /// The keys of the context that are authenticated, but not stored.
    pub required_context_keys: Vec<String>,
    /// The names of the keys that may wrap a data key.
    pub allowed_keys: Option<Vec<String>>,
    /// The longest plaintext, in bytes.
    pub max_plaintext_length: Option<i64>,
    /// How long the data keys of one message may be tried, in milliseconds.
    pub unwrap_timeout_ms: Option<u32>,
    /// How long data keys are kept.
    pub cache: Option<NativeCacheLimits>,
}

/// How long and how often a data key is used.
#[napi(object)]
pub struct NativeCacheLimits {
    /// How long after it was made, in milliseconds.
    pub max_age_ms: i64,
    /// For how many messages.
    pub max_messages: i64,
    /// For how many bytes of plaintext.
    pub max_bytes: i64,
    /// How many are kept.
    pub max_entries: u32,
    /// How long before its age one is renewed, in milliseconds.
    pub renew_before_ms: Option<i64>,
}

#[napi]
impl NativeClient {
    /// A client under this keyring.
    #[napi(factory, catch_unwind)]
    pub fn create(keyring: &NativeKeyring, settings: NativeSettings) -> Result<Self> {
        convert(settings)
            .and_then(|settings| Client::new(keyring.shared(), settings))
            .map(|client| Self(Arc::new(client)))
            .map_err(to_napi)
    }

    /// Fills the cache for messages with this context.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn warm<'env>(
        &self,
        env: &'env Env,
        context: Vec<String>,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, ()>> {
        let client = self.shared();
        let context = from_flat(context).map_err(to_napi)?;
        spawn_for(env, caller.as_ref(), async move { client.warm(context).await })
    }

    /// Whether the cached data key for this context is to be renewed, by the caller.
    #[napi(catch_unwind)]
    pub fn claim_renewal(&self, context: Vec<String>) -> Result<bool> {
        let context = from_flat(context).map_err(to_napi)?;
        Ok(self.0.claim_renewal(&context))
    }

    /// Renews the cached data key for this context.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn renew<'env>(
        &self,
        env: &'env Env,
        context: Vec<String>,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, ()>> {
        let client = self.shared();
        let context = from_flat(context).map_err(to_napi)?;
        spawn_for(env, caller.as_ref(), async move { client.renew(context).await })
    }

    /// Forgets the cached data keys.
    #[napi]
    pub fn clear_cache(&self) {
        self.0.clear_cache();
    }

    /// What the client has done.
    #[napi]
    pub fn stats(&self) -> NativeStats {
        stats_of(&self.0)
    }

    pub(super) fn shared(&self) -> Arc<Client> {
        Arc::clone(&self.0)
    }
}

/// The commitment policy that JavaScript names so; the default where it names none.
pub(super) fn commitment_policy(name: Option<&str>) -> error::Result<CommitmentPolicy> {
    match name {
        None => Ok(CommitmentPolicy::default()),
        Some("forbidEncryptAllowDecrypt") => Ok(CommitmentPolicy::ForbidEncryptAllowDecrypt),
        Some("requireEncryptAllowDecrypt") => Ok(CommitmentPolicy::RequireEncryptAllowDecrypt),
        Some("requireEncryptRequireDecrypt") => Ok(CommitmentPolicy::RequireEncryptRequireDecrypt),
        Some(_) => Err(Error::invalid(
            "commitmentPolicy must be \"requireEncryptRequireDecrypt\", \
             \"requireEncryptAllowDecrypt\" or \"forbidEncryptAllowDecrypt\"",
        )),
    }
}

fn convert(settings: NativeSettings) -> error::Result<Settings> {
    let commitment_policy = commitment_policy(settings.commitment_policy.as_deref())?;
    let defaults = Settings::default();
    Ok(Settings {
        suite: match settings.suite_id {
            Some(id) => AlgorithmSuite::by_id(id)?,
            None => commitment_policy.default_suite(),
        },
        commitment_policy,
        frame_length: settings.frame_length.unwrap_or(defaults.frame_length),
        max_encrypted_data_keys: settings.max_encrypted_data_keys,
        required_context_keys: BTreeSet::from_iter(settings.required_context_keys),
        allowed_keys: settings.allowed_keys.map(BTreeSet::from_iter),
        max_plaintext_length: settings.max_plaintext_length.map(to_u64).transpose()?,
        unwrap_timeout: milliseconds(settings.unwrap_timeout_ms).unwrap_or(defaults.unwrap_timeout),
        cache: settings.cache.map(cache_limits).transpose()?,
    })
}

fn cache_limits(limits: NativeCacheLimits) -> error::Result<CacheLimits> {
    let max_entries = NonZeroUsize::new(limits.max_entries as usize)
        .ok_or_else(|| Error::invalid("maxEntries must be at least 1"))?;
    Ok(CacheLimits {
        max_age: Duration::from_millis(to_u64(limits.max_age_ms)?),
        max_messages: to_u64(limits.max_messages)?,
        max_bytes: to_u64(limits.max_bytes)?,
        max_entries,
        renew_before: limits.renew_before_ms.map(to_u64).transpose()?.map(Duration::from_millis),
    })
}

/// An algorithm suite to choose.
#[napi(object)]
pub struct NativeSuite {
    /// The suite's id.
    pub id: u16,
    /// The suite's name in the specification.
    pub name: String,
}

/// All suites there are.
#[napi]
pub fn algorithm_suites() -> Vec<NativeSuite> {
    SUITES.iter().map(|suite| NativeSuite { id: suite.id, name: suite.name.to_owned() }).collect()
}
