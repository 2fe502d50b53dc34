//! The algorithm suites as one table, and which of them a commitment policy allows.
//!
//! Source: `framework/algorithm-suites.md`, "Supported Algorithm Suites";
//! `framework/commitment-policy.md`.

use crate::approved::check_approved;
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
    /// How the data key gives the key of one message.
    pub key_derivation: KeyDerivation,
    /// The curve of the signature that follows the body, where one does.
    pub signature: Option<Curve>,
}

/// How a data key gives the key of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyDerivation {
    /// The data key itself encrypts.
    None,
    /// HKDF gives the key.
    Hkdf(Hash),
    /// HKDF gives the key, and a commitment to it.
    HkdfCommit(Hash),
}

/// The hash that HKDF works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The curve of an ECDSA signature, and with it the hash that is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, with SHA-256.
    P256,
    /// NIST P-384, with SHA-384.
    P384,
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

    /// Whether the message commits to its data key.
    pub fn commits(&self) -> bool {
        matches!(self.key_derivation, KeyDerivation::HkdfCommit(_))
    }

    /// Whether a signature follows the body.
    pub fn signed(&self) -> bool {
        self.signature.is_some()
    }

    /// Checks that a build with the FIPS module may use the suite. The others derive their key without a
    /// salt, which NIST SP 800-56C does not allow, or not at all.
    ///
    /// # Errors
    /// `NotApproved` in such a build.
    pub(crate) fn check_approved(&self) -> Result<()> {
        let subject = format!("suite 0x{:04x} ({})", self.id, self.name);
        let todo = "use 0x0478 or 0x0578; a build without the module reads old messages, and encrypts them \
                    anew with one of these";
        check_approved(self.commits(), &subject, todo)
    }

    /// The length of a message id in this suite's format, in bytes.
    pub(crate) fn message_id_length(&self) -> usize {
        if self.version == 1 { 16 } else { MAX_MESSAGE_ID_LENGTH }
    }
}

/// The length of a message id in format 2.0, in bytes; in 1.0 it is shorter.
pub(crate) const MAX_MESSAGE_ID_LENGTH: usize = 32;

/// Which suites a client writes and reads, by whether they commit to the data key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CommitmentPolicy {
    /// Writes suites that do not commit; reads all.
    ForbidEncryptAllowDecrypt,
    /// Writes suites that commit; reads all.
    RequireEncryptAllowDecrypt,
    /// Writes and reads only suites that commit.
    #[default]
    RequireEncryptRequireDecrypt,
}

impl CommitmentPolicy {
    /// What is written under this policy unless a suite is named.
    pub fn default_suite(self) -> &'static AlgorithmSuite {
        match self {
            Self::ForbidEncryptAllowDecrypt => &SUITES[5],
            _ => DEFAULT_SUITE,
        }
    }

    /// Checks that this policy lets the suite be written.
    ///
    /// # Errors
    /// `CommitmentPolicy` if not.
    pub fn check_encrypt(self, suite: &AlgorithmSuite) -> Result<()> {
        let forbids = self == Self::ForbidEncryptAllowDecrypt;
        if suite.commits() != forbids {
            return Ok(());
        }
        let why = if forbids { "commits" } else { "does not commit" };
        Err(Error::new(
            Code::CommitmentPolicy,
            format!(
                "suite 0x{:04x} ({}) {why} to its data key, and the commitment policy forbids to \
                 write that; choose another suite or policy",
                suite.id, suite.name
            ),
        ))
    }

    /// Checks that this policy lets the suite be read.
    ///
    /// # Errors
    /// `CommitmentPolicy` if not.
    pub fn check_decrypt(self, suite: &AlgorithmSuite) -> Result<()> {
        if suite.commits() || self != Self::RequireEncryptRequireDecrypt {
            return Ok(());
        }
        Err(Error::new(
            Code::CommitmentPolicy,
            format!(
                "the message uses suite 0x{:04x} ({}), which does not commit to its data key; to \
                 read such messages too, set the commitment policy to requireEncryptAllowDecrypt",
                suite.id, suite.name
            ),
        ))
    }
}

/// AES-256-GCM, HKDF-SHA-512, key commitment, no signature: what we write.
pub static DEFAULT_SUITE: &AlgorithmSuite = &SUITES[9];

/// All suites of the specification, by id.
pub static SUITES: [AlgorithmSuite; 11] = {
    use Curve::{P256, P384};
    use Hash::{Sha256, Sha384, Sha512};
    use KeyDerivation::{Hkdf, HkdfCommit, None as Direct};
    [
        suite(0x0014, "AES_128_GCM_IV12_TAG16_NO_KDF", 16, Direct, None),
        suite(0x0046, "AES_192_GCM_IV12_TAG16_NO_KDF", 24, Direct, None),
        suite(0x0078, "AES_256_GCM_IV12_TAG16_NO_KDF", 32, Direct, None),
        suite(0x0114, "AES_128_GCM_IV12_TAG16_HKDF_SHA256", 16, Hkdf(Sha256), None),
        suite(0x0146, "AES_192_GCM_IV12_TAG16_HKDF_SHA256", 24, Hkdf(Sha256), None),
        suite(0x0178, "AES_256_GCM_IV12_TAG16_HKDF_SHA256", 32, Hkdf(Sha256), None),
        suite(
            0x0214,
            "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256",
            16,
            Hkdf(Sha256),
            Some(P256),
        ),
        suite(
            0x0346,
            "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
            24,
            Hkdf(Sha384),
            Some(P384),
        ),
        suite(
            0x0378,
            "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
            32,
            Hkdf(Sha384),
            Some(P384),
        ),
        suite(0x0478, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 32, HkdfCommit(Sha512), None),
        suite(
            0x0578,
            "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
            32,
            HkdfCommit(Sha512),
            Some(P384),
        ),
    ]
};

const fn suite(
    id: u16,
    name: &'static str,
    data_key_length: usize,
    key_derivation: KeyDerivation,
    signature: Option<Curve>,
) -> AlgorithmSuite {
    let version = if matches!(key_derivation, KeyDerivation::HkdfCommit(_)) { 2 } else { 1 };
    AlgorithmSuite { id, name, version, data_key_length, key_derivation, signature }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_suite_commits_and_is_not_signed() {
        assert_eq!(DEFAULT_SUITE.id, 0x0478);
        assert!(DEFAULT_SUITE.commits() && !DEFAULT_SUITE.signed());
    }

    #[test]
    fn an_unknown_suite_is_refused() {
        let error = AlgorithmSuite::by_id(0x0479).unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedMessage);
    }

    #[test]
    fn each_policy_writes_its_default_and_never_what_it_forbids() {
        use CommitmentPolicy::*;
        for policy in
            [ForbidEncryptAllowDecrypt, RequireEncryptAllowDecrypt, RequireEncryptRequireDecrypt]
        {
            assert!(policy.check_encrypt(policy.default_suite()).is_ok());
            for suite in &SUITES {
                let writes = suite.commits() == (policy != ForbidEncryptAllowDecrypt);
                let reads = suite.commits() || policy != RequireEncryptRequireDecrypt;
                assert_eq!(policy.check_encrypt(suite).is_ok(), writes);
                assert_eq!(policy.check_decrypt(suite).is_ok(), reads);
            }
        }
        assert_eq!(CommitmentPolicy::default(), RequireEncryptRequireDecrypt);
    }
}
