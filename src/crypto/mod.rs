//! The cryptography: AES-GCM, HKDF, ECDSA, RSA and random bytes. Never sees a byte of the message format.
//!
//! Two engines answer one trait: AWS-LC (feature `aws-lc`, the default) and RustCrypto (feature
//! `rust-crypto`, for targets where AWS-LC cannot be built, and as the tests' second opinion).

#[cfg(feature = "aws-lc")]
#[cfg_attr(feature = "rust-crypto", allow(dead_code, reason = "only the tests compare with it"))]
mod aws_lc;
mod ecdsa;
#[cfg(all(test, feature = "aws-lc", feature = "rust-crypto"))]
mod engine_tests;
pub(crate) mod gcm_stream;
mod kdf;
mod key_pair;
pub(crate) mod legacy;
mod rsa;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;
mod stack;
#[cfg(test)]
mod wycheproof;

use crate::error::{Code, Error, Result};
use crate::suite::Hash;

pub(crate) use ecdsa::{EcdsaKey, EcdsaSigner, EcdsaVerifier, max_signature_length};
pub(crate) use kdf::{DerivedKeys, same_commitment};
pub use key_pair::KeyPairSpec;
pub(crate) use key_pair::generate_key_pair;
pub use rsa::RsaPadding;
pub(crate) use rsa::{RsaPrivate, RsaPublic, decrypt_or_random};

#[cfg(all(feature = "aws-lc", not(feature = "rust-crypto")))]
use aws_lc::AwsLc as Engine;
#[cfg(feature = "rust-crypto")]
use rust_crypto::RustCrypto as Engine;

#[cfg(not(any(feature = "aws-lc", feature = "rust-crypto")))]
compile_error!("choose an engine: the feature `aws-lc` or `rust-crypto`");

/// The length of a nonce, in bytes (NIST SP 800-38D, 8.2.1).
pub(crate) const IV_LENGTH: usize = 12;
/// The length of an authentication tag, in bytes.
pub(crate) const TAG_LENGTH: usize = 16;

pub(crate) type Iv = [u8; IV_LENGTH];
pub(crate) type Tag = [u8; TAG_LENGTH];

/// An AES-GCM key of the engine that this build uses.
pub(crate) type AesGcm = <Engine as CryptoEngine>::AesGcm;
/// A private ECDSA key of the engine that this build uses.
pub(crate) type SigningKey = <Engine as CryptoEngine>::SigningKey;
/// A signature being made.
pub(crate) type Signer = <Engine as CryptoEngine>::Signer;
/// A signature being verified.
pub(crate) type Verifier = <Engine as CryptoEngine>::Verifier;
/// An RSA key that encrypts.
pub(crate) type RsaPublicKey = <Engine as CryptoEngine>::RsaPublicKey;
/// An RSA key that decrypts.
pub(crate) type RsaPrivateKey = <Engine as CryptoEngine>::RsaPrivateKey;

/// What an engine provides.
pub(crate) trait CryptoEngine {
    type AesGcm: Aead;
    type SigningKey: EcdsaKey<Signer = Self::Signer>;
    type Signer: EcdsaSigner;
    type Verifier: EcdsaVerifier;
    type RsaPublicKey: RsaPublic;
    type RsaPrivateKey: RsaPrivate;

    /// HKDF (RFC 5869): one extraction, then each `(info, output)` expanded.
    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        outputs: &mut [(&[u8], &mut [u8])],
    ) -> Result<()>;

    /// SHA-256 (FIPS 180-4).
    fn sha256(data: &[u8]) -> [u8; 32];

    /// A fresh key pair.
    fn generate_key_pair(spec: KeyPairSpec) -> Result<key_pair::KeyPair>;

    /// Bytes from the operating system's generator.
    fn random(bytes: &mut [u8]) -> Result<()>;
}

/// AES-GCM with 96-bit nonces and 128-bit tags (NIST SP 800-38D).
pub(crate) trait Aead: Sized + Send + Sync {
    /// A key of 16, 24 or 32 bytes.
    fn new(key: &[u8]) -> Result<Self>;

    /// Encrypts `plaintext` into `ciphertext`, of the same length, and returns the tag.
    fn seal(&self, iv: &Iv, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag>;

    /// Decrypts into `plaintext`, of the same length; wipes it if the tag does not verify.
    fn open(
        &self,
        iv: &Iv,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<()>;
}

/// HKDF-SHA-512 (RFC 5869): one extraction, then each `(info, output)` expanded.
pub(crate) fn hkdf_sha512(
    salt: &[u8],
    secret: &[u8],
    outputs: &mut [(&[u8], &mut [u8])],
) -> Result<()> {
    Engine::hkdf(Hash::Sha512, salt, secret, outputs)
}

/// SHA-256 (FIPS 180-4) of what is not secret.
pub(crate) fn sha256(data: &[u8]) -> [u8; 32] {
    Engine::sha256(data)
}

/// Fills `bytes` from the operating system's generator.
pub(crate) fn random(bytes: &mut [u8]) -> Result<()> {
    Engine::random(bytes)
}

fn wrong_key_length(length: usize) -> Error {
    Error::invalid(format!("an AES key has 16, 24 or 32 bytes, not {length}"))
}

fn engine_failed(what: &str) -> Error {
    Error::new(Code::Internal, format!("the cryptographic engine failed at {what}"))
}

fn not_authentic() -> Error {
    Error::new(Code::AuthenticationFailed, "the authentication tag does not verify")
}
