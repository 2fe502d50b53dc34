//! Any bytes as a message: in one piece and streamed they have one outcome.

#![no_main]

use std::sync::LazyLock;

use kms_envelope::client::{Client, Settings};
use kms_envelope::suite::CommitmentPolicy;
use kms_envelope_fuzz::{keyring, outcome};
use libfuzzer_sys::fuzz_target;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    let settings = Settings { commitment_policy, ..Settings::default() };
    Client::new(std::sync::Arc::new(keyring()), settings).unwrap()
});

fuzz_target!(|input: (u64, &[u8])| {
    let (seed, message) = input;
    let (whole, released) = outcome(&CLIENT, message, seed);
    assert!(released.len() <= message.len());
    if let Ok(plaintext) = whole {
        assert_eq!(plaintext, released);
    }
});
