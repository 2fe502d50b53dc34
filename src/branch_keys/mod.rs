//! Branch keys: KMS wraps them, a table holds them, and they wrap the data keys of messages.
//!
//! A branch key has versions; one of them is active, and wraps. Rotation adds a version, and older
//! ones go on to unwrap. A [`BranchKeyStore`] reads and changes the records of the keys in a
//! [`Storage`], with a [`Kms`] that unwraps them; a [`BranchKeyCache`] keeps what was read.
//!
//! Source: `framework/branch-key-store.md`.

mod branch_key;
mod cache;
mod configuration;
mod life;
mod limits;
mod record;
mod store;
mod time;
mod version;
mod wrapping;

use std::future::Future;
use std::pin::Pin;

use crate::context::EncryptionContext;
use crate::error::Result;
use crate::kms_arn::KmsArn;
use crate::materials::DataKey;

pub use branch_key::{BranchKey, BranchKeySource, StoredBranchKey, Which};
pub use cache::{BranchKeyCache, CachedBranchKey};
pub use configuration::KmsConfiguration;
pub use life::Created;
pub use limits::{BranchKeyCacheLimits, BranchKeyCacheStats};
pub use record::{Item, Value, attribute};
pub(crate) use store::check_id;
pub use store::{BranchKeyStore, Description, VersionDescription};
pub use version::Version;
pub(crate) use wrapping::{PROVIDER_ID, Wrapped, unwrap, wrap};

/// The future answer of a storage or of KMS.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The longest id of a branch key, in bytes: DynamoDB's longest partition key.
pub const MAX_ID_LENGTH: usize = 2048;

/// Holds the items of branch keys.
pub trait Storage: Send + Sync {
    /// Returns the item with these keys. With `consistently`, sees every write that has ended before.
    fn get<'a>(
        &'a self,
        branch_key_id: &'a str,
        kind: &'a str,
        consistently: bool,
    ) -> Answer<'a, Option<Item>>;

    /// Writes all of these items or none; returns `false` if a condition does not hold.
    fn write<'a>(&'a self, puts: &'a [Put]) -> Answer<'a, bool>;

    /// Returns all items of a branch key, read consistently.
    fn items<'a>(&'a self, branch_key_id: &'a str) -> Answer<'a, Vec<Item>>;

    /// Deletes the items of a branch key that have these types, as far as they exist.
    fn delete<'a>(&'a self, branch_key_id: &'a str, kinds: &'a [String]) -> Answer<'a, ()>;

    /// Returns the ids of all branch keys that have an active version.
    fn list(&self) -> Answer<'_, Vec<String>>;

    /// Creates the table, unless it exists, and waits until it can be used.
    fn create_table(&self) -> Answer<'_, ()>;
}

/// An item to be written if a condition holds.
#[derive(Debug, Clone)]
pub struct Put {
    /// The item.
    pub item: Item,
    /// The condition.
    pub condition: Condition,
}

/// The condition for a write.
#[derive(Debug, Clone)]
pub enum Condition {
    /// No item with the same keys exists.
    Absent,
    /// An item with the same keys exists, and its `enc` is this.
    Unchanged(Vec<u8>),
}

/// Wraps and unwraps branch keys under KMS keys.
pub trait Kms: Send + Sync {
    /// Returns the Region to ask where nothing else names one.
    fn default_region(&self) -> Answer<'_, String>;

    /// Calls GenerateDataKeyWithoutPlaintext for 32 bytes; returns the wrapped key.
    fn generate<'a>(
        &'a self,
        key: &'a KmsArn,
        context: &'a EncryptionContext,
    ) -> Answer<'a, Vec<u8>>;

    /// Calls ReEncrypt, under the same key, from one context to another; returns the wrapped key.
    fn re_encrypt<'a>(
        &'a self,
        key: &'a KmsArn,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
        new_context: &'a EncryptionContext,
    ) -> Answer<'a, Vec<u8>>;

    /// Calls Decrypt; returns the key.
    fn decrypt<'a>(
        &'a self,
        key: &'a KmsArn,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DataKey>;
}
