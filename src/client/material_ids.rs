//! The ids of cache entries, each a hash of what the materials depend on; and about how many bytes
//! materials take.

use super::accepted::AcceptedHeader;
use crate::context::EncryptionContext;
use crate::crypto::sha256;
use crate::error::Result;
use crate::format::EncryptedDataKey;
use crate::materials::EncryptionMaterials;
use crate::suite::AlgorithmSuite;

/// The id of a cache entry ("cache entry identifier" in `framework/caching-cmm.md`).
pub(super) type Id = [u8; 32];

/// So that entries of the two directions never have one key.
const TO_ENCRYPT: u8 = 1;
const TO_DECRYPT: u8 = 2;

/// Returns the id of materials that encrypt with this context. Suite, required keys and keyring need not
/// be hashed: each client has them, and a cache, of its own.
pub(super) fn encryption_id(context: &EncryptionContext) -> Id {
    sha256(&[&[TO_ENCRYPT], context.serialize().as_slice()].concat())
}

/// Returns the id of materials that decrypt the message with this header.
pub(super) fn decryption_id(accepted: &AcceptedHeader) -> Result<Id> {
    let AcceptedHeader { header, context, allowed } = accepted;
    id(header.suite, allowed, context)
}

/// Returns the id of materials that decrypt the messages of these encryption materials: what
/// `decryption_id` returns for the headers of those messages.
pub(super) fn counterpart_id(materials: &EncryptionMaterials) -> Result<Id> {
    id(materials.suite, &materials.encrypted_data_keys, &materials.context)
}

/// One hash of all that the data key depends on, each part with its length or its count, so that it
/// names the same entries as `framework/caching-cmm.md`, "Appendix A", which hashes the parts first.
fn id(
    suite: &AlgorithmSuite,
    data_keys: &[EncryptedDataKey],
    context: &EncryptionContext,
) -> Result<Id> {
    let mut key = vec![TO_DECRYPT];
    key.extend_from_slice(&suite.id.to_be_bytes());
    key.extend_from_slice(&data_keys.len().to_be_bytes());
    for data_key in data_keys {
        data_key.write(&mut key)?;
    }
    key.extend_from_slice(&context.serialize());
    Ok(sha256(&key))
}

/// About how many bytes materials take: the context, as the keyring sees it.
pub(super) fn size_to_decrypt(accepted: &AcceptedHeader) -> usize {
    2 * accepted.context.serialize().len()
}

pub(super) fn size_to_encrypt(materials: &EncryptionMaterials) -> usize {
    let keys = materials.encrypted_data_keys.iter();
    let keys = keys.map(|key| key.provider_info.len() + key.ciphertext.len());
    2 * materials.context.serialize().len() + keys.sum::<usize>()
}
