//! Stores of branch keys, and the keyrings over them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{ClassInstance, Function, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::branch_key_storage::{Functions, NativeStorageRequest};
use super::branch_key_supplier::{NativeIdRequest, Supplier};
use super::caller::{CallerOrId, spawn_for};
use super::context::{from_flat, to_pairs};
use super::credentials::NativeCredentials;
use super::error::to_napi;
use super::guard_options::NativeGuardOptions;
use super::keyring::{NativeKeyring, NativeKmsOptions, kms_options};
use super::numbers::{to_js_length, to_u64};
use crate::branch_keys::{
    BranchKeyCacheLimits, BranchKeyStore, Created, Description, KmsConfiguration,
};
use crate::error::{self, Error};
use crate::keyring::Keyring;
use crate::keyring::aws_kms::{KeyStoreOptions, KmsOptions, Where, key_store};
use crate::keyring::hierarchical::{BranchKeyId, HierarchicalKeyring, StatsSource};

/// Creates, rotates, destroys and reads branch keys.
#[napi(js_name = "BranchKeyStore")]
pub struct NativeBranchKeyStore {
    store: Arc<BranchKeyStore>,
    stats: StatsSource,
}

/// What the records of a store are authenticated with, and which KMS key wraps them.
#[napi(object)]
pub struct NativeKeyStoreOptions {
    /// The name that the records are authenticated with.
    pub logical_name: String,
    /// The ARN of the KMS key; without it, whichever a record names.
    pub kms_key_id: Option<String>,
    /// The Region of those keys.
    pub kms_region: Option<String>,
    /// Whether related multi-Region keys count as one key.
    pub multi_region: bool,
}

/// A version that was made.
#[napi(object, object_from_js = false)]
pub struct NativeCreated {
    /// The id of the branch key.
    pub branch_key_id: String,
    /// The version.
    pub version: String,
}

/// A branch key, without any key.
#[napi(object, object_from_js = false)]
pub struct NativeDescription {
    /// The version that wraps.
    pub active_version: String,
    /// All versions, the active one first.
    pub versions: Vec<NativeVersion>,
    /// The ARN of the KMS key.
    pub kms_key_id: String,
    /// The context, as pairs.
    pub context: Vec<Vec<String>>,
}

/// One version of a branch key.
#[napi(object, object_from_js = false)]
pub struct NativeVersion {
    /// The version.
    pub version: String,
    /// When it was made, as its maker wrote it.
    pub create_time: String,
}

/// How long and how many branch keys are kept.
#[napi(object)]
pub struct NativeBranchKeyLimits {
    /// How long after they were read, in milliseconds.
    pub max_age_ms: i64,
    /// How many.
    pub max_entries: u32,
    /// Who shares them.
    pub partition: Option<String>,
}

#[napi]
impl NativeBranchKeyStore {
    /// A store in DynamoDB. Nothing is called yet.
    #[napi(factory, catch_unwind)]
    pub fn dynamo_db(
        table_name: String,
        endpoint: Option<String>,
        options: NativeKeyStoreOptions,
        kms: NativeKmsOptions,
        guard: NativeGuardOptions,
        credentials: Option<ClassInstance<'_, NativeCredentials>>,
    ) -> Result<Self> {
        let storage = Where::DynamoDb { table_name, endpoint };
        Self::over(storage, options, kms_options(kms, guard, credentials))
    }

    /// A store in a storage of the caller's, whose functions `ask` calls.
    #[napi(factory, catch_unwind)]
    pub fn over_storage(
        ask: Function<'_, NativeStorageRequest, ()>,
        options: NativeKeyStoreOptions,
        kms: NativeKmsOptions,
        guard: NativeGuardOptions,
        credentials: Option<ClassInstance<'_, NativeCredentials>>,
    ) -> Result<Self> {
        let storage = Where::Own(Arc::new(Functions::new(&ask)?));
        Self::over(storage, options, kms_options(kms, guard, credentials))
    }

    /// A keyring of this branch key.
    #[napi(catch_unwind)]
    pub fn keyring(
        &self,
        branch_key_id: String,
        limits: NativeBranchKeyLimits,
    ) -> Result<NativeKeyring> {
        self.keyring_of(BranchKeyId::Fixed(branch_key_id), limits).map_err(to_napi)
    }

