//! The AWS KMS ECDH keyring: KMS agrees on the secret that wraps the data key, with a private key that
//! never leaves it.
//!
//! Source: `framework/aws-kms/aws-kms-ecdh-keyring.md` and `framework/key-agreement-schemas.md`, "AWS KMS
//! ECDH Key Agreement Schemas".

use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq;
use tokio::sync::OnceCell;

use super::super::ecdh::{KMS_PROVIDER_ID, KnownKeys, Parties};
use super::super::failures::{Failures, no_usable_key};
use super::super::interface::handles_data_keys;
use super::super::key_names::named;
use super::super::kms_arn::KmsArn;
use super::super::kms_key_id::parse_key_arn;
use super::super::one_key::{self, KeyUnwrapper, KeyWrapper};
use super::super::{Answer, DataKeyUnwrapper, DecryptedDataKey, Keyring, ServiceStats};
use super::KmsOptions;
use super::clients::KmsClients;
use crate::approved::check_ecdh_approved;
use crate::context::EncryptionContext;
use crate::crypto::{EcdhCurve, EcdhKey, EcdhPrivateKey, EcdhPublicKey};
use crate::error::{Code, Error, Result};
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials};

/// Wraps data keys for the owner of another key pair, and unwraps those that were wrapped for its KMS key.
pub struct AwsKmsEcdhKeyring {
    key: KmsArn,
    curve: EcdhCurve,
    /// That of the KMS key; asked for when it is first needed, and kept.
    own: OnceCell<EcdhPublicKey>,
    /// With it the schema is "KmsPrivateKeyToStaticPublicKey", and without "KmsPublicKeyDiscovery".
    recipient: Option<EcdhPublicKey>,
    clients: KmsClients,
}

impl AwsKmsEcdhKeyring {
    /// The keyring of this KMS key, by its ARN. Public keys are a SubjectPublicKeyInfo in DER: that of the
    /// KMS key, which is otherwise asked for, and the recipient's. With a recipient it encrypts, and
    /// decrypts what either of the two sent the other; without one it decrypts what anybody sent the owner
    /// of the KMS key. Nothing is called yet.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no ARN of a key, and for a public key that is none of the curve;
    /// `NotApproved` in a build with the FIPS module; `Configuration`, if the options or the environment
    /// cannot work.
    pub fn new(
        key_arn: &str,
        curve: EcdhCurve,
        public_key: Option<&[u8]>,
        recipient_public_key: Option<&[u8]>,
        options: KmsOptions,
    ) -> Result<Self> {
        check_ecdh_approved()?;
        let key = parse_key_arn(key_arn)?;
        let from_spki = |der| EcdhPublicKey::from_spki(curve, der);
        Ok(Self {
            curve,
            own: OnceCell::new_with(public_key.map(from_spki).transpose()?),
            recipient: recipient_public_key.map(from_spki).transpose()?,
            clients: KmsClients::new(options, Some(&key.region))?,
            key,
        })
    }

    async fn own(&self) -> Result<&EcdhPublicKey> {
        self.own.get_or_try_init(|| self.fetch_public_key()).await
    }

    async fn fetch_public_key(&self) -> Result<EcdhPublicKey> {
        let kms = self.clients.in_region(&self.key.region).await?;
        kms.public_key(&self.key, self.curve).await
    }

    async fn shared_secret(&self, with: &EcdhPublicKey) -> Result<DataKey> {
        let kms = self.clients.in_region(&self.key.region).await?;
        kms.derive_shared_secret(&self.key, with.spki(), self.curve.coordinate_length()).await
    }

    async fn wrap(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        let recipient = self.recipient.as_ref().ok_or_else(|| {
            Error::invalid(
                "the AwsKmsEcdhKeyring has no recipientPublicKey, which encrypting needs",
            )
        })?;
        let sender = self.own().await?.compressed();
        let secret = self.shared_secret(recipient).await?;
        let recipient = recipient.compressed();
        let parties = Parties::new(self.curve, &sender, &recipient);
        parties.wrap(KMS_PROVIDER_ID, secret.expose(), data_key, context)
    }

