//! What every keyring does for messages.
//!
//! Source: `framework/keyring-interface.md`.

use super::answer::{Answer, answer_now, would_block};
use super::data_key_service::{DataKeyUnwrapper, DataKeyWrapper};
use super::stats::ServiceStats;
use super::wrapping_secret::WrappingSecret;
use crate::error::{Error, Result};
use crate::format::EncryptedDataKey;
use crate::materials::{DecryptionMaterials, EncryptionMaterials};

/// Writes the methods of [`Keyring`] of a keyring that also wraps and unwraps data keys outside messages:
/// the functions that it names answer for messages.
macro_rules! handles_data_keys {
    ($add_data_key:path, $find_data_key:path) => {
        fn on_encrypt<'a>(
            &'a self,
            materials: &'a mut $crate::materials::EncryptionMaterials,
        ) -> $crate::keyring::Answer<'a, ()> {
            Box::pin($add_data_key(self, materials))
        }

        fn on_decrypt<'a>(
            &'a self,
            materials: &'a mut $crate::materials::DecryptionMaterials,
            encrypted_data_keys: &'a [$crate::format::EncryptedDataKey],
        ) -> $crate::keyring::Answer<'a, ()> {
            Box::pin($find_data_key(self, materials, encrypted_data_keys))
        }

        fn data_key_wrapper(&self) -> $crate::error::Result<&dyn $crate::keyring::DataKeyWrapper> {
            Ok(self)
        }

        fn data_key_unwrapper(
            &self,
        ) -> $crate::error::Result<&dyn $crate::keyring::DataKeyUnwrapper> {
            Ok(self)
        }
    };
}
pub(super) use handles_data_keys;

/// Wraps and unwraps the data keys of messages. A call that fails leaves the materials as they were.
pub trait Keyring: Send + Sync {
    /// Whether a service may be asked, so that an answer takes time and a Tokio runtime.
    fn calls_service(&self) -> bool;

    /// Adds to the materials a data key, if they have none, and its wrapped form ("OnEncrypt"). A
    /// data key that is there already is wrapped, and stays.
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()>;

    /// Adds to the materials the data key, from the first wrapped form that unwraps ("OnDecrypt").
    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()>;

    /// Whether `on_encrypt_now` and `on_decrypt_now` may succeed: of a keyring that calls a service, if
    /// it keeps what the service answered.
    fn may_answer_now(&self) -> bool {
        !self.calls_service()
    }

    /// Does what `on_encrypt` does, without waiting for a service.
    ///
    /// # Errors
    /// `WouldBlock` if a service must be asked first; nothing was begun then. As `on_encrypt`.
    fn on_encrypt_now(&self, materials: &mut EncryptionMaterials) -> Result<()> {
        if !self.may_answer_now() {
            return Err(would_block());
        }
        answer_now(self.on_encrypt(materials))
    }

    /// Does what `on_decrypt` does, without waiting for a service.
    ///
    /// # Errors
    /// `WouldBlock` if a service must be asked first, or more data keys be tried than a caller who
    /// cannot wait should try. As `on_decrypt`.
    fn on_decrypt_now(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        if !self.may_answer_now() {
            return Err(would_block());
        }
        answer_now(self.on_decrypt(materials, encrypted_data_keys))
    }

    /// Whether `on_decrypt` may return a random data key in place of an error (implicit rejection, for RSA
    /// PKCS #1 v1.5). Only the message's header shows whether that key is right, so that no keyring can be
    /// asked after this one.
    fn rejects_implicitly(&self) -> bool {
        false
    }

    /// Returns the caller's own wrapping key, for formats that wrap data keys in other ways than messages
    /// do; `None` if a service holds the key.
    fn wrapping_secret(&self) -> Option<WrappingSecret<'_>> {
        None
    }

    /// The keyrings that this one asks, if it is made of others.
    fn children(&self) -> Vec<&dyn Keyring> {
        Vec::new()
    }

    /// What makes and wraps data keys for use outside messages.
    ///
    /// # Errors
    /// `InvalidArgument` if this keyring wraps nothing, or only the data keys of messages.
    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        Err(only_messages())
    }

    /// What unwraps data keys outside messages.
    ///
    /// # Errors
    /// `InvalidArgument` if this keyring is for the data keys of messages only.
    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        Err(only_messages())
    }

    /// Fails if the keys cannot be used, with the reason; changes nothing.
    fn check(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// What the key service was asked so far.
    fn service_stats(&self) -> ServiceStats {
        ServiceStats::default()
    }
}

fn only_messages() -> Error {
    Error::invalid(
        "this keyring wraps and unwraps only the data keys of messages; use encrypt and decrypt",
    )
}
