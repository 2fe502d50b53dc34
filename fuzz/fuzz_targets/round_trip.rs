//! Any plaintext, context, suite, frame length and slicing: what goes in comes out.

#![no_main]

use std::collections::BTreeMap;

use kms_envelope::EncryptionContext;
use kms_envelope_fuzz::{Shape, cut, decrypt, decrypt_pieces, encrypt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Shape, BTreeMap<String, String>, &[u8], u64)| {
    let (shape, pairs, plaintext, seed) = input;
    let client = shape.client();
    let Ok(given) = EncryptionContext::new(pairs) else { return };
    let message = encrypt(&client, given.clone(), &cut(plaintext, seed));
    assert_eq!(decrypt(&client, &given, &message).unwrap(), plaintext);
    let (released, ended) = decrypt_pieces(&client, &given, cut(&message, !seed));
    ended.unwrap();
    assert_eq!(released, plaintext);
});
