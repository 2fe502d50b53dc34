//! One version of a branch key, and the trait of what reads it.

use std::fmt;

use super::Answer;
use super::version::Version;
use crate::context::EncryptionContext;
use crate::foreign_text::shown;
use crate::materials::DataKey;

/// One version of a branch key.
pub struct BranchKey {
    /// The id of the branch key.
    pub id: String,
    /// Which version.
    pub version: Version,
    /// The key itself.
    pub key: DataKey,
}

/// One version of a branch key, and the context in its record.
#[derive(Debug)]
pub struct StoredBranchKey {
    /// The version.
    pub branch_key: BranchKey,
    /// The context that the branch key was created with.
    pub context: EncryptionContext,
}

/// Which version of a branch key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The active version, which wraps data keys.
    Active,
    /// This version, which a message names.
    Version(Version),
}

/// What branch keys are read from.
pub trait BranchKeySource: Send + Sync {
    /// Reads one version.
    fn read<'a>(&'a self, branch_key_id: &'a str, which: Which) -> Answer<'a, StoredBranchKey>;
}

impl fmt::Debug for BranchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BranchKey(\"{}\", {})", shown(&self.id), self.version)
    }
}
