//! Messages that AWS's own Encryption SDKs wrote, genuine and edited: each gives its outcome.
//!
//! A small part of them lies in `tests/vectors`; the whole set in `../shared/vectors`, or where
//! `ESDK_VECTORS` says; with `none` it is left out.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use kms_envelope::EncryptionContext;
use kms_envelope::client::{Client, Settings};
use kms_envelope::error::{Code, Error};
use kms_envelope::keyring::Keyring;
use kms_envelope::suite::CommitmentPolicy;
use serde_json::Value;
use support::keyrings::{FixedDataKey, keyring};

const FILES: [&str; 7] = ["python", "js", "rust", "kms", "negative", "crafted", "legacy-sorting"];

/// Where the peers differ: whether we read it, as the vectors' README decides.
const DECIDED: [(&str, bool); 7] = [
    // A wrapped data key whose context is in no order that the specification knows.
    ("jslegacy-context-", false),
    ("crafted-framed-length-0", false),
    ("crafted-public-key-uncompressed", false),
    ("crafted-edk-none-static", false),
    ("crafted-provider-not-utf8", false),
    ("crafted-edk-empty-extra", true),
    ("crafted-context-empty-count", true),
];

#[test]
fn each_vector_of_this_repository_gives_what_its_case_says() {
    let counts = run(Path::new("tests/vectors/cases"), &FILES);
    assert!(counts.read > 600 && counts.refused > 1200, "{counts:?}");
}

#[test]
fn each_vector_of_the_whole_set_gives_what_its_case_says() {
    let Some(folder) = shared() else { return };
    let counts = run(&folder.join("cases"), &FILES);
    assert_eq!(counts.read + counts.refused, 3476, "none is skipped: {counts:?}");
    let in_each_way = ["in one piece", "streamed in one chunk", "cut at random", "byte by byte"];
    for way in in_each_way {
        assert_eq!(counts.ways[way] + counts.ways["where it is released early"], 3476, "{way}");
    }
}

/// What AWS published with its SDKs.
#[test]
fn each_vector_that_aws_published_gives_what_its_case_says() {
    let Some(folder) = shared() else { return };
    let files = ["c-data", "commitment-kat", "net-4.0.1", "oracle"];
    let counts = run(&folder.join("published"), &files);
    assert_eq!(counts.read + counts.refused, 169, "none is skipped: {counts:?}");
}

fn shared() -> Option<PathBuf> {
    let folder = std::env::var("ESDK_VECTORS").unwrap_or_else(|_| "../shared/vectors".into());
    if folder == "none" {
        println!("left out, as ESDK_VECTORS says");
        return None;
    }
    let folder = PathBuf::from(folder);
    if folder.exists() {
        return Some(folder);
    }
    let what = format!("{} is missing; set ESDK_VECTORS to the vectors' folder", folder.display());
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{what}");
    println!("skipped: {what}");
    None
}

/// How many cases were read, and how many refused, as they must; and in how many ways each.
#[derive(Debug, Default)]
struct Counts {
    read: usize,
    refused: usize,
    ways: BTreeMap<&'static str, usize>,
}

fn run(cases: &Path, files: &[&str]) -> Counts {
    let keys = json(&cases.join("keys.json"));
    let mut counts = Counts::default();
    for file in files {
        let set = json(&cases.join(format!("{file}.json")));
        for case in set["cases"].as_array().unwrap() {
            let case = Case { cases, json: case, keys: &keys["keys"] };
            let (read, ways) = case.check();
            *if read { &mut counts.read } else { &mut counts.refused } += 1;
            for way in ways {
                *counts.ways.entry(way).or_default() += 1;
            }
        }
    }
    println!("{}: {counts:?}, none skipped", cases.display());
    counts
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

struct Case<'a> {
    cases: &'a Path,
    json: &'a Value,
    keys: &'a Value,
}

