//! "OnEncrypt" and "OnDecrypt" of keyrings that wrap each data key once, under one key.
//!
//! Source: `framework/keyring-interface.md`, "OnEncrypt" and "OnDecrypt".

use super::failures::{Failures, no_usable_key};
#[cfg(feature = "aws-kms")]
use super::{DecryptedDataKey, GeneratedDataKey, WrappedDataKey};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::format::{EncryptedDataKey, Reader};
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};

/// Wraps data keys as they stand in messages.
pub(super) trait KeyWrapper: Sync {
    /// Wraps a data key.
    fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> impl Future<Output = Result<EncryptedDataKey>> + Send;
}

/// Unwraps the data keys of messages.
pub(super) trait KeyUnwrapper: Sync {
    /// The keys that it has, for people.
    fn description(&self) -> String;

    /// Whether a wrapped data key names one of its keys.
    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool;

    /// Unwraps a data key of `length` bytes; `None` if none of its keys wrapped it.
    fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: usize,
    ) -> impl Future<Output = Result<Option<DataKey>>> + Send;
}

/// Wraps the data key of the materials, and makes it first if there is none. After an error the materials
/// are as they were.
pub(super) async fn add_data_key(
    wrapper: &impl KeyWrapper,
    materials: &mut EncryptionMaterials,
) -> Result<()> {
    let fresh = match materials.data_key {
        Some(_) => None,
        None => Some(DataKey::generate(materials.suite.data_key_length)?),
    };
    let data_key = fresh.as_ref().or(materials.data_key.as_ref());
    let data_key = data_key.ok_or_else(|| Error::new(Code::Internal, "no data key"))?;
    let wrapped = wrapper.wrap_key(data_key, &materials.context).await?;
    materials.encrypted_data_keys.push(wrapped);
    if fresh.is_some() {
        materials.data_key = fresh;
    }
    Ok(())
}

/// Unwraps the first data key that it can, and gives it to the materials, which must have none.
///
/// # Errors
/// `NoUsableKey`, with the reason of each data key that did not unwrap.
pub(super) async fn find_data_key(
    unwrapper: &impl KeyUnwrapper,
    materials: &mut DecryptionMaterials,
    encrypted_data_keys: &[EncryptedDataKey],
) -> Result<()> {
    materials.expect_no_data_key()?;
    let length = materials.suite.data_key_length;
    let mut failures = Failures::default();
    for key in encrypted_data_keys.iter().filter(|key| unwrapper.may_have_wrapped(key)) {
        materials.attempts.next().await?;
        match unwrapper.unwrap_key(key, &materials.context, length).await {
            Ok(Some(data_key)) => {
                materials.data_key = Some(data_key);
                return Ok(());
            }
            Ok(None) => {}
            // No other keyring is to try: a caller who can wait may find the key.
            Err(error) if error.code() == Code::WouldBlock => {
                materials.attempts.stop();
                return Err(error);
            }
            Err(error) => failures.push(error),
        }
    }
    Err(no_usable_key(&unwrapper.description(), encrypted_data_keys, failures))
}

/// Makes a data key for use outside messages.
#[cfg(feature = "aws-kms")]
pub(super) async fn generate_blob(
    wrapper: &impl KeyWrapper,
    length: usize,
    context: &EncryptionContext,
) -> Result<GeneratedDataKey> {
    let plaintext = DataKey::generate(length)?;
    let WrappedDataKey { ciphertext_blob, key_id, .. } =
        wrap_to_blob(wrapper, &plaintext, context).await?;
    Ok(GeneratedDataKey { ciphertext_blob, key: decrypted(plaintext, key_id) })
}

/// Wraps a data key for use outside messages: as it stands in one ("Encrypted Data Keys").
#[cfg(feature = "aws-kms")]
pub(super) async fn wrap_to_blob(
    wrapper: &impl KeyWrapper,
    data_key: &DataKey,
    context: &EncryptionContext,
) -> Result<WrappedDataKey> {
    let wrapped = wrapper.wrap_key(data_key, context).await?;
    let mut ciphertext_blob = Vec::new();
    wrapped.write(&mut ciphertext_blob)?;
    let key_id = String::from_utf8_lossy(&wrapped.provider_info).into_owned();
    Ok(WrappedDataKey { ciphertext_blob, key_id, key_material_id: None, request_id: None })
}

/// Reads a data key that was wrapped for use outside messages; `None` if it is none, or more than one.
pub(super) fn read_blob(ciphertext_blob: &[u8]) -> Option<EncryptedDataKey> {
    let mut reader = Reader::new(ciphertext_blob);
    let key = EncryptedDataKey::read(&mut reader).ok()?;
    reader.is_at_end().then_some(key)
}

/// Returns an unwrapped data key with the fields that only AWS KMS fills left empty.
#[cfg(feature = "aws-kms")]
pub(super) fn decrypted(plaintext: DataKey, key_id: String) -> DecryptedDataKey {
    DecryptedDataKey { plaintext, key_id, key_material_id: None, request_id: None }
}
