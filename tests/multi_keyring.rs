//! The multi-keyring by itself: which keyring is asked when, and what is left unchanged when one fails.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "support/keyring_doubles.rs"]
mod doubles;
#[path = "support/keyrings.rs"]
mod keyrings;

use std::collections::BTreeSet;
use std::sync::Arc;

use doubles::{Log, Service, spy, taken};
use kms_envelope::context::EncryptionContext;
use kms_envelope::error::{Code, Result};
use kms_envelope::format::EncryptedDataKey;
use kms_envelope::keyring::multi::MultiKeyring;
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use kms_envelope::keyring::{Keyring, answer_now};
use kms_envelope::materials::{Attempts, DataKey, DecryptionMaterials, EncryptionMaterials};
use kms_envelope::suite::DEFAULT_SUITE;
use serde_json::{Value, json};

type Shared = Arc<dyn Keyring>;

#[test]
fn every_keyring_wraps_the_one_data_key_and_unwraps_it_alone() {
    let [a, b, c] = ["a", "b", "c"].map(aes);
    let nested = multi(None, vec![b.clone(), c.clone()]);
    let generated = encrypt(&*multi(Some(a.clone()), vec![nested])).unwrap();
    assert_eq!(generated.encrypted_data_keys.len(), 3);
    for keyring in [a, b.clone(), c.clone(), multi(None, vec![c, b])] {
        let mut found = DecryptionMaterials::new(DEFAULT_SUITE, context(), Attempts::at_once());
        decrypt(&*keyring, &mut found, &generated.encrypted_data_keys).unwrap();
        assert_eq!(exposed(&found.data_key), exposed(&generated.data_key));
    }
    let error = decrypt(&*aes("d"), &mut decryption_materials(), &generated.encrypted_data_keys)
        .unwrap_err();
    assert_eq!(error.code(), Code::NoUsableKey);
}

#[test]
fn a_nested_generator_makes_the_data_key() {
    let inner = multi(Some(aes("a")), vec![aes("b")]);
    let outer = multi(Some(inner), vec![aes("c")]);
    assert_eq!(encrypt(&*outer).unwrap().encrypted_data_keys.len(), 3);
}

#[test]
fn the_generator_is_asked_first_and_no_keyring_after_one_that_succeeded() {
    let log = Log::default();
    let spy = |name| spy(name, aes(name), &log);
    let keyring = multi(Some(spy("a")), vec![spy("b"), spy("c")]);
    let generated = encrypt(&*keyring).unwrap();
    assert_eq!(taken(&log), ["a", "b", "c"]);
    decrypt(&*keyring, &mut decryption_materials(), &generated.encrypted_data_keys).unwrap();
    assert_eq!(taken(&log), ["a"]);
    decrypt(&*keyring, &mut decryption_materials(), &generated.encrypted_data_keys[1..]).unwrap();
    assert_eq!(taken(&log), ["a", "b"]);
}

#[test]
fn if_none_unwraps_it_the_error_has_every_reason_and_nothing_changes() {
    let generated = encrypt(&*aes("other")).unwrap();
    let keyring = multi(Some(aes("a")), vec![multi(None, vec![aes("b"), aes("c")])]);
    let mut materials = decryption_materials();
    let error = decrypt(&*keyring, &mut materials, &generated.encrypted_data_keys).unwrap_err();
    assert!(materials.data_key.is_none());
    assert_eq!(error.code(), Code::NoUsableKey);
    assert!(error.message().contains("\"tests\" key \"other\""), "{error}");
    let [a, nested] = error.errors() else { panic!("{:?}", error.errors()) };
    assert!(a.message().contains("\"a\""), "{a}");
    let [b, c] = nested.errors() else { panic!("{:?}", nested.errors()) };
    assert!(b.message().contains("\"b\"") && c.message().contains("\"c\""));
}

