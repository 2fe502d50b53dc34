//! One version of a branch key, and who reads it.

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

/// One version of a branch key, and what its record tells.
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
    /// The one that wraps.
    Active,
    /// The one that a message names.
    Version(Version),
}

/// Reads branch keys.
pub trait BranchKeySource: Send + Sync {
    /// Reads one version.
    fn read<'a>(&'a self, branch_key_id: &'a str, which: Which) -> Answer<'a, StoredBranchKey>;
}

impl fmt::Debug for BranchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BranchKey(\"{}\", {})", shown(&self.id), self.version)
    }
}
