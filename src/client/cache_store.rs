//! The entries of a cache: bounded in number and bytes, and dropped at their age.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::cache_entry::CachedMaterials;

/// The name of an entry: a hash of what its materials depend on.
pub(super) type Id = [u8; 32];

/// About how many bytes the entries of one cache take at most.
const MAX_BYTES: usize = 64 << 20;

/// What an entry takes beside its materials' own bytes.
const OVERHEAD: usize = 1024;

/// The entries, the least recently used first to go. Between calls `bytes` is the sum of their sizes,
/// and each of them stands in `ages`, which may name others that are gone.
pub(super) struct Store {
    entries: LruCache<Id, CachedMaterials>,
    max_entries: usize,
    max_age: Duration,
    bytes: usize,
    ages: VecDeque<(Instant, Id)>,
}

impl Store {
    /// An empty one; takes no memory before it has entries.
    pub(super) fn new(max_entries: NonZeroUsize, max_age: Duration) -> Self {
        Self {
            entries: LruCache::unbounded(),
            max_entries: max_entries.get(),
            max_age,
            bytes: 0,
            ages: VecDeque::new(),
        }
    }

    /// The entry, which counts as used now.
    pub(super) fn get(&mut self, id: &Id) -> Option<&CachedMaterials> {
        self.sweep();
        self.entries.get(id)
    }

    /// The entry, which does not count as used.
    pub(super) fn peek(&self, id: &Id) -> Option<&CachedMaterials> {
        self.entries.peek(id)
    }

    pub(super) fn put(&mut self, id: Id, materials: CachedMaterials) {
        self.sweep();
        self.remove(&id);
        self.bytes += OVERHEAD + materials.size();
        self.ages.push_back((materials.fetched_at(), id));
        self.entries.put(id, materials);
        while self.entries.len() > self.max_entries || self.bytes > MAX_BYTES {
            let Some((_, gone)) = self.entries.pop_lru() else { break };
            self.bytes -= OVERHEAD + gone.size();
        }
        // Names of entries that are gone are dropped when they are the most of all.
        if self.ages.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.ages.retain(|(fetched_at, id)| is_of(entries, id, *fetched_at));
        }
    }

    pub(super) fn remove(&mut self, id: &Id) {
        if let Some(gone) = self.entries.pop(id) {
            self.bytes -= OVERHEAD + gone.size();
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.ages.clear();
        self.bytes = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How long until there may be something to drop, if there are entries.
    #[cfg(feature = "aws-kms")]
    pub(super) fn left(&self) -> Option<Duration> {
        self.ages.front().map(|(fetched_at, _)| self.max_age.saturating_sub(fetched_at.elapsed()))
    }

    /// Drops what is past its age, whatever was asked for.
    pub(super) fn sweep(&mut self) {
        while let Some(&(fetched_at, id)) = self.ages.front()
            && fetched_at.elapsed() >= self.max_age
        {
            self.ages.pop_front();
            if is_of(&self.entries, &id, fetched_at) {
                self.remove(&id);
            }
        }
    }
}

/// Whether the entry of this name was fetched then, and not put in the place of one that was.
fn is_of(entries: &LruCache<Id, CachedMaterials>, id: &Id, fetched_at: Instant) -> bool {
    entries.peek(id).is_some_and(|entry| entry.fetched_at() == fetched_at)
}
