//! Ranges of genuine and edited messages: the bytes that went in, or a refusal.

#![no_main]

use kms_envelope::error::Code;
use kms_envelope_fuzz::{Edit, Shape, context, decrypt_ranges, edit, encrypt, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Shape, &[u8], Vec<Edit>, u16)| {
    let (shape, plaintext, edits, length) = input;
    let client = shape.client();
    let message = encrypt(&client, context(&[]), &[plaintext]);
    let other = encrypt(&client, context(&[]), &[plaintext]);
    let edited = edit(&message, &other, &edits);
    let ranges = decrypt_ranges(&client, &context(&[]), &edited, usize::from(length).max(1));
    if header(&message).suite.signed() {
        assert_eq!(ranges.unwrap_err().code(), Code::SignedMessage);
    } else if edited == message {
        assert_eq!(ranges.unwrap(), plaintext);
    } else {
        assert!(ranges.is_err(), "every frame was read, so every edit is seen");
    }
});
