//! What the raw and the AWS KMS ECDH keyring have in common: how a secret that two parties share wraps a
//! data key.
//!
//! Source: `framework/raw-ecdh-keyring.md` and `framework/key-agreement-schemas.md`. The order of the
//! fields, and the text that begins the fixed info, are those that all implementations write.

use zeroize::Zeroizing;

use crate::context::EncryptionContext;
use crate::crypto::{
    self, Aead, AesGcm, EcdhCurve, EcdhPublicKey, IV_LENGTH, TAG_LENGTH, counter_mode_keys,
    same_commitment,
};
use crate::error::{Code, Error, Result};
use crate::format::{EncryptedDataKey, Failure, Reader};
use crate::materials::DataKey;

pub(super) const RAW_PROVIDER_ID: &str = "raw-ecdh";
#[cfg(feature = "aws-kms")]
pub(super) const KMS_PROVIDER_ID: &str = "aws-kms-ecdh";
const ANY_PROVIDER_ID: [&str; 2] = [RAW_PROVIDER_ID, "aws-kms-ecdh"];

const VERSION: u8 = 1;
const SALT_LENGTH: usize = 32;
const COMMITMENT_LENGTH: usize = 32;
/// Each wrapping key wraps one data key, so that one nonce is enough.
const IV: [u8; IV_LENGTH] = [0; IV_LENGTH];

/// Who agreed on a secret: two public keys of one curve, as compressed points.
pub(super) struct Parties<'a> {
    curve: EcdhCurve,
    sender: &'a [u8],
    pub(super) recipient: &'a [u8],
}

impl<'a> Parties<'a> {
    pub(super) fn new(curve: EcdhCurve, sender: &'a [u8], recipient: &'a [u8]) -> Self {
        Self { curve, sender, recipient }
    }

    /// "Key Provider Information": a version, then each key after its length. `None` unless an ECDH
    /// keyring may have written it: either one reads what the other one wrapped.
    pub(super) fn of(key: &'a EncryptedDataKey) -> Option<Self> {
        let mut reader = Reader::new(&key.provider_info);
        let mut read = || -> Result<(u8, &'a [u8], &'a [u8]), Failure> {
            Ok((reader.u8()?, public_key(&mut reader)?, public_key(&mut reader)?))
        };
        let (version, recipient, sender) = read().ok()?;
        let is_of = |key: &[u8], curve: &EcdhCurve| key.len() == 1 + curve.coordinate_length();
        let curve = EcdhCurve::ALL.into_iter().find(|curve| is_of(recipient, curve))?;
        let is_ours = ANY_PROVIDER_ID.contains(&key.provider_id.as_str())
            && version == VERSION
            && reader.is_at_end()
            && is_of(sender, &curve);
        is_ours.then_some(Self { curve, sender, recipient })
    }

    /// Wraps a data key under the secret that the parties share.
    pub(super) fn wrap(
        &self,
        provider_id: &str,
        secret: &[u8],
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        let mut salt = [0; SALT_LENGTH];
        crypto::random(&mut salt)?;
        let fixed_info = self.fixed_info(context);
        let keys = DerivedKeys::new(secret, &fixed_info, &salt)?;
        let mut encrypted = vec![0; data_key.length()];
        let tag = keys.wrapping_key.seal(&IV, &fixed_info, data_key.expose(), &mut encrypted)?;
        Ok(EncryptedDataKey {
            provider_id: provider_id.to_owned(),
            provider_info: self.provider_info(),
            ciphertext: [&salt, keys.commitment(), &encrypted, &tag].concat(),
        })
    }

