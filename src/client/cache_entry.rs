//! Materials in a cache, and how much of them is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::cache_limits::CacheLimits;
use super::material_ids::Id;
use crate::materials::{DecryptionMaterials, EncryptionMaterials};

pub(super) struct Entry<M> {
    materials: Arc<M>,
    /// About how many bytes it takes.
    size: usize,
    fetched_at: Instant,
    messages: AtomicU64,
    bytes: Arc<AtomicU64>,
    renewing: AtomicBool,
}

/// Materials of either direction.
#[derive(Clone)]
pub(super) enum CachedMaterials {
    ToEncrypt(Arc<Entry<EncryptionMaterials>>, Option<Counterpart>),
    ToDecrypt(Arc<Entry<DecryptionMaterials>>),
}

/// The decryption materials of the messages that some encryption materials write, and the cache entry id
/// under which those messages look for them.
#[derive(Clone)]
pub(super) struct Counterpart {
    pub(super) id: Id,
    pub(super) materials: Arc<DecryptionMaterials>,
}

/// What materials are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// How many messages.
    pub messages: u64,
    /// The length of all their plaintexts in bytes, where it is known.
    pub bytes: Option<u64>,
}

impl Demand {
    /// One message of this length, where it is known.
    pub(super) fn message(bytes: Option<u64>) -> Self {
        Self { messages: 1, bytes }
    }

    /// Whether one data key can be enough.
    pub(super) fn fits(self, limits: &CacheLimits) -> bool {
        self.messages <= limits.max_messages && self.bytes.unwrap_or(0) <= limits.max_bytes
    }
}

/// What counts the bytes of a message whose length was not known beforehand.
pub(super) type ByteCounter = Option<Arc<AtomicU64>>;

impl<M> Entry<M> {
    pub(super) fn new(materials: M, size: usize) -> Self {
        Self::since(Arc::new(materials), size, Instant::now())
    }

    fn since(materials: Arc<M>, size: usize, fetched_at: Instant) -> Self {
        Self {
            materials,
            size,
            fetched_at,
            messages: AtomicU64::new(0),
            bytes: Arc::default(),
            renewing: AtomicBool::new(false),
        }
    }

    /// Returns the materials for what is demanded, and counts it as used; nothing beyond the limits.
    pub(super) fn take(
        &self,
        limits: &CacheLimits,
        demand: Demand,
    ) -> Option<(Arc<M>, ByteCounter)> {
        let Demand { messages, bytes: length } = demand;
        let materials = self.peek(limits)?;
        let within = |used: &AtomicU64, more: u64, most: u64| {
            let add = |used: u64| used.checked_add(more).filter(|&sum| sum <= most);
            used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
        };
        // Of a message of unknown length, one byte at least must fit.
        let reserved = length.unwrap_or(0);
        let room = length.is_some() || self.bytes.load(Ordering::Relaxed) < limits.max_bytes;
        if !room || !within(&self.bytes, reserved, limits.max_bytes) {
            return None;
        }
        if !within(&self.messages, messages, limits.max_messages) {
            self.bytes.fetch_sub(reserved, Ordering::Relaxed);
            return None;
        }
        Some((materials, length.is_none().then(|| Arc::clone(&self.bytes))))
    }

    /// Whether the entry is near its age and nobody renews it yet. If so, the caller must renew it.
    pub(super) fn claim_renewal(&self, limits: &CacheLimits) -> bool {
        let due = limits.renew_before.is_some_and(|before| {
            self.fetched_at.elapsed().checked_add(before).is_some_and(|then| then >= limits.max_age)
        });
        due && !self.renewing.swap(true, Ordering::Relaxed)
    }

    /// Lets somebody else try to renew it.
    pub(super) fn give_up_renewal(&self) {
        self.renewing.store(false, Ordering::Relaxed);
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn fetched_at(&self) -> Instant {
        self.fetched_at
    }

    /// Returns the materials, whatever their age.
    pub(super) fn materials(&self) -> Arc<M> {
        Arc::clone(&self.materials)
    }

    /// Returns the materials unless they are older than `max_age`. Does not count as a use.
    pub(super) fn peek(&self, limits: &CacheLimits) -> Option<Arc<M>> {
        (self.fetched_at.elapsed() < limits.max_age).then(|| Arc::clone(&self.materials))
    }
}

impl CachedMaterials {
    pub(super) fn size(&self) -> usize {
        match self {
            Self::ToEncrypt(entry, _) => entry.size(),
            Self::ToDecrypt(entry) => entry.size(),
        }
    }

    pub(super) fn fetched_at(&self) -> Instant {
        match self {
            Self::ToEncrypt(entry, _) => entry.fetched_at(),
            Self::ToDecrypt(entry) => entry.fetched_at(),
        }
    }

    /// Materials for what is demanded, and what counts its bytes.
    pub(super) fn to_encrypt(
        &self,
        limits: &CacheLimits,
        demand: Demand,
    ) -> Option<(Arc<EncryptionMaterials>, ByteCounter)> {
        match self {
            Self::ToEncrypt(entry, _) => entry.take(limits, demand),
            Self::ToDecrypt(_) => None,
        }
    }

    /// Materials for one more message.
    pub(super) fn to_decrypt(&self, limits: &CacheLimits) -> Option<Arc<DecryptionMaterials>> {
        match self {
            Self::ToDecrypt(entry) => entry.peek(limits),
            Self::ToEncrypt(entry, counterpart) => {
                entry.peek(limits)?;
                counterpart.as_ref().map(|found| Arc::clone(&found.materials))
            }
        }
    }

    /// The id under which messages that these materials encrypt look for what decrypts them.
    pub(super) fn counterpart_id(&self) -> Option<Id> {
        match self {
            Self::ToEncrypt(_, counterpart) => counterpart.as_ref().map(|found| found.id),
            Self::ToDecrypt(_) => None,
        }
    }

    /// Returns what is left of materials that encrypt no more: what decrypts, for no longer than they
    /// would have been kept.
    pub(super) fn without_encryption(self) -> Option<Self> {
        match self {
            Self::ToEncrypt(entry, counterpart) => {
                let entry = Entry::since(counterpart?.materials, entry.size, entry.fetched_at);
                Some(Self::ToDecrypt(Arc::new(entry)))
            }
            Self::ToDecrypt(_) => Some(self),
        }
    }

    /// Returns materials that were just fetched, for the message that asked for them.
    pub(super) fn fetched_to_decrypt(&self) -> Option<Arc<DecryptionMaterials>> {
        match self {
            Self::ToDecrypt(entry) => Some(entry.materials()),
            Self::ToEncrypt(..) => None,
        }
    }
}
