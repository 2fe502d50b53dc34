use data_encoding::BASE64;

use super::*;
use crate::crypto::{Iv, Tag};
use crate::format::EncryptedDataKey;
use crate::keyring::raw_aes::RawAesKeyring;
use crate::keyring::{Answer, DataKeyUnwrapper, DecryptedDataKey, answer_now};
use crate::materials::{DecryptionMaterials, EncryptionMaterials};

const WRAPPING_KEY: [u8; 32] = [7; 32];

fn aes_keyring() -> RawAesKeyring {
    RawAesKeyring::new("tests", "key", &WRAPPING_KEY).unwrap()
}

/// Stands for KMS: unwraps whatever it is given to a data key of this length.
struct Service(usize);

impl Keyring for Service {
    fn calls_service(&self) -> bool {
        true
    }
    fn on_encrypt<'a>(&'a self, _: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        unimplemented!()
    }
    fn on_decrypt<'a>(
        &'a self,
        _: &'a mut DecryptionMaterials,
        _: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        unimplemented!()
    }
    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        Ok(self)
    }
}

impl DataKeyUnwrapper for Service {
    fn decrypt_data_key<'a>(
        &'a self,
        _: &'a [u8],
        _: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        let plaintext = DataKey::generate(self.0);
        Box::pin(async {
            Ok(DecryptedDataKey {
                plaintext: plaintext?,
                key_id: String::new(),
                key_material_id: None,
                request_id: None,
            })
        })
    }
}

/// A data key of this length, wrapped by AES-GCM and bound to the content algorithm.
fn wrapped(length: usize, content: &str) -> String {
    let mut ciphertext = vec![0; length];
    let key = AesGcm::new(&WRAPPING_KEY).unwrap();
    let iv: Iv = [3; IV_LENGTH];
    let tag: Tag = key.seal(&iv, content.as_bytes(), &vec![9; length], &mut ciphertext).unwrap();
    BASE64.encode(&[&iv[..], &ciphertext, &tag].concat())
}

fn object(fields: &[(&str, &str)]) -> ObjectMetadata {
    let fields = fields.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    ObjectMetadata::parse(fields, None).unwrap()
}

fn v2(wrapping: &str, key: &str) -> ObjectMetadata {
    object(&[
        ("x-amz-key-v2", key),
        ("x-amz-iv", &BASE64.encode(&[1; 12])),
        ("x-amz-cek-alg", "AES/GCM/NoPadding"),
        ("x-amz-wrap-alg", wrapping),
        ("x-amz-matdesc", "{\"aws:x-amz-cek-alg\":\"AES/GCM/NoPadding\"}"),
    ])
}

/// As Amazon SES writes them: nothing binds the data key to the content.
fn unbound(key: &str) -> ObjectMetadata {
    object(&[
        ("x-amz-key-v2", key),
        ("x-amz-iv", &BASE64.encode(&[1; 12])),
        ("x-amz-cek-alg", "AES/GCM/NoPadding"),
        ("x-amz-wrap-alg", "kms"),
        ("x-amz-matdesc", "{\"kms_cmk_id\":\"alias/mail\"}"),
    ])
}

fn v3(key: &str) -> ObjectMetadata {
    let of_28 = BASE64.encode(&[1; 28]);
    object(&[
        ("x-amz-c", "115"),
        ("x-amz-d", &of_28),
        ("x-amz-i", &of_28),
        ("x-amz-3", key),
        ("x-amz-w", "02"),
    ])
}

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    EncryptionContext::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string()))).unwrap()
}

/// The length of the data key of an object that has no context, or the code it is refused with.
fn length(object: &ObjectMetadata, keyring: &dyn Keyring) -> std::result::Result<usize, Code> {
    length_with(object, keyring, &[])
}

fn length_with(
    object: &ObjectMetadata,
    keyring: &dyn Keyring,
    expected: &[(&str, &str)],
) -> std::result::Result<usize, Code> {
    match answer_now(unwrap(object, keyring, &context(expected))) {
        Ok(unwrapped) => Ok(unwrapped.key.length()),
        Err(error) => Err(error.code()),
    }
}

#[test]
fn a_data_key_has_a_length_that_the_content_takes() {
    for key_length in [16, 24, 32] {
        let key = wrapped(key_length, "AES/GCM/NoPadding");
        assert_eq!(length(&v2("AES/GCM", &key), &aes_keyring()), Ok(key_length));
        let of_service = length(&v2("kms+context", &key), &Service(key_length));
        assert_eq!(of_service, Ok(key_length));
        // V3 has one suite, of 32 bytes.
        let expected = if key_length == 32 { Ok(32) } else { Err(Code::NoUsableKey) };
        assert_eq!(length(&v3(&wrapped(key_length, "115")), &aes_keyring()), expected);
    }
    let key = wrapped(20, "AES/GCM/NoPadding");
    assert_eq!(length(&v2("AES/GCM", &key), &aes_keyring()), Err(Code::NoUsableKey));
    assert_eq!(length(&v2("kms+context", &key), &Service(20)), Err(Code::NoUsableKey));
}

#[test]
fn a_data_key_of_another_content_algorithm_does_not_unwrap() {
    let key = wrapped(32, "115");
    assert_eq!(length(&v2("AES/GCM", &key), &aes_keyring()), Err(Code::NoUsableKey));
    assert_eq!(length(&v3(&key), &aes_keyring()), Ok(32));
    let short = BASE64.encode(&[0; IV_LENGTH + TAG_LENGTH - 1]);
    assert_eq!(length(&v3(&short), &aes_keyring()), Err(Code::NoUsableKey));
}

#[test]
fn a_keyring_of_another_kind_is_refused_before_it_is_asked() {
    let key = wrapped(32, "AES/GCM/NoPadding");
    assert_eq!(length(&v2("kms+context", &key), &aes_keyring()), Err(Code::NoUsableKey));
    assert_eq!(length(&v2("kms", &key), &aes_keyring()), Err(Code::NoUsableKey));
    assert_eq!(length(&v2("AES/GCM", &key), &Service(32)), Err(Code::NoUsableKey));
    assert_eq!(length(&v2("RSA-OAEP-SHA1", &key), &aes_keyring()), Err(Code::NoUsableKey));
}

/// Else an object could be renamed into one that has no context to check.
#[test]
fn a_context_is_expected_of_objects_that_have_one_and_of_no_others() {
    let key = wrapped(32, "AES/GCM/NoPadding");
    let tenant = [("tenant", "acme")];
    let with =
        |wrapping: &str, keyring: &dyn Keyring| length_with(&v2(wrapping, &key), keyring, &tenant);
    assert_eq!(with("AES/GCM", &aes_keyring()), Err(Code::InvalidArgument));
    assert_eq!(with("kms+context", &Service(32)), Err(Code::ContextMismatch));
    assert_eq!(length_with(&unbound(&key), &Service(32), &tenant), Err(Code::ContextMismatch));
    assert_eq!(length(&unbound(&key), &Service(32)), Ok(32));
}

/// Else a data key of AES-GCM or of V3 could be used for AES-CBC, whose padding tells the plaintext in time.
#[test]
fn a_bound_data_key_is_not_taken_for_one_that_nothing_binds() {
    let key = wrapped(32, "AES/GCM/NoPadding");
    assert_eq!(length(&v2("kms", &key), &Service(32)), Err(Code::ContextMismatch));
}
