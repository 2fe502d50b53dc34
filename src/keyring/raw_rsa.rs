//! The raw RSA keyring: an RSA key pair of the caller's wraps the data key.
//!
//! Source: `framework/raw-rsa-keyring.md`.

use zeroize::Zeroizing;

use super::WrappingSecret;
use super::raw::{Names, WrappingKey};
use crate::approved::check_rsa_approved;
use crate::context::EncryptionContext;
use crate::crypto::{RsaPrivate, RsaPrivateKey, RsaPublic, RsaPublicKey, decrypt_or_random};
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::materials::DataKey;

pub use crate::crypto::RsaPadding;

/// Wraps data keys under the public key, and unwraps them with the private one.
///
/// RSA authenticates nothing: the encryption context is authenticated by the message, not by the
/// wrapped data key.
pub struct RawRsaKeyring {
    names: Names,
    padding: RsaPadding,
    public_key: Option<RsaPublicKey>,
    private_key: Option<RsaPrivateKey>,
    /// Both keys in DER, for other ways to wrap.
    public_der: Option<Vec<u8>>,
    private_der: Option<DataKey>,
}

impl RawRsaKeyring {
    /// A keyring that other Encryption SDKs know by the same namespace, name, padding and key.
    ///
    /// The public key is a SubjectPublicKeyInfo, the private one a PKCS #8 PrivateKeyInfo, both in
    /// DER and of 2048 to 8192 bits. One of them is enough: the public key encrypts, the private
    /// key decrypts.
    ///
    /// # Errors
    /// `NotApproved` in a build with the FIPS module, whose RSA encrypts as no approved service.
    /// `InvalidArgument` for keys that are none, or neither of them; for a namespace that starts
    /// with `aws-kms`; for names that are empty or longer than 16 KiB.
    pub fn new(
        namespace: &str,
        name: &str,
        padding: RsaPadding,
        public_key: Option<&[u8]>,
        private_key: Option<&[u8]>,
    ) -> Result<Self> {
        check_rsa_approved()?;
        let names = Names::new(namespace, name)?;
        if public_key.is_none() && private_key.is_none() {
            return Err(Error::invalid("give a public key to encrypt, a private key to decrypt"));
        }
        Ok(Self {
            names,
            padding,
            public_key: public_key.map(RsaPublicKey::from_spki).transpose()?,
            private_key: private_key.map(RsaPrivateKey::from_pkcs8).transpose()?,
            public_der: public_key.map(<[u8]>::to_vec),
            private_der: private_key.map(|der| DataKey::new(Zeroizing::new(der.to_vec()))),
        })
    }

    fn private_key(&self) -> Result<&RsaPrivateKey> {
        self.private_key.as_ref().ok_or_else(|| {
            let name = shown(&self.names.name);
            Error::new(
                Code::NoUsableKey,
                format!(
                    "the keyring of RSA key \"{name}\" has no private key, which decrypting needs"
                ),
            )
        })
    }

    fn open(&self, ciphertext: &[u8], length: Option<usize>) -> Result<DataKey> {
        self.private_key()?
            .decrypt(self.padding, ciphertext)
            .ok()
            .filter(|plaintext| length.is_none_or(|length| plaintext.len() == length))
            .map(DataKey::new)
            .ok_or_else(|| {
                let name = shown(&self.names.name);
                Error::new(
                    Code::NoUsableKey,
                    format!(
                        "the data key does not unwrap under RSA key \"{name}\": it is another \
                         key of that name, has another padding, or the wrapped key was changed"
                    ),
                )
            })
    }
}

impl WrappingKey for RawRsaKeyring {
    fn names(&self) -> &Names {
        &self.names
    }

    fn secret(&self) -> WrappingSecret<'_> {
        WrappingSecret::Rsa {
            public_key: self.public_der.as_deref(),
            private_key: self.private_der.as_ref().map(DataKey::expose),
        }
    }

    fn wrap(&self, data_key: &DataKey, _: &EncryptionContext) -> Result<EncryptedDataKey> {
        let Names { namespace, name } = &self.names;
        let public_key = self.public_key.as_ref().ok_or_else(|| {
            Error::invalid(format!(
                "the keyring of RSA key \"{name}\" has no public key, which encrypting needs",
                name = shown(name)
            ))
        })?;
        let most = self.padding.max_secret(public_key.length());
        if data_key.expose().len() > most {
            let message = format!(
                "the RSA key \"{}\" encrypts at most {most} bytes; use encrypt",
                shown(name)
            );
            return Err(Error::new(Code::LimitExceeded, message));
        }
        Ok(EncryptedDataKey {
            provider_id: namespace.clone(),
            // "Key Provider Information": the name, and nothing else.
            provider_info: name.clone().into_bytes(),
            ciphertext: public_key.encrypt(self.padding, data_key.expose())?,
        })
    }

    fn is_named_by(&self, key: &EncryptedDataKey) -> bool {
        let Names { namespace, name } = &self.names;
        key.provider_id == *namespace && key.provider_info == name.as_bytes()
    }

    /// With PKCS #1 v1.5 the first data key that names this key is the only one that is tried, and
    /// gives a key in any case: whether the padding was right must not become known (RFC 8017, 7.2).
    fn unwrap(
        &self,
        key: &EncryptedDataKey,
        _: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<DataKey> {
        match length {
            Some(length) if self.padding == RsaPadding::Pkcs1 => {
                let key = decrypt_or_random(self.private_key()?, &key.ciphertext, length)?;
                return Ok(DataKey::new(key));
            }
            Some(_) => {}
            None => self
                .check_wraps_blobs()
                .map_err(|error| Error::new(Code::NoUsableKey, error.message()))?,
        }
        self.open(&key.ciphertext, length)
    }

    /// Nothing authenticates a data key outside a message, so that each call would tell whether the
    /// padding was right.
    fn check_wraps_blobs(&self) -> Result<()> {
        match self.padding {
            RsaPadding::Pkcs1 => Err(Error::invalid(format!(
                "the RSA key \"{}\" has the padding \"pkcs1\", which is for the data keys of \
                 messages only; for data keys outside of messages choose \"oaep-sha256\"",
                self.names.name
            ))),
            _ => Ok(()),
        }
    }

    fn rejects_implicitly(&self) -> bool {
        self.padding == RsaPadding::Pkcs1
    }
}
