//! Every field of our own and of the peers' messages, set to what it must not be.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64;
use kms_envelope::client::{Client, Settings};
use kms_envelope::error::Code;
use kms_envelope::suite::{CommitmentPolicy, SUITES};
use serde_json::Value;
use support::fields::fields;
use support::{context, cut, decrypt, decrypt_pieces, encrypt, header, keyring};

const POLICY: CommitmentPolicy = CommitmentPolicy::RequireEncryptAllowDecrypt;
const PLAINTEXT: &[u8] = b"three frames of ten byte";

#[test]
fn no_changed_field_of_our_messages_is_read() {
    for suite in &SUITES {
        let client = client(suite.id);
        let message = encrypt(&client, context(&[("a", "1"), ("b", "")]), &[PLAINTEXT]);
        attack(&client, &message, PLAINTEXT);
    }
}

#[test]
fn no_changed_field_of_the_peers_messages_is_read() {
    let folder = Path::new("tests/vectors/cases");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.json"))).unwrap())
            .unwrap()
    };
    let keys = read("keys");
    let mut attacked = 0;
    for writer in ["python", "js", "rust"] {
        // One of each suite, framed and not, is enough: there are hundreds alike.
        let mut seen = std::collections::BTreeSet::new();
        for case in read(writer)["cases"].as_array().unwrap() {
            let bytes =
                |name: &str| BASE64.decode(case[name].as_str().unwrap().as_bytes()).unwrap();
            let (message, plaintext) = (bytes("ciphertext_base64"), bytes("plaintext_base64"));
            let kind =
                (case["message"]["suite"].to_string(), case["message"]["content_type"].to_string());
            if case["keyring"]["type"] != "raw-aes" || plaintext.len() < 20 || !seen.insert(kind) {
                continue;
            }
            let keyring = support::keyrings::keyring(&case["keyring"], &keys["keys"]);
            let settings = Settings { commitment_policy: POLICY, ..Settings::default() };
            attack(&Client::new(keyring, settings).unwrap(), &message, &plaintext);
            attacked += 1;
        }
    }
    assert!(attacked > 30, "{attacked} messages");
}

/// Each field zero, all ones, one more and one less, and cut out.
fn attack(client: &Client, message: &[u8], plaintext: &[u8]) {
    assert_eq!(decrypt(client, &context(&[]), message).unwrap(), plaintext);
    for (name, field) in fields(message) {
        for (how, value) in values(&message[field.clone()]) {
            let changed = [&message[..field.start], &value, &message[field.end..]].concat();
            if changed != message {
                refused(client, &changed, plaintext, &format!("{name} {how}"));
            }
        }
    }
}

fn values(field: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("is zero", vec![0; field.len()]),
        ("is all ones", vec![0xff; field.len()]),
        ("is one more", add(field, 0, true)),
        ("is one less", add(field, 0xff, false)),
        ("is cut out", Vec::new()),
    ]
}

/// The field as a number, with `step` added to each byte and carried: 0 and a carry of one is one
/// more, 0xff and no carry one less.
fn add(field: &[u8], step: u8, mut carry: bool) -> Vec<u8> {
    let mut sum = field.to_vec();
    for byte in sum.iter_mut().rev() {
        let total = u16::from(*byte) + u16::from(step) + u16::from(carry);
        carry = total > 0xff;
        *byte = total.to_be_bytes()[1];
    }
    sum
}

#[test]
fn frames_of_another_message_are_not_read() {
    let client = client(0x0478);
    let [a, b] = [(); 2].map(|()| encrypt(&client, context(&[]), &[PLAINTEXT]));
    let (head, body) = (header(&a).length, 42);
    let frame = |message: &[u8], number: usize| -> Vec<u8> {
        let start = head + number * body;
        message[start..(start + body).min(message.len())].to_vec()
    };
    let frames = |numbers: &[(bool, usize)]| {
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|&(foreign, number)| frame(if foreign { &b } else { &a }, number))
            .collect();
        [&a[..head], &bytes].concat()
    };
    let last = 2;
    let orders: [(&str, &[(bool, usize)]); 8] = [
        ("a foreign frame", &[(false, 0), (true, 1), (false, last)]),
        ("a foreign end", &[(false, 0), (false, 1), (true, last)]),
        ("a foreign body", &[(true, 0), (true, 1), (true, last)]),
        ("swapped", &[(false, 1), (false, 0), (false, last)]),
        ("repeated", &[(false, 0), (false, 0), (false, 1), (false, last)]),
        ("dropped", &[(false, 0), (false, last)]),
        ("the end in the middle", &[(false, 0), (false, last), (false, 1)]),
        ("two ends", &[(false, 0), (false, 1), (false, last), (false, last)]),
    ];
    for (what, order) in orders {
        refused(&client, &frames(order), PLAINTEXT, what);
    }
}

