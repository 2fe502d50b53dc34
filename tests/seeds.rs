//! The fuzz target `decrypt` starts from messages that are read: what is edited lies beyond the header.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use std::path::Path;

use kms_envelope::client::Settings;
use kms_envelope::format::Division;
use kms_envelope::suite::CommitmentPolicy;
use support::{client_with, context, decrypt, header, keyring};

/// What the target takes for its seed, before the message.
const PREFIX: usize = 8;

#[test]
fn each_seed_is_a_message_of_ours() {
    let commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    let client = client_with(keyring(), Settings { commitment_policy, ..Settings::default() });
    let (mut framed, mut whole) = (0, 0);
    for entry in std::fs::read_dir(Path::new("fuzz/seeds/decrypt")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let message = &bytes[PREFIX..];
        assert_eq!(decrypt(&client, &context(&[]), message).unwrap(), [7; 40]);
        match header(message).division {
            Division::Frames { .. } => framed += 1,
            Division::Whole => whole += 1,
        }
    }
    assert_eq!((framed, whole), (11, 4), "each suite, and without frames");
}
