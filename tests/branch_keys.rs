//! The life of a branch key over a table in memory: written, rotated, cached, destroyed.

#![cfg(all(feature = "aws-kms", feature = "aws-lc"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "support/branch_keys.rs"]
mod support;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kms_envelope::EncryptionContext;
use kms_envelope::branch_keys::{
    BranchKeyCacheLimits, BranchKeyStore, Condition, KmsConfiguration, Put, Storage, Value, Which,
};
use kms_envelope::error::{Code, Result};
use serde_json::json;
use support::{FakeKms, MemoryTable, NextWrite};

const KEY: &str = "arn:aws:kms:us-west-2:123456789012:key/7d1c4a1e-5c0b-4a53-9c67-2f7f3f0f6c11";

/// A store, with the table and the KMS it uses.
struct Fixture {
    table: Arc<MemoryTable>,
    kms: Arc<FakeKms>,
    store: Arc<BranchKeyStore>,
}

fn fixture() -> Fixture {
    let keys = json!({"keys": {"a": {"kind": "kms", "arn": KEY, "hex": "ab".repeat(32)}}});
    let (table, kms) = (MemoryTable::new("table", Some(Vec::new())), FakeKms::new(&keys));
    let configuration = KmsConfiguration::key(KEY, false).unwrap();
    let store = BranchKeyStore::new("name".to_owned(), table.clone(), kms.clone(), configuration);
    Fixture { table, kms, store: Arc::new(store.unwrap()) }
}

fn pairs() -> EncryptionContext {
    EncryptionContext::new([("tenant".to_owned(), "blue".to_owned())]).unwrap()
}

