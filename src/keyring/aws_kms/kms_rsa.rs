//! The AWS KMS RSA keyring: the public key of a KMS key wraps the data key, and KMS unwraps it.
//!
//! Source: `framework/aws-kms/aws-kms-rsa-keyring.md`.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::super::key_names::named;
use super::super::kms_arn::KmsArn;
use super::super::kms_key_id::parse_key_arn;
use super::super::one_key::{self, KeyUnwrapper, KeyWrapper};
use super::super::{Answer, Keyring, ServiceStats};
use super::KmsOptions;
use super::calls::Kms;
use super::clients::KmsClients;
use crate::approved::check_rsa_approved;
use crate::context::EncryptionContext;
use crate::crypto::{RsaPadding, RsaPublic, RsaPublicKey, sha384};
use crate::error::{Code, Error, Result};
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};
use crate::suite::AlgorithmSuite;

const PROVIDER_ID: &str = "aws-kms-rsa";
/// The length of the digest before the data key, in bytes.
const DIGEST_LENGTH: usize = 48;

/// Wraps data keys under the public key of a KMS key, without a call, and lets KMS unwrap them.
pub struct AwsKmsRsaKeyring {
    key: KmsArn,
    padding: RsaPadding,
    public_key: Option<RsaPublicKey>,
    clients: KmsClients,
}

impl AwsKmsRsaKeyring {
    /// The keyring of this KMS key, by its ARN. The public key, a SubjectPublicKeyInfo in DER, is
    /// needed to encrypt only. Nothing is called yet, so that nobody compares the two.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no ARN of a key, for a padding that KMS does not have, and for a
    /// public key that is none; `NotApproved` for a public key in a build with the FIPS module;
    /// `Configuration`, if the options or the environment cannot work.
    pub fn new(
        key_arn: &str,
        padding: RsaPadding,
        public_key: Option<&[u8]>,
        options: KmsOptions,
    ) -> Result<Self> {
        let key = parse_key_arn(key_arn)?;
        if public_key.is_some() {
            check_rsa_approved()?;
        }
        if !matches!(padding, RsaPadding::OaepSha1 | RsaPadding::OaepSha256) {
            return Err(Error::invalid("KMS has the paddings \"oaep-sha256\" and \"oaep-sha1\""));
        }
        Ok(Self {
            padding,
            public_key: public_key.map(RsaPublicKey::from_spki).transpose()?,
            clients: KmsClients::new(options, Some(&key.region))?,
            key,
        })
    }

    fn wrap(&self, data_key: &DataKey, context: &EncryptionContext) -> Result<EncryptedDataKey> {
        let public_key = self.public_key.as_ref().ok_or_else(|| {
            Error::invalid("the AwsKmsRsaKeyring has no publicKey, which encrypting needs")
        })?;
        let bound = [sha384(&context.serialize()).as_slice(), data_key.expose()].concat();
        let bound = Zeroizing::new(bound);
        Ok(EncryptedDataKey {
            provider_id: PROVIDER_ID.to_owned(),
            provider_info: self.key.to_string().into_bytes(),
            ciphertext: public_key.encrypt(self.padding, &bound)?,
        })
    }

    /// Asks KMS; the data key must have been wrapped for this context.
    async fn unwrap(
        &self,
        ciphertext: &[u8],
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<DataKey> {
        let kms = self.kms().await?;
        let length = length.map(|length| DIGEST_LENGTH + length);
        let bound = kms.decrypt_rsa(&self.key, self.padding, ciphertext, length).await?;
        let digest = sha384(&context.serialize());
        let data_key = bound.expose().strip_prefix(&digest).ok_or_else(|| {
            Error::new(
                Code::KmsInvalidCiphertext,
                "the data key was wrapped for another encryption context than that of the message",
            )
        })?;
        Ok(DataKey::new(Zeroizing::new(data_key.to_vec())))
    }

    async fn kms(&self) -> Result<Arc<Kms>> {
        self.clients.in_region(&self.key.region).await
    }

    async fn add_data_key(&self, materials: &mut EncryptionMaterials) -> Result<()> {
        check_suite(materials.suite)?;
        one_key::add_data_key(self, materials).await
    }

    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        check_suite(materials.suite)?;
        check_names(encrypted_data_keys)?;
        one_key::find_data_key(self, materials, encrypted_data_keys).await
    }

    /// Wraps a data key and lets KMS unwrap it; without a public key there is nothing to unwrap.
    async fn try_key(&self) -> Result<()> {
        if self.public_key.is_none() || one_key::try_key(self).await? {
            return Ok(());
        }
        Err(Error::new(Code::KmsInternal, "KMS unwraps another data key than was wrapped"))
    }
}

impl KeyWrapper for AwsKmsRsaKeyring {
    async fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        self.wrap(data_key, context)
    }
}

impl KeyUnwrapper for AwsKmsRsaKeyring {
    fn description(&self) -> String {
        named(PROVIDER_ID, &self.key.to_string())
    }

    /// "AWS KMS MRK Match for Decrypt": related multi-Region keys are one key.
    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool {
        let is_ours = |name: KmsArn| name.related_in(&self.key.region) == self.key;
        key.provider_id == PROVIDER_ID && name_of(key).is_some_and(is_ours)
    }

    async fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<Option<DataKey>> {
        self.unwrap(&key.ciphertext, context, length).await.map(Some)
    }
}

impl Keyring for AwsKmsRsaKeyring {
    fn calls_service(&self) -> bool {
        true
    }

    /// Encrypting asks nobody.
    fn may_answer_now(&self) -> bool {
        true
    }

    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        Box::pin(self.add_data_key(materials))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(self.find_data_key(materials, encrypted_data_keys))
    }

    /// Decrypting asks KMS, if the message is one for this key.
    fn on_decrypt_now(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        check_suite(materials.suite)?;
        check_names(encrypted_data_keys)?;
        one_key::refuse_now(self, materials, encrypted_data_keys)
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(self.try_key())
    }

    fn service_stats(&self) -> ServiceStats {
        self.clients.stats()
    }
}

/// "Security Considerations": everybody has the public key, so that a signature would show nothing.
fn check_suite(suite: &AlgorithmSuite) -> Result<()> {
    if suite.signature.is_none() {
        return Ok(());
    }
    Err(Error::invalid(
        "an AwsKmsRsaKeyring takes no algorithm suite that signs: whoever has the public key could \
         have signed; choose a suite without a signature",
    ))
}

/// "OnDecrypt": the whole message is refused if a data key of this kind does not name its KMS key.
fn check_names(encrypted_data_keys: &[EncryptedDataKey]) -> Result<()> {
    let mut ours = encrypted_data_keys.iter().filter(|key| key.provider_id == PROVIDER_ID);
    match ours.all(|key| name_of(key).is_some()) {
        true => Ok(()),
        false => Err(Error::malformed(
            "the message has a data key that an AWS KMS RSA key is said to have wrapped, but it does \
             not name the key by its ARN",
        )),
    }
}

fn name_of(key: &EncryptedDataKey) -> Option<KmsArn> {
    std::str::from_utf8(&key.provider_info).ok().and_then(KmsArn::of_key)
}