    /// A keyring of the branch keys that a function tells.
    #[napi(catch_unwind)]
    pub fn supplied_keyring(
        &self,
        ask: Function<'_, NativeIdRequest, ()>,
        limits: NativeBranchKeyLimits,
    ) -> Result<NativeKeyring> {
        let supplier = Arc::new(Supplier::new(&ask)?);
        self.keyring_of(BranchKeyId::Supplied(supplier), limits).map_err(to_napi)
    }

    /// Creates a branch key.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeCreated>")]
    pub fn create<'env>(
        &self,
        env: &'env Env,
        branch_key_id: Option<String>,
        context: Vec<String>,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, NativeCreated>> {
        let store = Arc::clone(&self.store);
        let context = from_flat(context).map_err(to_napi)?;
        spawn_for(env, caller.as_ref(), async move {
            let created = store.create(branch_key_id.as_deref(), &context).await;
            created.map(NativeCreated::from)
        })
    }

    /// Makes a new version of a branch key.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeCreated>")]
    pub fn rotate<'env>(
        &self,
        env: &'env Env,
        branch_key_id: String,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, NativeCreated>> {
        let store = Arc::clone(&self.store);
        spawn_for(env, caller.as_ref(), async move {
            store.rotate(&branch_key_id).await.map(NativeCreated::from)
        })
    }

    /// Deletes a branch key; the number of its versions.
    #[napi(catch_unwind, ts_return_type = "Promise<number>")]
    pub fn destroy<'env>(
        &self,
        env: &'env Env,
        branch_key_id: String,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, i64>> {
        let store = Arc::clone(&self.store);
        spawn_for(env, caller.as_ref(), async move {
            store.destroy(&branch_key_id).await.map(to_js_length)
        })
    }

    /// What the table has of a branch key.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeDescription>")]
    pub fn describe<'env>(
        &self,
        env: &'env Env,
        branch_key_id: String,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, NativeDescription>> {
        let store = Arc::clone(&self.store);
        spawn_for(env, caller.as_ref(), async move {
            store.describe(&branch_key_id).await.map(NativeDescription::from)
        })
    }

    /// The ids of all branch keys.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<string>>")]
    pub fn list<'env>(
        &self,
        env: &'env Env,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, Vec<String>>> {
        let store = Arc::clone(&self.store);
        spawn_for(env, caller.as_ref(), async move { store.storage().list().await })
    }

    /// Makes the table.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn create_table<'env>(
        &self,
        env: &'env Env,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, ()>> {
        let store = Arc::clone(&self.store);
        spawn_for(env, caller.as_ref(), async move { store.storage().create_table().await })
    }

    fn over(storage: Where, options: NativeKeyStoreOptions, kms: KmsOptions) -> Result<Self> {
        let NativeKeyStoreOptions { logical_name, kms_key_id, kms_region, multi_region } = options;
        let configuration = match kms_key_id {
            Some(arn) => KmsConfiguration::key(&arn, multi_region).map_err(to_napi)?,
            None => KmsConfiguration::Discovery { region: kms_region, multi_region },
        };
        let options = KeyStoreOptions { storage, logical_name, configuration, kms };
        let (store, stats) = key_store(options).map_err(to_napi)?;
        Ok(Self { store: Arc::new(store), stats })
    }

    fn keyring_of(
        &self,
        id: BranchKeyId,
        limits: NativeBranchKeyLimits,
    ) -> error::Result<NativeKeyring> {
        let max_entries = NonZeroUsize::new(limits.max_entries as usize)
            .ok_or_else(|| Error::invalid("maxEntries must be at least 1"))?;
        let max_age = Duration::from_millis(to_u64(limits.max_age_ms)?);
        let of_cache = BranchKeyCacheLimits { max_age, max_entries };
        let cache = self.store.cache(limits.partition.as_deref(), of_cache)?;
        let stats = Some(Arc::clone(&self.stats));
        let keyring: Arc<dyn Keyring> = Arc::new(HierarchicalKeyring::new(id, cache, stats)?);
        Ok(keyring.into())
    }
}

impl From<Created> for NativeCreated {
    fn from(Created { branch_key_id, version }: Created) -> Self {
        Self { branch_key_id, version: version.to_string() }
    }
}

impl From<Description> for NativeDescription {
    fn from(description: Description) -> Self {
        let versions = description.versions.into_iter().map(|described| NativeVersion {
            version: described.version.to_string(),
            create_time: described.create_time,
        });
        Self {
            active_version: description.active_version.to_string(),
            versions: versions.collect(),
            kms_key_id: description.kms_arn,
            context: to_pairs(&description.context),
        }
    }
}
