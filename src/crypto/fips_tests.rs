//! What the FIPS module's service indicator says of each call of ours: the table of docs/fips.md.

#![allow(clippy::unwrap_used)]

use super::aws_lc::AwsLc;
use super::kdf::counter_mode_key;
use super::{
    Aead, CryptoEngine, DerivedKeys, EcdsaKey, EcdsaSigner, EcdsaVerifier, HmacHash, Iv,
    KeyPairSpec, generate_key_pair, max_signature_length,
};
use crate::suite::{AlgorithmSuite, Curve};

type AesGcm = <AwsLc as CryptoEngine>::AesGcm;
type Verifier = <AwsLc as CryptoEngine>::Verifier;
type SigningKey = <AwsLc as CryptoEngine>::SigningKey;

/// How many approved services the module counts, on this thread, while `work` runs.
fn approved_in<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = count();
    let result = work();
    (count() - before, result)
}

fn count() -> u64 {
    // SAFETY: it takes nothing, and reads a counter of this thread.
    #[allow(unsafe_code)]
    unsafe {
        aws_lc_fips_sys::FIPS_service_indicator_after_call()
    }
}

#[test]
fn this_is_the_module_in_its_fips_mode() {
    assert!(super::fips_mode());
}

#[test]
fn the_keys_of_a_message_are_derived_by_an_approved_service() {
    for id in [0x0478, 0x0578] {
        let suite = AlgorithmSuite::by_id(id).unwrap();
        let derive = || DerivedKeys::derive(suite, &[7; 32], &[9; 32]).unwrap();
        // The key and the commitment.
        assert_eq!(approved_in(derive).0, 2);
    }
    let unsalted = AlgorithmSuite::by_id(0x0178).unwrap();
    assert_eq!(approved_in(|| DerivedKeys::derive(unsalted, &[7; 32], &[9; 16]).unwrap()).0, 0);
}

#[test]
fn aes_gcm_is_approved_with_a_nonce_of_the_module_and_where_it_decrypts() {
    for (length, approved) in [(16, 1), (24, 0), (32, 1)] {
        let key = AesGcm::new(&vec![7; length]).unwrap();
        let iv = Iv::default();
        let mut ciphertext = [0; 100];
        // The frames of messages: the format gives the nonce, and the module does not count that.
        let sealed = approved_in(|| key.seal(&iv, b"aad", &[1; 100], &mut ciphertext).unwrap());
        assert_eq!(sealed.0, 0);
        let mut plaintext = [0; 100];
        let open = || key.open(&iv, b"aad", &ciphertext, &sealed.1, &mut plaintext).unwrap();
        assert_eq!(approved_in(open).0, approved);
        assert_eq!(plaintext, [1; 100]);

        let drawn = approved_in(|| key.seal_at_random(b"aad", &[1; 100], &mut ciphertext));
        assert_eq!((drawn.0, drawn.1.is_ok()), (approved, approved == 1));
        let Ok((iv, tag)) = drawn.1 else { continue };
        key.open(&iv, b"aad", &ciphertext, &tag, &mut plaintext).unwrap();
        assert_eq!(plaintext, [1; 100]);
    }
}

#[test]
fn the_kdf_of_branch_keys_is_approved() {
    let (approved, key) = approved_in(|| counter_mode_key(&[7; 32], b"label", b"context").unwrap());
    assert_eq!((approved, key.len()), (1, 32));
}

#[test]
fn hmac_hashes_and_random_bytes_are_approved() {
    let mut output = [0; 32];
    for hash in [HmacHash::Sha256, HmacHash::Sha512] {
        let compute = || AwsLc::hmac(hash, &[7; 32], b"value", &mut output).unwrap();
        assert_eq!(approved_in(compute).0, 1);
    }
    assert_eq!(approved_in(|| AwsLc::sha256(b"value")).0, 1);
    assert_eq!(approved_in(|| AwsLc::sha384(b"value")).0, 1);
    assert_eq!(approved_in(|| AwsLc::random(&mut output).unwrap()).0, 1);
}

#[test]
fn a_signature_of_a_hash_is_not_counted_but_the_hash_and_the_key_are() {
    let (approved, key) = approved_in(|| SigningKey::generate(Curve::P384).unwrap());
    assert_eq!(approved, 1);
    let mut signer = key.signer();
    signer.update(b"message");
    let (approved, signature) = approved_in(|| signer.sign().unwrap());
    assert_eq!(approved, 1);
    assert!(signature.len() <= max_signature_length(Curve::P384));
    let mut verifier = Verifier::new(Curve::P384, &key.public_key().unwrap()).unwrap();
    verifier.update(b"message");
    assert_eq!(approved_in(|| verifier.verify(&signature).unwrap()).0, 1);
}

#[test]
fn key_pairs_are_made_by_an_approved_service() {
    for spec in [KeyPairSpec::Rsa2048, KeyPairSpec::EccNistP256, KeyPairSpec::EccNistP384] {
        assert_eq!(approved_in(|| generate_key_pair(spec).unwrap()).0, 1);
    }
}
