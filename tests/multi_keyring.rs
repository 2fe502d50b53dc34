//! The multi-keyring, by itself: who is asked, in which order, and what stays when one fails.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use kms_envelope::context::EncryptionContext;
use kms_envelope::error::{Code, Error, Result};
use kms_envelope::format::EncryptedDataKey;
use kms_envelope::keyring::multi::MultiKeyring;
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use kms_envelope::keyring::{
    Answer, DataKeyUnwrapper, DataKeyWrapper, DecryptedDataKey, GeneratedDataKey, Keyring,
    WrappedDataKey, answer_now,
};
use kms_envelope::materials::{Attempts, DataKey, DecryptionMaterials, EncryptionMaterials};
use kms_envelope::suite::DEFAULT_SUITE;

type Shared = Arc<dyn Keyring>;
type Log = Arc<Mutex<Vec<&'static str>>>;

#[test]
fn every_keyring_wraps_the_one_data_key_and_unwraps_it_alone() {
    let [a, b, c] = ["a", "b", "c"].map(aes);
    let nested = multi(None, vec![b.clone(), c.clone()]);
    let made = encrypt(&*multi(Some(a.clone()), vec![nested])).unwrap();
    assert_eq!(made.encrypted_data_keys.len(), 3);
    for keyring in [a, b.clone(), c.clone(), multi(None, vec![c, b])] {
        let mut found = DecryptionMaterials::new(DEFAULT_SUITE, context(), Attempts::at_once());
        decrypt(&*keyring, &mut found, &made.encrypted_data_keys).unwrap();
        assert_eq!(exposed(&found.data_key), exposed(&made.data_key));
    }
    let error = decrypt(&*aes("d"), &mut fresh(), &made.encrypted_data_keys).unwrap_err();
    assert_eq!(error.code(), Code::NoUsableKey);
}

#[test]
fn a_nested_generator_makes_the_data_key() {
    let inner = multi(Some(aes("a")), vec![aes("b")]);
    let outer = multi(Some(inner), vec![aes("c")]);
    assert_eq!(encrypt(&*outer).unwrap().encrypted_data_keys.len(), 3);
}

#[test]
fn the_generator_is_asked_first_and_nobody_after_a_success() {
    let log = Log::default();
    let spy = |name| spy(name, aes(name), &log);
    let keyring = multi(Some(spy("a")), vec![spy("b"), spy("c")]);
    let made = encrypt(&*keyring).unwrap();
    assert_eq!(taken(&log), ["a", "b", "c"]);
    decrypt(&*keyring, &mut fresh(), &made.encrypted_data_keys).unwrap();
    assert_eq!(taken(&log), ["a"]);
    decrypt(&*keyring, &mut fresh(), &made.encrypted_data_keys[1..]).unwrap();
    assert_eq!(taken(&log), ["a", "b"]);
}

#[test]
fn if_none_unwraps_it_the_error_has_every_reason_and_nothing_changes() {
    let made = encrypt(&*aes("other")).unwrap();
    let keyring = multi(Some(aes("a")), vec![multi(None, vec![aes("b"), aes("c")])]);
    let mut materials = fresh();
    let error = decrypt(&*keyring, &mut materials, &made.encrypted_data_keys).unwrap_err();
    assert!(materials.data_key.is_none());
    assert_eq!(error.code(), Code::NoUsableKey);
    assert!(error.message().contains("\"tests\" key \"other\""), "{error}");
    let [a, nested] = error.errors() else { panic!("{:?}", error.errors()) };
    assert!(a.message().contains("\"a\""), "{a}");
    let [b, c] = nested.errors() else { panic!("{:?}", nested.errors()) };
    assert!(b.message().contains("\"b\"") && c.message().contains("\"c\""));
}

#[test]
fn without_a_generator_it_wraps_what_there_is_and_makes_nothing() {
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
    let mut empty = new_materials();
    let with_generator = multi(Some(aes("a")), vec![aes("b"), Arc::new(Service::Throttled)]);
    let error = answer_now(with_generator.on_encrypt(&mut empty)).unwrap_err();
    assert_eq!(error.code(), Code::KmsThrottled);
    assert!(empty.data_key.is_none() && empty.encrypted_data_keys.is_empty());

    let mut made = encrypt(&*aes("c")).unwrap();
    let before = exposed(&made.data_key);
    let without = multi(None, vec![aes("b"), Arc::new(Service::Throttled)]);
    assert!(answer_now(without.on_encrypt(&mut made)).is_err());
    assert_eq!(exposed(&made.data_key), before);
    assert_eq!(made.encrypted_data_keys.len(), 1);
}

#[test]
fn a_keyring_that_fails_for_now_makes_the_error_retryable() {
    let made = encrypt(&*aes("other")).unwrap();
    let keyring = multi(Some(Arc::new(Service::Throttled)), vec![aes("a")]);
    let error = decrypt(&*keyring, &mut fresh(), &made.encrypted_data_keys).unwrap_err();
    assert!(error.code() == Code::NoUsableKey && error.retryable());
}

#[test]
fn a_generator_that_makes_no_data_key_is_an_error() {
    let keyring = multi(Some(Arc::new(Service::Idle)), vec![aes("a")]);
    assert_eq!(encrypt(&*keyring).unwrap_err().code(), Code::Internal);
}

#[test]
fn a_data_key_that_is_unwrapped_already_is_not_unwrapped_again() {
    let made = encrypt(&*aes("a")).unwrap();
    for keyring in [aes("a"), multi(None, vec![aes("a")])] {
        let mut materials = fresh();
        decrypt(&*keyring, &mut materials, &made.encrypted_data_keys).unwrap();
        let error = decrypt(&*keyring, &mut materials, &made.encrypted_data_keys).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(exposed(&materials.data_key), exposed(&made.data_key));
    }
}