impl Case<'_> {
    /// Whether the case was read, as it must be, or else refused, as it must; and how it was tried.
    fn check(&self) -> (bool, Vec<&'static str>) {
        let id = self.text("id");
        let message = self.bytes("ciphertext").unwrap();
        let outcomes = self.outcomes(&message);
        let ways: Vec<_> = outcomes.iter().map(|(way, _)| *way).collect();
        if !self.expected() {
            for (how, outcome) in outcomes {
                let code = outcome.expect_err(&format!("{id}, {how}"));
                assert!(is_refusal(code), "{id}, {how}: {code:?}");
            }
            return (false, ways);
        }
        let plaintext = self.bytes("plaintext").unwrap();
        for (how, outcome) in outcomes {
            assert_eq!(outcome.as_ref().ok(), Some(&plaintext), "{id}, {how}: {outcome:?}");
        }
        let header = support::header(&message);
        let has_ranges = self.json["unsigned_only"] != true
            && !header.suite.signed()
            && header.division.is_framed();
        assert_eq!(ways.contains(&"as ranges"), has_ranges, "{id}");
        let pairs = header.context.iter().filter(|(key, _)| *key != "aws-crypto-public-key");
        let whole: Value = pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .chain(self.reproduced())
            .map(|(key, value)| (key, Value::from(value)))
            .collect();
        let expected = &self.json["encryption_context"];
        assert!(expected.is_null() || *expected == whole, "{id}: {whole}");
        (true, ways)
    }

    /// In one piece, in one chunk, byte by byte, cut at random, and, unsigned, as ranges.
    fn outcomes(&self, message: &[u8]) -> Vec<(&'static str, Result<Vec<u8>, Code>)> {
        let client = self.client();
        let given = EncryptionContext::new(self.reproduced()).unwrap();
        let streamed = |pieces: Vec<&[u8]>| {
            let (released, ended) = support::decrypt_pieces(&client, &given, pieces);
            ended.map(|()| released)
        };
        if self.json["unsigned_only"] == true {
            let outcome = support::decrypt_unsigned(&client, message);
            return vec![("where it is released early", outcome.map_err(|error| error.code()))];
        }
        let seed = message.iter().map(|&byte| u64::from(byte)).sum();
        let mut outcomes = vec![
            ("in one piece", support::decrypt(&client, &given, message)),
            ("cut at random", streamed(support::cut(message, seed))),
            ("streamed in one chunk", streamed(vec![message])),
            ("byte by byte", streamed(message.chunks(1).collect())),
        ];
        let ranges = support::decrypt_ranges(&client, &given, message, 1 + message.len() / 7);
        let impossible = [Code::SignedMessage, Code::UnsupportedMessage];
        if !ranges.as_ref().is_err_and(|error| impossible.contains(&error.code())) {
            outcomes.push(("as ranges", ranges));
        }
        let code = |(how, outcome): (_, Result<_, Error>)| (how, outcome.map_err(|e| e.code()));
        outcomes.into_iter().map(code).collect()
    }

    fn client(&self) -> Client {
        let max = self.json["max_encrypted_data_keys"].as_u64();
        let commitment_policy = match self.json["commitment_policy"].as_str() {
            Some("forbid-encrypt-allow-decrypt") => CommitmentPolicy::ForbidEncryptAllowDecrypt,
            Some("require-encrypt-require-decrypt") => {
                CommitmentPolicy::RequireEncryptRequireDecrypt
            }
            _ => CommitmentPolicy::RequireEncryptAllowDecrypt,
        };
        let settings = Settings {
            suite: commitment_policy.default_suite(),
            commitment_policy,
            max_encrypted_data_keys: max.map(|max| u16::try_from(max).unwrap()),
            required_context_keys: self.reproduced().into_iter().map(|(key, _)| key).collect(),
            ..Settings::default()
        };
        Client::new(self.keyring(), settings).unwrap()
    }

    /// The pairs that the message authenticates, but does not store.
    fn reproduced(&self) -> Vec<(String, String)> {
        let pairs = self.json["reproduced_encryption_context"].as_object().into_iter().flatten();
        pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
    }

    fn keyring(&self) -> Arc<dyn Keyring> {
        let json = &self.json["keyring"];
        // What KMS unwraps is shown with an emulator, in `__test__/interop/vectors.test.js`.
        if json["type"].as_str().is_some_and(|kind| kind.starts_with("kms")) {
            return Arc::new(FixedDataKey(
                HEXLOWER.decode(self.text("data_key").as_bytes()).unwrap(),
            ));
        }
        keyring(json, self.keys)
    }

    fn expected(&self) -> bool {
        match self.text("result") {
            "ok" => true,
            "fail" => false,
            _ => {
                let id = self.text("id");
                let decided = DECIDED.iter().find(|(prefix, _)| id.starts_with(prefix));
                // One IV for every frame, and the other order of a context: read, as they stand.
                decided.is_none_or(|(_, read)| *read)
            }
        }
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(inline) = self.json[format!("{name}_base64")].as_str() {
            return Some(BASE64.decode(inline.as_bytes()).unwrap());
        }
        let file: PathBuf = self.cases.join(self.json[name].as_str()?);
        Some(std::fs::read(file).unwrap())
    }

    fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap()
    }
}

fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::MalformedMessage
            | Code::TruncatedMessage
            | Code::UnsupportedMessage
            | Code::CommitmentPolicy
            | Code::AuthenticationFailed
            | Code::NoUsableKey
            | Code::LimitExceeded
            | Code::SignedMessage
    )
}
