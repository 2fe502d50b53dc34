//! Branch keys that were read, kept for a while: however many ask for one at once, it is read once.
//!
//! A key that wraps is kept when it was read. A version that a message names is kept only when a data
//! key of that message has unwrapped under it, so that no forged message fills the cache.

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

/// The branch keys of one store that somebody used lately.
pub struct BranchKeyCache {
    source: Arc<dyn BranchKeySource>,
    limits: BranchKeyCacheLimits,
    state: Mutex<State>,
}

/// `pending` has the reads that somebody waits for; whoever takes the last of them away takes it out.
struct State {
    entries: LruCache<Name, Entry>,
    pending: HashMap<Name, WeakShared<Reading>>,
    /// Counts what was forgotten, so that nothing is kept that was read before.
    forgotten: u64,
    /// Where a renewal runs that a synchronous call starts.
    runtime: Option<Handle>,
    sweeps: bool,
    hits: u64,
    misses: u64,
}

struct Entry {
    key: Arc<BranchKey>,
    read: Instant,
    renew: Instant,
}

#[derive(Clone)]
struct Read {
    key: Arc<BranchKey>,
    at: Instant,
    forgotten: u64,
}

type Name = Box<[u8]>;
type Reading = Pin<Box<dyn Future<Output = Result<Read>> + Send>>;

/// A branch key, which is kept from now on only if its user says so.
pub struct CachedBranchKey {
    key: Arc<BranchKey>,
    fresh: Option<(Read, Waiting)>,
}

/// One of those who wait for a read, or have not decided whether to keep it.
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

    /// Keeps it for those who come later.
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
            sweeps: false,
            hits: 0,
            misses: 0,
        };
        Self { source, limits, state: Mutex::new(state) }
    }

    /// What is kept, and how long.
    pub fn limits(&self) -> BranchKeyCacheLimits {
        self.limits
    }

    /// Where the branch keys come from.
    pub fn source(&self) -> &dyn BranchKeySource {
        self.source.as_ref()
    }

    /// What the cache has done.
    pub fn stats(&self) -> BranchKeyCacheStats {
        let mut state = self.lock();
        sweep(&mut state, self.limits.max_age);
        let State { hits, misses, ref entries, .. } = *state;
        BranchKeyCacheStats { hits, misses, entries: entries.len() }
    }

    /// A branch key: at once if it is there, else when it was read.
    ///
    /// # Errors
    /// `WouldBlock` if it is not there and the caller has no Tokio runtime; what the store says.
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

    /// Drops all versions of a branch key.
    pub fn forget(&self, branch_key_id: &str) {
        let mut state = self.lock();
        state.forgotten += 1;
        state.pending.clear();
        let of_it = |entry: &Entry| entry.key.id == branch_key_id;
        let names = state.entries.iter().filter(|(_, entry)| of_it(entry));
        let names: Vec<Name> = names.map(|(name, _)| name.clone()).collect();
        for name in names {
            state.entries.pop(&name);
        }
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
            // If it fails, the next one who uses the key a little later tries again.
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

    /// The read that is under way, or a new one.
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
            // Its age begins before it is read: what is destroyed after that is not used longer.
            let at = Instant::now();
            let stored = source.read(&id, which).await?;
            Ok(Read { key: Arc::new(stored.branch_key), at, forgotten })
        })
    }

    /// Keeps what was read, unless it is older than what is there, or was forgotten meanwhile.
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
        if !std::mem::replace(&mut state.sweeps, true) {
            self.sweep_later(&state);
        }
    }

    /// Drops the keys at their age, whether or not anybody asks for them, until none is left.
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
                    state.sweeps = false;
                    return;
                }
            }
        });
    }

    /// No panic while it is held leaves anything half-changed.
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
    let old = |entry: &Entry| entry.read.elapsed() >= max_age;
    let names: Vec<Name> = state
        .entries
        .iter()
        .filter(|(_, entry)| old(entry))
        .map(|(name, _)| name.clone())
        .collect();
    for name in names {
        state.entries.pop(&name);
    }
}

/// The version comes first, as it has one length.
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
