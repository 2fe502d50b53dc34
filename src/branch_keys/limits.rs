//! The limits and the figures of a cache of branch keys.

use std::num::NonZeroUsize;
use std::time::Duration;

/// How long, and how many, branch keys are cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BranchKeyCacheLimits {
    /// How long a branch key is used, counted from when its read began.
    pub max_age: Duration,
    /// The most versions that are cached; the least recently used are dropped first.
    pub max_entries: NonZeroUsize,
}

/// How a cache was used since it was created.
#[derive(Debug, Clone, Copy, Default)]
pub struct BranchKeyCacheStats {
    /// How often a key was found in the cache.
    pub hits: u64,
    /// How often a key had to be read, or a read waited for.
    pub misses: u64,
    /// How many keys are cached now.
    pub entries: usize,
}
