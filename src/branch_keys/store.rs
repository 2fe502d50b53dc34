//! Reads branch keys: gets the record from the storage, and lets KMS unwrap its key.
//!
//! Source: `framework/branch-key-store.md`, "GetActiveBranchKey", "GetBranchKeyVersion" and
//! "GetBeaconKey".

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::branch_key::{BranchKey, BranchKeySource, StoredBranchKey, Which};
use super::cache::BranchKeyCache;
use super::configuration::KmsConfiguration;
use super::limits::BranchKeyCacheLimits;
use super::record::{ACTIVE, BEACON, Record, attribute, version_of_type, version_type};
use super::version::Version;
use super::{Answer, Kms, MAX_ID_LENGTH, Storage};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::kms_arn::KmsArn;
use crate::materials::DataKey;

/// The length of a branch key, in bytes.
pub(super) const KEY_LENGTH: usize = 32;

/// The branch keys of one table, under one logical name.
pub struct BranchKeyStore {
    pub(super) logical_name: String,
    pub(super) kms: Arc<dyn Kms>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) configuration: KmsConfiguration,
    caches: Mutex<Caches>,
}

/// The caches of this store that are still in use: all of them, and those that keyrings share by name.
#[derive(Default)]
struct Caches {
    all: Vec<Weak<BranchKeyCache>>,
    shared: HashMap<String, Weak<BranchKeyCache>>,
}

/// What the records say about a branch key. KMS was not asked whether they are authentic.
#[derive(Debug)]
pub struct Description {
    /// The active version, which wraps data keys.
    pub active_version: Version,
    /// All versions, the active one first.
    pub versions: Vec<VersionDescription>,
    /// The ARN of the KMS key.
    pub kms_arn: String,
    /// The context that the branch key was created with.
    pub context: EncryptionContext,
}

/// What its record says about one version.
#[derive(Debug)]
pub struct VersionDescription {
    /// The version.
    pub version: Version,
    /// When it was created, as the record has it; AWS's libraries write it in another form than we do.
    pub create_time: String,
}

impl BranchKeyStore {
    /// Returns a store over this storage. Neither the storage nor KMS is asked yet.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty logical name.
    pub fn new(
        logical_name: String,
        storage: Arc<dyn Storage>,
        kms: Arc<dyn Kms>,
        configuration: KmsConfiguration,
    ) -> Result<Self> {
        if logical_name.is_empty() {
            return Err(Error::invalid("a branch key store needs a logical name"));
        }
        Ok(Self { logical_name, storage, kms, configuration, caches: Mutex::default() })
    }

    /// Returns the logical name, which KMS authenticates with each record.
    pub fn logical_name(&self) -> &str {
        &self.logical_name
    }

    /// Returns the storage of the records.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Returns the KMS keys that the store may use.
    pub fn configuration(&self) -> &KmsConfiguration {
        &self.configuration
    }

    /// Reads the active version, which wraps data keys.
    ///
    /// # Errors
    /// `BranchKeyNotFound`, `BranchKeyAltered`, `BranchKeyUnsupported`, `KmsWrongKey`; those of the storage
    /// and of KMS.
    pub async fn active(&self, branch_key_id: &str) -> Result<StoredBranchKey> {
        let record = self.record(branch_key_id, ACTIVE).await?;
        let version = record.active_version().ok_or_else(|| not_found(branch_key_id, None))?;
        self.unwrapped(branch_key_id, version, &record).await
    }

    /// Reads this version.
    ///
    /// # Errors
    /// As `active`.
    pub async fn version(&self, branch_key_id: &str, version: Version) -> Result<StoredBranchKey> {
        let record = self.record(branch_key_id, &version_type(&version)).await?;
        self.unwrapped(branch_key_id, version, &record).await
    }

    /// Reads the beacon key, which rotations do not change.
    ///
    /// # Errors
    /// As `active`.
    pub async fn beacon(&self, branch_key_id: &str) -> Result<(DataKey, EncryptionContext)> {
        let record = self.record(branch_key_id, BEACON).await?;
        let key = self.decrypt(branch_key_id, &record).await?;
        Ok((key, record.custom_context()))
    }

    /// Returns what the records say about a branch key, without asking KMS.
    ///
    /// # Errors
    /// `BranchKeyNotFound`, `BranchKeyAltered`, `BranchKeyUnsupported`; those of the storage.
    pub async fn describe(&self, branch_key_id: &str) -> Result<Description> {
        check_id(branch_key_id)?;
        let items = self.storage.items(branch_key_id).await?;
        let mut versions = Vec::new();
        let mut active = None;
        for item in &items {
            let kind = item.text(attribute::TYPE).unwrap_or_default();
            if kind == ACTIVE {
                active = Some(Record::parse(item, branch_key_id, kind)?);
            } else if let Some(version) = version_of_type(kind) {
                let record = Record::parse(item, branch_key_id, kind)?;
                let create_time = record.create_time().to_owned();
                versions.push(VersionDescription { version, create_time });
            }
        }
        let active = active.ok_or_else(|| not_found(branch_key_id, None))?;
        let active_version =
            active.active_version().ok_or_else(|| not_found(branch_key_id, None))?;
        // The others in no order: their times are texts of different forms.
        versions.sort_by_key(|described| described.version != active_version);
        Ok(Description {
            active_version,
            versions,
            kms_arn: active.kms_arn.to_string(),
            context: active.custom_context(),
        })
    }

