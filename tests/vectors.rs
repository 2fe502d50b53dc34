//! Messages that AWS's own Encryption SDKs wrote, genuine and edited: each gives its outcome.
//!
//! A small part of them lies in `tests/vectors`; the whole set in `../shared/vectors`, or where
//! `ESDK_VECTORS` says.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use kms_envelope::error::Code;
use kms_envelope::format::{Header, HeaderLimits};
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use serde_json::Value;

const FILES: [&str; 6] = ["python", "js", "rust", "negative", "crafted", "legacy-sorting"];

/// Where the peers differ: whether we read it, as the vectors' README decides.
const DECIDED: [(&str, bool); 4] = [
    ("crafted-framed-length-0", false),
    ("crafted-provider-not-utf8", false),
    ("crafted-edk-empty-extra", true),
    ("crafted-context-empty-count", true),
];

#[test]
fn the_vectors_of_this_repository() {
    let counts = run(Path::new("tests/vectors/cases"));
    assert!(counts.read > 50 && counts.refused > 200, "{counts:?}");
}

#[test]
fn all_vectors() {
    let folder = std::env::var("ESDK_VECTORS").unwrap_or_else(|_| "../shared/vectors".into());
    let cases = Path::new(&folder).join("cases");
    if !cases.exists() {
        let what =
            format!("{} is missing; set ESDK_VECTORS to the vectors' folder", cases.display());
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{what}");
        println!("skipped: {what}");
        return;
    }
    let counts = run(&cases);
    assert!(counts.read > 50 && counts.refused > 200, "{counts:?}");
}

#[derive(Debug, Default)]
struct Counts {
    read: usize,
    refused: usize,
    other_suites: usize,
    other_keyrings: usize,
}

fn run(cases: &Path) -> Counts {
    let keys = json(&cases.join("keys.json"));
    let mut counts = Counts::default();
    for file in FILES {
        let set = json(&cases.join(format!("{file}.json")));
        for case in set["cases"].as_array().unwrap() {
            Case { cases, json: case, keys: &keys["keys"] }.check(&mut counts);
        }
    }
    println!("{}: {counts:?}", cases.display());
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
    fn check(&self, counts: &mut Counts) {
        let id = self.text("id");
        let keyring = &self.json["keyring"];
        if keyring["type"] != "raw-aes" {
            counts.other_keyrings += 1;
            return;
        }
        let message = self.bytes("ciphertext").unwrap();
        let outcomes = self.outcomes(&message);
        // The set decides for readers of every suite; this release reads one.
        let readable = message.starts_with(&[2, 4, 0x78]);
        match (self.expected(), readable) {
            (true, true) => {
                let plaintext = self.bytes("plaintext").unwrap();
                for (how, outcome) in outcomes {
                    assert_eq!(outcome.as_ref().ok(), Some(&plaintext), "{id}, {how}: {outcome:?}");
                }
                assert_eq!(self.context(&message), self.json["encryption_context"], "{id}");
                counts.read += 1;
            }
            (true, false) => {
                for (how, outcome) in outcomes {
                    let code = outcome.unwrap_err();
                    let known = [Code::CommitmentPolicy, Code::UnsupportedMessage];
                    assert!(known.contains(&code), "{id}, {how}: {code:?}");
                }
                counts.other_suites += 1;
            }
            (false, _) => {
                for (how, outcome) in outcomes {
                    let code = outcome.expect_err(&format!("{id}, {how}"));
                    assert!(is_refusal(code), "{id}, {how}: {code:?}");
                }
                counts.refused += 1;
            }
        }
    }

    /// In one piece, in one chunk, byte by byte, and cut at random.
    fn outcomes(&self, message: &[u8]) -> Vec<(&'static str, Result<Vec<u8>, Code>)> {
        let keyring = self.keyring();
        let max = self.json["max_encrypted_data_keys"].as_u64();
        let limits =
            HeaderLimits { max_encrypted_data_keys: max.map(|max| u16::try_from(max).unwrap()) };
        let streamed = |pieces: Vec<&[u8]>| {
            let (released, ended) = support::decrypt_pieces(&keyring, pieces, limits);
            ended.map(|()| released).map_err(|error| error.code())
        };
        let seed = message.iter().map(|&byte| u64::from(byte)).sum();
        let mut outcomes = vec![
            ("in one piece", support::decrypt(&keyring, message, limits).map_err(|e| e.code())),
            ("cut at random", streamed(support::cut(message, seed))),
            ("streamed in one chunk", streamed(vec![message])),
        ];
        if message.len() < 20_000 {
            outcomes.push(("byte by byte", streamed(message.chunks(1).collect())));
        }
        outcomes
    }

    fn context(&self, message: &[u8]) -> Value {
        let header = Header::parse(message, HeaderLimits::default()).unwrap();
        header.context.iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
    }

    fn keyring(&self) -> RawAesKeyring {
        let keyring = &self.json["keyring"];
        let key = self.keys[keyring["key"].as_str().unwrap()]["hex"].as_str().unwrap();
        let key = HEXLOWER.decode(key.as_bytes()).unwrap();
        let (namespace, name) = (&keyring["namespace"], &keyring["name"]);
        RawAesKeyring::new(namespace.as_str().unwrap(), name.as_str().unwrap(), &key).unwrap()
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
    )
}
