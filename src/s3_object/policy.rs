//! Which objects may be read: those that commit to their key, or older ones, too.

use super::metadata::{Content, ObjectMetadata};
use crate::approved::check_approved;
use crate::error::{Code, Error, Result};
use crate::suite::CommitmentPolicy;

/// What a reader accepts; by default only what commits to its key, wrapped in a way that is bound to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadPolicy {
    /// Whether objects without key commitment (V1 and V2) may be read.
    pub commitment: CommitmentPolicy,
    /// Whether keys may be unwrapped that are bound to no content algorithm.
    pub legacy_wrapping: bool,
    /// Whether content without a tag (AES-CBC) may be read.
    pub legacy_content: bool,
}

impl ReadPolicy {
    /// Checks that this policy lets the object be read.
    ///
    /// # Errors
    /// `CommitmentPolicy` or `LegacyAlgorithm`, naming what to set.
    pub fn check(&self, object: &ObjectMetadata) -> Result<()> {
        let commits = matches!(object.content(), Content::CommittingGcm { .. });
        if !commits && self.commitment == CommitmentPolicy::RequireEncryptRequireDecrypt {
            return Err(Error::new(
                Code::CommitmentPolicy,
                format!(
                    "the object has the format {}, which does not commit to its key, and the \
                     commitment policy forbids to read that; to read it, set `commitmentPolicy` to \
                     \"requireEncryptAllowDecrypt\"",
                    object.format().name()
                ),
            ));
        }
        let wrapping = object.wrapping();
        if wrapping.is_legacy() && !self.legacy_wrapping {
            return Err(legacy(
                &format!("the object's data key is wrapped by {}", wrapping.described()),
                "nothing binds it to the object's content algorithm",
                "legacyWrapping",
            ));
        }
        if matches!(object.content(), Content::Cbc { .. }) && !self.legacy_content {
            return Err(legacy(
                "the object's content is encrypted with AES-CBC",
                "nobody can tell whether it was changed",
                "legacyContent",
            ));
        }
        Ok(())
    }
}

/// Refuses objects of every format in a build with the FIPS module: what encrypts and authenticates their
/// content in pieces is not the module's.
///
/// # Errors
/// `NotApproved`.
pub(super) fn check_build() -> Result<()> {
    let todo = "encrypt a message with `Envelope`, and store that; a build without the module reads and \
                writes these objects";
    check_approved(false, "the encryption of an S3 Encryption Client's object", todo)
}

fn legacy(finding: &str, danger: &str, option: &str) -> Error {
    Error::new(
        Code::LegacyAlgorithm,
        format!(
            "{finding}; {danger}; to read it nevertheless, set `{option}`, and encrypt the object anew"
        ),
    )
}
