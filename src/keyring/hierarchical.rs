//! The AWS KMS hierarchical keyring: a branch key, which KMS wraps, wraps the data keys.
//!
//! Source: `framework/aws-kms/aws-kms-hierarchical-keyring.md`.

use std::borrow::Cow;
use std::sync::Arc;

use super::interface::handles_data_keys;
use super::key_names::named;
use super::one_key::{self, KeyUnwrapper, KeyWrapper};
use super::{Answer, DataKeyUnwrapper, DecryptedDataKey, Keyring, ServiceStats};
use crate::branch_keys::{
    BranchKeyCache, PROVIDER_ID, Version, Which, Wrapped, check_id, unwrap, wrap,
};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials};

/// Tells the branch key of a message by its encryption context.
pub trait BranchKeyIdSupplier: Send + Sync {
    /// The id of the branch key for a message with this context.
    fn branch_key_id<'a>(&'a self, context: &'a EncryptionContext) -> Answer<'a, String>;
}

/// Which branch key wraps.
pub enum BranchKeyId {
    /// Always this one.
    Fixed(String),
    /// The one that the context tells.
    Supplied(Arc<dyn BranchKeyIdSupplier>),
}

/// What the store of the branch keys has asked.
pub type StatsSource = Arc<dyn Fn() -> ServiceStats + Send + Sync>;

/// Wraps data keys under branch keys.
pub struct HierarchicalKeyring {
    branch_key_id: BranchKeyId,
    cache: Arc<BranchKeyCache>,
    stats: Option<StatsSource>,
}

impl HierarchicalKeyring {
    /// A keyring whose branch keys come from this cache, and so from the cache's store. Nothing is
    /// asked yet.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that no branch key has.
    pub fn new(
        branch_key_id: BranchKeyId,
        cache: Arc<BranchKeyCache>,
        stats: Option<StatsSource>,
    ) -> Result<Self> {
        if let BranchKeyId::Fixed(id) = &branch_key_id {
            check_id(id)?;
        }
        Ok(Self { branch_key_id, cache, stats })
    }

    async fn id(&self, context: &EncryptionContext) -> Result<Cow<'_, str>> {
        match &self.branch_key_id {
            BranchKeyId::Fixed(id) => Ok(Cow::Borrowed(id)),
            BranchKeyId::Supplied(supplier) => {
                let id = supplier.branch_key_id(context).await?;
                check_id(&id)?;
                Ok(Cow::Owned(id))
            }
        }
    }

    /// Wraps under the active version.
    async fn wrap(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        let id = self.id(context).await?;
        let cached = self.cache.get(&id, Which::Active).await?;
        let ciphertext = wrap(cached.key(), data_key, context)?;
        // Kept without more ado: the caller named the branch key, and not a message of a stranger.
        cached.keep();
        let (provider_id, provider_info) = (PROVIDER_ID.to_owned(), id.into_owned().into_bytes());
        Ok(EncryptedDataKey { provider_id, provider_info, ciphertext })
    }

    /// Unwraps under the version that the wrapped data key names.
    async fn unwrap(
        &self,
        id: &str,
        ciphertext: &[u8],
        length: Option<usize>,
        context: &EncryptionContext,
    ) -> Result<DataKey> {
        let wrapped = Wrapped::parse(ciphertext, length).ok_or_else(|| wrong_length(id))?;
        let version = Version::from_bytes(wrapped.version)?;
        let cached = self.cache.get(id, Which::Version(version)).await?;
        let data_key = unwrap(cached.key(), &wrapped, context)?;
        cached.keep();
        Ok(data_key)
    }

    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        materials.expect_no_data_key()?;
        let id = self.id(&materials.context).await?;
        let of_branch_key = OfBranchKey { keyring: self, id: &id };
        one_key::find_data_key(&of_branch_key, materials, encrypted_data_keys).await
    }

    async fn decrypt(
        &self,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<DecryptedDataKey> {
        let id = self.id(context).await?;
        let of_branch_key = OfBranchKey { keyring: self, id: &id };
        one_key::unwrap_blob(&of_branch_key, ciphertext_blob, context).await
    }
}

impl KeyWrapper for HierarchicalKeyring {
    async fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        self.wrap(data_key, context).await
    }
}

/// The branch key that one message asks for.
struct OfBranchKey<'a> {
    keyring: &'a HierarchicalKeyring,
    id: &'a str,
}

impl KeyUnwrapper for OfBranchKey<'_> {
    fn description(&self) -> String {
        named(PROVIDER_ID, self.id)
    }

    /// "OnDecrypt": only those of the branch key that the keyring has, compared as bytes.
    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool {
        is_of(key, self.id)
    }

    async fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<Option<DataKey>> {
        self.keyring.unwrap(self.id, &key.ciphertext, length, context).await.map(Some)
    }
}

impl Keyring for HierarchicalKeyring {
    fn calls_service(&self) -> bool {
        true
    }

    /// Not if a function of the caller's chooses the branch key: it answers later.
    fn may_answer_now(&self) -> bool {
        matches!(self.branch_key_id, BranchKeyId::Fixed(_))
    }

    handles_data_keys!(one_key::add_data_key, Self::find_data_key);

    /// Reads the active version, where the context of no message tells which.
    fn check(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let BranchKeyId::Fixed(id) = &self.branch_key_id else { return Ok(()) };
            self.cache.source().read(id, Which::Active).await.map(|_| ())
        })
    }

    fn service_stats(&self) -> ServiceStats {
        self.stats.as_ref().map(|stats| stats()).unwrap_or_default()
    }
}

impl DataKeyUnwrapper for HierarchicalKeyring {
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(self.decrypt(ciphertext_blob, context))
    }
}

fn is_of(key: &EncryptedDataKey, branch_key_id: &str) -> bool {
    key.provider_id == PROVIDER_ID && key.provider_info == branch_key_id.as_bytes()
}

fn wrong_length(id: &str) -> Error {
    let message = format!(
        "a data key of the message has a length that the branch key \"{}\" wraps to for no key of \
         this algorithm suite; it was changed",
        shown(id)
    );
    Error::new(Code::NoUsableKey, message)
}