#[test]
fn outside_messages_the_generator_wraps_and_any_keyring_unwraps() {
    let keyring = multi(Some(aes("a")), vec![aes("b")]);
    let wrapper = keyring.data_key_wrapper().unwrap();
    let made = answer_now(wrapper.generate_data_key(16, &context())).unwrap();
    assert_eq!(made.key.key_id, "a");
    let read = |keyring: Shared| {
        let unwrapper = keyring.data_key_unwrapper().unwrap();
        answer_now(unwrapper.decrypt_data_key(&made.ciphertext_blob, &context()))
    };
    let found = read(multi(None, vec![aes("b"), aes("a")])).unwrap();
    assert_eq!(found.plaintext.expose(), made.key.plaintext.expose());
    let error = read(multi(Some(aes("b")), vec![aes("c")])).unwrap_err();
    assert_eq!((error.code(), error.errors().len()), (Code::NoUsableKey, 2));
}

#[test]
fn it_calls_a_service_if_one_of_its_keyrings_does() {
    assert!(!multi(Some(aes("a")), vec![aes("b")]).calls_service());
    assert!(
        multi(Some(aes("a")), vec![multi(None, vec![Arc::new(Service::Throttled)])])
            .calls_service()
    );
}

#[test]
fn a_keyring_that_calls_a_service_begins_nothing_for_a_caller_who_cannot_wait() {
    let keyring = multi(Some(aes("a")), vec![Arc::new(Service::Throttled)]);
    let mut materials = new_materials();
    let error = keyring.on_encrypt_now(&mut materials).unwrap_err();
    assert_eq!(error.code(), Code::WouldBlock);
    assert!(materials.data_key.is_none() && materials.encrypted_data_keys.is_empty());
    let error = keyring.on_decrypt_now(&mut fresh(), &[]).unwrap_err();
    assert_eq!(error.code(), Code::WouldBlock);
}

#[test]
fn it_needs_a_keyring() {
    let none = MultiKeyring::new(None, vec![]).err().unwrap();
    assert_eq!(none.code(), Code::InvalidArgument);
}

fn aes(name: &str) -> Shared {
    let mut wrapping_key = [1; 32];
    wrapping_key[..name.len()].copy_from_slice(name.as_bytes());
    Arc::new(RawAesKeyring::new("tests", name, &wrapping_key).unwrap())
}

fn multi(generator: Option<Shared>, children: Vec<Shared>) -> Shared {
    Arc::new(MultiKeyring::new(generator, children).unwrap())
}

fn encrypt(keyring: &dyn Keyring) -> Result<EncryptionMaterials> {
    let mut materials = new_materials();
    answer_now(keyring.on_encrypt(&mut materials)).map(|()| materials)
}

fn new_materials() -> EncryptionMaterials {
    EncryptionMaterials::new(DEFAULT_SUITE, context(), BTreeSet::new()).unwrap()
}

fn decrypt(
    keyring: &dyn Keyring,
    materials: &mut DecryptionMaterials,
    encrypted_data_keys: &[EncryptedDataKey],
) -> Result<()> {
    answer_now(keyring.on_decrypt(materials, encrypted_data_keys))
}

fn fresh() -> DecryptionMaterials {
    DecryptionMaterials::new(DEFAULT_SUITE, context(), Attempts::at_once())
}

fn context() -> EncryptionContext {
    EncryptionContext::new([("tenant".to_owned(), "acme".to_owned())]).unwrap()
}

fn exposed(key: &Option<DataKey>) -> Vec<u8> {
    key.as_ref().unwrap().expose().to_vec()
}

/// A keyring that writes down when it is asked.
fn spy(name: &'static str, keyring: Shared, log: &Log) -> Shared {
    Arc::new(Spy { name, keyring, log: Arc::clone(log) })
}

fn taken(log: &Log) -> Vec<&'static str> {
    std::mem::take(&mut log.lock().unwrap())
}

struct Spy {
    name: &'static str,
    keyring: Shared,
    log: Log,
}

impl Spy {
    fn asked(&self) -> &dyn Keyring {
        self.log.lock().unwrap().push(self.name);
        self.keyring.as_ref()
    }
}

impl Keyring for Spy {
    fn calls_service(&self) -> bool {
        false
    }
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        self.asked().on_encrypt(materials)
    }
    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        self.asked().on_decrypt(materials, encrypted_data_keys)
    }
    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        self.asked().data_key_wrapper()
    }
    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        self.asked().data_key_unwrapper()
    }
}

/// A service that unwraps nothing, and to encrypt either fails or adds nothing.
enum Service {
    Throttled,
    Idle,
}

impl Keyring for Service {
    fn calls_service(&self) -> bool {
        true
    }
    fn on_encrypt<'a>(&'a self, _: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        let answer = match self {
            Self::Throttled => Err(throttled()),
            Self::Idle => Ok(()),
        };
        Box::pin(async { answer })
    }
    fn on_decrypt<'a>(
        &'a self,
        _: &'a mut DecryptionMaterials,
        _: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(async { Err(throttled()) })
    }
    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        Ok(self)
    }

    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        Ok(self)
    }
}

impl DataKeyWrapper for Service {
    fn generate_data_key<'a>(
        &'a self,
        _: usize,
        _: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey> {
        Box::pin(async { Err(throttled()) })
    }
    fn wrap_data_key<'a>(
        &'a self,
        _: &'a DataKey,
        _: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async { Err(throttled()) })
    }
}

impl DataKeyUnwrapper for Service {
    fn decrypt_data_key<'a>(
        &'a self,
        _: &'a [u8],
        _: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(async { Err(throttled()) })
    }
}

fn throttled() -> Error {
    Error::new(Code::KmsThrottled, "the test says so")
}
