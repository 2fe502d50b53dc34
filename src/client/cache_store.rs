//! The entries of a cache: bounded in number and bytes, and dropped at their age.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::cache_entry::CachedMaterials;
use super::material_ids::Id;

/// About how many bytes the entries of one cache take at most.
const MAX_BYTES: usize = 64 << 20;

/// What an entry takes beside its materials' own bytes.
const OVERHEAD: usize = 1024;

/// The entries, the least recently used first to go. Between calls `bytes` is the sum of their sizes,
/// and each of them stands in `ages`, which may name others that are gone.
///
/// Materials that also decrypt what they encrypt stand under the name by which those messages ask for
/// them, and `to_encrypt` leads there from the name by which callers who encrypt do. So one data key is
/// one entry.
pub(super) struct Store {
    entries: LruCache<Id, Kept>,
    to_encrypt: HashMap<Id, Id>,
    max_entries: usize,
    max_age: Duration,
    bytes: usize,
    ages: VecDeque<(Instant, Id)>,
}

/// Materials, and their name in `to_encrypt`, if they have one there.
struct Kept {
    materials: CachedMaterials,
    encryption_id: Option<Id>,
}

impl Store {
    /// An empty one; takes no memory before it has entries.
    pub(super) fn new(max_entries: NonZeroUsize, max_age: Duration) -> Self {
        Self {
            entries: LruCache::unbounded(),
            to_encrypt: HashMap::new(),
            max_entries: max_entries.get(),
            max_age,
            bytes: 0,
            ages: VecDeque::new(),
        }
    }

    /// The entry, which counts as used now.
    pub(super) fn get(&mut self, id: &Id) -> Option<&CachedMaterials> {
        self.sweep();
        let id = self.to_encrypt.get(id).unwrap_or(id);
        self.entries.get(id).map(|kept| &kept.materials)
    }

    /// The entry, which does not count as used.
    pub(super) fn peek(&self, id: &Id) -> Option<&CachedMaterials> {
        let id = self.to_encrypt.get(id).unwrap_or(id);
        self.entries.peek(id).map(|kept| &kept.materials)
    }

    /// Puts materials in the place of those of this name.
    pub(super) fn put(&mut self, id: Id, materials: CachedMaterials) {
        self.sweep();
        self.remove(&id);
        let own_id = materials.reading_id().unwrap_or(id);
        self.take(&own_id);
        let encryption_id = (own_id != id).then_some(id);
        if let Some(encryption_id) = encryption_id {
            self.to_encrypt.insert(encryption_id, own_id);
        }
        self.ages.push_back((materials.fetched_at(), own_id));
        self.insert(own_id, Kept { materials, encryption_id });
        while self.entries.len() > self.max_entries || self.bytes > MAX_BYTES {
            let Some((_, gone)) = self.entries.pop_lru() else { break };
            self.forget(&gone);
        }
        // Names of entries that are gone are dropped when they are the most of all.
        if self.ages.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.ages.retain(|(fetched_at, id)| is_of(entries, id, *fetched_at));
        }
    }

    /// Drops the entry of this name. One that was named to encrypt stays to decrypt what it encrypted,
    /// and is the first to go.
    pub(super) fn remove(&mut self, id: &Id) {
        let own_id = self.to_encrypt.get(id).copied();
        let Some(gone) = self.take(own_id.as_ref().unwrap_or(id)) else { return };
        if let (Some(own_id), Some(materials)) = (own_id, gone.materials.without_encryption()) {
            self.insert(own_id, Kept { materials, encryption_id: None });
            self.entries.demote(&own_id);
        }
    }

    fn insert(&mut self, id: Id, kept: Kept) {
        self.bytes += OVERHEAD + kept.materials.size();
        self.entries.put(id, kept);
    }

    fn take(&mut self, id: &Id) -> Option<Kept> {
        let gone = self.entries.pop(id)?;
        self.forget(&gone);
        Some(gone)
    }

    fn forget(&mut self, gone: &Kept) {
        self.bytes -= OVERHEAD + gone.materials.size();
        if let Some(id) = &gone.encryption_id {
            self.to_encrypt.remove(id);
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.to_encrypt.clear();
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
                self.take(&id);
            }
        }
    }
}

/// Whether the entry of this name was fetched then, and not put in the place of one that was.
fn is_of(entries: &LruCache<Id, Kept>, id: &Id, fetched_at: Instant) -> bool {
    entries.peek(id).is_some_and(|kept| kept.materials.fetched_at() == fetched_at)
}
