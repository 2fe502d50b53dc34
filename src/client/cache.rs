//! Materials kept for several messages, so that not each of them calls the key service.
//!
//! Source: `framework/caching-cmm.md` and `framework/local-cryptographic-materials-cache.md`; but
//! many callers of one cold entry make one call, and messages of unknown length are counted as they
//! go instead of being left out.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
#[cfg(feature = "aws-kms")]
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::cache_entry::CachedMaterials;
use super::cache_limits::CacheLimits;
use super::cache_store::Store;
use super::material_ids::Id;
use crate::error::Result;

/// What a cache has done since it was created.
#[derive(Debug, Clone, Copy, Default)]
pub struct CacheStats {
    /// Messages whose materials were there.
    pub hits: u64,
    /// Messages whose materials had to be fetched, or waited for.
    pub misses: u64,
    /// How many materials are there now.
    pub entries: usize,
}

/// The cached materials of one client, each under an id that is a hash of all that they depend on.
pub(super) struct MaterialsCache {
    limits: CacheLimits,
    state: Mutex<State>,
}

/// `pending` has the calls that somebody waits for, and no others: each removes itself when it ends or
/// is dropped.
struct State {
    entries: Store,
    pending: HashMap<Id, Pending>,
    /// Counts the calls. Each has its number, so that none removes the pending entry of a later one.
    calls: u64,
    /// How often the cache was cleared.
    cleared: u64,
    /// Whether a task is running that drops entries at their age.
    #[cfg(feature = "aws-kms")]
    sweeper_runs: bool,
    hits: u64,
    misses: u64,
}

struct Pending {
    call: u64,
    fetch: WeakShared<PendingFetch>,
}

/// Materials on their way from the keyring.
type PendingFetch = Pin<Box<dyn Future<Output = Result<CachedMaterials>> + Send>>;

/// The right to store materials in the cache, once a header has verified under them.
pub(super) struct Ticket {
    cache: Arc<MaterialsCache>,
    id: Id,
    fetched: CachedMaterials,
    cleared: u64,
}

impl Ticket {
    /// Stores the materials, unless others are there, or the cache was cleared since they were asked
    /// for.
    pub(super) fn store(self) {
        let mut state = self.cache.lock();
        if state.cleared == self.cleared && state.entries.get(&self.id).is_none() {
            state.entries.put(self.id, self.fetched);
            drop(state);
            self.cache.sweep_later();
        }
    }
}

impl MaterialsCache {
    pub(super) fn new(limits: CacheLimits) -> Self {
        let state = State {
            entries: Store::new(limits.max_entries, limits.max_age),
            pending: HashMap::new(),
            calls: 0,
            cleared: 0,
            #[cfg(feature = "aws-kms")]
            sweeper_runs: false,
            hits: 0,
            misses: 0,
        };
        Self { limits, state: Mutex::new(state) }
    }

    pub(super) fn limits(&self) -> &CacheLimits {
        &self.limits
    }

    /// Whether the entry with this id can decrypt; does not count as a use.
    pub(super) fn decrypts(&self, id: &Id) -> bool {
        let state = self.lock();
        state.entries.peek(id).is_some_and(|found| found.to_decrypt(&self.limits).is_some())
    }

    /// Returns what `take` takes of the entry with this id; an entry that has nothing left is dropped.
    pub(super) fn find<T>(
        &self,
        id: &Id,
        take: impl Fn(&CachedMaterials) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.lock();
        let found = state.entries.get(id).and_then(take);
        match found {
            Some(_) => state.hits += 1,
            // What has nothing left to give is of no use to anybody.
            None => state.entries.remove(id),
        }
        found
    }

    /// Returns what `take` takes of the entry with this id; fetches and stores the entry if it is not
    /// there, once for all who ask meanwhile.
    pub(super) async fn find_or_fetch<T>(
        self: &Arc<Self>,
        id: &Id,
        take: impl Fn(&CachedMaterials) -> Option<T>,
        fetch: impl Fn() -> PendingFetch,
    ) -> Result<T> {
        loop {
            if let Some(found) = self.find(id, &take) {
                return Ok(found);
            }
            // The fetched entry may be used up already by others who waited; try again.
            let fetched = self.fetch_once(id, true, &fetch).await?;
            if let Some(found) = take(&fetched) {
                return Ok(found);
            }
        }
    }

    /// Fetches materials, once for all who ask meanwhile, but does not store them: the ticket does, after a
    /// header has verified under them.
    pub(super) async fn fetch(
        self: &Arc<Self>,
        id: Id,
        fetch: impl Fn() -> PendingFetch,
    ) -> Result<(CachedMaterials, Ticket)> {
        let cleared = self.lock().cleared;
        let fetched = self.fetch_once(&id, false, fetch).await?;
        Ok((fetched.clone(), Ticket { cache: Arc::clone(self), id, fetched, cleared }))
    }

