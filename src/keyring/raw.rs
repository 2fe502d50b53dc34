//! What the raw keyrings have in common: a key of the caller's wraps, at once and on its own.

use super::interface::handles_data_keys;
use super::key_names::named;
use super::one_key::{self, KeyUnwrapper, KeyWrapper};
use super::{Keyring, WrappingSecret, kms_key_id};
use crate::context::EncryptionContext;
use crate::error::{Error, Result};
use crate::format::EncryptedDataKey;
use crate::materials::DataKey;

/// Leaves room for the rest of the key provider information in its 16-bit length.
const MAX_NAME_LENGTH: usize = 16 * 1024;

/// A wrapping key and its names; all of a raw keyring that is its own.
pub(super) trait WrappingKey: Send + Sync {
    /// The key namespace and the key name.
    fn names(&self) -> &Names;

    /// The key itself.
    fn secret(&self) -> WrappingSecret<'_>;

    fn wrap(&self, data_key: &DataKey, context: &EncryptionContext) -> Result<EncryptedDataKey>;

    /// Whether a wrapped data key names this key as the one that wrapped it.
    fn is_named_by(&self, key: &EncryptedDataKey) -> bool;

    /// Unwraps a data key that names this key: of the length that the message's suite takes, or of any
    /// length outside of messages.
    fn unwrap(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<DataKey>;

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

impl<W: WrappingKey> KeyWrapper for W {
    async fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        self.wrap(data_key, context)
    }

    fn check_wraps_blobs(&self) -> Result<()> {
        WrappingKey::check_wraps_blobs(self)
    }
}

impl<W: WrappingKey> KeyUnwrapper for W {
    fn description(&self) -> String {
        let Names { namespace, name } = self.names();
        named(namespace, name)
    }

    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool {
        self.is_named_by(key)
    }

    async fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<Option<DataKey>> {
        self.unwrap(key, context, length).map(Some)
    }
}

impl<W: WrappingKey> Keyring for W {
    fn calls_service(&self) -> bool {
        false
    }

    fn wrapping_secret(&self) -> Option<WrappingSecret<'_>> {
        Some(self.secret())
    }

    fn rejects_implicitly(&self) -> bool {
        WrappingKey::rejects_implicitly(self)
    }

    handles_data_keys!(one_key::add_data_key, one_key::find_data_key);
}
