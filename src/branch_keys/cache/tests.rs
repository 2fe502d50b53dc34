use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::branch_keys::{Answer, StoredBranchKey, Version};
use crate::context::EncryptionContext;
use crate::materials::DataKey;

const HOUR: Duration = Duration::from_secs(3600);

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

fn cache_of(
    source: &Arc<EveryTenant>,
    max_age: Duration,
    max_entries: usize,
) -> Arc<BranchKeyCache> {
    let limits =
        BranchKeyCacheLimits { max_age, max_entries: NonZeroUsize::new(max_entries).unwrap() };
    Arc::new(BranchKeyCache::new(Arc::clone(source) as _, limits))
}

/// What a read of the tenant's key gives that began at this time.
async fn read_at(cache: &BranchKeyCache, tenant: &str, at: Instant) -> Read {
    Read { at, ..cache.read(tenant, Which::Active, 0).await.unwrap() }
}

#[tokio::test]
async fn a_hundred_thousand_tenants_take_no_more_room_than_the_limit() {
    const TENANTS: usize = 100_000;
    const KEPT: usize = 1000;
    let source = Arc::new(EveryTenant::default());
    let cache = cache_of(&source, HOUR, KEPT);
    for tenant in (0..TENANTS).chain(TENANTS - KEPT..TENANTS) {
        cache.get(&tenant.to_string(), Which::Active).await.unwrap().keep();
        // Counting looks at each entry.
        assert!(tenant % KEPT != 0 || cache.stats().entries <= KEPT);
    }
    assert_eq!(cache.stats().entries, KEPT);
    assert_eq!(source.reads.load(Ordering::Relaxed), TENANTS, "the last ones were kept");
}

#[tokio::test]
async fn a_key_leaves_the_memory_at_its_age_though_nobody_asks_for_any() {
    let cache = cache_of(&Arc::default(), Duration::from_millis(40), 10);
    for tenant in ["a", "b", "a"] {
        cache.get(tenant, Which::Active).await.unwrap().keep();
    }
    let key = Arc::downgrade(&cache.lock().entries.iter().next().unwrap().1.key);
    until(|| key.strong_count() == 0 && cache.lock().entries.is_empty()).await;
    until(|| !cache.lock().sweeper_runs).await;
    // Its task has ended, and the next key starts another.
    cache.get("a", Which::Active).await.unwrap().keep();
    until(|| cache.lock().entries.is_empty()).await;
}

/// Waits for the condition, at most for minutes.
async fn until(condition: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came about");
}

#[tokio::test]
async fn a_late_answer_does_not_replace_a_key_that_was_read_after_it() {
    let cache = cache_of(&Arc::default(), HOUR, 10);
    let (name, earlier) = (name("a", Which::Active), Instant::now());
    let later = earlier + Duration::from_secs(1);
    let kept = |read: Read| {
        let key = Arc::clone(&read.key);
        cache.keep(&name, read);
        Arc::ptr_eq(&key, &cache.lock().entries.peek(&name).unwrap().key)
    };
    assert!(kept(read_at(&cache, "a", earlier).await));
    assert!(kept(read_at(&cache, "a", later).await));
    assert!(!kept(read_at(&cache, "a", earlier).await));
    assert!(!kept(read_at(&cache, "a", later).await));
}

#[tokio::test]
async fn a_key_in_use_is_read_anew_from_four_fifths_of_its_age_on() {
    let cache = cache_of(&Arc::default(), HOUR, 10);
    let (name, at) = (name("a", Which::Active), Instant::now());
    cache.keep(&name, read_at(&cache, "a", at).await);
    let renew = cache.lock().entries.peek(&name).unwrap().renew;
    assert_eq!(renew - at, HOUR * 4 / 5);
}

#[tokio::test]
async fn what_was_read_before_its_tenant_was_forgotten_is_not_kept() {
    let cache = cache_of(&Arc::default(), HOUR, 10);
    let read = read_at(&cache, "a", Instant::now()).await;
    cache.forget("a");
    cache.keep(&name("a", Which::Active), read);
    assert_eq!(cache.stats().entries, 0);
}
