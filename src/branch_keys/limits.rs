//! How long branch keys are kept, and what became of that.

use std::num::NonZeroUsize;
use std::time::Duration;

/// How long and how many branch keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BranchKeyCacheLimits {
    /// How long after it was read a branch key is used.
    pub max_age: Duration,
    /// How many versions are kept; the least recently used are dropped first.
    pub max_entries: NonZeroUsize,
}

/// What a cache has done.
#[derive(Debug, Clone, Copy, Default)]
pub struct BranchKeyCacheStats {
    /// How often a key was there.
    pub hits: u64,
    /// How often it had to be read, or waited for.
    pub misses: u64,
    /// How many keys are there now.
    pub entries: usize,
}
