//! A cache of branch keys. Callers who ask for the same key at once share one read.
//!
//! The active version is stored once it was read. A version that a message names is stored only after a
//! data key of that message has unwrapped under it, so that forged messages cannot fill the cache.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use lru::LruCache;
use tokio::runtime::Handle;

use super::branch_key::{BranchKey, BranchKeySource, Which};
use super::limits::{BranchKeyCacheLimits, BranchKeyCacheStats};
use crate::error::{Code, Error, Result};

/// The most recently used branch keys of one store.
pub struct BranchKeyCache {
    source: Arc<dyn BranchKeySource>,
    limits: BranchKeyCacheLimits,
    state: Mutex<State>,
}

/// `pending` has the reads that callers wait for, and no others: the last caller of each removes it.
struct State {
    entries: LruCache<Name, Entry>,
    pending: HashMap<Name, WeakShared<Reading>>,
    /// How often a branch key was forgotten. A read that began before the last time is not stored.
    forgotten: u64,
    /// The runtime of the last asynchronous call: renewals that a synchronous call starts run there.
    runtime: Option<Handle>,
    /// Whether a task is running that drops entries at their age.
    sweeper_runs: bool,
    hits: u64,
    misses: u64,
}

struct Entry {
    key: Arc<BranchKey>,
    /// When its read began.
    read: Instant,
    /// From when on a use of the key starts another read.
    renew: Instant,
}

/// What a read gave.
#[derive(Clone)]
struct Read {
    key: Arc<BranchKey>,
    /// When it began.
    at: Instant,
    /// `State::forgotten` when it began.
    forgotten: u64,
}

type Name = Box<[u8]>;
type Reading = Pin<Box<dyn Future<Output = Result<Read>> + Send>>;

/// A branch key for one caller. If it was not in the cache, the caller decides whether it is stored there.
pub struct CachedBranchKey {
    key: Arc<BranchKey>,
    fresh: Option<(Read, Waiting)>,
}

/// A caller who waits for a read, or has not decided yet whether to store its key.
struct Waiting {
    cache: Arc<BranchKeyCache>,
    name: Name,
    reading: Option<Shared<Reading>>,
}

impl CachedBranchKey {
    /// The branch key.
    pub fn key(&self) -> &BranchKey {
        &self.key
    }

    /// Stores the key in the cache.
    pub fn keep(self) {
        if let Some((read, waiting)) = self.fresh {
            waiting.cache.keep(&waiting.name, read);
        }
    }
}

impl BranchKeyCache {
    pub(super) fn new(source: Arc<dyn BranchKeySource>, limits: BranchKeyCacheLimits) -> Self {
        let state = State {
            entries: LruCache::unbounded(),
            pending: HashMap::new(),
            forgotten: 0,
            runtime: None,
            sweeper_runs: false,
            hits: 0,
            misses: 0,
        };
        Self { source, limits, state: Mutex::new(state) }
    }

    /// How many branch keys are stored, and how long.
    pub fn limits(&self) -> BranchKeyCacheLimits {
        self.limits
    }

    /// Where the branch keys come from.
    pub fn source(&self) -> &dyn BranchKeySource {
        self.source.as_ref()
    }

    /// Returns how often keys were found and read, and how many are stored.
    pub fn stats(&self) -> BranchKeyCacheStats {
        let mut state = self.lock();
        sweep(&mut state, self.limits.max_age);
        let State { hits, misses, ref entries, .. } = *state;
        BranchKeyCacheStats { hits, misses, entries: entries.len() }
    }

    /// Returns a branch key: from the cache, or by reading it from the source.
    ///
    /// # Errors
    /// `WouldBlock` if the key is not in the cache and the caller has no Tokio runtime; those of the source.
    pub async fn get(
        self: &Arc<Self>,
        branch_key_id: &str,
        which: Which,
    ) -> Result<CachedBranchKey> {
        let name = name(branch_key_id, which);
        if let Some(key) = self.find(&name, branch_key_id, which) {
            return Ok(CachedBranchKey { key, fresh: None });
        }
        let runtime = Handle::try_current().map_err(|_| would_block())?;
        let waiting = self.wait(name, branch_key_id, which, runtime);
        let reading = waiting.reading.clone().ok_or_else(would_block)?;
        let read = reading.await?;
        Ok(CachedBranchKey { key: Arc::clone(&read.key), fresh: Some((read, waiting)) })
    }

    /// Drops all versions of a branch key, also those that are being read now.
    pub fn forget(&self, branch_key_id: &str) {
        let mut state = self.lock();
        state.forgotten += 1;
        state.pending.clear();
        drop_entries(&mut state, |entry| entry.key.id == branch_key_id);
    }

