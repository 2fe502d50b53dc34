//! The cryptography: AES-GCM, HKDF, ECDSA, ECDH, RSA and random bytes. Never sees a byte of the message format.
//!
//! Two engines answer one trait: AWS-LC (feature `aws-lc`, the default) and RustCrypto (feature
//! `rust-crypto`, for targets where AWS-LC cannot be built, and as the tests' second opinion).

#[cfg(feature = "aws-lc")]
#[cfg_attr(feature = "rust-crypto", allow(dead_code, reason = "only the tests compare with it"))]
mod aws_lc;
mod chosen;
mod ecdh;
mod ecdh_public_key;
mod ecdsa;
mod engine;
#[cfg(all(test, feature = "aws-lc", feature = "rust-crypto"))]
mod engine_tests;
mod failures;
#[cfg(all(test, feature = "fips"))]
mod fips_tests;
pub(crate) mod gcm_stream;
mod implicit_rejection;
mod kdf;
mod key_pair;
pub(crate) mod legacy;
mod long_pieces;
mod nonces;
mod prf;
mod rsa;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;
mod sealed;
mod stack;
#[cfg(test)]
mod wycheproof;

pub use chosen::fips_mode;
#[cfg(feature = "aws-kms")]
pub(crate) use chosen::sha384;
pub(crate) use chosen::{
    AesGcm, EcdhPrivateKey, RsaPrivateKey, RsaPublicKey, Signer, SigningKey, Verifier,
    generate_key_pair, hkdf_sha512, random, sha256,
};
pub use ecdh::EcdhCurve;
pub(crate) use ecdh::EcdhKey;
pub(crate) use ecdh_public_key::EcdhPublicKey;
pub(crate) use ecdsa::{EcdsaKey, EcdsaSigner, EcdsaVerifier, max_signature_length};
#[cfg(test)]
pub(crate) use engine::CryptoEngine;
pub(crate) use engine::{Aead, HmacHash, IV_LENGTH, Iv, TAG_LENGTH, Tag};
pub(crate) use implicit_rejection::decrypt_or_random;
#[cfg(feature = "aws-kms")]
pub(crate) use kdf::counter_mode_key;
pub(crate) use kdf::{DerivedKeys, counter_mode_keys, same_commitment};
pub use key_pair::KeyPairSpec;
pub(crate) use nonces::Nonces;
pub(crate) use prf::{cmac, hkdf, hmac};
pub use rsa::RsaPadding;
pub(crate) use rsa::{RsaPrivate, RsaPublic};
pub(crate) use sealed::{AeadKind, SIV_KEY_LENGTH, SIV_LENGTH, SealingKey, siv_open, siv_seal};

#[cfg(all(feature = "fips", feature = "rust-crypto"))]
compile_error!("the feature `fips` is AWS-LC's: leave out `rust-crypto`");
#[cfg(not(any(feature = "aws-lc", feature = "rust-crypto")))]
compile_error!("choose an engine: the feature `aws-lc` or `rust-crypto`");
