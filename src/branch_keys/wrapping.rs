//! How a branch key wraps a data key.
//!
//! Source: `framework/aws-kms/aws-kms-hierarchical-keyring.md`, "Branch Key Wrapping" and "Branch Key
//! Unwrapping".

use zeroize::Zeroizing;

use super::store::BranchKey;
use crate::context::EncryptionContext;
use crate::crypto::{self, Aead, AesGcm, IV_LENGTH, Iv, TAG_LENGTH, Tag, counter_mode_key};
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::Reader;
use crate::materials::DataKey;

/// Names the provider in messages, and labels the derivation.
pub(crate) const PROVIDER_ID: &str = "aws-kms-hierarchy";

const SALT_LENGTH: usize = 16;
const VERSION_LENGTH: usize = 16;
/// What a wrapped data key has beside the key.
const OVERHEAD: usize = SALT_LENGTH + IV_LENGTH + VERSION_LENGTH + TAG_LENGTH;

/// A wrapped data key in its parts: salt, IV, version, encrypted key, tag.
pub(crate) struct Wrapped<'a> {
    salt: [u8; SALT_LENGTH],
    iv: Iv,
    pub(crate) version: [u8; VERSION_LENGTH],
    encrypted: &'a [u8],
    tag: Tag,
}

impl<'a> Wrapped<'a> {
    /// `None` if a branch key cannot have wrapped it; `length` is that of the data key, where known.
    pub(crate) fn parse(ciphertext: &'a [u8], length: Option<usize>) -> Option<Self> {
        let key_length = ciphertext.len().checked_sub(OVERHEAD).filter(|length| *length > 0)?;
        if length.is_some_and(|length| length != key_length) {
            return None;
        }
        let mut reader = Reader::new(ciphertext);
        let salt = reader.array().ok()?;
        let iv = reader.array().ok()?;
        let version = reader.array().ok()?;
        let (encrypted, tag) =
            ciphertext.get(OVERHEAD - TAG_LENGTH..)?.split_last_chunk::<TAG_LENGTH>()?;
        Some(Self { salt, iv, version, encrypted, tag: *tag })
    }
}

/// Wraps a data key under a branch key.
pub(crate) fn wrap(
    branch_key: &BranchKey,
    data_key: &DataKey,
    context: &EncryptionContext,
) -> Result<Vec<u8>> {
    let mut random = [0; SALT_LENGTH + IV_LENGTH];
    crypto::random(&mut random)?;
    let (salt, iv) = random.split_at(SALT_LENGTH);
    let iv: &Iv = iv.try_into().map_err(|_| Error::new(Code::Internal, "an IV has 12 bytes"))?;
    let wrapping_key = wrapping_key(branch_key, salt)?;
    let from = OVERHEAD - TAG_LENGTH;
    let mut wrapped = Vec::with_capacity(OVERHEAD + data_key.length());
    wrapped.extend_from_slice(&random);
    wrapped.extend_from_slice(branch_key.version.bytes());
    wrapped.resize(from + data_key.length(), 0);
    let aad = aad(branch_key, context);
    let tag = wrapping_key.seal(iv, &aad, data_key.expose(), &mut wrapped[from..])?;
    wrapped.extend_from_slice(&tag);
    Ok(wrapped)
}

/// Unwraps what this version of the branch key wrapped.
pub(crate) fn unwrap(
    branch_key: &BranchKey,
    wrapped: &Wrapped<'_>,
    context: &EncryptionContext,
) -> Result<DataKey> {
    let wrapping_key = wrapping_key(branch_key, &wrapped.salt)?;
    let mut data_key = Zeroizing::new(vec![0; wrapped.encrypted.len()]);
    let aad = aad(branch_key, context);
    wrapping_key
        .open(&wrapped.iv, &aad, wrapped.encrypted, &wrapped.tag, &mut data_key)
        .map_err(|_| unusable(branch_key))?;
    Ok(DataKey::new(data_key))
}

/// A key for one data key alone, so that no nonce is used twice under it.
fn wrapping_key(branch_key: &BranchKey, salt: &[u8]) -> Result<AesGcm> {
    let key = counter_mode_key(branch_key.key.expose(), PROVIDER_ID.as_bytes(), salt)?;
    AesGcm::new(key.as_slice())
}

/// "Branch Key Wrapping and Unwrapping AAD": without lengths between its parts.
fn aad(branch_key: &BranchKey, context: &EncryptionContext) -> Vec<u8> {
    let BranchKey { id, version, .. } = branch_key;
    let context = context.serialize();
    [PROVIDER_ID.as_bytes(), id.as_bytes(), version.bytes(), &context].concat()
}

fn unusable(branch_key: &BranchKey) -> Error {
    let message = format!(
        "the data key does not unwrap under version {} of the branch key \"{}\": it or the \
         encryption context was changed, or another library sorted the context in another order",
        branch_key.version,
        shown(&branch_key.id)
    );
    Error::new(Code::NoUsableKey, message)
}

