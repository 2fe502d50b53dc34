//! Key stores of branch keys: KMS unwraps them, and Amazon DynamoDB holds them, or the caller.

use std::sync::Arc;

use super::super::hierarchical::StatsSource;
use super::KmsOptions;
use super::calls;
use super::clients::KmsClients;
use super::dynamodb::Table;
use super::guarded_storage::GuardedStorage;
use crate::branch_keys::{Answer, BranchKeyStore, Kms, KmsConfiguration, Storage};
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::kms_arn::KmsArn;
use crate::materials::DataKey;

/// The length of a branch key, in bytes.
const KEY_LENGTH: usize = 32;

/// What a key store is made of.
pub struct KeyStoreOptions {
    /// Where the items are.
    pub storage: Where,
    /// The name that the records are authenticated with.
    pub logical_name: String,
    /// Which KMS keys may be asked.
    pub configuration: KmsConfiguration,
    /// How to reach KMS, and DynamoDB in all but its endpoint.
    pub kms: KmsOptions,
}

/// Where the items of a key store are.
pub enum Where {
    /// In a table of Amazon DynamoDB.
    DynamoDb {
        /// The table's name, or its ARN.
        table_name: String,
        /// The URL of DynamoDB; by default `AWS_ENDPOINT_URL_DYNAMODB`, then AWS's own.
        endpoint: Option<String>,
    },
    /// In a storage of the caller's.
    Own(Arc<dyn Storage>),
}

/// A key store, and what tells of its calls. Nothing is called yet.
///
/// # Errors
/// `InvalidArgument`, or `Configuration` if the options, the environment or the AWS files cannot
/// work.
pub fn key_store(options: KeyStoreOptions) -> Result<(BranchKeyStore, StatsSource)> {
    let KeyStoreOptions { storage, logical_name, configuration, kms } = options;
    let key_region = match &configuration {
        KmsConfiguration::Key { arn, .. } => Some(arn.region.clone()),
        KmsConfiguration::Discovery { region, .. } => region.clone(),
    };
    let clients = Arc::new(KmsClients::new(kms.clone(), key_region.as_deref())?);
    let (storage, storage_stats): (Arc<dyn Storage>, StatsSource) = match storage {
        Where::Own(storage) => {
            let storage = Arc::new(GuardedStorage::new(storage, &kms));
            (Arc::clone(&storage) as _, Arc::new(move || storage.stats()))
        }
        Where::DynamoDb { table_name, endpoint } => {
            let table = Arc::new(Table::new(table_name, endpoint, Arc::clone(&clients), kms)?);
            (Arc::clone(&table) as _, Arc::new(move || table.stats()))
        }
    };
    let kms = Arc::new(BranchKeyKms(Arc::clone(&clients)));
    let store = BranchKeyStore::new(logical_name, storage, kms, configuration)?;
    let stats: StatsSource = Arc::new(move || clients.stats().with(storage_stats()));
    Ok((store, stats))
}

/// KMS, for branch keys.
struct BranchKeyKms(Arc<KmsClients>);

impl BranchKeyKms {
    /// Returns the client of a key's Region, and how calls name the key.
    async fn client_of(&self, key: &KmsArn) -> Result<(Arc<calls::Kms>, String)> {
        Ok((self.0.in_region(&key.region).await?, key.to_string()))
    }
}

impl Kms for BranchKeyKms {
    fn default_region(&self) -> Answer<'_, String> {
        Box::pin(async { self.0.default_region().await.map(str::to_owned) })
    }

    fn generate<'a>(
        &'a self,
        key: &'a KmsArn,
        context: &'a EncryptionContext,
    ) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let (kms, key_id) = self.client_of(key).await?;
            let is_key = |used: &KmsArn| used == key;
            let generated = kms
                .generate_data_key_without_plaintext(&key_id, KEY_LENGTH, context, is_key)
                .await?;
            Ok(generated.ciphertext_blob)
        })
    }

    fn re_encrypt<'a>(
        &'a self,
        key: &'a KmsArn,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
        new_context: &'a EncryptionContext,
    ) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let (kms, key_id) = self.client_of(key).await?;
            let is_key = |used: &KmsArn| used == key;
            let wrapped =
                kms.re_encrypt(&key_id, ciphertext, context, &key_id, new_context, is_key).await?;
            Ok(wrapped.ciphertext_blob)
        })
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a KmsArn,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DataKey> {
        Box::pin(async move {
            let (kms, key_id) = self.client_of(key).await?;
            let is_key = |used: &KmsArn| used == key;
            let data_key = kms.decrypt(Some(&key_id), ciphertext, context, None, is_key).await?;
            Ok(data_key.plaintext)
        })
    }
}
