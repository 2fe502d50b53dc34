//! Genuine messages with edited frames: nothing comes out but what went in.

#![no_main]

use kms_envelope_fuzz::{Edit, Shape, context, edit, encrypt, outcome};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Shape, &[u8], Vec<Edit>, u64)| {
    let (shape, plaintext, edits, seed) = input;
    let client = shape.client();
    let message = encrypt(&client, context(&[("a", "b")]), &[plaintext]);
    let other = encrypt(&client, context(&[("a", "b")]), &[plaintext]);
    let edited = edit(&message, &other, &edits);
    let (whole, released) = outcome(&client, &edited, seed);
    assert!(plaintext.starts_with(&released), "what was released is the beginning of what went in");
    assert_eq!(whole.is_ok(), edited == message, "a message is read if it is as it was");
});
