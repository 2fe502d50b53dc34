//! The AWS KMS keyring: named KMS keys wrap the data key.
//!
//! Source: `framework/aws-kms/aws-kms-keyring.md` and `aws-kms-mrk-keyring.md`; for several keys,
//! `aws-kms-multi-keyrings.md` and `aws-kms-mrk-multi-keyrings.md`.

use std::sync::Arc;

use super::super::failures::no_usable_key;
use super::super::interface::handles_data_keys;
use super::super::key_names::named;
use super::super::kms_arn::KmsArn;
use super::super::kms_key_id::{KmsKeyId, PROVIDER_ID, check_unique};
use super::super::multi::MultiKeyring;
use super::super::{Answer, GeneratedDataKey, Keyring, ServiceStats, WrappedDataKey};
use super::KmsOptions;
use super::calls::Kms;
use super::clients::KmsClients;
use super::unwrap::{Attempt, unwrap_first, wrapped_by_kms};
use crate::context::EncryptionContext;
use crate::error::{Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};

/// The keyring of these KMS keys: `key_id` makes the data key by GenerateDataKey, each additional
/// key wraps it by Encrypt, and any of them can decrypt. Nothing is called yet.
///
/// With several keys it is a [`MultiKeyring`], and can be no child of another one, to encrypt.
///
/// # Errors
/// `InvalidArgument` if a name is not that of a KMS key, if two names stand for one key, or if the
/// options name a Region that none of the keys is in.
pub fn strict_keyring(
    key_id: &str,
    additional_key_ids: &[String],
    options: KmsOptions,
) -> Result<Arc<dyn Keyring>> {
    let names = std::iter::once(key_id).chain(additional_key_ids.iter().map(String::as_str));
    let keys: Vec<_> = names.map(KmsKeyId::parse).collect::<Result<_>>()?;
    check_unique(&keys, options.multi_region)?;
    check_region(&keys, &options)?;
    let multi_region = options.multi_region;
    let clients = Arc::new(KmsClients::new(options, keys.first().and_then(KmsKeyId::region))?);
    let keyring = |(i, key_id)| -> Arc<dyn Keyring> {
        let clients = Arc::clone(&clients);
        Arc::new(AwsKmsKeyring { key_id, multi_region, clients, tells_stats: i == 0 })
    };
    let mut keyrings: Vec<_> = keys.into_iter().enumerate().map(keyring).collect();
    let generator = keyrings.remove(0);
    if keyrings.is_empty() {
        return Ok(generator);
    }
    Ok(Arc::new(MultiKeyring::new(Some(generator), keyrings)?))
}

/// An ARN has its own Region; the option is for the other names, so there should be one.
fn check_region(keys: &[KmsKeyId], options: &KmsOptions) -> Result<()> {
    let Some(region_option) = options.region.as_deref() else { return Ok(()) };
    if keys.iter().any(|key| key.region().is_none_or(|region| region == region_option)) {
        return Ok(());
    }
    let regions: Vec<_> = keys.iter().filter_map(KmsKeyId::region).collect();
    Err(Error::invalid(format!(
        "the KMS key is in Region {}, but the option `region` says \"{}\"; leave the option \
         out, or name the key by its ARN there",
        regions.join(", "),
        shown(region_option)
    )))
}

/// Wraps data keys under one KMS key.
pub(super) struct AwsKmsKeyring {
    pub(super) key_id: KmsKeyId,
    multi_region: bool,
    clients: Arc<KmsClients>,
    /// Whether it reports the statistics of the clients: only the first keyring of a group that shares
    /// them does.
    tells_stats: bool,
}

impl AwsKmsKeyring {
    pub(super) async fn region(&self) -> Result<&str> {
        match self.key_id.region() {
            Some(region) => Ok(region),
            None => self.clients.default_region().await,
        }
    }