    /// What unwraps, once the public key of the KMS key is known.
    async fn unwrapper(&self) -> Result<Unwrapper<'_>> {
        let known = KnownKeys { own: self.own().await?, other: self.recipient.as_ref() };
        Ok(Unwrapper { keyring: self, known })
    }

    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        materials.expect_no_data_key()?;
        // Others' messages cost no call.
        if encrypted_data_keys.iter().all(|key| Parties::of(key).is_none()) {
            let ours = named(KMS_PROVIDER_ID, &self.key.to_string());
            return Err(no_usable_key(&ours, encrypted_data_keys, Failures::default()));
        }
        let unwrapper = self.unwrapper().await?;
        one_key::find_data_key(&unwrapper, materials, encrypted_data_keys).await
    }

    async fn decrypt(
        &self,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<DecryptedDataKey> {
        let unwrapper = self.unwrapper().await?;
        one_key::unwrap_blob(&unwrapper, ciphertext_blob, context).await
    }

    /// Fails unless the KMS key can be asked for a shared secret, and a public key that was given is its own.
    async fn try_key(&self) -> Result<()> {
        if let Some(public_key) = self.own.get() {
            match self.fetch_public_key().await {
                Ok(asked) if *public_key == asked => {}
                Ok(_) => return Err(other_public_key(&self.key)),
                // Who was given the public key need not be allowed to ask for it.
                Err(error) if error.code() == Code::KmsAccessDenied => {
                    return self.prove(public_key).await;
                }
                Err(error) => return Err(error),
            }
        }
        let own = self.own().await?;
        self.shared_secret(self.recipient.as_ref().unwrap_or(own)).await.map(|_| ())
    }

    /// Fails unless KMS, with its private key, and a key pair made here, with this public key, agree on the
    /// same secret.
    async fn prove(&self, public_key: &EcdhPublicKey) -> Result<()> {
        let trial = EcdhPrivateKey::generate(self.curve)?;
        let theirs = self.shared_secret(&EcdhPublicKey::of(self.curve, &trial)?).await?;
        let ours = trial.agree(public_key.point())?;
        if bool::from(theirs.expose().ct_eq(&ours)) {
            Ok(())
        } else {
            Err(other_public_key(&self.key))
        }
    }
}

impl KeyWrapper for AwsKmsEcdhKeyring {
    async fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        self.wrap(data_key, context).await
    }
}

struct Unwrapper<'a> {
    keyring: &'a AwsKmsEcdhKeyring,
    known: KnownKeys<'a>,
}

impl KeyUnwrapper for Unwrapper<'_> {
    fn description(&self) -> String {
        named(KMS_PROVIDER_ID, &HEXLOWER.encode(&self.known.own.compressed()))
    }

    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool {
        Parties::of(key).is_some_and(|parties| self.known.counterpart(&parties).is_some())
    }

    async fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<Option<DataKey>> {
        let Some((parties, counterpart)) = self.known.counterpart_of(self.keyring.curve, key)?
        else {
            return Ok(None);
        };
        let secret = self.keyring.shared_secret(&counterpart).await?;
        parties.unwrap(secret.expose(), &key.ciphertext, context, length).map(Some)
    }
}

impl Keyring for AwsKmsEcdhKeyring {
    fn calls_service(&self) -> bool {
        true
    }

    handles_data_keys!(one_key::add_data_key, Self::find_data_key);

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(self.try_key())
    }

    fn service_stats(&self) -> ServiceStats {
        self.clients.stats()
    }
}

impl DataKeyUnwrapper for AwsKmsEcdhKeyring {
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(self.decrypt(ciphertext_blob, context))
    }
}

fn other_public_key(key: &KmsArn) -> Error {
    Error::new(
        Code::Configuration,
        format!("publicKey is not that of the KMS key {key}; leave it out, or give the right one"),
    )
}