#[test]
fn without_a_generator_an_existing_data_key_is_wrapped_and_none_is_made() {
    let keyring = multi(None, vec![aes("a"), aes("b")]);
    let error = encrypt(&*keyring).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("`generator`"), "{error}");
    assert_eq!(keyring.data_key_wrapper().err().unwrap().code(), Code::InvalidArgument);

    let mut materials = encrypt(&*aes("c")).unwrap();
    let before = exposed(&materials.data_key);
    answer_now(keyring.on_encrypt(&mut materials)).unwrap();
    assert_eq!(exposed(&materials.data_key), before);
    assert_eq!(materials.encrypted_data_keys.len(), 3);
}

#[test]
fn a_generator_never_replaces_a_data_key() {
    let mut materials = encrypt(&*aes("c")).unwrap();
    let before = exposed(&materials.data_key);
    let keyring = multi(Some(aes("a")), vec![aes("b")]);
    let error = answer_now(keyring.on_encrypt(&mut materials)).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(exposed(&materials.data_key), before);
    assert_eq!(materials.encrypted_data_keys.len(), 1);
}

#[test]
fn a_child_that_fails_leaves_the_materials_as_they_were() {
    let mut empty = encryption_materials();
    let with_generator = multi(Some(aes("a")), vec![aes("b"), Arc::new(Service::Throttled)]);
    let error = answer_now(with_generator.on_encrypt(&mut empty)).unwrap_err();
    assert_eq!(error.code(), Code::KmsThrottled);
    assert!(empty.data_key.is_none() && empty.encrypted_data_keys.is_empty());

    let mut generated = encrypt(&*aes("c")).unwrap();
    let before = exposed(&generated.data_key);
    let without = multi(None, vec![aes("b"), Arc::new(Service::Throttled)]);
    assert!(answer_now(without.on_encrypt(&mut generated)).is_err());
    assert_eq!(exposed(&generated.data_key), before);
    assert_eq!(generated.encrypted_data_keys.len(), 1);
}

#[test]
fn a_keyring_that_fails_for_now_makes_the_error_retryable() {
    let generated = encrypt(&*aes("other")).unwrap();
    let keyring = multi(Some(Arc::new(Service::Throttled)), vec![aes("a")]);
    let error = decrypt(&*keyring, &mut decryption_materials(), &generated.encrypted_data_keys)
        .unwrap_err();
    assert!(error.code() == Code::NoUsableKey && error.retryable());
}

#[test]
fn a_generator_that_makes_no_data_key_is_an_error() {
    let keyring = multi(Some(Arc::new(Service::Idle)), vec![aes("a")]);
    assert_eq!(encrypt(&*keyring).unwrap_err().code(), Code::Internal);
}

#[test]
fn a_data_key_that_is_unwrapped_already_is_not_unwrapped_again() {
    let generated = encrypt(&*aes("a")).unwrap();
    for keyring in [aes("a"), multi(None, vec![aes("a")])] {
        let mut materials = decryption_materials();
        decrypt(&*keyring, &mut materials, &generated.encrypted_data_keys).unwrap();
        let error = decrypt(&*keyring, &mut materials, &generated.encrypted_data_keys).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(exposed(&materials.data_key), exposed(&generated.data_key));
    }
}

#[test]
fn outside_messages_the_generator_wraps_and_any_keyring_unwraps() {
    let keyring = multi(Some(aes("a")), vec![aes("b")]);
    let wrapper = keyring.data_key_wrapper().unwrap();
    let generated = answer_now(wrapper.generate_data_key(16, &context())).unwrap();
    assert_eq!(generated.key.key_id, "a");
    let read = |keyring: Shared| {
        let unwrapper = keyring.data_key_unwrapper().unwrap();
        answer_now(unwrapper.decrypt_data_key(&generated.ciphertext_blob, &context()))
    };
    let found = read(multi(None, vec![aes("b"), aes("a")])).unwrap();
    assert_eq!(found.plaintext.expose(), generated.key.plaintext.expose());
    let error = read(multi(Some(aes("b")), vec![aes("c")])).unwrap_err();
    assert_eq!((error.code(), error.errors().len()), (Code::NoUsableKey, 2));
}

