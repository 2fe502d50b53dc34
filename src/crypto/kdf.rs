//! From the data key to the key of one message, and to the commitment of that message.
//!
//! Source: `framework/algorithm-suites.md`, "Algorithm Suites Encryption Key Derivation Settings"
//! and "Algorithm Suites Commit Key Derivation Settings"; RFC 5869.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

#[cfg(any(test, feature = "aws-kms"))]
use super::chosen::counter_mode_kdf;
use super::chosen::{AesGcm, hkdf};
use super::engine::{Aead, HmacHash};
use super::failures::engine_failed;
use super::prf::hmac;
use crate::error::Result;
use crate::suite::{AlgorithmSuite, KeyDerivation};

/// The length of the longest key of a message, in bytes.
const MAX_KEY_LENGTH: usize = 32;
/// The length of a commitment, in bytes.
const COMMITMENT_LENGTH: usize = 32;

const KEY_LABEL: &[u8] = b"DERIVEKEY";
const COMMIT_LABEL: &[u8] = b"COMMITKEY";

/// What a data key gives for one message.
pub(crate) struct DerivedKeys {
    /// Seals the header and the frames of that message, and of no other.
    pub content_key: AesGcm,
    /// Public: stored in the header, so that only one data key can open the message; empty if the
    /// suite does not commit.
    pub commitment: Vec<u8>,
}

impl DerivedKeys {
    pub(crate) fn derive(
        suite: &AlgorithmSuite,
        data_key: &[u8],
        message_id: &[u8],
    ) -> Result<Self> {
        let id = suite.id.to_be_bytes();
        let mut room = Zeroizing::new([0; MAX_KEY_LENGTH]);
        let content_key = room.get_mut(..data_key.len()).ok_or_else(|| engine_failed("HKDF"))?;
        content_key.copy_from_slice(data_key);
        let mut commitment = Vec::new();
        match suite.key_derivation {
            KeyDerivation::None => {}
            KeyDerivation::Hkdf(hash) => {
                let info = [&id, message_id].concat();
                hkdf(hash, &[], data_key, &mut [(&info, &mut *content_key)])?;
            }
            KeyDerivation::HkdfCommit(hash) => {
                commitment.resize(COMMITMENT_LENGTH, 0);
                let info = [&id, KEY_LABEL].concat();
                let mut outputs =
                    [(info.as_slice(), &mut *content_key), (COMMIT_LABEL, &mut commitment)];
                hkdf(hash, message_id, data_key, &mut outputs)?;
            }
        }
        Ok(Self { content_key: AesGcm::new(content_key)?, commitment })
    }
}

/// A key of 32 bytes by KDF in counter mode with HMAC-SHA-256 (NIST SP 800-108r1, 4.1): one block,
/// of the counter, the label, a zero byte, the context, and the length in bits.
#[cfg(any(test, feature = "aws-kms"))]
pub(crate) fn counter_mode_key(
    secret: &[u8],
    label: &[u8],
    context: &[u8],
) -> Result<Zeroizing<[u8; 32]>> {
    const BITS: [u8; 4] = 256_u32.to_be_bytes();
    counter_mode_kdf(secret, &[label, &[0], context, &BITS].concat())
}

/// 64 bytes by KDF in counter mode with HMAC-SHA-384 (NIST SP 800-108r1, 4.1): two blocks, each of its
/// number, the label, a zero byte, the context, and the length in bits; the second one is cut.
pub(crate) fn counter_mode_keys(
    secret: &[u8],
    label: &[u8],
    context: &[u8],
) -> Result<Zeroizing<[u8; 64]>> {
    const BITS: [u8; 4] = 512_u32.to_be_bytes();
    let mut keys = Zeroizing::new([0; 64]);
    for (counter, block) in (1_u32..).zip(keys.chunks_mut(HmacHash::Sha384.length())) {
        let input = [&counter.to_be_bytes(), label, &[0], context, &BITS].concat();
        hmac(HmacHash::Sha384, secret, &input, block)?;
    }
    Ok(keys)
}

/// Compares two commitments in constant time.
pub(crate) fn same_commitment(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;

    fn bytes(case: &Value, name: &str) -> Vec<u8> {
        HEXLOWER.decode(case[name].as_str().unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn keys_in_counter_mode_are_derived_as_published() {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/hierarchy/known-answers.json");
        let known: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let ours = known["kdf"].as_array().unwrap().iter().filter(|case| {
            case["hash"] == "sha256" && case["length"] == 32 && case["label"].is_string()
        });
        let mut count = 0;
        for case in ours {
            let (key, context) = (bytes(case, "key"), bytes(case, "context"));
            let derived = counter_mode_key(&key, &bytes(case, "label"), &context).unwrap();
            assert_eq!(derived.to_vec(), bytes(case, "output"), "{}", case["id"]);
            count += 1;
        }
        assert_eq!(count, 14);
    }
}
