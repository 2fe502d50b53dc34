//! The default engine: AWS-LC, through `aws-lc-rs`.

mod ecdh;
mod ecdsa;
mod gcm;
#[cfg(not(feature = "fips"))]
mod hkdf;
#[cfg(feature = "fips")]
mod hkdf_service;
mod key_pair;
mod rsa;

#[cfg(any(test, feature = "aws-kms"))]
use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use aws_lc_rs::{digest, hmac, rand};
#[cfg(any(test, feature = "aws-kms"))]
use zeroize::Zeroizing;

use self::ecdh::EcdhPrivateKey;
use self::ecdsa::{Signer, SigningKey, Verifier};
use self::gcm::AesGcm;
#[cfg(feature = "fips")]
use self::hkdf_service as hkdf;
use self::rsa::{PrivateKey, PublicKey};
use super::engine::{CryptoEngine, HmacHash};
use super::failures::engine_failed;
use super::key_pair::{KeyPair, KeyPairSpec};
use super::stack::leaving_no_trace;
use crate::error::Result;
use crate::suite::Hash;

pub(crate) struct AwsLc;

impl CryptoEngine for AwsLc {
    type AesGcm = AesGcm;
    type SigningKey = SigningKey;
    type Signer = Signer;
    type Verifier = Verifier;
    type EcdhPrivateKey = EcdhPrivateKey;
    type RsaPublicKey = PublicKey;
    type RsaPrivateKey = PrivateKey;

    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        outputs: &mut [(&[u8], &mut [u8])],
    ) -> Result<()> {
        leaving_no_trace(|| hkdf::derive(hash, salt, secret, outputs))
    }

    fn hmac(hash: HmacHash, key: &[u8], input: &[u8], output: &mut [u8]) -> Result<()> {
        let algorithm = match hash {
            HmacHash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            HmacHash::Sha224 => hmac::HMAC_SHA224,
            HmacHash::Sha256 => hmac::HMAC_SHA256,
            HmacHash::Sha384 => hmac::HMAC_SHA384,
            HmacHash::Sha512 => hmac::HMAC_SHA512,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, key), input);
        let tag = tag.as_ref().get(..output.len()).ok_or_else(|| engine_failed("HMAC"))?;
        output.copy_from_slice(tag);
        Ok(())
    }

    fn sha256(data: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
        hash
    }

    #[cfg(any(test, feature = "aws-kms"))]
    fn sha384(data: &[u8]) -> [u8; 48] {
        let mut hash = [0; 48];
        hash.copy_from_slice(digest::digest(&digest::SHA384, data).as_ref());
        hash
    }

    #[cfg(any(test, feature = "aws-kms"))]
    fn counter_mode_kdf(secret: &[u8], fixed_input: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
        leaving_no_trace(|| {
            let failed = || engine_failed("the KDF in counter mode");
            let algorithm = get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256);
            let mut key = Zeroizing::new([0; 32]);
            kbkdf_ctr_hmac(algorithm.ok_or_else(failed)?, secret, fixed_input, key.as_mut_slice())
                .map_err(|_| failed())?;
            Ok(key)
        })
    }

    fn generate_key_pair(spec: KeyPairSpec) -> Result<KeyPair> {
        key_pair::generate(spec)
    }

    fn random(bytes: &mut [u8]) -> Result<()> {
        rand::fill(bytes).map_err(|_| engine_failed("random bytes"))
    }
}
