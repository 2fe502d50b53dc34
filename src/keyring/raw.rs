//! What the raw keyrings have in common: a key of the caller's wraps, at once and on its own.

use super::failures::{Failures, no_usable_key};
use super::key_names::named;
use super::{
    Answer, DataKeyUnwrapper, DataKeyWrapper, DecryptedDataKey, GeneratedDataKey, Keyring,
    WrappedDataKey, kms_key_id,
};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::{EncryptedDataKey, Reader};
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};

/// Leaves room for the rest of the key provider information in its 16-bit length.
const MAX_NAME_LENGTH: usize = 16 * 1024;

/// A wrapping key and its names; all of a raw keyring that is its own.
pub(super) trait WrappingKey: Send + Sync {
    /// The key namespace and the key name.
    fn names(&self) -> &Names;

    fn wrap(&self, data_key: &DataKey, context: &EncryptionContext) -> Result<EncryptedDataKey>;

    /// Whether this key is said to have wrapped it.
    fn wrapped(&self, key: &EncryptedDataKey) -> bool;

    /// Unwraps what this key is said to have wrapped, of the length that the message's suite takes.
    fn unwrap(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: usize,
    ) -> Result<DataKey>;

    /// Unwraps what stands in no message, of whatever length.
    fn unwrap_blob(&self, key: &EncryptedDataKey, context: &EncryptionContext) -> Result<DataKey>;

    /// Fails if this key wraps nothing but the data keys of messages.
    fn check_wraps_blobs(&self) -> Result<()> {
        Ok(())
    }

    /// Whether `unwrap` gives a random key in place of an error.
    fn rejects_implicitly(&self) -> bool {
        false
    }
}

/// What a raw keyring's key is called, in messages too.
pub(super) struct Names {
    pub namespace: String,
    pub name: String,
}

impl Names {
    pub(super) fn new(namespace: &str, name: &str) -> Result<Self> {
        // `framework/keyring-interface.md`, "Key Provider ID": reserved for AWS KMS.
        if namespace.starts_with(kms_key_id::PROVIDER_ID) {
            return Err(Error::invalid(
                "a key namespace that starts with \"aws-kms\" is reserved; choose another",
            ));
        }
        for (what, text) in [("namespace", namespace), ("name", name)] {
            if text.is_empty() || text.len() > MAX_NAME_LENGTH {
                return Err(Error::invalid(format!(
                    "the key {what} must have 1 to {MAX_NAME_LENGTH} bytes, not {}",
                    text.len()
                )));
            }
        }
        Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }
}

impl<W: WrappingKey> Keyring for W {
    fn calls_service(&self) -> bool {
        false
    }

    fn rejects_implicitly(&self) -> bool {
        WrappingKey::rejects_implicitly(self)
    }

    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        Box::pin(async { add_data_key(self, materials) })
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(find_data_key(self, materials, encrypted_data_keys))
    }

    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        Ok(self)
    }

    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        Ok(self)
    }
}

impl<W: WrappingKey> DataKeyWrapper for W {
    fn generate_data_key<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey> {
        Box::pin(async move {
            let plaintext = DataKey::generate(length)?;
            let ciphertext_blob = blob(self, &plaintext, context)?;
            Ok(GeneratedDataKey { ciphertext_blob, key: answer(self, plaintext) })
        })
    }

    fn wrap_data_key<'a>(
        &'a self,
        data_key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async move {
            Ok(WrappedDataKey {
                ciphertext_blob: blob(self, data_key, context)?,
                key_id: self.names().name.clone(),
                key_material_id: None,
                request_id: None,
            })
        })
    }
}

impl<W: WrappingKey> DataKeyUnwrapper for W {
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(async move {
            let unwrapped = read_blob(ciphertext_blob)
                .filter(|key| self.wrapped(key))
                .map(|key| self.unwrap_blob(&key, context))
                .ok_or_else(|| {
                    let name = shown(&self.names().name);
                    let message = format!("the ciphertextBlob was not made under key \"{name}\"");
                    Error::new(Code::NoUsableKey, message)
                })?;
            Ok(answer(self, unwrapped?))
        })
    }
}

fn add_data_key(key: &impl WrappingKey, materials: &mut EncryptionMaterials) -> Result<()> {
    let wrapped = if let Some(data_key) = &materials.data_key {
        key.wrap(data_key, &materials.context)?
    } else {
        let data_key = DataKey::generate(materials.suite.data_key_length)?;
        let wrapped = key.wrap(&data_key, &materials.context)?;
        materials.data_key = Some(data_key);
        wrapped
    };
    materials.encrypted_data_keys.push(wrapped);
    Ok(())
}

async fn find_data_key(
    wrapping_key: &impl WrappingKey,
    materials: &mut DecryptionMaterials,
    encrypted_data_keys: &[EncryptedDataKey],
) -> Result<()> {
    materials.expect_no_data_key()?;
    let length = materials.suite.data_key_length;
    let mut failures = Failures::default();
    for key in encrypted_data_keys.iter().filter(|key| wrapping_key.wrapped(key)) {
        materials.attempts.next().await?;
        match wrapping_key.unwrap(key, &materials.context, length) {
            Ok(data_key) => {
                materials.data_key = Some(data_key);
                return Ok(());
            }
            Err(error) => failures.push(error),
        }
    }
    let Names { namespace, name } = wrapping_key.names();
    let ours = named(namespace, name);
    Err(no_usable_key(&ours, encrypted_data_keys, failures))
}

/// A wrapped data key outside a message: as it stands in one ("Encrypted Data Keys").
fn blob(
    key: &impl WrappingKey,
    data_key: &DataKey,
    context: &EncryptionContext,
) -> Result<Vec<u8>> {
    key.check_wraps_blobs()?;
    let mut blob = Vec::new();
    key.wrap(data_key, context)?.write(&mut blob)?;
    Ok(blob)
}

/// An encrypted data key, and nothing after it.
fn read_blob(ciphertext_blob: &[u8]) -> Option<EncryptedDataKey> {
    let mut reader = Reader::new(ciphertext_blob);
    let key = EncryptedDataKey::read(&mut reader).ok()?;
    reader.is_at_end().then_some(key)
}

fn answer(key: &impl WrappingKey, plaintext: DataKey) -> DecryptedDataKey {
    DecryptedDataKey {
        plaintext,
        key_id: key.names().name.clone(),
        key_material_id: None,
        request_id: None,
    }
}
