//! The raw ECDH keyring: the secret that two key pairs share wraps the data key.
//!
//! Source: `framework/raw-ecdh-keyring.md` and `framework/key-agreement-schemas.md`, "Raw ECDH Key
//! Agreement Schemas".

use data_encoding::HEXLOWER;

use super::Keyring;
use super::ecdh::{KnownKeys, Parties, RAW_PROVIDER_ID};
use super::interface::handles_data_keys;
use super::key_names::named;
use super::one_key::{self, KeyUnwrapper, KeyWrapper};
use crate::approved::check_ecdh_approved;
use crate::context::EncryptionContext;
use crate::crypto::{EcdhKey, EcdhPrivateKey, EcdhPublicKey};
use crate::error::{Code, Error, Result};
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials};

pub use crate::crypto::EcdhCurve;

/// Wraps data keys for the owner of another key pair, and unwraps those that were wrapped for its own.
pub struct RawEcdhKeyring {
    curve: EcdhCurve,
    keys: Keys,
}

/// The key agreement schema, which follows from the keys that there are.
enum Keys {
    /// "RawPrivateKeyToStaticPublicKey": two parties that know each other.
    Static(KeyPair, EcdhPublicKey),
    /// "EphemeralPrivateKeyToStaticPublicKey": a key pair for each data key; encrypts only.
    Ephemeral(EcdhPublicKey),
    /// "PublicKeyDiscovery": whoever sent it; decrypts only.
    Discovery(KeyPair),
}

struct KeyPair {
    private_key: EcdhPrivateKey,
    public_key: EcdhPublicKey,
}

impl RawEcdhKeyring {
    /// A keyring of these keys of one curve: its own private key, a PKCS #8 PrivateKeyInfo in DER, and the
    /// recipient's public key, a SubjectPublicKeyInfo in DER. With both it encrypts for the recipient, and
    /// decrypts what either of the two sent the other. With a recipient alone it encrypts, under a fresh
    /// key pair each time. With a private key alone it decrypts what anybody sent its owner.
    ///
    /// # Errors
    /// `InvalidArgument` for neither of the keys, and for one that is no key of the curve; `NotApproved` in
    /// a build with the FIPS module.
    pub fn new(
        curve: EcdhCurve,
        private_key: Option<&[u8]>,
        recipient_public_key: Option<&[u8]>,
    ) -> Result<Self> {
        check_ecdh_approved()?;
        let pair = private_key.map(|der| KeyPair::from_pkcs8(curve, der)).transpose()?;
        let recipient =
            recipient_public_key.map(|der| EcdhPublicKey::from_spki(curve, der)).transpose()?;
        let keys = match (pair, recipient) {
            (Some(pair), Some(recipient)) => Keys::Static(pair, recipient),
            (None, Some(recipient)) => Keys::Ephemeral(recipient),
            (Some(pair), None) => Keys::Discovery(pair),
            (None, None) => {
                return Err(Error::invalid(
                    "give a recipientPublicKey to encrypt, a privateKey to decrypt",
                ));
            }
        };
        Ok(Self { curve, keys })
    }

    fn wrap(&self, data_key: &DataKey, context: &EncryptionContext) -> Result<EncryptedDataKey> {
        let fresh;
        let (sender, recipient) = match &self.keys {
            Keys::Static(pair, recipient) => (pair, recipient),
            Keys::Ephemeral(recipient) => {
                fresh = KeyPair::generate(self.curve)?;
                (&fresh, recipient)
            }
            Keys::Discovery(_) => {
                return Err(Error::invalid(
                    "the RawEcdhKeyring has no recipientPublicKey, which encrypting needs",
                ));
            }
        };
        let secret = sender.private_key.agree(recipient.point())?;
        let (sender, recipient) = (sender.public_key.compressed(), recipient.compressed());
        let parties = Parties::new(self.curve, &sender, &recipient);
        parties.wrap(RAW_PROVIDER_ID, &secret, data_key, context)
    }

    /// The key pair and what is known of the other party, if there is a key pair.
    fn own(&self) -> Option<(&KeyPair, KnownKeys<'_>)> {
        let (pair, other) = match &self.keys {
            Keys::Static(pair, recipient) => (pair, Some(recipient)),
            Keys::Discovery(pair) => (pair, None),
            Keys::Ephemeral(_) => return None,
        };
        Some((pair, KnownKeys { own: &pair.public_key, other }))
    }

    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        if self.own().is_none() {
            let message = "the RawEcdhKeyring has no privateKey, which decrypting needs";
            return Err(Error::new(Code::NoUsableKey, message));
        }
        one_key::find_data_key(self, materials, encrypted_data_keys).await
    }
}

impl KeyPair {
    fn from_pkcs8(curve: EcdhCurve, der: &[u8]) -> Result<Self> {
        Self::of(curve, EcdhPrivateKey::from_pkcs8(curve, der)?)
    }

    fn generate(curve: EcdhCurve) -> Result<Self> {
        Self::of(curve, EcdhPrivateKey::generate(curve)?)
    }

    fn of(curve: EcdhCurve, private_key: EcdhPrivateKey) -> Result<Self> {
        Ok(Self { public_key: EcdhPublicKey::of(curve, &private_key)?, private_key })
    }
}

impl KeyWrapper for RawEcdhKeyring {
    async fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        self.wrap(data_key, context)
    }
}

impl KeyUnwrapper for RawEcdhKeyring {
    fn description(&self) -> String {
        let public_key = match &self.keys {
            Keys::Static(pair, _) | Keys::Discovery(pair) => &pair.public_key,
            Keys::Ephemeral(recipient) => recipient,
        };
        named(RAW_PROVIDER_ID, &HEXLOWER.encode(&public_key.compressed()))
    }

    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool {
        let Some((_, known)) = self.own() else { return false };
        Parties::of(key).is_some_and(|parties| known.counterpart(&parties).is_some())
    }

    async fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<Option<DataKey>> {
        let Some((pair, known)) = self.own() else { return Ok(None) };
        let Some((parties, counterpart)) = known.counterpart_of(self.curve, key)? else {
            return Ok(None);
        };
        let secret = pair.private_key.agree(counterpart.point())?;
        parties.unwrap(&secret, &key.ciphertext, context, length).map(Some)
    }
}

impl Keyring for RawEcdhKeyring {
    fn calls_service(&self) -> bool {
        false
    }

    handles_data_keys!(one_key::add_data_key, Self::find_data_key);
}
