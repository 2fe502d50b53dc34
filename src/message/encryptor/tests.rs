use std::collections::BTreeSet;

use super::super::frame_decryptor::FrameDecryptor;
use super::*;
use crate::context::EncryptionContext;
use crate::error::Code;
use crate::format::{EncryptedDataKey, Header, HeaderLimits};
use crate::materials::DataKey;
use crate::suite::DEFAULT_SUITE;

fn encryptor(frame_length: u32) -> Result<Encryptor> {
    limited(frame_length, None)
}

fn limited(frame_length: u32, limit: Option<u64>) -> Result<Encryptor> {
    let context = EncryptionContext::default();
    let mut materials = EncryptionMaterials::new(DEFAULT_SUITE, context, BTreeSet::new())?;
    materials.data_key = Some(DataKey::generate(32)?);
    materials.encrypted_data_keys.push(wrapped_key());
    let accounting = Accounting { limit, ..Accounting::default() };
    Encryptor::new(&materials, frame_length, accounting)
}

fn wrapped_key() -> EncryptedDataKey {
    EncryptedDataKey { provider_id: "test".into(), provider_info: vec![], ciphertext: vec![1; 32] }
}

#[test]
fn a_frame_past_the_last_sequence_number_is_refused() {
    let mut output = [0; 200];
    let mut last = encryptor(1).unwrap();
    last.next_sequence = u32::MAX - 1;
    assert_eq!(last.update(&[1], &mut output).unwrap(), 33);
    assert_eq!(last.next_sequence, u32::MAX);
    let error = last.update(&[1], &mut output).unwrap_err();
    assert_eq!(error.code(), Code::LimitExceeded);
}

#[test]
fn the_final_frame_may_have_the_last_sequence_number() {
    let mut output = [0; 200];
    let mut last = encryptor(1).unwrap();
    last.next_sequence = u32::MAX - 1;
    last.update(&[1], &mut output).unwrap();
    assert_eq!(last.finish(&[], &mut output).unwrap(), FINAL_OVERHEAD);
    assert_eq!(output[..8], [0xff; 8]);
}

#[test]
fn a_plaintext_of_too_many_frames_is_refused() {
    let one = encryptor(1).unwrap();
    let most = u32::MAX as usize - 1;
    assert!(one.message_length(most).is_ok());
    assert_eq!(one.message_length(most + 1).unwrap_err().code(), Code::LimitExceeded);
}

#[test]
fn an_encryptor_cannot_be_used_again_after_any_error() {
    let short = |encryptor: &mut Encryptor| encryptor.update(&[1; 15], &mut [0; 41]);
    let long = |encryptor: &mut Encryptor| encryptor.update(&[1; 99], &mut [0; 999]);
    let many = |encryptor: &mut Encryptor| {
        encryptor.next_sequence = u32::MAX;
        encryptor.update(&[1; 15], &mut [0; 99])
    };
    type Attempt = dyn Fn(&mut Encryptor) -> Result<usize>;
    for fails in [&short as &Attempt, &long, &many] {
        let mut encryptor = limited(10, Some(50)).unwrap();
        encryptor.update(&[1; 5], &mut [0; 100]).unwrap();
        fails(&mut encryptor).unwrap_err();
        assert!(encryptor.frames.is_none() && encryptor.pending.capacity() == 0);
        encryptor.next_sequence = 1;
        let error = encryptor.update(&[1; 15], &mut [0; 100]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().contains("has failed"), "{error}");
        let error = encryptor.finish(&[], &mut [0; 200]).unwrap_err();
        assert!(error.message().contains("has failed"), "{error}");
    }
}

#[test]
fn frames_of_no_length_are_refused() {
    assert_eq!(encryptor(0).err().unwrap().code(), Code::InvalidArgument);
}

/// The vector's own growth would copy the plaintext and leave it behind.
#[test]
fn plaintext_that_waits_is_never_left_behind_in_a_buffer_that_was_too_small() {
    let mut encryptor = encryptor(100).unwrap();
    let mut capacities = Vec::new();
    for _ in 0..11 {
        encryptor.update(&[5; 9], &mut []).unwrap();
        capacities.push(encryptor.pending.capacity());
    }
    assert_eq!(capacities, [16, 32, 32, 64, 64, 64, 64, 100, 100, 100, 100]);
    assert_eq!(*encryptor.pending, [5; 99]);
}

#[test]
fn a_header_authenticates_the_pairs_that_it_does_not_store() {
    let pairs = [("tenant", "acme"), ("shelf", "9")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let context = EncryptionContext::new(pairs).unwrap();
    let required = BTreeSet::from(["tenant".to_owned()]);
    let mut materials = EncryptionMaterials::new(DEFAULT_SUITE, context, required).unwrap();
    materials.data_key = Some(DataKey::generate(32).unwrap());
    materials.encrypted_data_keys.push(wrapped_key());
    let encryptor = Encryptor::new(&materials, 10, Accounting::default()).unwrap();
    let header = Header::parse(encryptor.header(), HeaderLimits::default()).unwrap();
    assert_eq!(header.context.iter().collect::<Vec<_>>(), [("shelf", "9")]);

    let mut reader = materials.to_decrypt();
    assert!(FrameDecryptor::new(&header, &reader).is_ok());
    reader.context.insert("tenant".to_owned(), "globex".to_owned());
    let error = FrameDecryptor::new(&header, &reader).err().unwrap();
    assert_eq!(error.code(), Code::AuthenticationFailed);
    reader.context = header.context.clone();
    assert!(FrameDecryptor::new(&header, &reader).is_err(), "without the pair");
}
