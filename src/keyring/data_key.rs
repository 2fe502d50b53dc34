//! What keyrings make for use outside messages.

use crate::crypto::{self, KeyPairSpec};
use crate::error::Result;
use crate::materials::DataKey;

/// A data key for use outside a message, and its wrapped form.
#[derive(Debug)]
pub struct GeneratedDataKey {
    /// The wrapped form, to be stored beside what the key encrypts.
    pub ciphertext_blob: Vec<u8>,
    /// The key, and what is known of it.
    pub key: DecryptedDataKey,
}

/// A data key for use outside a message.
#[derive(Debug)]
pub struct DecryptedDataKey {
    /// The key itself.
    pub plaintext: DataKey,
    /// The ARN of the KMS key, or the name of a local one.
    pub key_id: String,
    /// Which of the KMS key's materials wrapped the data key, where KMS says so.
    pub key_material_id: Option<String>,
    /// The AWS request id, where a service answered.
    pub request_id: Option<String>,
}

/// The wrapped form of a data key, or of other bytes.
#[derive(Debug)]
pub struct WrappedDataKey {
    /// The wrapped form.
    pub ciphertext_blob: Vec<u8>,
    /// The ARN of the KMS key, or the name of a local one.
    pub key_id: String,
    /// Which of the KMS key's materials wrapped it, where KMS says so.
    pub key_material_id: Option<String>,
    /// The AWS request id, where a service answered.
    pub request_id: Option<String>,
}

/// A key pair, its private key wrapped.
#[derive(Debug)]
pub struct GeneratedKeyPair {
    /// The public key as DER SubjectPublicKeyInfo (RFC 5280).
    pub public_key: Vec<u8>,
    /// The private key as DER PKCS #8 (RFC 5958), unless only its wrapped form was asked for.
    pub private_key: Option<DataKey>,
    /// The private key, wrapped.
    pub wrapped: WrappedDataKey,
}

/// A KMS key to which KMS can wrap a data key again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsTarget {
    /// The key as KMS is told it.
    pub key_id: String,
    /// Its AWS Region.
    pub region: String,
}

impl GeneratedDataKey {
    /// The wrapped form alone; the key is wiped.
    pub(super) fn without_plaintext(self) -> WrappedDataKey {
        let DecryptedDataKey { key_id, key_material_id, request_id, .. } = self.key;
        WrappedDataKey {
            ciphertext_blob: self.ciphertext_blob,
            key_id,
            key_material_id,
            request_id,
        }
    }
}

/// A fresh key pair whose private key is not wrapped yet: in DER, private and public.
pub(super) fn generate_key_pair(spec: KeyPairSpec) -> Result<(DataKey, Vec<u8>)> {
    let pair = crypto::generate_key_pair(spec)?;
    Ok((DataKey::new(pair.private_key), pair.public_key))
}
