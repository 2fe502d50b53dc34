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

/// The entries; the least recently used are dropped first. Between calls `bytes` is the sum of their
/// sizes, and `ages` has the id of each, oldest first, perhaps among ids of entries that are gone.
///
/// Materials that also decrypt what they encrypt are stored under their decryption id, and `to_encrypt`
/// leads there from their encryption id. So one data key is one entry.
pub(super) struct Store {
    entries: LruCache<Id, Stored>,
    to_encrypt: HashMap<Id, Id>,
    max_entries: usize,
    max_age: Duration,
    bytes: usize,
    ages: VecDeque<(Instant, Id)>,
}

/// Materials, and their encryption id, if `to_encrypt` has one.
struct Stored {
    materials: CachedMaterials,
    encryption_id: Option<Id>,
}

impl Store {
    /// An empty store; takes no memory before it has entries.
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
        self.entries.get(id).map(|stored| &stored.materials)
    }

    /// The entry, which does not count as used.
    pub(super) fn peek(&self, id: &Id) -> Option<&CachedMaterials> {
        let id = self.to_encrypt.get(id).unwrap_or(id);
        self.entries.peek(id).map(|stored| &stored.materials)
    }

    /// Stores materials in place of those with this id.
    pub(super) fn put(&mut self, id: Id, materials: CachedMaterials) {
        self.sweep();
        self.remove(&id);
        let own_id = materials.counterpart_id().unwrap_or(id);
        self.take(&own_id);
        let encryption_id = (own_id != id).then_some(id);
        if let Some(encryption_id) = encryption_id {
            self.to_encrypt.insert(encryption_id, own_id);
        }
        self.ages.push_back((materials.fetched_at(), own_id));
        self.insert(own_id, Stored { materials, encryption_id });
        while self.entries.len() > self.max_entries || self.bytes > MAX_BYTES {
            let Some((_, gone)) = self.entries.pop_lru() else { break };
            self.account_removal(&gone);
        }
        // Ids of entries that are gone are dropped once they are the majority.
        if self.ages.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.ages.retain(|(fetched_at, id)| was_fetched_at(entries, id, *fetched_at));
        }
    }

    /// Drops the entry with this id. Given an encryption id, it keeps what decrypts the messages that the
    /// entry encrypted, as the first to be dropped when room is needed.
    pub(super) fn remove(&mut self, id: &Id) {
        let own_id = self.to_encrypt.get(id).copied();
        let Some(gone) = self.take(own_id.as_ref().unwrap_or(id)) else { return };
        if let (Some(own_id), Some(materials)) = (own_id, gone.materials.without_encryption()) {
            self.insert(own_id, Stored { materials, encryption_id: None });
            self.entries.demote(&own_id);
        }
    }

    fn insert(&mut self, id: Id, stored: Stored) {
        self.bytes += OVERHEAD + stored.materials.size();
        self.entries.put(id, stored);
    }

    fn take(&mut self, id: &Id) -> Option<Stored> {
        let gone = self.entries.pop(id)?;
        self.account_removal(&gone);
        Some(gone)
    }

    /// Updates `bytes` and `to_encrypt` for an entry that was removed.
    fn account_removal(&mut self, gone: &Stored) {
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

    /// How long until the oldest entry is past its age, if there are entries.
    #[cfg(feature = "aws-kms")]
    pub(super) fn until_next_expiry(&self) -> Option<Duration> {
        self.ages.front().map(|(fetched_at, _)| self.max_age.saturating_sub(fetched_at.elapsed()))
    }

    /// Drops what is past its age, whatever was asked for.
    pub(super) fn sweep(&mut self) {
        while let Some(&(fetched_at, id)) = self.ages.front()
            && fetched_at.elapsed() >= self.max_age
        {
            self.ages.pop_front();
            if was_fetched_at(&self.entries, &id, fetched_at) {
                self.take(&id);
            }
        }
    }
}

/// Whether the entry with this id is the one that was fetched then, and not a later one.
fn was_fetched_at(entries: &LruCache<Id, Stored>, id: &Id, fetched_at: Instant) -> bool {
    entries.peek(id).is_some_and(|stored| stored.materials.fetched_at() == fetched_at)
}
