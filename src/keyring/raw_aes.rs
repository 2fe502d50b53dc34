//! The raw AES keyring: an AES key that the caller holds wraps the data key.
//!
//! Source: `framework/raw-aes-keyring.md`.

use zeroize::Zeroizing;

use super::{Answer, DecryptedDataKey, GeneratedDataKey, Keyring, kms_key_id, no_usable_key};
use crate::context::EncryptionContext;
use crate::crypto::{self, Aead, AesGcm, IV_LENGTH, Iv, TAG_LENGTH, Tag};
use crate::error::{Code, Error, Result};
use crate::format::{EncryptedDataKey, Failure, Reader};
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};

/// Wraps data keys with AES-GCM under a key of 128, 192 or 256 bits.
pub struct RawAesKeyring {
    namespace: String,
    name: String,
    wrapping_key: AesGcm,
}

impl RawAesKeyring {
    /// A keyring that other Encryption SDKs know by the same namespace, name and wrapping key.
    ///
    /// # Errors
    /// `InvalidArgument` for a wrapping key that is not 16, 24 or 32 bytes long, for a namespace
    /// that starts with `aws-kms`, and for names that are empty or longer than 16 KiB.
    pub fn new(namespace: &str, name: &str, wrapping_key: &[u8]) -> Result<Self> {
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
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            wrapping_key: AesGcm::new(wrapping_key)?,
        })
    }

    fn wrap(&self, data_key: &DataKey, context: &EncryptionContext) -> Result<EncryptedDataKey> {
        let mut iv = Iv::default();
        crypto::random(&mut iv)?;
        let mut ciphertext = vec![0; data_key.length()];
        let aad = context.serialize();
        let tag = self.wrapping_key.seal(&iv, &aad, data_key.expose(), &mut ciphertext)?;
        ciphertext.extend_from_slice(&tag);
        let provider_info = KeyInfo { name: self.name.as_bytes(), iv }.to_bytes();
        Ok(EncryptedDataKey { provider_id: self.namespace.clone(), provider_info, ciphertext })
    }

    /// `None` if another key wrapped it.
    fn unwrap(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Option<Result<DataKey>> {
        let info = KeyInfo::parse(&key.provider_info)?;
        if key.provider_id != self.namespace || info.name != self.name.as_bytes() {
            return None;
        }
        let (wrapped, tag) = key.ciphertext.split_last_chunk::<TAG_LENGTH>()?;
        Some(self.open(&info.iv, wrapped, tag, context))
    }

    fn open(
        &self,
        iv: &Iv,
        wrapped: &[u8],
        tag: &Tag,
        context: &EncryptionContext,
    ) -> Result<DataKey> {
        let mut plaintext = Zeroizing::new(vec![0; wrapped.len()]);
        let aad = context.serialize();
        self.wrapping_key.open(iv, &aad, wrapped, tag, &mut plaintext).map_err(|_| {
            Error::new(
                Code::NoUsableKey,
                format!(
                    "the data key does not unwrap under key \"{}\": it is another key of that name, \
                     or the encryption context or the wrapped key was changed",
                    self.name
                ),
            )
        })?;
        Ok(DataKey::new(plaintext))
    }

    fn on_encrypt(&self, materials: &mut EncryptionMaterials) -> Result<()> {
        let wrapped = if let Some(data_key) = &materials.data_key {
            self.wrap(data_key, &materials.context)?
        } else {
            let data_key = DataKey::generate(materials.suite.data_key_length)?;
            let wrapped = self.wrap(&data_key, &materials.context)?;
            materials.data_key = Some(data_key);
            wrapped
        };
        materials.encrypted_data_keys.push(wrapped);
        Ok(())
    }

    fn on_decrypt(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        materials.expect_no_data_key()?;
        let mut failures = Vec::new();
        for key in encrypted_data_keys {
            match self.unwrap(key, &materials.context) {
                Some(Ok(data_key)) => {
                    materials.data_key = Some(data_key);
                    return Ok(());
                }
                Some(Err(error)) => failures.push(error),
                None => {}
            }
        }
        let ours = format!("\"{}\" key \"{}\"", self.namespace, self.name);
        Err(no_usable_key(&ours, encrypted_data_keys, failures))
    }

    fn generate_data_key(
        &self,
        length: usize,
        context: &EncryptionContext,
    ) -> Result<GeneratedDataKey> {
        let plaintext = DataKey::generate(length)?;
        let mut ciphertext_blob = Vec::new();
        self.wrap(&plaintext, context)?.write(&mut ciphertext_blob)?;
        Ok(GeneratedDataKey { ciphertext_blob, key: self.answer(plaintext) })
    }

    fn decrypt_data_key(
        &self,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<DecryptedDataKey> {
        let not_ours = || {
            Error::new(
                Code::NoUsableKey,
                format!("the ciphertextBlob was not made under key \"{}\"", self.name),
            )
        };
        let mut reader = Reader::new(ciphertext_blob);
        let key = EncryptedDataKey::read(&mut reader).map_err(|_| not_ours())?;
        if !reader.is_at_end() {
            return Err(not_ours());
        }
        let plaintext = self.unwrap(&key, context).ok_or_else(not_ours)??;
        Ok(self.answer(plaintext))
    }

    fn answer(&self, plaintext: DataKey) -> DecryptedDataKey {
        DecryptedDataKey {
            plaintext,
            key_id: self.name.clone(),
            key_material_id: None,
            request_id: None,
        }
    }
}

impl Keyring for RawAesKeyring {
    fn calls_service(&self) -> bool {
        false
    }

    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        Box::pin(async { self.on_encrypt(materials) })
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(async { self.on_decrypt(materials, encrypted_data_keys) })
    }

    fn generate_data_key<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey> {
        Box::pin(async move { self.generate_data_key(length, context) })
    }

    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(async move { self.decrypt_data_key(ciphertext_blob, context) })
    }
}

/// Leaves room for the rest of the key provider information in its 16-bit length.
const MAX_NAME_LENGTH: usize = 16 * 1024;

/// What follows the key's name, before the IV: the tag's length in bits, the IV's in bytes.
const INFO_LENGTHS: [u32; 2] = [128, 12];

/// "Key Provider Information": the key's name, two lengths, the IV.
pub(super) struct KeyInfo<'a> {
    pub name: &'a [u8],
    iv: Iv,
}

impl<'a> KeyInfo<'a> {
    /// `None` if it is not the information of a raw AES keyring with these lengths.
    pub(super) fn parse(info: &'a [u8]) -> Option<Self> {
        let (name, rest) = info.split_at_checked(info.len().checked_sub(8 + IV_LENGTH)?)?;
        let mut reader = Reader::new(rest);
        let mut read = || -> Result<([u32; 2], Iv), Failure> {
            Ok(([reader.u32()?, reader.u32()?], reader.array()?))
        };
        let (lengths, iv) = read().ok()?;
        (lengths == INFO_LENGTHS).then_some(Self { name, iv })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let [tag_bits, iv_bytes] = INFO_LENGTHS.map(u32::to_be_bytes);
        [self.name, &tag_bits, &iv_bytes, &self.iv].concat()
    }
}