    fn find(
        self: &Arc<Self>,
        name: &Name,
        branch_key_id: &str,
        which: Which,
    ) -> Option<Arc<BranchKey>> {
        let mut state = self.lock();
        let now = Instant::now();
        let state_now = &mut *state;
        let entry = state_now.entries.get_mut(name)?;
        if now.duration_since(entry.read) >= self.limits.max_age {
            state_now.entries.pop(name);
            return None;
        }
        let key = Arc::clone(&entry.key);
        state_now.hits += 1;
        if now >= entry.renew
            && let Some(runtime) = Handle::try_current().ok().or_else(|| state_now.runtime.clone())
        {
            // If this read fails, a use of the key after 5 % of its maximum age starts the next.
            entry.renew = now + self.limits.max_age / 20;
            let reading = self.read(branch_key_id, which, state_now.forgotten);
            let (cache, name) = (Arc::clone(self), name.clone());
            runtime.spawn(async move {
                if let Ok(read) = reading.await {
                    cache.keep(&name, read);
                }
            });
        }
        Some(key)
    }

    /// Joins the read of this key that is under way, or starts one.
    fn wait(
        self: &Arc<Self>,
        name: Name,
        branch_key_id: &str,
        which: Which,
        runtime: Handle,
    ) -> Waiting {
        let mut state = self.lock();
        state.misses += 1;
        state.runtime = Some(runtime);
        let reading = match state.pending.get(&name).and_then(WeakShared::upgrade) {
            Some(reading) => reading,
            None => {
                let reading = self.read(branch_key_id, which, state.forgotten).shared();
                if let Some(weak) = reading.downgrade() {
                    state.pending.insert(name.clone(), weak);
                }
                reading
            }
        };
        Waiting { cache: Arc::clone(self), name, reading: Some(reading) }
    }

    fn read(&self, branch_key_id: &str, which: Which, forgotten: u64) -> Reading {
        let (source, id) = (Arc::clone(&self.source), branch_key_id.to_owned());
        Box::pin(async move {
            // The age counts from before the read: a key that is destroyed during it is not used for longer.
            let at = Instant::now();
            let stored = source.read(&id, which).await?;
            Ok(Read { key: Arc::new(stored.branch_key), at, forgotten })
        })
    }

    /// Stores what was read, unless a later read is stored, or the cache was told to forget keys meanwhile.
    fn keep(self: &Arc<Self>, name: &Name, read: Read) {
        let max_age = self.limits.max_age;
        let mut state = self.lock();
        let known = state.entries.peek(name).map(|entry| entry.read);
        if state.forgotten != read.forgotten || known.is_some_and(|known| known >= read.at) {
            return;
        }
        let renew = read.at + max_age - max_age / 5;
        let entry = Entry { key: read.key, read: read.at, renew };
        state.entries.put(name.clone(), entry);
        while state.entries.len() > self.limits.max_entries.get() {
            state.entries.pop_lru();
        }
        if !std::mem::replace(&mut state.sweeper_runs, true) {
            self.sweep_later(&state);
        }
    }

    /// Starts a task that drops entries at their age, and that ends with the last entry.
    fn sweep_later(self: &Arc<Self>, state: &State) {
        let Some(runtime) = state.runtime.clone() else { return };
        let (cache, max_age) = (Arc::downgrade(self), self.limits.max_age);
        runtime.spawn(async move {
            loop {
                tokio::time::sleep((max_age / 4).max(Duration::from_millis(1))).await;
                let Some(cache) = cache.upgrade() else { return };
                let mut state = cache.lock();
                sweep(&mut state, max_age);
                if state.entries.is_empty() {
                    state.sweeper_runs = false;
                    return;
                }
            }
        });
    }

    /// Locks the state. A poisoned lock is used all the same: no panic leaves the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.reading = None;
        let mut state = self.cache.lock();
        let gone = state.pending.get(&self.name).is_some_and(|weak| weak.upgrade().is_none());
        if gone {
            state.pending.remove(&self.name);
        }
    }
}

fn sweep(state: &mut State, max_age: Duration) {
    drop_entries(state, |entry| entry.read.elapsed() >= max_age);
}

fn drop_entries(state: &mut State, unwanted: impl Fn(&Entry) -> bool) {
    let names = state.entries.iter().filter(|(_, entry)| unwanted(entry));
    let names: Vec<Name> = names.map(|(name, _)| name.clone()).collect();
    for name in names {
        state.entries.pop(&name);
    }
}

/// The key of an entry: the version, which always has 16 bytes, then the id of the branch key.
fn name(branch_key_id: &str, which: Which) -> Name {
    let version = match &which {
        Which::Active => &[0; 16],
        Which::Version(version) => version.bytes(),
    };
    [version.as_slice(), branch_key_id.as_bytes()].concat().into()
}

fn would_block() -> Error {
    Error::new(
        Code::WouldBlock,
        "the branch key is not in the cache, and must be read from the key store, which a \
         synchronous call cannot wait for; use the asynchronous call first",
    )
}

#[cfg(test)]
mod tests;
