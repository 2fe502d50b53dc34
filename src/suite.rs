//! The algorithm suites as one table.
//!
//! Source: `framework/algorithm-suites.md`, "Supported Algorithm Suites".

use crate::error::{Code, Error, Result};

/// One row of the specification's table of algorithm suites.
#[derive(Debug, PartialEq, Eq)]
pub struct AlgorithmSuite {
    /// The two bytes that name the suite in a message.
    pub id: u16,
    /// The name in the specification.
    pub name: &'static str,
    /// The message format that carries the suite: 1 or 2.
    pub version: u8,
    /// The length of the plaintext data key, in bytes.
    pub data_key_length: usize,
    /// Whether the message commits to its data key.
    pub commits: bool,
    /// Whether a signature follows the body.
    pub signed: bool,
}

impl AlgorithmSuite {
    /// The suite with this id.
    ///
    /// # Errors
    /// `UnsupportedMessage` if the specification has no such suite.
    pub fn by_id(id: u16) -> Result<&'static Self> {
        SUITES.iter().find(|suite| suite.id == id).ok_or_else(|| {
            Error::new(
                Code::UnsupportedMessage,
                format!(
                    "the message names algorithm suite 0x{id:04x}, which does not exist; \
                     the data was changed, or is not an AWS Encryption SDK message"
                ),
            )
        })
    }

    /// The length of a message id in this suite's format, in bytes.
    pub(crate) fn message_id_length(&self) -> usize {
        if self.version == 1 { 16 } else { 32 }
    }
}

/// AES-256-GCM, HKDF-SHA-512, key commitment, no signature: what we write.
pub static DEFAULT_SUITE: &AlgorithmSuite = &SUITES[9];

static SUITES: [AlgorithmSuite; 11] = [
    suite(0x0014, "AES_128_GCM_IV12_TAG16_NO_KDF", 16),
    suite(0x0046, "AES_192_GCM_IV12_TAG16_NO_KDF", 24),
    suite(0x0078, "AES_256_GCM_IV12_TAG16_NO_KDF", 32),
    suite(0x0114, "AES_128_GCM_IV12_TAG16_HKDF_SHA256", 16),
    suite(0x0146, "AES_192_GCM_IV12_TAG16_HKDF_SHA256", 24),
    suite(0x0178, "AES_256_GCM_IV12_TAG16_HKDF_SHA256", 32),
    suite(0x0214, "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256", 16),
    suite(0x0346, "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 24),
    suite(0x0378, "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 32),
    suite(0x0478, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 32),
    suite(0x0578, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384", 32),
];

const fn suite(id: u16, name: &'static str, data_key_length: usize) -> AlgorithmSuite {
    let commits = id >= 0x0400;
    AlgorithmSuite {
        id,
        name,
        version: if commits { 2 } else { 1 },
        data_key_length,
        commits,
        signed: matches!(id, 0x0214 | 0x0346 | 0x0378 | 0x0578),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_suite_commits_and_is_not_signed() {
        assert_eq!(DEFAULT_SUITE.id, 0x0478);
        assert!(DEFAULT_SUITE.commits && !DEFAULT_SUITE.signed);
    }

    #[test]
    fn an_unknown_suite_is_refused() {
        let error = AlgorithmSuite::by_id(0x0479).unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedMessage);
    }
}
