//! Keysets and their primitives, without the vectors of others, which JavaScript's tests run.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use prost::Message;

use super::{Form, KeyType, Keyset, proto, read_encrypted, write_encrypted};
use crate::error::Code;

fn encrypted(keyset: &Keyset, plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
    let mut sealed = vec![0; plaintext.len() + keyset.overhead().unwrap()];
    keyset.encrypt(plaintext, aad, &mut sealed).unwrap();
    sealed
}

fn decrypted(keyset: &Keyset, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, Code> {
    let mut plaintext = vec![0; sealed.len()];
    let length = keyset.decrypt(sealed, aad, &mut plaintext).map_err(|error| error.code())?;
    plaintext.truncate(length);
    Ok(plaintext)
}

proptest! {
    #[test]
    fn every_form_brings_a_keyset_back(seed in 0usize..6, form in any::<bool>()) {
        let form = if form { Form::Json } else { Form::Binary };
        let keyset = Keyset::generate(KeyType::ALL[seed]).unwrap();
        let (keyset, id) = keyset.with_key(KeyType::ALL[seed]).unwrap();
        let keyset = keyset.with_enabled(id, false).unwrap();
        let again = Keyset::read(form, &keyset.write(form).unwrap()).unwrap();
        prop_assert_eq!(again.info(), keyset.info());
        prop_assert_eq!(again.write_binary().unwrap(), keyset.write_binary().unwrap());
        let wrapped = write_encrypted(form, &keyset, vec![1, 2, 3]).unwrap();
        prop_assert_eq!(read_encrypted(form, &wrapped).unwrap(), vec![1, 2, 3]);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for form in [Form::Json, Form::Binary] {
            let _ = Keyset::read(form, &bytes);
            let _ = read_encrypted(form, &bytes);
        }
    }

    #[test]
    fn a_changed_ciphertext_is_refused(
        plaintext in proptest::collection::vec(any::<u8>(), 0..50),
        bit in any::<prop::sample::Index>(),
    ) {
        for key_type in [KeyType::Aes128Gcm, KeyType::Aes256Gcm, KeyType::Aes256GcmSiv] {
            let keyset = Keyset::generate(key_type).unwrap();
            let mut sealed = encrypted(&keyset, &plaintext, b"place");
            prop_assert_eq!(decrypted(&keyset, &sealed, b"place"), Ok(plaintext.clone()));
            prop_assert_eq!(
                decrypted(&keyset, &sealed, b"other"), Err(Code::AuthenticationFailed)
            );
            let bit = bit.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(decrypted(&keyset, &sealed, b"place").is_err());
        }
    }
}

#[test]
fn a_rotated_keyset_reads_what_the_old_primary_wrote() {
    let first = Keyset::generate(KeyType::Aes256Gcm).unwrap();
    let old = encrypted(&first, b"old", b"");
    let (second, id) = first.with_key(KeyType::Aes256GcmSiv).unwrap();
    let second = second.with_primary(id).unwrap();
    let new = encrypted(&second, b"new", b"");
    assert_eq!(decrypted(&second, &old, b""), Ok(b"old".to_vec()));
    assert_eq!(decrypted(&second, &new, b""), Ok(b"new".to_vec()));
    assert_eq!(decrypted(&first, &new, b""), Err(Code::NoUsableKey));
    let third = second.with_enabled(first.primary_id(), false).unwrap();
    assert_eq!(decrypted(&third, &old, b""), Err(Code::NoUsableKey));
    assert_eq!(third.without(first.primary_id()).unwrap().info().len(), 1);
}

#[test]
fn the_primary_is_neither_disabled_nor_destroyed() {
    let keyset = Keyset::generate(KeyType::Aes256Siv).unwrap();
    let id = keyset.primary_id();
    for refused in [keyset.with_enabled(id, false), keyset.without(id)] {
        assert_eq!(refused.err().unwrap().code(), Code::InvalidArgument);
    }
    let (more, other) = keyset.with_key(KeyType::Aes256Siv).unwrap();
    assert_eq!(more.without(other).err().unwrap().code(), Code::InvalidArgument);
    assert_eq!(keyset.with_key(KeyType::Aes256Gcm).err().unwrap().code(), Code::InvalidArgument);
    assert_eq!(keyset.with_primary(other).err().unwrap().code(), Code::NoUsableKey);
}

#[test]
fn a_keyset_with_one_id_twice_is_read_but_not_written() {
    let keyset = Keyset::generate(KeyType::Aes256Gcm).unwrap();
    let (keyset, id) = keyset.with_key(KeyType::Aes256Gcm).unwrap();
    let bytes = keyset.write_binary().unwrap();
    let mut twice = proto::Keyset::decode(&bytes[..]).unwrap();
    let copies = proto::Keyset::decode(&bytes[..]).unwrap().key;
    twice.key.extend(copies.into_iter().filter(|key| key.key_id == id));
    let read = Keyset::read(Form::Binary, &twice.encode_to_vec()).unwrap();
    assert_eq!(read.info().len(), 3);
    assert_eq!(read.write_binary().err().unwrap().code(), Code::InvalidArgument);
}
