//! Key pairs with AWS-LC.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _,
};
use zeroize::Zeroizing;

use crate::crypto::key_pair::{KeyPair, KeyPairSpec, generating_failed};
use crate::error::Result;

pub(super) fn generate(spec: KeyPairSpec) -> Result<KeyPair> {
    let generated = match spec {
        KeyPairSpec::Rsa2048 => rsa(KeySize::Rsa2048),
        KeyPairSpec::Rsa3072 => rsa(KeySize::Rsa3072),
        KeyPairSpec::Rsa4096 => rsa(KeySize::Rsa4096),
        KeyPairSpec::EccNistP256 => ecc(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyPairSpec::EccNistP384 => ecc(&ECDSA_P384_SHA384_ASN1_SIGNING),
    };
    generated.map_err(|_| generating_failed())
}

fn rsa(size: KeySize) -> Result<KeyPair, Unspecified> {
    let pair = RsaKeyPair::generate(size)?;
    let private_key: Pkcs8V1Der<'_> = pair.as_der()?;
    let public_key: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
    Ok(key_pair(private_key.as_ref(), public_key.as_ref()))
}

fn ecc(algorithm: &'static EcdsaSigningAlgorithm) -> Result<KeyPair, Unspecified> {
    let pair = EcdsaKeyPair::generate(algorithm)?;
    let private_key = pair.to_pkcs8v1()?;
    let public_key: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
    Ok(key_pair(private_key.as_ref(), public_key.as_ref()))
}

fn key_pair(private_key: &[u8], public_key: &[u8]) -> KeyPair {
    KeyPair { private_key: Zeroizing::new(private_key.to_vec()), public_key: public_key.to_vec() }
}