    /// Returns a ticket for materials of a keyring that answered at once.
    pub(super) fn ticket_for(self: &Arc<Self>, id: Id, fetched: CachedMaterials) -> Ticket {
        let mut state = self.lock();
        state.misses += 1;
        Ticket { cache: Arc::clone(self), id, fetched, cleared: state.cleared }
    }

    /// Whether the caller must renew the entry with this id.
    pub(super) fn claim_renewal(&self, id: &Id) -> bool {
        match self.lock().entries.peek(id) {
            Some(CachedMaterials::ToEncrypt(entry, _)) => entry.claim_renewal(&self.limits),
            _ => false,
        }
    }

    /// Replaces the entry with this id by what is fetched; until then the old one is used.
    pub(super) async fn renew(&self, id: Id, fetch: PendingFetch) -> Result<()> {
        let fetched = fetch.await;
        let mut state = self.lock();
        match (state.entries.peek(&id), fetched) {
            (Some(_), Ok(fetched)) => state.entries.put(id, fetched),
            (Some(CachedMaterials::ToEncrypt(entry, _)), Err(error)) => {
                entry.give_up_renewal();
                return Err(error);
            }
            // The entry was cleared or dropped meanwhile: do not store the new one.
            (_, fetched) => drop(fetched?),
        }
        Ok(())
    }

    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.entries.clear();
        state.pending.clear();
        state.cleared += 1;
    }

    pub(super) fn stats(&self) -> CacheStats {
        let mut state = self.lock();
        state.entries.sweep();
        CacheStats { hits: state.hits, misses: state.misses, entries: state.entries.len() }
    }

    /// Returns the fetch under way for this id, or a new one. A fetch stops when nobody waits for it any
    /// more.
    fn fetch_once(
        self: &Arc<Self>,
        id: &Id,
        stores: bool,
        fetch: impl Fn() -> PendingFetch,
    ) -> Shared<PendingFetch> {
        let mut state = self.lock();
        state.misses += 1;
        let pending = state.pending.get(id).and_then(|pending| pending.fetch.upgrade());
        if let Some(fetch) = pending {
            return fetch;
        }
        state.calls += 1;
        let (call, id, fetch) = (state.calls, *id, fetch());
        let entry = PendingEntry { cache: Arc::downgrade(self), id, call };
        let run = async move {
            let fetched = fetch.await;
            entry.end(fetched.as_ref().ok().filter(|_| stores));
            fetched
        };
        let fetch = (Box::pin(run) as PendingFetch).shared();
        if let Some(weak) = fetch.downgrade() {
            state.pending.insert(id, Pending { call, fetch: weak });
        }
        fetch
    }

    /// Starts a task that drops entries at their age, unless one runs, and that ends with the last entry.
    /// Without a Tokio runtime, the next use of the cache drops them.
    fn sweep_later(self: &Arc<Self>) {
        #[cfg(feature = "aws-kms")]
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && !std::mem::replace(&mut self.lock().sweeper_runs, true)
        {
            let cache = Arc::downgrade(self);
            runtime.spawn(async move {
                while let Some(wait) = cache.upgrade().and_then(|cache| cache.sweep()) {
                    tokio::time::sleep(wait).await;
                }
            });
        }
    }

    /// Drops what is past its age; returns how long until the next entry is, if there is one.
    #[cfg(feature = "aws-kms")]
    fn sweep(&self) -> Option<Duration> {
        let mut state = self.lock();
        state.entries.sweep();
        let wait = state.entries.until_next_expiry();
        state.sweeper_runs = wait.is_some();
        wait
    }

    /// Locks the state. A poisoned lock is used all the same: no panic leaves the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of a call in `pending`; removes it when dropped.
struct PendingEntry {
    cache: Weak<MaterialsCache>,
    id: Id,
    call: u64,
}

impl PendingEntry {
    /// Ends the call; stores what it fetched, if anything.
    fn end(&self, fetched: Option<&CachedMaterials>) {
        let Some(cache) = self.cache.upgrade() else { return };
        let mut state = cache.lock();
        // A call that began before `clear` still answers those who wait for it, but is not stored.
        if state.pending.get(&self.id).is_none_or(|pending| pending.call != self.call) {
            return;
        }
        state.pending.remove(&self.id);
        if let Some(fetched) = fetched {
            state.entries.put(self.id, fetched.clone());
            drop(state);
            cache.sweep_later();
        }
    }
}

impl Drop for PendingEntry {
    fn drop(&mut self) {
        self.end(None);
    }
}
