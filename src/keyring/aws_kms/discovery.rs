//! The AWS KMS discovery keyring: decrypts under whichever KMS key a message names.
//!
//! Source: `framework/aws-kms/aws-kms-discovery-keyring.md` and `aws-kms-mrk-discovery-keyring.md`.

use super::super::failures::no_usable_key;
use super::super::kms_arn::{KmsArn, is_name};
use super::super::{
    Answer, DataKeyUnwrapper, DataKeyWrapper, DecryptedDataKey, Keyring, ServiceStats,
};
use super::KmsOptions;
use super::clients::KmsClients;
use super::unwrap::{Attempt, unwrap_first, wrapped_by_kms};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::materials::{DecryptionMaterials, EncryptionMaterials};

/// Decrypts under any KMS key that the message names and the filter allows; encrypts nothing.
///
/// Each data key is sent to the Region of its key. If the options name a Region, only keys of that
/// one are asked. With `multi_region`, that Region (by default the environment's) is asked for all
/// data keys of multi-Region keys, wherever they were wrapped.
pub struct AwsKmsDiscoveryKeyring {
    filter: Option<DiscoveryFilter>,
    multi_region: bool,
    clients: KmsClients,
}

/// Whose KMS keys may be asked.
#[derive(Debug, Clone)]
pub struct DiscoveryFilter {
    partition: String,
    account_ids: Vec<String>,
}

impl DiscoveryFilter {
    /// The keys of these AWS accounts, in a partition such as `aws`.
    ///
    /// # Errors
    /// `InvalidArgument` if no account is given, or one whose id does not have 12 digits, or if the
    /// partition is no name.
    pub fn new(partition: String, account_ids: Vec<String>) -> Result<Self> {
        if !is_name(&partition, "-") {
            return Err(Error::invalid(
                "the discovery filter needs a partition; give \"aws\", \"aws-cn\" or \"aws-us-gov\"",
            ));
        }
        if account_ids.is_empty() {
            return Err(Error::invalid(
                "the discovery filter has no account; give the id of one at least, or \
                 `discovery: true` to allow all",
            ));
        }
        let is_id = |id: &String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(wrong) = account_ids.iter().find(|id| !is_id(id)) {
            return Err(Error::invalid(format!(
                "\"{}\" is not the id of an AWS account, which has 12 digits",
                shown(wrong)
            )));
        }
        Ok(Self { partition, account_ids })
    }

    fn allows(&self, key: &KmsArn) -> bool {
        self.partition == key.partition && self.account_ids.contains(&key.account)
    }
}

impl AwsKmsDiscoveryKeyring {
    /// A keyring for the KMS keys that the filter allows, or without one for all. Nothing is called
    /// yet.
    ///
    /// # Errors
    /// `Configuration`, if the options, the environment or the AWS files cannot work.
    pub fn new(filter: Option<DiscoveryFilter>, options: KmsOptions) -> Result<Self> {
        let multi_region = options.multi_region;
        Ok(Self { filter, multi_region, clients: KmsClients::new(options, None)? })
    }

    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        materials.expect_no_data_key()?;
        let attempts = self.attempts(encrypted_data_keys).await?;
        let found = unwrap_first(&self.clients, attempts, materials)
            .await?
            .map_err(|failures| no_usable_key(&self.keys(), encrypted_data_keys, failures))?;
        materials.data_key = Some(found);
        Ok(())
    }

    async fn attempts<'a>(&self, keys: &'a [EncryptedDataKey]) -> Result<Vec<Attempt<'a>>> {
        let wrapped = wrapped_by_kms(keys)?;
        let region = if self.multi_region && !wrapped.is_empty() {
            Some(self.clients.default_region().await?)
        } else {
            self.clients.given_region()
        };
        Ok(wrapped
            .into_iter()
            .filter_map(|(key, ciphertext)| self.attempt(key, ciphertext, region))
            .collect())
    }

    /// `None` if this keyring must not ask for the data key.
    fn attempt<'a>(
        &self,
        key: KmsArn,
        ciphertext: &'a [u8],
        region: Option<&str>,
    ) -> Option<Attempt<'a>> {
        let key = match region {
            Some(region) if self.multi_region => key.related_in(region),
            _ => key,
        };
        let is_allowed = self.allows(&key) && region.is_none_or(|region| region == key.region);
        is_allowed.then(|| Attempt { key_id: key.to_string(), key, ciphertext })
    }

    /// Unwraps a data key that stands in no message. Nothing names its KMS key: KMS finds it, and it is
    /// checked afterwards that the filter allows it.
    async fn decrypt(
        &self,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<DecryptedDataKey> {
        let region = self.clients.default_region().await?;
        let kms = self.clients.in_region(region).await?;
        let answer = kms.decrypt(None, ciphertext_blob, context, None, |_| true).await?;
        if KmsArn::of_key(&answer.key_id).is_some_and(|key| self.allows(&key)) {
            return Ok(answer);
        }
        Err(Error::new(
            Code::NoUsableKey,
            format!(
                "the data key was wrapped under the KMS key \"{}\"; this keyring has {}",
                shown(&answer.key_id),
                self.keys()
            ),
        ))
    }

    fn allows(&self, key: &KmsArn) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.allows(key))
    }

    /// What this keyring may use, for people.
    fn keys(&self) -> String {
        let of = match &self.filter {
            Some(DiscoveryFilter { partition, account_ids }) => {
                format!(" of partition \"{partition}\" and account {}", account_ids.join(", "))
            }
            None => String::new(),
        };
        let region = self.clients.given_region().map(|region| format!(" in Region \"{region}\""));
        format!("the KMS keys{of}{}", region.unwrap_or_default())
    }
}

impl Keyring for AwsKmsDiscoveryKeyring {
    fn calls_service(&self) -> bool {
        true
    }

    fn on_encrypt<'a>(&'a self, _: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        Box::pin(async { Err(only_decrypts()) })
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(self.find_data_key(materials, encrypted_data_keys))
    }

    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        Err(only_decrypts())
    }

    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        Ok(self)
    }

    fn service_stats(&self) -> ServiceStats {
        self.clients.stats()
    }
}

impl DataKeyUnwrapper for AwsKmsDiscoveryKeyring {
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(self.decrypt(ciphertext_blob, context))
    }
}

fn only_decrypts() -> Error {
    Error::invalid(
        "a discovery keyring only decrypts: it names no KMS key to encrypt under; \
         to encrypt, give a keyring with `keyId`",
    )
}
