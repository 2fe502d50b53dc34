//! Wraps the data key of an object again: under another key, another encryption context, or both.

use super::content::ContentKey;
use super::json;
use super::kms_context::{bound_context, check_not_reserved};
use super::metadata::{MetadataWriter, ObjectMetadata};
use super::policy::{ReadPolicy, check_build};
use super::unwrap::unwrap;
use super::wrap::{WrappedKey, kms_wrapper, wrap_key};
use super::wrapping::Wrapping;
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::keyring::Keyring;

impl ObjectMetadata {
    /// Returns the fields that replace those of the object's wrapped data key, wherever they stand. From one
    /// KMS key to another, KMS wraps again, so that the data key leaves it only for the check that comes first.
    ///
    /// # Errors
    /// Those of [`ObjectReader::open`](super::ObjectReader::open), so that what could not be read before is
    /// not written anew; `UnsupportedMessage` for a data key that is bound to nothing; `InvalidArgument` for
    /// a keyring that writes no objects, and for a context under an AES or RSA key.
    pub async fn rewrap(
        &self,
        policy: &ReadPolicy,
        keyring: &dyn Keyring,
        expected: &EncryptionContext,
        to: &dyn Keyring,
        new_context: &EncryptionContext,
    ) -> Result<Vec<(&'static str, String)>> {
        check_build()?;
        policy.check(self)?;
        if self.wrapping().is_legacy() {
            return Err(unbound(self.wrapping()));
        }
        let data_key = unwrap(self, keyring, expected).await?.key;
        ContentKey::open(self.content(), data_key.share())?;
        let wrapped = if self.wrapping().asks_kms() && to.wrapping_secret().is_none() {
            self.rewrap_inside_kms(keyring, to, new_context).await?
        } else {
            wrap_key(to, new_context, &data_key, self.content().name()).await?
        };
        let writer = MetadataWriter {
            content: self.content(),
            wrapping: wrapped.wrapping,
            wrapped_key: &wrapped.bytes,
            description: json::write(wrapped.context.iter()),
        };
        Ok(writer.wrapping_fields())
    }

    async fn rewrap_inside_kms(
        &self,
        keyring: &dyn Keyring,
        to: &dyn Keyring,
        new_context: &EncryptionContext,
    ) -> Result<WrappedKey> {
        check_not_reserved(new_context)?;
        let stored = EncryptionContext::new(self.description().iter().cloned())?;
        let context = bound_context(new_context, self.content().name())?;
        let to = kms_wrapper(to).await?;
        let unwrapper = keyring.data_key_unwrapper()?;
        let wrapped = unwrapper.rewrap_data_key(self.wrapped_key(), &stored, to, &context).await?;
        Ok(WrappedKey { wrapping: Wrapping::KmsContext, bytes: wrapped.ciphertext_blob, context })
    }
}

fn unbound(wrapping: Wrapping) -> Error {
    Error::new(
        Code::UnsupportedMessage,
        format!(
            "the data key is wrapped by {}, which binds it to nothing, and is not wrapped again; get \
             the object, and put it anew",
            wrapping.described()
        ),
    )
}
