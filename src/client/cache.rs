//! Materials kept for several messages, so that not each of them calls the key service.
//!
//! Source: `framework/caching-cmm.md` and `framework/local-cryptographic-materials-cache.md`; but
//! many callers of one cold entry make one call, and messages of unknown length are counted as they
//! go instead of being left out.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::cache_entry::Made;
use super::cache_store::{Id, Store};
use crate::error::Result;

/// How long and how often materials are used.
#[derive(Debug, Clone, Copy)]
pub struct CacheLimits {
    /// How long after they were made.
    pub max_age: Duration,
    /// How many messages are encrypted with them.
    pub max_messages: u64,
    /// How many bytes of plaintext are encrypted with them.
    pub max_bytes: u64,
    /// How many materials are kept, to encrypt and to decrypt; the least recently used go first.
    pub max_entries: NonZeroUsize,
    /// How long before its age what encrypts is renewed, where somebody asks for it then.
    pub renew_before: Option<Duration>,
}

/// What a cache has done since it was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct CacheStats {
    /// Messages whose materials were there.
    pub hits: u64,
    /// Messages whose materials had to be made, or waited for.
    pub misses: u64,
    /// How many materials are there now.
    pub entries: usize,
}

/// The materials of one client.
pub(super) struct MaterialsCache {
    limits: CacheLimits,
    state: Mutex<State>,
}

/// `pending` has the calls that somebody waits for, and no others: each takes itself out when it ends
/// or is given up.
struct State {
    entries: Store,
    pending: HashMap<Id, Pending>,
    /// Counts the calls, so that none takes out another's entry.
    calls: u64,
    /// How often the cache was cleared.
    cleared: u64,
    /// Whether a task waits for the age of the entries.
    sweeps: bool,
    hits: u64,
    misses: u64,
}

struct Pending {
    call: u64,
    making: WeakShared<Making>,
}

type Making = Pin<Box<dyn Future<Output = Result<Made>> + Send>>;

/// Materials that a caller may keep in the cache once they have proved right.
pub(super) struct Ticket {
    cache: Arc<MaterialsCache>,
    id: Id,
    made: Made,
    cleared: u64,
}

impl Ticket {
    /// Keeps the materials, unless others are there, or the cache was cleared since they were asked
    /// for.
    pub(super) fn keep(self) {
        let mut state = self.cache.lock();
        if state.cleared == self.cleared && state.entries.get(&self.id).is_none() {
            state.entries.put(self.id, self.made);
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
            sweeps: false,
            hits: 0,
            misses: 0,
        };
        Self { limits, state: Mutex::new(state) }
    }

    pub(super) fn limits(&self) -> &CacheLimits {
        &self.limits
    }

    /// What is there under this name and still has `take` to give.
    pub(super) fn find<T>(&self, id: &Id, take: impl Fn(&Made) -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        let found = state.entries.get(id).and_then(take);
        match found {
            Some(_) => state.hits += 1,
            // What has nothing left to give is of no use to anybody.
            None => state.entries.remove(id),
        }
        found
    }

    /// As `find`; and if there is nothing, makes it, once for all who ask meanwhile, and keeps it.
    pub(super) async fn find_or_make<T>(
        self: &Arc<Self>,
        id: &Id,
        take: impl Fn(&Made) -> Option<T>,
        make: impl Fn() -> Making,
    ) -> Result<T> {
        loop {
            if let Some(found) = self.find(id, &take) {
                return Ok(found);
            }
            // Who waited may find that others have taken all there was; then it begins anew.
            let made = self.making(id, true, &make).await?;
            if let Some(found) = take(&made) {
                return Ok(found);
            }
        }
    }

    /// Makes what is to prove right before it is kept, once for all who ask meanwhile.
    pub(super) async fn make(
        self: &Arc<Self>,
        id: Id,
        make: impl Fn() -> Making,
    ) -> Result<(Made, Ticket)> {
        let cleared = self.lock().cleared;
        let made = self.making(&id, false, make).await?;
        Ok((made.clone(), Ticket { cache: Arc::clone(self), id, made, cleared }))
    }

    /// A ticket for what was made at once, without a call that others could wait for.
    pub(super) fn made_at_once(self: &Arc<Self>, id: Id, made: Made) -> Ticket {
        let mut state = self.lock();
        state.misses += 1;
        Ticket { cache: Arc::clone(self), id, made, cleared: state.cleared }
    }

    /// Whether what is there under this name is to be renewed, by the caller.
    pub(super) fn claim_renewal(&self, id: &Id) -> bool {
        match self.lock().entries.peek(id) {
            Some(Made::ToEncrypt(entry)) => entry.claim_renewal(&self.limits),
            _ => false,
        }
    }

    /// Puts what is made in the place of what is there; until then that is used on.
    pub(super) async fn renew(&self, id: Id, make: Making) -> Result<()> {
        let made = make.await;
        let mut state = self.lock();
        match (state.entries.peek(&id), made) {
            (Some(_), Ok(made)) => state.entries.put(id, made),
            (Some(Made::ToEncrypt(entry)), Err(error)) => {
                entry.give_up_renewal();
                return Err(error);
            }
            // It was cleared meanwhile, or has made room for others.
            (_, made) => drop(made?),
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

    /// The making under way for this name, or a new one; it stops if nobody waits for it any more.
    fn making(self: &Arc<Self>, id: &Id, keeps: bool, make: impl Fn() -> Making) -> Shared<Making> {
        let mut state = self.lock();
        state.misses += 1;
        let pending = state.pending.get(id).and_then(|pending| pending.making.upgrade());
        if let Some(making) = pending {
            return making;
        }
        state.calls += 1;
        let (call, id, made) = (state.calls, *id, make());
        let entry = PendingEntry { cache: Arc::downgrade(self), id, call };
        let run = async move {
            let made = made.await;
            entry.end(made.as_ref().ok().filter(|_| keeps));
            made
        };
        let making = (Box::pin(run) as Making).shared();
        if let Some(weak) = making.downgrade() {
            state.pending.insert(id, Pending { call, making: weak });
        }
        making
    }

    /// Lets a task of the runtime, if there is one, drop the entries at their age; it ends with the
    /// last of them. Without a runtime the next use drops them.
    fn sweep_later(self: &Arc<Self>) {
        #[cfg(feature = "aws-kms")]
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && !std::mem::replace(&mut self.lock().sweeps, true)
        {
            let cache = Arc::downgrade(self);
            runtime.spawn(async move {
                while let Some(left) = cache.upgrade().and_then(|cache| cache.sweep()) {
                    tokio::time::sleep(left).await;
                }
            });
        }
    }

    /// Drops what is past its age; returns how long the next entry has, if there is one.
    #[cfg(feature = "aws-kms")]
    fn sweep(&self) -> Option<Duration> {
        let mut state = self.lock();
        state.entries.sweep();
        let left = state.entries.left();
        state.sweeps = left.is_some();
        left
    }

    /// No panic while it is held leaves the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a call among the pending ones, given up with it.
struct PendingEntry {
    cache: Weak<MaterialsCache>,
    id: Id,
    call: u64,
}

impl PendingEntry {
    /// Ends the call; keeps what it made, if anything.
    fn end(&self, made: Option<&Made>) {
        let Some(cache) = self.cache.upgrade() else { return };
        let mut state = cache.lock();
        // After `clear` what was under way is for those who wait for it, and not kept.
        if state.pending.get(&self.id).is_none_or(|pending| pending.call != self.call) {
            return;
        }
        state.pending.remove(&self.id);
        if let Some(made) = made {
            state.entries.put(self.id, made.clone());
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
