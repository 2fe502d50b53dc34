//! The metadata of an object, parsed and checked: what it says of its content and of its data key.
//!
//! Parsed once; afterwards every length is right, every name known, and nothing of another format
//! is left. Source: `s3-encryption/data-format/content-metadata.md` and `metadata-strategy.md`.

mod names;
mod parse;
mod write;

use super::json::Pairs;
use super::wrapping::Wrapping;

pub use write::MetadataWriter;

/// The length of the message id of V3, in bytes.
pub(super) const MESSAGE_ID_LENGTH: usize = 28;
/// The length of the key commitment of V3, in bytes.
pub(super) const COMMITMENT_LENGTH: usize = 28;

/// Which generation of the S3 Encryption Client's metadata an object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// AES-CBC, its data key wrapped in ways that had no names yet.
    V1,
    /// AES-GCM, or AES-CBC; the data key is bound to the algorithm.
    V2,
    /// AES-GCM with key commitment.
    V3,
}

/// How the content of an object is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// AES-CBC with PKCS #7 padding; no tag.
    Cbc { iv: [u8; 16] },
    /// AES-GCM under the data key itself.
    Gcm { iv: [u8; 12] },
    /// AES-GCM under a derived key that is committed to.
    CommittingGcm { message_id: [u8; MESSAGE_ID_LENGTH], commitment: [u8; COMMITMENT_LENGTH] },
}

/// What the metadata, or the metadata and an instruction file, say of an object.
#[derive(Debug, Clone)]
pub struct ObjectMetadata {
    format: Format,
    content: Content,
    wrapping: Wrapping,
    wrapped_key: Vec<u8>,
    description: Pairs,
}

impl Format {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
            Self::V3 => "V3",
        }
    }
}

impl Content {
    /// The name that wrapped data keys are bound to, and that V1 and V2 store.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Cbc { .. } => names::AES_CBC,
            Self::Gcm { .. } => names::AES_GCM,
            Self::CommittingGcm { .. } => names::COMMITTING_AES_GCM,
        }
    }
}

impl ObjectMetadata {
    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The algorithm of the content, as the S3 Encryption Clients name it.
    pub fn content_algorithm(&self) -> &'static str {
        self.content.name()
    }

    /// The way in which the data key is wrapped, as V2 names it.
    pub fn wrapping_algorithm(&self) -> &'static str {
        self.wrapping.described()
    }

    /// The description of the wrapping key, or the encryption context; authenticated by nothing but
    /// KMS, and only once the data key was unwrapped.
    pub fn description(&self) -> &[(String, String)] {
        &self.description
    }

    pub(super) fn pairs(&self) -> &Pairs {
        &self.description
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    pub(super) fn wrapping(&self) -> Wrapping {
        self.wrapping
    }

    pub(super) fn wrapped_key(&self) -> &[u8] {
        &self.wrapped_key
    }
}

#[cfg(test)]
mod tests;