#[test]
fn a_multi_keyring_calls_a_service_if_one_of_its_keyrings_does() {
    assert!(!multi(Some(aes("a")), vec![aes("b")]).calls_service());
    assert!(
        multi(Some(aes("a")), vec![multi(None, vec![Arc::new(Service::Throttled)])])
            .calls_service()
    );
}

#[test]
fn a_keyring_that_calls_a_service_begins_nothing_for_a_caller_who_cannot_wait() {
    let keyring = multi(Some(aes("a")), vec![Arc::new(Service::Throttled)]);
    let mut materials = encryption_materials();
    let error = keyring.on_encrypt_now(&mut materials).unwrap_err();
    assert_eq!(error.code(), Code::WouldBlock);
    assert!(materials.data_key.is_none() && materials.encrypted_data_keys.is_empty());
    let error = keyring.on_decrypt_now(&mut decryption_materials(), &[]).unwrap_err();
    assert_eq!(error.code(), Code::WouldBlock);
}

/// RSA PKCS #1 v1.5 gives a random key in place of an error, so that nobody can be asked after it.
#[test]
fn an_rsa_key_with_pkcs1_is_asked_last_wherever_it_stands() {
    let generated = encrypt(&*multi(Some(aes("a")), vec![rsa("rsa2048-a", "pkcs1")])).unwrap();
    let other = multi(None, vec![rsa("rsa2048-b", "pkcs1")]);
    for keyrings in [vec![other.clone(), aes("a")], vec![aes("b"), other.clone(), aes("a")]] {
        let mut found = decryption_materials();
        decrypt(&*multi(None, keyrings), &mut found, &generated.encrypted_data_keys).unwrap();
        assert_eq!(exposed(&found.data_key), exposed(&generated.data_key));
    }
    assert!(other.rejects_implicitly());
    assert!(!rsa("rsa2048-a", "oaep-sha256").rejects_implicitly());
    assert!(!multi(None, vec![aes("a"), rsa("rsa2048-a", "oaep-sha1")]).rejects_implicitly());
}

#[test]
fn a_multi_keyring_without_any_keyring_is_refused() {
    let none = MultiKeyring::new(None, vec![]).err().unwrap();
    assert_eq!(none.code(), Code::InvalidArgument);
}

fn aes(name: &str) -> Shared {
    let mut wrapping_key = [1; 32];
    wrapping_key[..name.len()].copy_from_slice(name.as_bytes());
    Arc::new(RawAesKeyring::new("tests", name, &wrapping_key).unwrap())
}

fn rsa(key: &str, padding: &str) -> Shared {
    let keys = std::fs::read_to_string("tests/vectors/cases/keys.json").unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let json = json!({
        "type": "raw-rsa", "namespace": "tests", "name": "rsa", "key": key, "padding": padding,
    });
    keyrings::keyring(&json, &keys["keys"])
}

fn multi(generator: Option<Shared>, children: Vec<Shared>) -> Shared {
    Arc::new(MultiKeyring::new(generator, children).unwrap())
}

fn encrypt(keyring: &dyn Keyring) -> Result<EncryptionMaterials> {
    let mut materials = encryption_materials();
    answer_now(keyring.on_encrypt(&mut materials)).map(|()| materials)
}

fn encryption_materials() -> EncryptionMaterials {
    EncryptionMaterials::new(DEFAULT_SUITE, context(), BTreeSet::new()).unwrap()
}

fn decrypt(
    keyring: &dyn Keyring,
    materials: &mut DecryptionMaterials,
    encrypted_data_keys: &[EncryptedDataKey],
) -> Result<()> {
    answer_now(keyring.on_decrypt(materials, encrypted_data_keys))
}

fn decryption_materials() -> DecryptionMaterials {
    DecryptionMaterials::new(DEFAULT_SUITE, context(), Attempts::at_once())
}

fn context() -> EncryptionContext {
    EncryptionContext::new([("tenant".to_owned(), "acme".to_owned())]).unwrap()
}

fn exposed(key: &Option<DataKey>) -> Vec<u8> {
    key.as_ref().unwrap().expose().to_vec()
}
