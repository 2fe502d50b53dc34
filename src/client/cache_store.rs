//! The entries of a cache: bounded in number and bytes, and dropped at their age.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::cache_entry::Made;

/// The name of an entry: a hash of what its materials depend on.
pub(super) type Id = [u8; 32];

/// About how many bytes the entries of one cache take at most.
const MAX_BYTES: usize = 64 << 20;

/// What an entry takes beside its materials' own bytes.
const OVERHEAD: usize = 1024;

/// The entries, the least recently used first to go. Between calls `bytes` is the sum of their sizes,
/// and each of them stands in `ages`, which may name others that are gone.
pub(super) struct Store {
    entries: LruCache<Id, Made>,
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
    pub(super) fn get(&mut self, id: &Id) -> Option<&Made> {
        self.sweep();
        self.entries.get(id)
    }

    /// The entry, which does not count as used.
    pub(super) fn peek(&self, id: &Id) -> Option<&Made> {
        self.entries.peek(id)
    }

    pub(super) fn put(&mut self, id: Id, made: Made) {
        self.sweep();
        self.remove(&id);
        self.bytes += OVERHEAD + made.size();
        self.ages.push_back((made.made(), id));
        self.entries.put(id, made);
        while self.entries.len() > self.max_entries || self.bytes > MAX_BYTES {
            let Some((_, gone)) = self.entries.pop_lru() else { break };
            self.bytes -= OVERHEAD + gone.size();
        }
        // Names of entries that are gone are dropped when they are the most of all.
        if self.ages.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.ages.retain(|(made, id)| is_of(entries, id, *made));
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
        self.ages.front().map(|(made, _)| self.max_age.saturating_sub(made.elapsed()))
    }

    /// Drops what is past its age, whatever was asked for.
    pub(super) fn sweep(&mut self) {
        while let Some(&(made, id)) = self.ages.front()
            && made.elapsed() >= self.max_age
        {
            self.ages.pop_front();
            if is_of(&self.entries, &id, made) {
                self.remove(&id);
            }
        }
    }
}

/// Whether the entry of this name was made then, and not put in the place of one that was.
fn is_of(entries: &LruCache<Id, Made>, id: &Id, made: Instant) -> bool {
    entries.peek(id).is_some_and(|entry| entry.made() == made)
}
