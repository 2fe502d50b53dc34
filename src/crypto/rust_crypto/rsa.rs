//! RSA with RustCrypto's `rsa`, with blinding.
//!
//! Its arithmetic is made to take constant time, which nobody has certified; AWS-LC's is the default.

use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::crypto::rsa::{KEY_BITS, RsaPadding, RsaPrivate, RsaPublic, rsa_failed, unusable_key};
use crate::error::Result;

pub(crate) struct PublicKey(rsa::PublicKey);

/// The key wipes itself when it is dropped.
pub(crate) struct PrivateKey(rsa::PrivateKey);

impl RsaPublic for PublicKey {
    fn from_spki(der: &[u8]) -> Result<Self> {
        rsa::PublicKey::from_public_key_der(der)
            .ok()
            .filter(has_good_length)
            .map(Self)
            .ok_or_else(|| unusable_key("public key"))
    }

    fn length(&self) -> usize {
        self.0.size()
    }

    fn encrypt(&self, padding: RsaPadding, secret: &[u8]) -> Result<Vec<u8>> {
        let encrypted = match padding {
            RsaPadding::Pkcs1 => self.0.pkcs1v15_encrypt(secret),
            RsaPadding::OaepSha1 => self.0.oaep_encrypt::<Sha1>(secret),
            RsaPadding::OaepSha256 => self.0.oaep_encrypt::<Sha256>(secret),
            RsaPadding::OaepSha384 => self.0.oaep_encrypt::<Sha384>(secret),
            RsaPadding::OaepSha512 => self.0.oaep_encrypt::<Sha512>(secret),
        };
        encrypted.map_err(|_| rsa_failed())
    }
}

impl RsaPrivate for PrivateKey {
    fn from_pkcs8(der: &[u8]) -> Result<Self> {
        rsa::PrivateKey::from_pkcs8_der(der)
            .ok()
            .filter(has_good_length)
            .map(Self)
            .ok_or_else(|| unusable_key("private key"))
    }

    fn decrypt(&self, padding: RsaPadding, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let decrypted = match padding {
            RsaPadding::Pkcs1 => self.0.pkcs1v15_decrypt(ciphertext),
            RsaPadding::OaepSha1 => self.0.oaep_decrypt::<Sha1>(ciphertext),
            RsaPadding::OaepSha256 => self.0.oaep_decrypt::<Sha256>(ciphertext),
            RsaPadding::OaepSha384 => self.0.oaep_decrypt::<Sha384>(ciphertext),
            RsaPadding::OaepSha512 => self.0.oaep_decrypt::<Sha512>(ciphertext),
        };
        decrypted.map(Zeroizing::new).map_err(|_| rsa_failed())
    }
}

fn has_good_length(key: &impl PublicKeyParts) -> bool {
    KEY_BITS.contains(&(key.size() * 8))
}
