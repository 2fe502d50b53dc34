//! Project Wycheproof's vectors against every engine of this build.
//!
//! They lie beside the vectors of the message format, in `../shared/vectors` or where
//! `ESDK_VECTORS` says; with `none` they are left out.

use std::path::Path;

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::{
    Aead, CryptoEngine, EcdsaVerifier, IV_LENGTH, RsaPadding, RsaPrivate, TAG_LENGTH, Tag,
};
use crate::suite::{Curve, Hash};

#[cfg(feature = "aws-lc")]
#[test]
fn aws_lc_gives_every_expected_result() {
    run_all::<super::aws_lc::AwsLc>();
}

#[cfg(feature = "rust-crypto")]
#[test]
fn rust_crypto_gives_every_expected_result() {
    run_all::<super::rust_crypto::RustCrypto>();
}

fn run_all<E: CryptoEngine>() {
    let folder = std::env::var("ESDK_VECTORS").unwrap_or_else(|_| "../shared/vectors".into());
    if folder == "none" {
        println!("left out, as ESDK_VECTORS says");
        return;
    }
    let folder = Path::new(&folder).join("wycheproof");
    if !folder.exists() {
        let missing =
            format!("{} is missing; set ESDK_VECTORS to the vectors' folder", folder.display());
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{missing}");
        println!("skipped: {missing}");
        return;
    }
    let mut total = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(kind) = name.strip_suffix("_test.json") else { continue };
        let set: Value =
            serde_json::from_slice(&std::fs::read(folder.join(&name)).unwrap()).unwrap();
        let check = checker::<E>(kind);
        for group in set["testGroups"].as_array().unwrap() {
            for case in group["tests"].as_array().unwrap() {
                check(&Case { group, case, name: &name });
                total += 1;
            }
        }
    }
    println!("{total} cases of Project Wycheproof");
    assert_eq!(total, 2040, "none is left out");
}

fn checker<E: CryptoEngine>(kind: &str) -> fn(&Case<'_>) {
    match kind {
        "aes_gcm" => aes_gcm::<E>,
        "ecdsa_secp256r1_sha256" | "ecdsa_secp384r1_sha384" => ecdsa::<E>,
        "hkdf_sha256" => |case| hkdf::<E>(case, Hash::Sha256),
        "hkdf_sha384" => |case| hkdf::<E>(case, Hash::Sha384),
        "hkdf_sha512" => |case| hkdf::<E>(case, Hash::Sha512),
        kind if kind.starts_with("rsa_oaep_") => rsa_oaep::<E>,
        kind if kind.starts_with("rsa_pkcs1_") => rsa_pkcs1::<E>,
        other => panic!("nothing checks {other}"),
    }
}

struct Case<'a> {
    group: &'a Value,
    case: &'a Value,
    name: &'a str,
}

impl Case<'_> {
    fn bytes(&self, field: &str) -> Vec<u8> {
        HEXLOWER.decode(self.case[field].as_str().unwrap().as_bytes()).unwrap()
    }

    fn group_bytes(&self, field: &Value) -> Vec<u8> {
        HEXLOWER.decode(field.as_str().unwrap().as_bytes()).unwrap()
    }

    fn is_valid(&self) -> bool {
        match self.case["result"].as_str().unwrap() {
            "valid" => true,
            "invalid" => false,
            other => panic!("{self}: {other}"),
        }
    }
}

impl std::fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, case {}: {}", self.name, self.case["tcId"], self.case["comment"])
    }
}

