use std::num::NonZeroUsize;
use std::time::Duration;

use super::super::cache_entry::{Demand, Entry};
use super::*;
use crate::context::EncryptionContext;
use crate::error::{Code, Error};
use crate::materials::{Attempts, DecryptionMaterials};
use crate::suite::DEFAULT_SUITE;

fn limits(max_age: Duration) -> CacheLimits {
    CacheLimits {
        max_age,
        max_messages: 10,
        max_bytes: 10,
        max_entries: NonZeroUsize::MAX,
        renew_before: None,
    }
}

fn cache(max_age: Duration) -> Arc<MaterialsCache> {
    Arc::new(MaterialsCache::new(limits(max_age)))
}

fn materials(size: usize) -> CachedMaterials {
    let context = EncryptionContext::default();
    let materials = DecryptionMaterials::new(DEFAULT_SUITE, context, Attempts::at_once());
    CachedMaterials::ToDecrypt(Arc::new(Entry::new(materials, size)))
}

fn store(cache: &Arc<MaterialsCache>, name: u8, size: usize) {
    cache.ticket_for([name; 32], materials(size)).store();
}

fn count(cache: &MaterialsCache) -> usize {
    cache.lock().entries.len()
}

#[cfg(feature = "aws-kms")]
#[tokio::test]
async fn entries_are_dropped_at_their_age_though_nobody_asks_for_anything() {
    let cache = cache(Duration::from_millis(50));
    store(&cache, 1, 0);
    store(&cache, 2, 0);
    assert_eq!(count(&cache), 2);
    while count(&cache) > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn without_a_runtime_the_next_use_drops_what_is_past_its_age() {
    let cache = cache(Duration::from_millis(20));
    (0..100).for_each(|name| store(&cache, name, 0));
    std::thread::sleep(Duration::from_millis(40));
    store(&cache, 200, 0);
    assert_eq!(count(&cache), 1);
}

#[test]
fn entries_take_no_more_bytes_than_they_may() {
    let cache = cache(Duration::from_secs(60));
    (0..200).for_each(|name| store(&cache, name, 1 << 20));
    // 64 MiB have room for 63 of 1 MiB and the overhead of each.
    assert_eq!(count(&cache), 63);
}

#[test]
fn what_was_fetched_before_the_cache_was_cleared_is_not_stored() {
    let cache = cache(Duration::from_secs(60));
    let ticket = cache.ticket_for([1; 32], materials(0));
    cache.clear();
    ticket.store();
    assert_eq!(count(&cache), 0);
}

#[test]
fn a_cleared_cache_holds_nothing_and_has_all_its_room_again() {
    let cache = cache(Duration::from_secs(60));
    for round in 0..3 {
        (0..63).for_each(|name| store(&cache, name, 1 << 20));
        assert_eq!(count(&cache), 63, "in round {round}");
        cache.clear();
        assert_eq!(count(&cache), 0, "after round {round}");
    }
}

#[test]
fn a_call_that_failed_or_that_nobody_waits_for_leaves_nothing_behind() {
    let cache = cache(Duration::from_secs(60));
    let failed =
        || Box::pin(async { Err(Error::new(Code::KmsTimeout, "by the test")) }) as PendingFetch;
    assert!(cache.fetch([1; 32], failed).now_or_never().unwrap().is_err());
    let never = || Box::pin(std::future::pending()) as PendingFetch;
    for name in 0..100 {
        assert!(cache.fetch([name; 32], never).now_or_never().is_none());
    }
    assert_eq!(cache.lock().pending.len(), 0);
    assert_eq!(count(&cache), 0);
}

#[test]
fn the_least_recently_used_entry_is_dropped_for_one_too_many() {
    let max_entries = NonZeroUsize::new(2).unwrap();
    let limits = CacheLimits { max_entries, ..limits(Duration::from_secs(60)) };
    let cache = Arc::new(MaterialsCache::new(limits));
    store(&cache, 1, 0);
    store(&cache, 2, 0);
    cache.find(&[1; 32], |_| Some(())).unwrap();
    store(&cache, 3, 0);
    let is_stored = |name| cache.lock().entries.peek(&[name; 32]).is_some();
    assert_eq!([1, 2, 3].map(is_stored), [true, false, true]);
}

#[test]
fn a_data_key_encrypts_as_much_as_its_limits_say_and_no_more() {
    let limits = limits(Duration::from_secs(60));
    let fits = |entry: &Entry<()>, messages, bytes| {
        entry.take(&limits, Demand { messages, bytes }).is_some()
    };
    let bytes = Entry::new((), 0);
    assert!(!fits(&bytes, 1, Some(11)));
    assert!(fits(&bytes, 1, Some(9)) && !fits(&bytes, 1, Some(2)));
    assert!(fits(&bytes, 1, None) && fits(&bytes, 1, Some(1)));
    assert!(!fits(&bytes, 1, None), "of an unknown length, one byte must be left");

    let messages = Entry::new((), 0);
    assert!(!fits(&messages, 11, Some(10)), "what was refused has taken no bytes");
    assert!(fits(&messages, 10, Some(10)) && !fits(&messages, 1, Some(0)));
}
