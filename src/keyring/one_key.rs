//! What keyrings that wrap each data key once, under one key, have in common: "OnEncrypt" and "OnDecrypt",
//! and data keys outside messages.
//!
//! Source: `framework/keyring-interface.md`, "OnEncrypt" and "OnDecrypt".

use super::failures::{Failures, no_usable_key};
use super::key_names::key_name;
#[cfg(feature = "aws-kms")]
use super::would_block;
use super::{
    Answer, DataKeyUnwrapper, DataKeyWrapper, DecryptedDataKey, GeneratedDataKey, WrappedDataKey,
};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::format::{EncryptedDataKey, Reader};
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};

/// The length of a data key that is wrapped to see whether a key works, in bytes.
#[cfg(feature = "aws-kms")]
const TRIAL_LENGTH: usize = 32;

/// Wraps data keys as they stand in messages.
pub(super) trait KeyWrapper: Send + Sync {
    /// Wraps a data key.
    fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> impl Future<Output = Result<EncryptedDataKey>> + Send;

    /// Fails if its key wraps nothing but the data keys of messages.
    fn check_wraps_blobs(&self) -> Result<()> {
        Ok(())
    }
}

/// Unwraps the data keys of messages.
pub(super) trait KeyUnwrapper: Send + Sync {
    /// The keys that it has, for people.
    fn description(&self) -> String;

    /// Whether a wrapped data key names one of its keys.
    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool;

    /// Unwraps a data key that it may have wrapped; `None` if none of its keys did. `length` is that of the
    /// data key in bytes, where it is a message's, and `None` outside of messages.
    fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
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
    let length = Some(materials.suite.data_key_length);
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

/// Wraps data keys for use outside messages: as they stand in one ("Encrypted Data Keys").
impl<W: KeyWrapper> DataKeyWrapper for W {
    fn generate_data_key<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey> {
        Box::pin(async move {
            let plaintext = DataKey::generate(length)?;
            let WrappedDataKey { ciphertext_blob, key_id, .. } =
                self.wrap_data_key(&plaintext, context).await?;
            Ok(GeneratedDataKey { ciphertext_blob, key: decrypted(plaintext, key_id) })
        })
    }

    fn wrap_data_key<'a>(
        &'a self,
        data_key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async move {
            self.check_wraps_blobs()?;
            let wrapped = self.wrap_key(data_key, context).await?;
            let mut ciphertext_blob = Vec::new();
            wrapped.write(&mut ciphertext_blob)?;
            let key_id = key_name(&wrapped);
            Ok(WrappedDataKey { ciphertext_blob, key_id, key_material_id: None, request_id: None })
        })
    }
}

/// What a keyring whose unwrapping takes a service says to a caller who cannot wait.
///
/// # Errors
/// `WouldBlock` if it may have wrapped one of the data keys, and else `NoUsableKey`.
#[cfg(feature = "aws-kms")]
pub(super) fn refuse_now(
    unwrapper: &impl KeyUnwrapper,
    materials: &mut DecryptionMaterials,
    encrypted_data_keys: &[EncryptedDataKey],
) -> Result<()> {
    if encrypted_data_keys.iter().any(|key| unwrapper.may_have_wrapped(key)) {
        materials.attempts.stop();
        return Err(would_block());
    }
    Err(no_usable_key(&unwrapper.description(), encrypted_data_keys, Failures::default()))
}

impl<U: KeyUnwrapper> DataKeyUnwrapper for U {
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(unwrap_blob(self, ciphertext_blob, context))
    }
}

/// Unwraps a data key that was wrapped for use outside messages.
///
/// # Errors
/// `NoUsableKey` if it is none, more than one, or another keyring's.
pub(super) async fn unwrap_blob(
    unwrapper: &impl KeyUnwrapper,
    ciphertext_blob: &[u8],
    context: &EncryptionContext,
) -> Result<DecryptedDataKey> {
    let key = read_blob(ciphertext_blob).filter(|key| unwrapper.may_have_wrapped(key));
    let unwrapped = match &key {
        Some(key) => unwrapper.unwrap_key(key, context, None).await?,
        None => None,
    };
    let (Some(key), Some(plaintext)) = (key, unwrapped) else {
        let description = unwrapper.description();
        let message = format!("the ciphertextBlob was not made under {description}");
        return Err(Error::new(Code::NoUsableKey, message));
    };
    Ok(decrypted(plaintext, key_name(&key)))
}

/// Whether a data key that nobody uses unwraps to what was wrapped.
#[cfg(feature = "aws-kms")]
pub(super) async fn try_key<K: KeyWrapper + KeyUnwrapper>(keyring: &K) -> Result<bool> {
    let context = EncryptionContext::default();
    let data_key = DataKey::generate(TRIAL_LENGTH)?;
    let wrapped = keyring.wrap_key(&data_key, &context).await?;
    let unwrapped = keyring.unwrap_key(&wrapped, &context, Some(TRIAL_LENGTH)).await?;
    Ok(unwrapped.is_some_and(|unwrapped| unwrapped.expose() == data_key.expose()))
}

/// `None` if it is no wrapped data key, or more than one.
fn read_blob(ciphertext_blob: &[u8]) -> Option<EncryptedDataKey> {
    let mut reader = Reader::new(ciphertext_blob);
    let key = EncryptedDataKey::read(&mut reader).ok()?;
    reader.is_at_end().then_some(key)
}

/// Returns an unwrapped data key with the fields that only AWS KMS fills left empty.
fn decrypted(plaintext: DataKey, key_id: String) -> DecryptedDataKey {
    DecryptedDataKey { plaintext, key_id, key_material_id: None, request_id: None }
}