    /// KMS where the key is, and whether a key that it names in an answer may be this one.
    pub(super) async fn kms(&self) -> Result<(Arc<Kms>, impl Fn(&KmsArn) -> bool)> {
        let region = self.region().await?;
        let kms = self.clients.in_region(region).await?;
        Ok((kms, move |key: &KmsArn| self.key_id.may_be(key, region)))
    }

    pub(super) async fn generate(
        &self,
        length: usize,
        context: &EncryptionContext,
    ) -> Result<GeneratedDataKey> {
        let (kms, is_ours) = self.kms().await?;
        kms.generate_data_key(self.key_id.as_str(), length, context, is_ours).await
    }

    pub(super) async fn wrap(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<WrappedDataKey> {
        let (kms, is_ours) = self.kms().await?;
        kms.encrypt(self.key_id.as_str(), data_key, context, is_ours).await
    }

    async fn check_key(&self) -> Result<()> {
        let (kms, is_ours) = self.kms().await?;
        kms.check_key(self.key_id.as_str(), is_ours).await
    }

    async fn add_data_key(&self, materials: &mut EncryptionMaterials) -> Result<()> {
        let (key_arn, ciphertext) = if let Some(data_key) = &materials.data_key {
            let wrapped = self.wrap(data_key, &materials.context).await?;
            (wrapped.key_id, wrapped.ciphertext_blob)
        } else {
            let GeneratedDataKey { ciphertext_blob, key } =
                self.generate(materials.suite.data_key_length, &materials.context).await?;
            materials.data_key = Some(key.plaintext);
            (key.key_id, ciphertext_blob)
        };
        // "OnEncrypt": what a message says of a data key that this KMS key wraps.
        let (provider_id, provider_info) = (PROVIDER_ID.to_owned(), key_arn.into_bytes());
        let wrapped = EncryptedDataKey { provider_id, provider_info, ciphertext };
        materials.encrypted_data_keys.push(wrapped);
        Ok(())
    }

    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        materials.expect_no_data_key()?;
        let attempts = self.attempts(encrypted_data_keys).await?;
        let found =
            unwrap_first(&self.clients, attempts, materials).await?.map_err(|failures| {
                let ours = named(PROVIDER_ID, self.key_id.as_str());
                no_usable_key(&ours, encrypted_data_keys, failures)
            })?;
        materials.data_key = Some(found);
        Ok(())
    }

    async fn attempts<'a>(&self, keys: &'a [EncryptedDataKey]) -> Result<Vec<Attempt<'a>>> {
        let wrapped = wrapped_by_kms(keys)?;
        if wrapped.is_empty() {
            // No KMS data key in the message: return before the Region is looked up.
            return Ok(Vec::new());
        }
        let region = self.region().await?;
        Ok(wrapped
            .into_iter()
            .filter_map(|(key, ciphertext)| self.attempt(key, ciphertext, region))
            .collect())
    }

    /// `None` if the data key cannot be this keyring's.
    fn attempt<'a>(&self, key: KmsArn, ciphertext: &'a [u8], region: &str) -> Option<Attempt<'a>> {
        // `aws-kms-mrk-match-for-decrypt.md`: two ARNs of multi-Region keys that differ in nothing
        // but the Region match, so with our Region put in, the ARNs are the same.
        let key = if self.multi_region { key.related_in(region) } else { key };
        // Decrypt is told the name as it was configured, so that a message cannot choose the account
        // that is asked; that KMS used the key that the message names, the answer must show.
        let key_id = self.key_id.as_str().to_owned();
        self.key_id.may_be(&key, region).then_some(Attempt { key_id, key, ciphertext })
    }
}

impl Keyring for AwsKmsKeyring {
    fn calls_service(&self) -> bool {
        true
    }

    handles_data_keys!(Self::add_data_key, Self::find_data_key);

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(self.check_key())
    }

    fn service_stats(&self) -> ServiceStats {
        if self.tells_stats { self.clients.stats() } else { ServiceStats::default() }
    }
}
