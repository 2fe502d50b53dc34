//! The engine that this build uses.

#[cfg(any(test, feature = "aws-kms"))]
use zeroize::Zeroizing;

#[cfg(all(feature = "aws-lc", not(feature = "rust-crypto")))]
use super::aws_lc::AwsLc as Engine;
use super::engine::{CryptoEngine, HmacHash};
use super::key_pair::{KeyPair, KeyPairSpec};
#[cfg(feature = "rust-crypto")]
use super::rust_crypto::RustCrypto as Engine;
use crate::error::Result;
use crate::suite::Hash;

/// An AES-GCM key of the engine that this build uses.
pub(crate) type AesGcm = <Engine as CryptoEngine>::AesGcm;
/// A private ECDSA key of the engine that this build uses.
pub(crate) type SigningKey = <Engine as CryptoEngine>::SigningKey;
/// A signature being made.
pub(crate) type Signer = <Engine as CryptoEngine>::Signer;
/// A signature being verified.
pub(crate) type Verifier = <Engine as CryptoEngine>::Verifier;
/// A private key of key agreement.
pub(crate) type EcdhPrivateKey = <Engine as CryptoEngine>::EcdhPrivateKey;
/// An RSA key that encrypts.
pub(crate) type RsaPublicKey = <Engine as CryptoEngine>::RsaPublicKey;
/// An RSA key that decrypts.
pub(crate) type RsaPrivateKey = <Engine as CryptoEngine>::RsaPrivateKey;

/// Returns whether messages are encrypted by AWS-LC's FIPS module, in its FIPS mode. Its self-tests ran
/// when it was loaded: had one failed, the process would have ended.
pub fn fips_mode() -> bool {
    #[cfg(feature = "fips")]
    return aws_lc_rs::try_fips_mode().is_ok();
    #[cfg(not(feature = "fips"))]
    false
}

/// Returns the SHA-256 (FIPS 180-4) of public data: what it leaves on the stack is not wiped.
pub(crate) fn sha256(data: &[u8]) -> [u8; 32] {
    Engine::sha256(data)
}

/// Returns the SHA-384 (FIPS 180-4) of public data: what it leaves on the stack is not wiped.
#[cfg(any(test, feature = "aws-kms"))]
pub(crate) fn sha384(data: &[u8]) -> [u8; 48] {
    Engine::sha384(data)
}

/// Fills `bytes` from the operating system's generator.
pub(crate) fn random(bytes: &mut [u8]) -> Result<()> {
    Engine::random(bytes)
}

/// A fresh key pair; RSA takes a good part of a second.
pub(crate) fn generate_key_pair(spec: KeyPairSpec) -> Result<KeyPair> {
    Engine::generate_key_pair(spec)
}

/// Derives keys by HKDF (RFC 5869): one extraction, then each `(info, output)` expanded.
pub(super) fn hkdf(
    hash: Hash,
    salt: &[u8],
    secret: &[u8],
    outputs: &mut [(&[u8], &mut [u8])],
) -> Result<()> {
    Engine::hkdf(hash, salt, secret, outputs)
}

/// Derives keys by HKDF-SHA-512 (RFC 5869): one extraction, then each `(info, output)` expanded.
pub(crate) fn hkdf_sha512(
    salt: &[u8],
    secret: &[u8],
    outputs: &mut [(&[u8], &mut [u8])],
) -> Result<()> {
    hkdf(Hash::Sha512, salt, secret, outputs)
}

/// HMAC (RFC 2104), cut to the length of `output`.
pub(super) fn hmac(hash: HmacHash, key: &[u8], input: &[u8], output: &mut [u8]) -> Result<()> {
    Engine::hmac(hash, key, input, output)
}

/// 32 bytes by KDF in counter mode with HMAC-SHA-256 (NIST SP 800-108r1, 4.1).
#[cfg(any(test, feature = "aws-kms"))]
pub(super) fn counter_mode_kdf(secret: &[u8], fixed_input: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    Engine::counter_mode_kdf(secret, fixed_input)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        let sha_256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(HEXLOWER.encode(&sha256(b"abc")), sha_256);
        let sha_384 = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                       8086072ba1e7cc2358baeca134c825a7";
        assert_eq!(HEXLOWER.encode(&sha384(b"abc")), sha_384);
    }
}
