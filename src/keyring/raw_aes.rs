//! The raw AES keyring: an AES key that the caller holds wraps the data key.
//!
//! Source: `framework/raw-aes-keyring.md`.

use zeroize::Zeroizing;

use super::WrappingSecret;
use super::raw::{Names, WrappingKey};
use super::raw_aes_info::KeyInfo;
use crate::approved::check_approved;
use crate::context::EncryptionContext;
use crate::crypto::{Aead, AesGcm, Iv, TAG_LENGTH, Tag};
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::materials::DataKey;

/// Wraps data keys with AES-GCM under a key of 128, 192 or 256 bits.
pub struct RawAesKeyring {
    names: Names,
    wrapping_key: AesGcm,
    /// The wrapping key itself, for other ways to wrap.
    secret: DataKey,
}

impl RawAesKeyring {
    /// A keyring that other Encryption SDKs know by the same namespace, name and wrapping key.
    ///
    /// # Errors
    /// `InvalidArgument` for a wrapping key that is not 16, 24 or 32 bytes long, for a namespace
    /// that starts with `aws-kms`, and for names that are empty or longer than 16 KiB.
    /// `NotApproved` for 24 bytes in a build with the FIPS module.
    pub fn new(namespace: &str, name: &str, wrapping_key: &[u8]) -> Result<Self> {
        let is_approved = wrapping_key.len() != 24;
        check_approved(is_approved, "AES-192-GCM", "give a wrapping key of 16 or 32 bytes")?;
        let names = Names::new(namespace, name)?;
        let secret = DataKey::new(Zeroizing::new(wrapping_key.to_vec()));
        Ok(Self { names, wrapping_key: AesGcm::new(wrapping_key)?, secret })
    }

    fn open(
        &self,
        iv: &Iv,
        wrapped: &[u8],
        tag: &Tag,
        context: &EncryptionContext,
    ) -> Result<DataKey> {
        let aad = context.serialize();
        DataKey::filled(wrapped.len(), |room| self.wrapping_key.open(iv, &aad, wrapped, tag, room))
            .map_err(|_| self.unusable())
    }

    fn unusable(&self) -> Error {
        Error::new(
            Code::NoUsableKey,
            format!(
                "the data key does not unwrap under key \"{}\": it is another key of that name, \
                 or the encryption context or the wrapped key was changed",
                shown(&self.names.name)
            ),
        )
    }
}

impl WrappingKey for RawAesKeyring {
    fn names(&self) -> &Names {
        &self.names
    }

    fn secret(&self) -> WrappingSecret<'_> {
        WrappingSecret::Aes(self.secret.expose())
    }

    fn wrap(&self, data_key: &DataKey, context: &EncryptionContext) -> Result<EncryptedDataKey> {
        let length = data_key.length();
        let mut ciphertext = vec![0; length + TAG_LENGTH];
        let aad = context.serialize();
        let (wrapped, tag_room) = ciphertext.split_at_mut(length);
        let (iv, tag) = self.wrapping_key.seal_at_random(&aad, data_key.expose(), wrapped)?;
        tag_room.copy_from_slice(&tag);
        let Names { namespace, name } = &self.names;
        let provider_info = KeyInfo { name: name.as_bytes(), iv }.to_bytes();
        Ok(EncryptedDataKey { provider_id: namespace.clone(), provider_info, ciphertext })
    }

    fn is_named_by(&self, key: &EncryptedDataKey) -> bool {
        let Names { namespace, name } = &self.names;
        key.provider_id == *namespace
            && key.ciphertext.len() >= TAG_LENGTH
            && KeyInfo::parse(&key.provider_info).is_some_and(|info| info.name == name.as_bytes())
    }

    /// The tag authenticates the data key, so that its length needs no check here.
    fn unwrap(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        _: Option<usize>,
    ) -> Result<DataKey> {
        let info = KeyInfo::parse(&key.provider_info).ok_or_else(|| self.unusable())?;
        let (wrapped, tag) = key.ciphertext.split_last_chunk().ok_or_else(|| self.unusable())?;
        self.open(&info.iv, wrapped, tag, context)
    }
}
