//! Materials kept for several messages, so that not each of them calls the key service.
//!
//! Source: `framework/caching-cmm.md` and `framework/local-cryptographic-materials-cache.md`; but
//! many callers of one cold entry make one call, and messages of unknown length are counted as they
//! go instead of being left out.

use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use lru::LruCache;

use super::cache_entry::{Demand, Entry, Use};
use crate::error::{Error, Result};
use crate::materials::{DecryptionMaterials, EncryptionMaterials};

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

struct State {
    entries: LruCache<Vec<u8>, Made>,
    pending: HashMap<Vec<u8>, WeakShared<Making>>,
    hits: u64,
    misses: u64,
}

/// What is kept: materials of either direction.
#[derive(Clone)]
pub(super) enum Made {
    ToEncrypt(Arc<Entry<EncryptionMaterials>>),
    ToDecrypt(Arc<Entry<DecryptionMaterials>>),
}

type Making = Pin<Box<dyn Future<Output = Result<Made>> + Send>>;

impl MaterialsCache {
    pub(super) fn new(limits: CacheLimits) -> Self {
        let state = State {
            entries: LruCache::new(limits.max_entries),
            pending: HashMap::new(),
            hits: 0,
            misses: 0,
        };
        Self { limits, state: Mutex::new(state) }
    }

    pub(super) fn limits(&self) -> &CacheLimits {
        &self.limits
    }

    /// What is there under this key and still has `take` to give.
    pub(super) fn find<T>(&self, key: &[u8], take: impl Fn(&Made) -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        let found = state.entries.get(key).and_then(take);
        match found {
            Some(_) => state.hits += 1,
            // What has nothing left to give is of no use to anybody.
            None => drop(state.entries.pop(key)),
        }
        found
    }

    /// As `find`; and if there is nothing, makes it: once for all who ask meanwhile.
    pub(super) async fn find_or_make<T>(
        self: &Arc<Self>,
        key: &[u8],
        take: impl Fn(&Made) -> Option<T>,
        make: impl Fn() -> Making,
    ) -> Result<T> {
        loop {
            if let Some(found) = self.find(key, &take) {
                return Ok(found);
            }
            // Who waited may find that others have taken all there was; then it begins anew.
            let made = self.making(key, &make).await?;
            if let Some(found) = take(&made) {
                return Ok(found);
            }
        }
    }

    /// Whether what is there under this key is to be renewed, by the caller.
    pub(super) fn claim_renewal(&self, key: &[u8]) -> bool {
        match self.lock().entries.peek(key) {
            Some(Made::ToEncrypt(entry)) => entry.claim_renewal(&self.limits),
            _ => false,
        }
    }

    /// Puts what is made in the place of what is there; until then that is used on.
    pub(super) async fn renew(&self, key: Vec<u8>, make: Making) -> Result<()> {
        let made = make.await;
        let mut state = self.lock();
        match (state.entries.peek(&key), made) {
            (Some(_), Ok(made)) => drop(state.entries.put(key, made)),
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
    }

    pub(super) fn stats(&self) -> CacheStats {
        let state = self.lock();
        CacheStats { hits: state.hits, misses: state.misses, entries: state.entries.len() }
    }

    /// The making under way for this key, or a new one; it stops if nobody waits for it any more.
    fn making(self: &Arc<Self>, key: &[u8], make: impl Fn() -> Making) -> Shared<Making> {
        let mut state = self.lock();
        state.misses += 1;
        if let Some(pending) = state.pending.get(key).and_then(WeakShared::upgrade) {
            return pending;
        }
        let (cache, own_key, made) = (Arc::downgrade(self), key.to_vec(), make());
        let keep = async move {
            let made = made.await;
            if let Some(cache) = cache.upgrade() {
                cache.keep(own_key, made.as_ref().ok());
            }
            made
        };
        let making = (Box::pin(keep) as Making).shared();
        if let Some(weak) = making.downgrade() {
            state.pending.insert(key.to_vec(), weak);
        }
        making
    }

    fn keep(&self, key: Vec<u8>, made: Option<&Made>) {
        let mut state = self.lock();
        // After `clear` what was under way is for those who wait for it, and not kept.
        if state.pending.remove(&key).is_none() {
            return;
        }
        if let Some(made) = made {
            state.entries.put(key, made.clone());
        }
    }

    /// No panic while it is held leaves the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Made {
    /// Materials for what is demanded, and what counts its bytes.
    pub(super) fn to_encrypt(
        &self,
        limits: &CacheLimits,
        demand: Demand,
    ) -> Option<(Arc<EncryptionMaterials>, Use)> {
        match self {
            Self::ToEncrypt(entry) => entry.take(limits, demand),
            Self::ToDecrypt(_) => None,
        }
    }

    /// Materials for one more message.
    pub(super) fn to_decrypt(&self, limits: &CacheLimits) -> Option<Arc<DecryptionMaterials>> {
        match self {
            Self::ToDecrypt(entry) => entry.peek(limits),
            Self::ToEncrypt(_) => None,
        }
    }
}

impl CacheLimits {
    /// Checks that materials can be used at all.
    ///
    /// # Errors
    /// `InvalidArgument` if not.
    pub(super) fn check(&self) -> Result<()> {
        if self.max_age.is_zero() || self.max_messages == 0 || self.max_bytes == 0 {
            return Err(Error::invalid("each limit of the cache must be at least 1"));
        }
        if self.renew_before.is_some_and(|before| before >= self.max_age) {
            return Err(Error::invalid("renewBeforeMs must be less than maxAgeMs"));
        }
        Ok(())
    }
}
