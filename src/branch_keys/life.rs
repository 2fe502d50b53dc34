//! The life of a branch key: created, rotated, destroyed.
//!
//! Source: `framework/branch-key-store.md`, "CreateKey" and "VersionKey". Each is one write of all or
//! nothing, so that whoever is killed on the way leaves the store as it was.

use super::record::{ACTIVE, BEACON, Record, attribute, version_type};
use super::store::{BranchKeyStore, check_id, not_authentic, not_found};
use super::version::Version;
use super::{Condition, Put, time};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::kms_arn::KmsArn;

/// A version of a branch key that was made just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The id of the branch key.
    pub branch_key_id: String,
    /// The version, which is active.
    pub version: Version,
}

impl BranchKeyStore {
    /// Creates a branch key; without an id under a random one.
    ///
    /// # Errors
    /// `InvalidArgument` for an id without a context; `BranchKeyExists`; what the storage and KMS
    /// say.
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

    /// Makes a new version of a branch key, which is active from now on; older ones go on to unwrap.
    ///
    /// # Errors
    /// `BranchKeyNotFound`, `BranchKeyAltered`, `BranchKeyConflict` if somebody else rotated it
    /// meanwhile, `KmsWrongKey`, and what the storage and KMS say.
    pub async fn rotate(&self, branch_key_id: &str) -> Result<Created> {
        self.configuration.key_to_write()?;
        check_id(branch_key_id)?;
        let item = self.storage.get(branch_key_id, ACTIVE, true).await?;
        let item = item.ok_or_else(|| not_found(branch_key_id, None))?;
        let old = Record::parse(&item, branch_key_id, ACTIVE)?;
        let kms_key = self.kms_key(&old.kms_arn).await?;
        // To the context that it has: only whether it is authentic is of use.
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

    /// Deletes all versions of a branch key, and forgets it: whatever it wrapped can be decrypted no
    /// more, but where another process still has it in a cache. Returns how many versions there
    /// were.
    ///
    /// # Errors
    /// `BranchKeyNotFound` if there is nothing of it, and what the storage says.
    pub async fn destroy(&self, branch_key_id: &str) -> Result<usize> {
        check_id(branch_key_id)?;
        if self.storage.items(branch_key_id).await?.is_empty() {
            return Err(not_found(branch_key_id, None));
        }
        // First the active one: without it nobody wraps under, or rotates, what is being deleted.
        self.storage.delete(branch_key_id, &[ACTIVE.to_owned()]).await?;
        // Whoever rotated before that may have added a version, so that they are looked at now.
        let items = self.storage.items(branch_key_id).await?;
        let mut others: Vec<_> =
            items.iter().filter_map(|item| item.text(attribute::TYPE).map(str::to_owned)).collect();
        // Last the beacon key: while it is there, nobody can create the branch key anew.
        others.sort_by_key(|kind| kind == BEACON);
        self.storage.delete(branch_key_id, &others).await?;
        self.forget(branch_key_id);
        Ok(others.iter().filter(|kind| kind.starts_with("branch:version:")).count())
    }

    /// The record of a new version, and the active record with the same key.
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

    /// Whether a write that was refused was done all the same: if its answer is lost, it is tried
    /// again, and then finds what it wrote itself.
    async fn has_written(&self, branch_key_id: &str, active: &Record) -> Result<bool> {
        let Some(version) = active.active_version() else { return Ok(false) };
        let kind = version_type(&version);
        Ok(self.storage.get(branch_key_id, &kind, true).await?.is_some())
    }
}
