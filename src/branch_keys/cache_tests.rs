//! A cache for more branch keys than it may keep.

#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{
    Answer, BranchKey, BranchKeyCache, BranchKeyCacheLimits, BranchKeySource, StoredBranchKey,
    Version, Which,
};
use crate::context::EncryptionContext;
use crate::materials::DataKey;

/// Has a branch key of every id.
#[derive(Default)]
struct EveryTenant {
    reads: AtomicUsize,
}

impl BranchKeySource for EveryTenant {
    fn read<'a>(&'a self, branch_key_id: &'a str, _: Which) -> Answer<'a, StoredBranchKey> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let (id, version, key) =
                (branch_key_id.to_owned(), Version::random()?, DataKey::generate(32)?);
            let context = EncryptionContext::default();
            Ok(StoredBranchKey { branch_key: BranchKey { id, version, key }, context })
        })
    }
}

#[tokio::test]
async fn a_hundred_thousand_tenants_take_no_more_room_than_the_limit() {
    const TENANTS: usize = 100_000;
    const KEPT: usize = 1000;
    let source = Arc::new(EveryTenant::default());
    let (max_age, max_entries) = (Duration::from_secs(3600), NonZeroUsize::new(KEPT).unwrap());
    let limits = BranchKeyCacheLimits { max_age, max_entries };
    let cache = Arc::new(BranchKeyCache::new(Arc::clone(&source) as _, limits));
    for tenant in (0..TENANTS).chain(TENANTS - KEPT..TENANTS) {
        cache.get(&tenant.to_string(), Which::Active).await.unwrap().keep();
        // Counting looks at each entry.
        assert!(tenant % KEPT != 0 || cache.stats().entries <= KEPT);
    }
    assert_eq!(cache.stats().entries, KEPT);
    assert_eq!(source.reads.load(Ordering::Relaxed), TENANTS, "the last ones were kept");
}