    /// Unwraps a data key of this length, if that is known.
    pub(super) fn unwrap(
        &self,
        secret: &[u8],
        ciphertext: &[u8],
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<DataKey> {
        let wrapped = Wrapped::parse(ciphertext, length).ok_or_else(unusable)?;
        let fixed_info = self.fixed_info(context);
        let keys = DerivedKeys::new(secret, &fixed_info, wrapped.salt)?;
        if !same_commitment(keys.commitment(), wrapped.commitment) {
            return Err(unusable());
        }
        let mut data_key = Zeroizing::new(vec![0; wrapped.encrypted.len()]);
        keys.wrapping_key
            .open(&IV, &fixed_info, wrapped.encrypted, wrapped.tag, &mut data_key)
            .map_err(|_| unusable())?;
        Ok(DataKey::new(data_key))
    }

    fn provider_info(&self) -> Vec<u8> {
        let mut info = vec![VERSION];
        for key in [self.recipient, self.sender] {
            // A compressed point has at most 67 bytes.
            info.extend_from_slice(&[0, 0, 0]);
            info.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
            info.extend_from_slice(key);
        }
        info
    }

    /// What the wrapping key is derived for, and what the tag of the wrapped data key authenticates.
    fn fixed_info(&self, context: &EncryptionContext) -> Vec<u8> {
        let curve: &[u8] = match self.curve {
            EcdhCurve::P256 => b"p256",
            EcdhCurve::P384 => b"p384",
            EcdhCurve::P521 => b"p521",
        };
        let public_keys = [self.sender, self.recipient].concat();
        let context = context.serialize();
        [b"ecdh-key-derivation", curve, b"HMAC_SHA384", &public_keys, &[VERSION], &context].join(&0)
    }
}

/// "Ciphertext", in its parts.
struct Wrapped<'a> {
    salt: &'a [u8; SALT_LENGTH],
    commitment: &'a [u8; COMMITMENT_LENGTH],
    encrypted: &'a [u8],
    tag: &'a [u8; TAG_LENGTH],
}

impl<'a> Wrapped<'a> {
    fn parse(ciphertext: &'a [u8], length: Option<usize>) -> Option<Self> {
        let (salt, rest) = ciphertext.split_first_chunk()?;
        let (commitment, rest) = rest.split_first_chunk()?;
        let (encrypted, tag) = rest.split_last_chunk()?;
        let is_right = length.unwrap_or(encrypted.len()) == encrypted.len();
        (is_right && !encrypted.is_empty()).then_some(Self { salt, commitment, encrypted, tag })
    }
}

/// "Key Derivation": a commitment to the secret, then a wrapping key.
struct DerivedKeys {
    keys: Zeroizing<[u8; 64]>,
    wrapping_key: AesGcm,
}

impl DerivedKeys {
    fn new(secret: &[u8], fixed_info: &[u8], salt: &[u8]) -> Result<Self> {
        let keys = counter_mode_keys(secret, fixed_info, salt)?;
        let wrapping_key = AesGcm::new(&keys[COMMITMENT_LENGTH..])?;
        Ok(Self { keys, wrapping_key })
    }

    /// Public: stands in the message.
    fn commitment(&self) -> &[u8] {
        &self.keys[..COMMITMENT_LENGTH]
    }
}

/// The public keys that a keyring has: its own, and that of the other party, unless it takes what
/// anybody sent.
pub(super) struct KnownKeys<'a> {
    pub(super) own: &'a EcdhPublicKey,
    pub(super) other: Option<&'a EcdhPublicKey>,
}

impl KnownKeys<'_> {
    /// Returns the public key of the other party of a wrapped data key; `None` if that was not wrapped
    /// for these keys. What two known parties send each other, both can read.
    pub(super) fn counterpart<'a>(&self, parties: &Parties<'a>) -> Option<&'a [u8]> {
        let Parties { sender, recipient, .. } = *parties;
        let own = self.own.compressed();
        let Some(other) = self.other.map(EcdhPublicKey::compressed) else {
            return (recipient == own).then_some(sender);
        };
        match (sender == own && recipient == other, sender == other && recipient == own) {
            (true, _) => Some(recipient),
            (_, true) => Some(sender),
            _ => None,
        }
    }

    /// Like `counterpart`, of a wrapped data key, and as a key of the curve.
    ///
    /// # Errors
    /// `NoUsableKey` if it is not on the curve.
    pub(super) fn counterpart_of<'a>(
        &self,
        curve: EcdhCurve,
        key: &'a EncryptedDataKey,
    ) -> Result<Option<(Parties<'a>, EcdhPublicKey)>> {
        let parties = Parties::of(key);
        let Some((parties, point)) =
            parties.and_then(|parties| self.counterpart(&parties).map(|point| (parties, point)))
        else {
            return Ok(None);
        };
        let public_key =
            EcdhPublicKey::from_compressed(curve, point).map_err(|_| not_on_curve())?;
        Ok(Some((parties, public_key)))
    }
}

fn public_key<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Failure> {
    let length = reader.u32()?;
    reader.take(length as usize)
}

fn unusable() -> Error {
    Error::new(
        Code::NoUsableKey,
        "the data key does not unwrap under the secret that the two keys share: it was wrapped with \
         another key, or the encryption context or the wrapped key was changed",
    )
}

fn not_on_curve() -> Error {
    Error::new(
        Code::NoUsableKey,
        "the message names a public key that is not a point of its curve; it was changed",
    )
}
