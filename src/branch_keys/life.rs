//! The life of a branch key: created, rotated, destroyed.
//!
//! Source: `framework/branch-key-store.md`, "CreateKey" and "VersionKey". Each writes all its records in
//! one transaction, so that a process killed on the way leaves the store as it was.

use super::record::{ACTIVE, BEACON, Record, attribute, version_type};
use super::store::{BranchKeyStore, check_id, not_authentic, not_found};
use super::version::Version;
use super::{Condition, Put, time};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::kms_arn::KmsArn;

/// The version that a call has created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The id of the branch key.
    pub branch_key_id: String,
    /// The version, which is the active one.
    pub version: Version,
}

impl BranchKeyStore {
    /// Creates a branch key; without an id under a random one.
    ///
    /// # Errors
    /// `InvalidArgument` for an id without a context; `BranchKeyExists`; those of the storage and of KMS.
    pub async fn create(
        &self,
        branch_key_id: Option<&str>,
        context: &EncryptionContext,
    ) -> Result<Created> {
        let kms_key = self.configuration.key_to_write()?;
        let branch_key_id = match branch_key_id {
            Some(id) if context.is_empty() => {
                check_id(id)?;
                return Err(Error::invalid(
                    "a branch key with an id of yours needs an `encryptionContext` of at least one \
                     pair, such as the tenant's name",
                ));
            }
            Some(id) => id.to_owned(),
            None => Version::random()?.to_string(),
        };
        check_id(&branch_key_id)?;
        let version = Version::random()?;
        let first = Record::first(&branch_key_id, &version, kms_key, time::now(), context);
        let (first, active) = self.wrapped(kms_key, first, &version).await?;
        let beacon = first.beacon();
        let context = beacon.kms_context(&self.logical_name);
        let beacon = beacon.with_enc(self.kms.generate(kms_key, &context).await?);
        let puts = [&first, &active, &beacon]
            .map(|record| Put { item: record.to_item(), condition: Condition::Absent });
        if self.storage.write(&puts).await? || self.has_written(&branch_key_id, &active).await? {
            return Ok(Created { branch_key_id, version });
        }
        let message = format!(
            "the branch key \"{}\" exists already; choose another id, or rotate it",
            shown(&branch_key_id)
        );
        Err(Error::new(Code::BranchKeyExists, message))
    }

    /// Creates a new version of a branch key and makes it the active one; older versions still unwrap.
    ///
    /// # Errors
    /// `BranchKeyNotFound`, `BranchKeyAltered`, `BranchKeyConflict` if another call rotated or destroyed
    /// it meanwhile, `KmsWrongKey`; those of the storage and of KMS.
    pub async fn rotate(&self, branch_key_id: &str) -> Result<Created> {
        self.configuration.key_to_write()?;
        check_id(branch_key_id)?;
        let item = self.storage.get(branch_key_id, ACTIVE, true).await?;
        let item = item.ok_or_else(|| not_found(branch_key_id, None))?;
        let old = Record::parse(&item, branch_key_id, ACTIVE)?;
        let kms_key = self.kms_key(&old.kms_arn).await?;
        // Encrypted again for the same context, only to see whether the record is authentic.
        let context = old.kms_context(&self.logical_name);
        let authentic = self.kms.re_encrypt(&kms_key, &old.enc, &context, &context).await;
        authentic.map_err(|error| not_authentic(branch_key_id, error))?;

        let version = Version::random()?;
        let next = old.next(&version, time::now());
        let (next, active) = self.wrapped(&kms_key, next, &version).await?;
        let puts = [
            Put { item: next.to_item(), condition: Condition::Absent },
            Put { item: active.to_item(), condition: Condition::Unchanged(old.enc) },
        ];
        let written = self.storage.write(&puts).await?;
        self.forget(branch_key_id);
        if written || self.has_written(branch_key_id, &active).await? {
            return Ok(Created { branch_key_id: branch_key_id.to_owned(), version });
        }
        let message = format!(
            "the branch key \"{}\" was rotated or destroyed by somebody else meanwhile; nothing was \
             changed, and another rotation is hardly needed",
            shown(branch_key_id)
        );
        Err(Error::new(Code::BranchKeyConflict, message))
    }

    /// Deletes all versions of a branch key, and drops it from the caches of this store. Messages under it
    /// cannot be decrypted any more, except by processes that still have it in a cache. Returns how many
    /// versions there were.
    ///
    /// # Errors
    /// `BranchKeyNotFound` if it has no record; those of the storage.
    pub async fn destroy(&self, branch_key_id: &str) -> Result<usize> {
        check_id(branch_key_id)?;
        if self.storage.items(branch_key_id).await?.is_empty() {
            return Err(not_found(branch_key_id, None));
        }
        // The active record first: without it nobody can wrap under the key, or rotate it, from here on.
        self.storage.delete(branch_key_id, &[ACTIVE.to_owned()]).await?;
        // Listed again, as a rotation just before that may have added a version.
        let items = self.storage.items(branch_key_id).await?;
        let mut others: Vec<_> =
            items.iter().filter_map(|item| item.text(attribute::TYPE).map(str::to_owned)).collect();
        // The beacon record last: while it exists, nobody can create a branch key of this id.
        others.sort_by_key(|kind| kind == BEACON);
        self.storage.delete(branch_key_id, &others).await?;
        self.forget(branch_key_id);
        Ok(others.iter().filter(|kind| kind.starts_with("branch:version:")).count())
    }

    /// Creates the key of a new version; returns the record of the version, and the active record with the
    /// same key.
    async fn wrapped(
        &self,
        kms_key: &KmsArn,
        record: Record,
        version: &Version,
    ) -> Result<(Record, Record)> {
        let context = record.kms_context(&self.logical_name);
        let enc = self.kms.generate(kms_key, &context).await?;
        let active = record.activated(version);
        let new_context = active.kms_context(&self.logical_name);
        let active_enc = self.kms.re_encrypt(kms_key, &enc, &context, &new_context).await?;
        Ok((record.with_enc(enc), active.with_enc(active_enc)))
    }

    /// Whether a write that was refused had succeeded before: if the answer of the first attempt is lost,
    /// the second one finds the records of the first, and its condition fails.
    async fn has_written(&self, branch_key_id: &str, active: &Record) -> Result<bool> {
        let Some(version) = active.active_version() else { return Ok(false) };
        let kind = version_type(&version);
        Ok(self.storage.get(branch_key_id, &kind, true).await?.is_some())
    }
}