#[test]
fn a_signature_of_another_message_is_not_verified() {
    let client = client(0x0578);
    let [a, b] = [(); 2].map(|()| encrypt(&client, context(&[]), &[PLAINTEXT]));
    let footer = |message: &[u8]| -> Range<usize> {
        let all = fields(message);
        let start = all.iter().find(|(name, _)| name == "signature length").unwrap().1.start;
        start..message.len()
    };
    let changed = [&a[..footer(&a).start], &b[footer(&b)]].concat();
    assert_eq!(refused(&client, &changed, PLAINTEXT, "signature"), Code::AuthenticationFailed);
}

/// `client-apis/decrypt.md`, "Decrypt the message body": the last frame waits for the signature.
#[test]
fn a_signed_message_keeps_its_last_frame_until_it_has_verified() {
    let client = client(0x0578);
    let message = encrypt(&client, context(&[]), &[PLAINTEXT]);
    let signature = fields(&message).pop().unwrap().1;
    let mut changed = message.clone();
    changed[signature.end - 1] ^= 1;
    for message in [&message[..signature.start], &message[..signature.end - 1], &changed] {
        for length in [1, 7, message.len()] {
            let (released, ended) = decrypt_pieces(&client, &context(&[]), message.chunks(length));
            assert!(ended.is_err());
            // In one piece nothing is released, not even what stands before.
            let frames = if length == message.len() && *message == changed { 0 } else { 2 };
            assert_eq!(released, PLAINTEXT[..frames * 10]);
        }
    }
    let (released, ended) = decrypt_pieces(&client, &context(&[]), message.chunks(7));
    assert_eq!((released.as_slice(), ended.is_ok()), (PLAINTEXT, true));

    let seed = std::fs::read("fuzz/seeds/decrypt/non-framed-0578").unwrap();
    let unsigned = &seed[8..seed.len() - 1];
    let (released, ended) = decrypt_pieces(&client, &context(&[]), unsigned.chunks(7));
    assert!(released.is_empty() && ended.is_err(), "without frames nothing comes before");
}

#[test]
fn thousands_of_data_keys_are_read_and_none_is_ours() {
    let client = client(0x0478);
    let message = encrypt(&client, context(&[]), &[PLAINTEXT]);
    let all = fields(&message);
    let count = all.iter().find(|(name, _)| name == "data key count").unwrap().1.clone();
    let end = all.iter().find(|(name, _)| name == "content type").unwrap().1.start;
    let key = &message[count.end..end];
    let mut many = message[..count.start].to_vec();
    many.extend_from_slice(&5000_u16.to_be_bytes());
    for _ in 0..5000 {
        many.extend_from_slice(key);
    }
    many.extend_from_slice(&message[end..]);
    // Ours is among them, so it unwraps; but the header is another.
    assert_eq!(refused(&client, &many, PLAINTEXT, "many keys"), Code::AuthenticationFailed);
}

/// In one piece and streamed alike; nothing comes out but what went in.
fn refused(client: &Client, message: &[u8], plaintext: &[u8], what: &str) -> Code {
    let given = context(&[]);
    let whole = decrypt(client, &given, message).expect_err(what).code();
    let seed = message.len() as u64;
    let (released, ended) = decrypt_pieces(client, &given, cut(message, seed));
    assert!(plaintext.starts_with(&released), "{what}: {released:?} was released");
    assert_eq!(ended.expect_err(what).code(), whole, "{what}");
    let known = [
        Code::MalformedMessage,
        Code::TruncatedMessage,
        Code::UnsupportedMessage,
        Code::AuthenticationFailed,
        Code::NoUsableKey,
    ];
    assert!(known.contains(&whole), "{what}: {whole:?}");
    whole
}

fn client(suite: u16) -> Client {
    let suite = SUITES.iter().find(|known| known.id == suite).unwrap();
    let commitment_policy =
        if suite.commits() { POLICY } else { CommitmentPolicy::ForbidEncryptAllowDecrypt };
    let settings = Settings { suite, commitment_policy, frame_length: 10, ..Settings::default() };
    Client::new(Arc::new(keyring()), settings).unwrap()
}
