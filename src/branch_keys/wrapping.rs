//! How a branch key wraps a data key.
//!
//! Source: `framework/aws-kms/aws-kms-hierarchical-keyring.md`, "Branch Key Wrapping" and "Branch Key
//! Unwrapping".

use zeroize::Zeroizing;

use super::branch_key::BranchKey;
use crate::context::EncryptionContext;
use crate::crypto::{self, Aead, AesGcm, IV_LENGTH, Iv, TAG_LENGTH, Tag, counter_mode_key};
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::Reader;
use crate::materials::DataKey;

/// The provider id of these data keys in messages, and the label of the key derivation.
pub(crate) const PROVIDER_ID: &str = "aws-kms-hierarchy";

const SALT_LENGTH: usize = 16;
const VERSION_LENGTH: usize = 16;
/// The length of all parts of a wrapped data key but the encrypted key itself, in bytes.
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
    /// Splits a wrapped data key; `None` if its length is wrong. `length` is that of the data key in bytes,
    /// where it is known.
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
    let mut salt = [0; SALT_LENGTH];
    crypto::random(&mut salt)?;
    let wrapping_key = wrapping_key(branch_key, &salt)?;
    let mut encrypted = vec![0; data_key.length()];
    let aad = aad(branch_key, context);
    let (iv, tag) = wrapping_key.seal_at_random(&aad, data_key.expose(), &mut encrypted)?;
    Ok([salt.as_slice(), &iv, branch_key.version.bytes(), &encrypted, &tag].concat())
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

/// Derives the wrapping key of one data key. Each has its own, so that no nonce is used twice under it.
fn wrapping_key(branch_key: &BranchKey, salt: &[u8]) -> Result<AesGcm> {
    let key = counter_mode_key(branch_key.key.expose(), PROVIDER_ID.as_bytes(), salt)?;
    AesGcm::new(key.as_slice())
}

/// Returns the additional authenticated data ("Branch Key Wrapping and Unwrapping AAD"): its parts one
/// after the other, without their lengths.
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

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;
    use crate::branch_keys::Version;

    fn known_answers() -> Value {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/hierarchy/known-answers.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn bytes(case: &Value, name: &str) -> Vec<u8> {
        HEXLOWER.decode(case[name].as_str().unwrap().as_bytes()).unwrap()
    }

    fn branch_key_of(case: &Value) -> BranchKey {
        BranchKey {
            id: case["branch_key_id"].as_str().unwrap().to_owned(),
            version: Version::parse(case["version"].as_str().unwrap()).unwrap(),
            key: DataKey::new(Zeroizing::new(bytes(case, "branch_key"))),
        }
    }

    fn context_of(case: &Value) -> EncryptionContext {
        let mut context = EncryptionContext::default();
        for (key, value) in case["encryption_context"].as_object().unwrap() {
            context.insert(key.clone(), value.as_str().unwrap().to_owned());
        }
        context
    }

    #[test]
    fn data_keys_are_wrapped_as_in_known_answers() {
        let known = known_answers();
        let cases = known["wrap"].as_array().unwrap();
        assert_eq!(cases.len(), 16);
        for case in cases {
            let (branch_key, context) = (branch_key_of(case), context_of(case));
            let (ciphertext, data_key) = (bytes(case, "ciphertext"), bytes(case, "data_key"));
            assert_eq!(aad(&branch_key, &context), bytes(case, "aad"), "{}", case["id"]);
            let wrapped = Wrapped::parse(&ciphertext, Some(data_key.len())).unwrap();
            assert_eq!(&wrapped.version, branch_key.version.bytes());
            let unwrapped = unwrap(&branch_key, &wrapped, &context).unwrap();
            assert_eq!(unwrapped.expose(), data_key, "{}", case["id"]);
            let again = wrap(&branch_key, &unwrapped, &context).unwrap();
            assert_eq!(again.len(), ciphertext.len());
            let again = Wrapped::parse(&again, None).unwrap();
            assert_eq!(unwrap(&branch_key, &again, &context).unwrap().expose(), data_key);
        }
    }

    #[test]
    fn a_wrapped_data_key_has_one_length() {
        for length in [0, 59, 60, 75, 77, 93] {
            assert!(Wrapped::parse(&vec![0; length], Some(16)).is_none(), "{length}");
        }
        assert!(Wrapped::parse(&[0; 60], None).is_none());
        assert!(Wrapped::parse(&[0; 61], None).is_some());
    }
}