fn limits(max_age: Duration, max_entries: usize) -> BranchKeyCacheLimits {
    BranchKeyCacheLimits { max_age, max_entries: NonZeroUsize::new(max_entries).unwrap() }
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_process_killed_before_its_write_leaves_the_store_as_it_was() {
    let Fixture { table, store, .. } = fixture();
    *table.next_write.lock().unwrap() = NextWrite::Killed;
    assert!(store.create(Some("a"), &pairs()).await.is_err());
    assert_eq!(table.count(), 0);
    let first = store.create(Some("a"), &pairs()).await.unwrap();
    *table.next_write.lock().unwrap() = NextWrite::Killed;
    assert!(store.rotate("a").await.is_err());
    assert_eq!(store.active("a").await.unwrap().branch_key.version, first.version);
    assert_ne!(store.rotate("a").await.unwrap().version, first.version);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_found_done_and_succeeds() {
    let Fixture { table, store, .. } = fixture();
    *table.next_write.lock().unwrap() = NextWrite::LosesAnswer;
    let first = store.create(Some("a"), &pairs()).await.unwrap();
    assert_eq!(store.active("a").await.unwrap().branch_key.version, first.version);
    *table.next_write.lock().unwrap() = NextWrite::LosesAnswer;
    let second = store.rotate("a").await.unwrap();
    assert_eq!(store.active("a").await.unwrap().branch_key.version, second.version);
}

#[tokio::test]
async fn of_two_rotations_at_once_one_wins_and_the_other_is_told_of_a_conflict() {
    let Fixture { store, .. } = fixture();
    store.create(Some("a"), &pairs()).await.unwrap();
    let (first, second) = tokio::join!(store.rotate("a"), store.rotate("a"));
    let results = [first, second];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let failed = results.into_iter().find_map(Result::err).unwrap();
    assert_eq!(failed.code(), Code::BranchKeyConflict);
    assert_eq!(store.describe("a").await.unwrap().versions.len(), 2);
}

#[tokio::test]
async fn a_branch_key_comes_back_with_the_context_that_it_was_created_with() {
    let Fixture { store, .. } = fixture();
    let version = store.create(Some("a"), &pairs()).await.unwrap().version;
    assert_eq!(store.active("a").await.unwrap().context, pairs());
    assert_eq!(store.version("a", version).await.unwrap().context, pairs());
    assert_eq!(store.beacon("a").await.unwrap().1, pairs());
    assert_eq!(store.describe("a").await.unwrap().context, pairs());
}

#[tokio::test]
async fn whoever_changes_the_context_or_the_time_of_a_record_makes_it_unreadable() {
    for attribute in ["aws-crypto-ec:tenant", "aws-crypto-ec:added", "create-time"] {
        let Fixture { table, store, .. } = fixture();
        store.create(Some("a"), &pairs()).await.unwrap();
        let mut item = table.get("a", "branch:ACTIVE", true).await.unwrap().unwrap();
        item.0.insert(attribute.to_owned(), Value::Text("changed".to_owned()));
        let condition = Condition::Unchanged(item.enc().unwrap().to_vec());
        assert!(table.write(&[Put { item, condition }]).await.unwrap());
        let error = store.active("a").await.unwrap_err();
        assert_eq!(error.code(), Code::BranchKeyAltered, "{attribute}");
    }
}

#[tokio::test]
async fn ten_thousand_callers_at_once_cause_one_read_and_one_kms_call() {
    let Fixture { table, kms, store } = fixture();
    store.create(Some("a"), &pairs()).await.unwrap();
    let (reads, calls) = (table.reads.load(Ordering::Relaxed), kms.calls.load(Ordering::Relaxed));
    let cache = store.cache(None, limits(HOUR, 10)).unwrap();
    let get = || async { cache.get("a", Which::Active).await.unwrap().keep() };
    futures_util::future::join_all((0..10_000).map(|_| get())).await;
    assert_eq!(table.reads.load(Ordering::Relaxed) - reads, 1);
    assert_eq!(kms.calls.load(Ordering::Relaxed) - calls, 1);
    assert_eq!(cache.stats().entries, 1);
}

#[tokio::test]
async fn a_version_is_cached_only_after_its_user_called_keep() {
    let Fixture { table, store, .. } = fixture();
    let version = store.create(Some("a"), &pairs()).await.unwrap().version;
    let cache = store.cache(None, limits(HOUR, 10)).unwrap();
    for _ in 0..3 {
        drop(cache.get("a", Which::Version(version)).await.unwrap());
    }
    assert_eq!(cache.stats().entries, 0);
    let reads = table.reads.load(Ordering::Relaxed);
    cache.get("a", Which::Version(version)).await.unwrap().keep();
    cache.get("a", Which::Version(version)).await.unwrap().keep();
    assert_eq!(table.reads.load(Ordering::Relaxed) - reads, 1);
}

#[tokio::test]
async fn a_cache_keeps_no_more_entries_than_its_limit() {
    let Fixture { store, .. } = fixture();
    let cache = store.cache(None, limits(HOUR, 3)).unwrap();
    for id in 0..10 {
        let id = id.to_string();
        store.create(Some(&id), &pairs()).await.unwrap();
        cache.get(&id, Which::Active).await.unwrap().keep();
    }
    assert_eq!(cache.stats().entries, 3);
}

#[tokio::test]
async fn of_many_tenants_a_cache_keeps_its_limit_and_a_miss_costs_one_read_and_one_call() {
    const TENANTS: usize = 1000;
    const KEPT: usize = 100;
    let Fixture { table, kms, store } = fixture();
    for tenant in 0..TENANTS {
        store.create(Some(&tenant.to_string()), &pairs()).await.unwrap();
    }
    let asked = || (table.reads.load(Ordering::Relaxed), kms.calls.load(Ordering::Relaxed));
    let (reads, calls) = asked();
    let cache = store.cache(None, limits(HOUR, KEPT)).unwrap();
    for tenant in (0..TENANTS).chain(TENANTS - KEPT..TENANTS) {
        cache.get(&tenant.to_string(), Which::Active).await.unwrap().keep();
        assert!(cache.stats().entries <= KEPT);
    }
    assert_eq!(cache.stats().entries, KEPT);
    assert_eq!(asked(), (reads + TENANTS, calls + TENANTS));
}

#[tokio::test]
async fn a_destroyed_branch_key_leaves_the_cache_even_if_a_reader_holds_it() {
    let Fixture { store, .. } = fixture();
    store.create(Some("a"), &pairs()).await.unwrap();
    let cache = store.cache(None, limits(HOUR, 10)).unwrap();
    cache.get("a", Which::Active).await.unwrap().keep();
    let in_flight = cache.get("a", Which::Active).await.unwrap();
    assert_eq!(store.destroy("a").await.unwrap(), 1);
    in_flight.keep();
    assert_eq!(cache.stats().entries, 0);
    let Err(error) = cache.get("a", Which::Active).await else { panic!("was found") };
    assert_eq!(error.code(), Code::BranchKeyNotFound);
}

#[tokio::test]
async fn a_cached_key_is_renewed_before_its_maximum_age_and_dropped_at_it() {
    let Fixture { table, store, .. } = fixture();
    store.create(Some("a"), &pairs()).await.unwrap();
    let age = Duration::from_millis(500);
    let cache = store.cache(None, limits(age, 10)).unwrap();
    cache.get("a", Which::Active).await.unwrap().keep();
    let reads = table.reads.load(Ordering::Relaxed);
    tokio::time::sleep(age * 9 / 10).await;
    cache.get("a", Which::Active).await.unwrap().keep();
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(table.reads.load(Ordering::Relaxed) - reads, 1);
    tokio::time::sleep(age * 2).await;
    assert_eq!(cache.stats().entries, 0);
}

#[test]
fn a_synchronous_call_for_a_key_not_in_the_cache_would_block() {
    let Fixture { store, .. } = fixture();
    let cache = store.cache(None, limits(HOUR, 10)).unwrap();
    let answer = kms_envelope::keyring::answer_now(async {
        cache.get("a", Which::Active).await.map(|_| ())
    });
    assert_eq!(answer.unwrap_err().code(), Code::WouldBlock);
}

#[tokio::test]
async fn caches_of_one_partition_are_shared_and_must_have_the_same_limits() {
    let Fixture { store, .. } = fixture();
    let first = store.cache(Some("one"), limits(HOUR, 10)).unwrap();
    assert!(Arc::ptr_eq(&first, &store.cache(Some("one"), limits(HOUR, 10)).unwrap()));
    assert!(!Arc::ptr_eq(&first, &store.cache(Some("two"), limits(HOUR, 10)).unwrap()));
    assert!(!Arc::ptr_eq(&first, &store.cache(None, limits(HOUR, 10)).unwrap()));
    let Err(error) = store.cache(Some("one"), limits(HOUR, 11)) else { panic!("was shared") };
    assert_eq!(error.code(), Code::InvalidArgument);
}
