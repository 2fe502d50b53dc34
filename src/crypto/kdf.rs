//! From the data key to the key of one message, and to the commitment of that message.
//!
//! Source: `framework/algorithm-suites.md`, "Algorithm Suites Encryption Key Derivation Settings"
//! and "Algorithm Suites Commit Key Derivation Settings"; RFC 5869.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Aead, AesGcm, CryptoEngine, Engine};
use crate::error::Result;

/// The length of a derived AES-256 key and of a commitment, in bytes.
const DERIVED_LENGTH: usize = 32;

const KEY_LABEL: &[u8] = b"DERIVEKEY";
const COMMIT_LABEL: &[u8] = b"COMMITKEY";

/// What a data key gives for one message.
pub(crate) struct DerivedKeys {
    /// Seals the header and the frames of that message, and of no other.
    pub content_key: AesGcm,
    /// Public: stored in the header, so that only one data key can open the message.
    pub commitment: [u8; DERIVED_LENGTH],
}

impl DerivedKeys {
    /// The keys of a committing suite: the message id is the salt.
    pub(crate) fn derive(suite_id: u16, data_key: &[u8], message_id: &[u8]) -> Result<Self> {
        let mut content_key = Zeroizing::new([0; DERIVED_LENGTH]);
        let mut commitment = [0; DERIVED_LENGTH];
        let key_info = [&suite_id.to_be_bytes(), KEY_LABEL].concat();
        Engine::hkdf_sha512(
            message_id,
            data_key,
            &mut [
                (key_info.as_slice(), content_key.as_mut_slice()),
                (COMMIT_LABEL, commitment.as_mut_slice()),
            ],
        )?;
        Ok(Self { content_key: AesGcm::new(content_key.as_slice())?, commitment })
    }
}

/// Compares two commitments in constant time.
pub(crate) fn same_commitment(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