    /// Returns the cache of this partition, which all who name it share; a new cache without a name.
    ///
    /// # Errors
    /// `InvalidArgument` if the cache of the partition has other limits.
    pub fn cache(
        self: &Arc<Self>,
        partition: Option<&str>,
        limits: BranchKeyCacheLimits,
    ) -> Result<Arc<BranchKeyCache>> {
        let mut caches = self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        let known = partition.and_then(|name| caches.shared.get(name)).and_then(Weak::upgrade);
        if let Some(known) = known {
            if known.limits() == limits {
                return Ok(known);
            }
            return Err(Error::invalid(
                "another keyring shares this `partition` with another `maxAgeMs` or `maxEntries`; \
                 give the same, or another partition",
            ));
        }
        let cache = Arc::new(BranchKeyCache::new(Arc::clone(self) as _, limits));
        caches.all.retain(|cache| cache.strong_count() > 0);
        caches.shared.retain(|_, cache| cache.strong_count() > 0);
        caches.all.push(Arc::downgrade(&cache));
        if let Some(name) = partition {
            caches.shared.insert(name.to_owned(), Arc::downgrade(&cache));
        }
        Ok(cache)
    }

    /// Drops a branch key, which has changed, from all caches of this store.
    pub(super) fn forget(&self, branch_key_id: &str) {
        let all = self.caches.lock().unwrap_or_else(PoisonError::into_inner).all.clone();
        all.iter().filter_map(Weak::upgrade).for_each(|cache| cache.forget(branch_key_id));
    }

    async fn record(&self, branch_key_id: &str, kind: &str) -> Result<Record> {
        check_id(branch_key_id)?;
        let mut item = self.storage.get(branch_key_id, kind, false).await?;
        if item.is_none() {
            // Read again consistently: another read may miss what was written a moment ago.
            item = self.storage.get(branch_key_id, kind, true).await?;
        }
        let item = item.ok_or_else(|| not_found(branch_key_id, version_of_type(kind)))?;
        Record::parse(&item, branch_key_id, kind)
    }

    async fn unwrapped(
        &self,
        branch_key_id: &str,
        version: Version,
        record: &Record,
    ) -> Result<StoredBranchKey> {
        let key = self.decrypt(branch_key_id, record).await?;
        let id = branch_key_id.to_owned();
        let context = record.custom_context();
        Ok(StoredBranchKey { branch_key: BranchKey { id, version, key }, context })
    }

    async fn decrypt(&self, branch_key_id: &str, record: &Record) -> Result<DataKey> {
        let kms_key = self.kms_key(&record.kms_arn).await?;
        let context = record.kms_context(&self.logical_name);
        let key = self.kms.decrypt(&kms_key, &record.enc, &context).await;
        let key = key.map_err(|error| not_authentic(branch_key_id, error))?;
        if key.length() == KEY_LENGTH {
            return Ok(key);
        }
        let message = format!(
            "the branch key \"{}\" has {} bytes; branch keys have {KEY_LENGTH}",
            shown(branch_key_id),
            key.length()
        );
        Err(Error::new(Code::BranchKeyAltered, message))
    }

    /// Returns the KMS key to ask for a record that names the key `stored`.
    pub(super) async fn kms_key(&self, stored: &KmsArn) -> Result<KmsArn> {
        let region = match self.configuration.needs_region() {
            true => Some(self.kms.default_region().await?),
            false => None,
        };
        self.configuration.key_for(stored, region.as_deref())
    }
}

impl BranchKeySource for BranchKeyStore {
    fn read<'a>(&'a self, branch_key_id: &'a str, which: Which) -> Answer<'a, StoredBranchKey> {
        Box::pin(async move {
            match which {
                Which::Active => self.active(branch_key_id).await,
                Which::Version(version) => self.version(branch_key_id, version).await,
            }
        })
    }
}

/// Checks the length of the id.
///
/// # Errors
/// `InvalidArgument` for an id that no branch key can have.
pub(crate) fn check_id(branch_key_id: &str) -> Result<()> {
    if (1..=MAX_ID_LENGTH).contains(&branch_key_id.len()) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the id of a branch key has 1 to {MAX_ID_LENGTH} bytes, not {}",
        branch_key_id.len()
    )))
}

pub(super) fn not_found(branch_key_id: &str, version: Option<Version>) -> Error {
    let id = shown(branch_key_id);
    let message = match version {
        Some(version) => format!(
            "the branch key \"{id}\" has no version {version}; it was destroyed, or the table is \
             another, or older, than the one it was written to"
        ),
        None => format!(
            "there is no branch key \"{id}\"; create it with BranchKeyStore.create, or check the \
             id and the table"
        ),
    };
    Error::new(Code::BranchKeyNotFound, message)
}

/// Turns a refusal by KMS to unwrap a record into an error about the branch key.
pub(super) fn not_authentic(branch_key_id: &str, error: Error) -> Error {
    if error.code() != Code::KmsInvalidCiphertext {
        return error;
    }
    let message = format!(
        "KMS does not unwrap the branch key \"{}\": its record was changed, or was written under \
         another `logicalName` than this key store has",
        shown(branch_key_id)
    );
    Error::new(Code::BranchKeyAltered, message)
        .with_cause(error.to_string())
        .with_request_id(error.request_id().map(str::to_owned))
}
