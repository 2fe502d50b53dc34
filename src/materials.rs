//! Data keys, and what encrypting and decrypting one message needs.
//!
//! Source: `framework/structures.md`, "Encryption Materials" and "Decryption Materials".

mod attempts;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::context::EncryptionContext;
use crate::crypto::{self, EcdsaKey, SigningKey};
use crate::error::{Code, Error, Result};
use crate::format::EncryptedDataKey;
use crate::secret_memory::SecretBytes;
use crate::suite::AlgorithmSuite;

pub use attempts::{Attempts, timed_out};

/// A plaintext data key: in locked memory, wiped when its last owner drops it, never shown.
pub struct DataKey(Arc<SecretBytes>);

impl DataKey {
    /// A fresh key of `length` bytes from the operating system's generator.
    ///
    /// # Errors
    /// `Internal` if the generator fails.
    pub fn generate(length: usize) -> Result<Self> {
        Self::filled(length, crypto::random)
    }

    /// A key of `length` bytes that `fill` writes into locked memory, where they stay.
    ///
    /// # Errors
    /// As `fill`.
    pub(crate) fn filled(
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<Self> {
        Ok(Self(Arc::new(SecretBytes::filled(length, fill)?)))
    }

    /// Takes over `bytes`.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Arc::new(SecretBytes::new(bytes)))
    }

    /// The same key for another owner: no byte of it is copied.
    pub fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// The key itself.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// Returns a copy of the bytes, which the new owner must wipe.
    pub fn into_bytes(self) -> Vec<u8> {
        self.expose().to_vec()
    }

    /// The key's length, in bytes.
    pub fn length(&self) -> usize {
        self.expose().len()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({} bytes)", self.length())
    }
}

/// What an encryptor needs; a keyring adds the data key and its wrapped copies.
#[derive(Debug)]
pub struct EncryptionMaterials {
    /// The suite that the message will use.
    pub suite: &'static AlgorithmSuite,
    /// The context that the message, and each wrapped data key, will authenticate.
    pub context: EncryptionContext,
    /// The data key, once a keyring has made it.
    pub data_key: Option<DataKey>,
    /// The wrapped copies of that data key.
    pub encrypted_data_keys: Vec<EncryptedDataKey>,
    /// The keys of the context whose pairs are authenticated but not stored in the message.
    pub required_context_keys: BTreeSet<String>,
    /// What signs the message, if its suite does; the context names its public key.
    pub(crate) signing_key: Option<SigningKey>,
}

impl EncryptionMaterials {
    /// Materials without a data key yet; with a fresh signing key, if the suite signs
    /// (`framework/default-cmm.md`, "Get Encryption Materials").
    ///
    /// # Errors
    /// `InvalidArgument` if the context has no room for the public key, or lacks a required key.
    pub fn new(
        suite: &'static AlgorithmSuite,
        context: EncryptionContext,
        required_context_keys: BTreeSet<String>,
    ) -> Result<Self> {
        context.check_required(&required_context_keys)?;
        let signing_key = suite.signature.map(SigningKey::generate).transpose()?;
        let context = match &signing_key {
            Some(key) => context.with_public_key(BASE64.encode(&key.public_key()?))?,
            None => context,
        };
        let encrypted_data_keys = Vec::new();
        let data_key = None;
        Ok(Self {
            suite,
            context,
            data_key,
            encrypted_data_keys,
            required_context_keys,
            signing_key,
        })
    }

    /// What decrypts the messages that these materials encrypt; shares the data key.
    pub fn to_decrypt(&self) -> DecryptionMaterials {
        let data_key = self.data_key.as_ref().map(DataKey::share);
        let materials =
            DecryptionMaterials::new(self.suite, self.context.clone(), Attempts::at_once());
        DecryptionMaterials { data_key, ..materials }
    }

    /// The data key, checked as `framework/cmm-interface.md`, "Get Encryption Materials", asks.
    pub(crate) fn complete_data_key(&self) -> Result<&DataKey> {
        if self.encrypted_data_keys.is_empty() {
            return Err(Error::new(Code::Internal, "the keyring wrapped no data key"));
        }
        usable(self.data_key.as_ref(), self.suite)
    }
}

/// What a decryptor needs; a keyring adds the data key.
#[derive(Debug)]
pub struct DecryptionMaterials {
    /// The suite that the message uses.
    pub suite: &'static AlgorithmSuite,
    /// The whole context: what the message carries, and what the caller completed it with.
    pub context: EncryptionContext,
    /// The data key, once a keyring has unwrapped it.
    pub data_key: Option<DataKey>,
    /// What is left of the attempts to unwrap it.
    pub attempts: Attempts,
}

impl DecryptionMaterials {
    /// Materials without a data key yet.
    pub fn new(
        suite: &'static AlgorithmSuite,
        context: EncryptionContext,
        attempts: Attempts,
    ) -> Self {
        Self { suite, context, data_key: None, attempts }
    }

    /// Fails if there is a data key already, as `framework/keyring-interface.md`, "OnDecrypt", asks.
    pub(crate) fn expect_no_data_key(&self) -> Result<()> {
        match self.data_key {
            Some(_) => Err(Error::invalid("the decryption materials have a data key already")),
            None => Ok(()),
        }
    }

    /// The data key, checked as `framework/cmm-interface.md`, "Decrypt Materials", asks.
    pub(crate) fn complete_data_key(&self) -> Result<&DataKey> {
        usable(self.data_key.as_ref(), self.suite)
    }
}

fn usable<'a>(key: Option<&'a DataKey>, suite: &AlgorithmSuite) -> Result<&'a DataKey> {
    let key = key.ok_or_else(|| Error::new(Code::Internal, "the keyring gave no data key"))?;
    if key.length() != suite.data_key_length {
        return Err(Error::new(
            Code::NoUsableKey,
            format!(
                "the keyring gave a data key of {} bytes; suite 0x{:04x} takes {}",
                key.length(),
                suite.id,
                suite.data_key_length
            ),
        ));
    }
    Ok(key)
}