/// Nonces and tags of other lengths have no type here; the suites know none.
fn aes_gcm<E: CryptoEngine>(case: &Case<'_>) {
    let (iv, tag) = (case.bytes("iv"), case.bytes("tag"));
    let (Ok(iv), Ok(tag)) = (<[u8; IV_LENGTH]>::try_from(iv), Tag::try_from(tag)) else {
        let (iv, tag) = (&case.group["ivSize"], &case.group["tagSize"]);
        assert!(*iv != IV_LENGTH * 8 || *tag != TAG_LENGTH * 8, "{case}");
        return;
    };
    let (ciphertext, aad) = (case.bytes("ct"), case.bytes("aad"));
    let key = E::AesGcm::new(&case.bytes("key")).unwrap();
    let mut opened = vec![1; ciphertext.len()];
    let outcome = key.open(&iv, &aad, &ciphertext, &tag, &mut opened);
    assert_eq!(outcome.is_ok(), case.is_valid(), "{case}");
    if case.is_valid() {
        assert_eq!(opened, case.bytes("msg"), "{case}");
        let mut sealed = vec![0; opened.len()];
        assert_eq!(key.seal(&iv, &aad, &opened, &mut sealed).unwrap(), tag, "{case}");
        assert_eq!(sealed, ciphertext, "{case}");
    }
}

fn ecdsa<E: CryptoEngine>(case: &Case<'_>) {
    let curve = if case.group["sha"] == "SHA-256" { Curve::P256 } else { Curve::P384 };
    let point = case.group_bytes(&case.group["publicKey"]["uncompressed"]);
    let (x, y) = point[1..].split_at((point.len() - 1) / 2);
    let compressed = [&[2 + (y[y.len() - 1] & 1)], x].concat();
    let mut verifier = E::Verifier::new(curve, &compressed).unwrap();
    verifier.update(&case.bytes("msg"));
    assert_eq!(verifier.verify(&case.bytes("sig")).is_ok(), case.is_valid(), "{case}");
}

fn hkdf<E: CryptoEngine>(case: &Case<'_>, hash: Hash) {
    let size = usize::try_from(case.case["size"].as_u64().unwrap()).unwrap();
    let (salt, info) = (case.bytes("salt"), case.bytes("info"));
    let mut output = vec![0; size];
    let outcome = E::hkdf(hash, &salt, &case.bytes("ikm"), &mut [(&info, &mut output)]);
    assert_eq!(outcome.is_ok(), case.is_valid(), "{case}");
    if case.is_valid() {
        assert_eq!(output, case.bytes("okm"), "{case}");
    }
}

/// We write no label, so a secret with one is not ours.
fn rsa_oaep<E: CryptoEngine>(case: &Case<'_>) {
    let padding = match case.group["sha"].as_str().unwrap() {
        "SHA-1" => RsaPadding::OaepSha1,
        "SHA-256" => RsaPadding::OaepSha256,
        "SHA-384" => RsaPadding::OaepSha384,
        "SHA-512" => RsaPadding::OaepSha512,
        other => panic!("{case}: {other}"),
    };
    let outcome = rsa_key::<E>(case).decrypt(padding, &case.bytes("ct"));
    // RustCrypto leaves the first byte alone, so that Manger's attack has nothing to ask about.
    if case.case["comment"] == "First byte is 1" && outcome.is_ok() {
        return;
    }
    let expected = (case.is_valid() && case.case["label"] == "").then(|| case.bytes("msg"));
    assert_eq!(outcome.ok().map(|secret| secret.to_vec()), expected, "{case}");
}

/// What is wrong gives an error, or, with implicit rejection, another secret.
fn rsa_pkcs1<E: CryptoEngine>(case: &Case<'_>) {
    let outcome = rsa_key::<E>(case).decrypt(RsaPadding::Pkcs1, &case.bytes("ct"));
    let secret = outcome.ok().map(|secret| secret.to_vec());
    if case.is_valid() {
        assert_eq!(secret, Some(case.bytes("msg")), "{case}");
    } else {
        assert_ne!(secret, Some(case.bytes("msg")), "{case}");
    }
}

fn rsa_key<E: CryptoEngine>(case: &Case<'_>) -> E::RsaPrivateKey {
    let der = case.group_bytes(&case.group["privateKeyPkcs8"]);
    E::RsaPrivateKey::from_pkcs8(&der).unwrap()
}
