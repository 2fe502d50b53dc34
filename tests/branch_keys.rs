//! Branch keys over a table in memory: what AWS's libraries wrote and refuse, and the life of a key.

#![cfg(all(feature = "aws-kms", feature = "aws-lc"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "support/branch_keys.rs"]
mod support;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use data_encoding::HEXLOWER;
use kms_envelope::EncryptionContext;
use kms_envelope::branch_keys::{
    BranchKeyCacheLimits, BranchKeyStore, Item, KmsConfiguration, StoredBranchKey, Version, Which,
};
use kms_envelope::error::{Code, Error, Result};
use serde_json::{Value as Json, json};
use support::{FakeKms, MemoryTable, NextWrite, item_of};

/// What of the cases that AWS's libraries differ in, or all do against the specification, we read.
const OPEN_READ: [&str; 1] = ["remade-create-time-text-"];

const KEY: &str = "arn:aws:kms:us-west-2:123456789012:key/7d1c4a1e-5c0b-4a53-9c67-2f7f3f0f6c11";

#[test]
fn the_cases_of_key_stores_give_their_outcomes() {
    let whole = std::env::var("ESDK_VECTORS").unwrap_or_else(|_| "../shared/vectors".to_owned());
    let whole = PathBuf::from(whole).join("hierarchy");
    let folder = if whole.is_dir() { whole } else { PathBuf::from("tests/vectors/hierarchy") };
    let read = |name: &str| -> Json {
        serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let (keys, store, cases) = (read("keys.json"), read("store.json"), read("store-cases.json"));
    let tables = tables_of(&store);
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 279);
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let outcome = block_on(run(case, &keys, &store, &tables));
            let problem = problem_of(case, outcome)?;
            Some(format!("{}: {problem}", case["id"]))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

type Outcome = Result<(Vec<u8>, Option<Version>, EncryptionContext)>;

async fn run(case: &Json, keys: &Json, all: &Json, tables: &HashMap<String, Vec<Item>>) -> Outcome {
    let text = |name: &str| case[name].as_str();
    let configured = &all["key_stores"][text("key_store").unwrap()];
    let table = text("table").or(configured["table"].as_str()).unwrap();
    let store = BranchKeyStore::new(
        configured["logical_name"].as_str().unwrap().to_owned(),
        MemoryTable::new(table, tables.get(table).cloned()),
        FakeKms::new(keys),
        configuration_of(&configured["kms"], keys)?,
    )?;
    let id = text("branch_key_id").unwrap();
    let key = |stored: StoredBranchKey| {
        let branch_key = stored.branch_key;
        (branch_key.key.expose().to_vec(), Some(branch_key.version), stored.context)
    };
    match text("operation").unwrap() {
        "active" => store.active(id).await.map(key),
        "version" => {
            let version = Version::parse(text("version").unwrap())
                .ok_or_else(|| Error::new(Code::BranchKeyUnsupported, "no version 4 UUID"))?;
            store.version(id, version).await.map(key)
        }
        "beacon" => {
            store.beacon(id).await.map(|(key, context)| (key.expose().to_vec(), None, context))
        }
        "create" => {
            let context = EncryptionContext::new(pairs_of(&case["encryption_context"]))?;
            store.create(Some(id), &context).await.map(|_| panic!("created"))
        }
        "rotate" => store.rotate(id).await.map(|_| panic!("rotated")),
        other => panic!("{other}"),
    }
}

fn problem_of(case: &Json, outcome: Outcome) -> Option<String> {
    let id = case["id"].as_str().unwrap();
    let reads = match case["result"].as_str().unwrap() {
        "ok" => true,
        "open" => OPEN_READ.iter().any(|read| id.starts_with(read)),
        _ => false,
    };
    match outcome {
        Err(_) if !reads => None,
        Err(error) => Some(error.to_string()),
        Ok(_) if !reads => Some("was read".to_owned()),
        Ok((key, version, context)) => {
            let expected = case["expect_version"].as_str().or(case["version"].as_str());
            let right = HEXLOWER.encode(&key) == case["key"].as_str().unwrap()
                && version.map(|version| version.to_string()).as_deref() == expected
                && pairs_in(&context) == pairs_of(&case["encryption_context"]);
            (!right).then(|| "another key, version or context".to_owned())
        }
    }
}

fn configuration_of(kms: &Json, keys: &Json) -> Result<KmsConfiguration> {
    let text = |name: &str| kms[name].as_str();
    if let Some(name) = text("key") {
        return KmsConfiguration::key(keys["keys"][name]["arn"].as_str().unwrap(), false);
    }
    if let Some(arn) = text("arn") {
        return KmsConfiguration::key(arn, false);
    }
    if let Some(arn) = text("mrk_arn") {
        return KmsConfiguration::key(arn, true);
    }
    let multi_region = text("mr_discovery").is_some();
    let region = text("discovery").or(text("mr_discovery")).map(str::to_owned);
    Ok(KmsConfiguration::Discovery { region, multi_region })
}

fn pairs_in(context: &EncryptionContext) -> BTreeMap<String, String> {
    context.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn pairs_of(json: &Json) -> BTreeMap<String, String> {
    let pairs = json.as_object().into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// All tables of a store.json, with the edited copies.
fn tables_of(store: &Json) -> HashMap<String, Vec<Item>> {
    let mut tables = HashMap::new();
    for table in store["tables"].as_array().unwrap() {
        let name = table["name"].as_str().unwrap();
        let items = table["items"].as_array().unwrap();
        tables.insert(name.to_owned(), items.iter().map(item_of).collect());
        for variant in store["variants"].as_array().unwrap() {
            if variant["of"] != *name {
                continue;
            }
            let ids = variant["branch_key_ids"].as_array().unwrap();
            let of_ids = |item: &&Json| ids.contains(&item["branch-key-id"]["S"]);
            let before: Vec<Json> = items.iter().filter(of_ids).cloned().collect();
            let after = edited(&before, variant["edits"].as_array().unwrap());
            let name = variant["table"].as_str().unwrap().to_owned();
            tables.insert(name, after.iter().map(item_of).collect());
        }
    }
    tables
}

fn edited(before: &[Json], edits: &[Json]) -> Vec<Json> {
    let position = |key: &Json, items: &[Json]| {
        let found =
            |item: &Json| item["branch-key-id"]["S"] == key[0] && item["type"]["S"] == key[1];
        items.iter().position(found).unwrap()
    };
    let mut items = before.to_vec();
    for edit in edits {
        if edit["put"].is_object() {
            items.push(edit["put"].clone());
            continue;
        }
        let at = position(&edit["item"], &items);
        if edit["delete"] == json!(true) {
            items.remove(at);
            continue;
        }
        let item = items[at].as_object_mut().unwrap();
        if edit["copy_enc_from"].is_array() {
            let from = &before[position(&edit["copy_enc_from"], before)];
            item.insert("enc".to_owned(), from["enc"].clone());
        }
        for (name, value) in edit["set"].as_object().into_iter().flatten() {
            item.insert(name.clone(), value.clone());
        }
        for name in edit["remove"].as_array().into_iter().flatten() {
            item.remove(name.as_str().unwrap());
        }
    }
    items
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

struct House {
    table: Arc<MemoryTable>,
    kms: Arc<FakeKms>,
    store: Arc<BranchKeyStore>,
}

fn house() -> House {
    let keys = json!({"keys": {"a": {"kind": "kms", "arn": KEY, "hex": "ab".repeat(32)}}});
    let (table, kms) = (MemoryTable::new("table", Some(Vec::new())), FakeKms::new(&keys));
    let configuration = KmsConfiguration::key(KEY, false).unwrap();
    let store = BranchKeyStore::new("name".to_owned(), table.clone(), kms.clone(), configuration);
    House { table, kms, store: Arc::new(store.unwrap()) }
}

fn pairs() -> EncryptionContext {
    EncryptionContext::new([("tenant".to_owned(), "blue".to_owned())]).unwrap()
}

fn limits(max_age: Duration, max_entries: usize) -> BranchKeyCacheLimits {
    BranchKeyCacheLimits { max_age, max_entries: NonZeroUsize::new(max_entries).unwrap() }
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn one_who_is_killed_before_the_write_leaves_the_store_as_it_was() {
    let House { table, store, .. } = house();
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
async fn a_write_whose_answer_was_lost_is_found_done() {
    let House { table, store, .. } = house();
    *table.next_write.lock().unwrap() = NextWrite::LosesAnswer;
    let first = store.create(Some("a"), &pairs()).await.unwrap();
    assert_eq!(store.active("a").await.unwrap().branch_key.version, first.version);
    *table.next_write.lock().unwrap() = NextWrite::LosesAnswer;
    let second = store.rotate("a").await.unwrap();
    assert_eq!(store.active("a").await.unwrap().branch_key.version, second.version);
}

#[tokio::test]
async fn of_rotations_at_once_one_wins() {
    let House { store, .. } = house();
    store.create(Some("a"), &pairs()).await.unwrap();
    let (first, second) = tokio::join!(store.rotate("a"), store.rotate("a"));
    let results = [first, second];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let failed = results.into_iter().find_map(Result::err).unwrap();
    assert_eq!(failed.code(), Code::BranchKeyConflict);
    assert_eq!(store.describe("a").await.unwrap().versions.len(), 2);
}

#[tokio::test]
async fn ten_thousand_at_once_read_once() {
    let House { table, kms, store } = house();
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
async fn a_version_is_kept_only_when_its_user_says_so() {
    let House { table, store, .. } = house();
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
async fn no_more_entries_are_kept_than_allowed() {
    let House { store, .. } = house();
    let cache = store.cache(None, limits(HOUR, 3)).unwrap();
    for id in 0..10 {
        let id = id.to_string();
        store.create(Some(&id), &pairs()).await.unwrap();
        cache.get(&id, Which::Active).await.unwrap().keep();
    }
    assert_eq!(cache.stats().entries, 3);
}

#[tokio::test]
async fn what_is_destroyed_is_forgotten_even_while_it_is_being_read() {
    let House { store, .. } = house();
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
async fn a_key_is_renewed_before_its_age_and_dropped_at_it() {
    let House { table, store, .. } = house();
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
fn a_cold_key_without_a_runtime_would_block() {
    let House { store, .. } = house();
    let cache = store.cache(None, limits(HOUR, 10)).unwrap();
    let answer = kms_envelope::keyring::answer_now(async {
        cache.get("a", Which::Active).await.map(|_| ())
    });
    assert_eq!(answer.unwrap_err().code(), Code::WouldBlock);
}

#[tokio::test]
async fn partitions_share_a_cache_and_must_agree() {
    let House { store, .. } = house();
    let first = store.cache(Some("one"), limits(HOUR, 10)).unwrap();
    assert!(Arc::ptr_eq(&first, &store.cache(Some("one"), limits(HOUR, 10)).unwrap()));
    assert!(!Arc::ptr_eq(&first, &store.cache(Some("two"), limits(HOUR, 10)).unwrap()));
    assert!(!Arc::ptr_eq(&first, &store.cache(None, limits(HOUR, 10)).unwrap()));
    let Err(error) = store.cache(Some("one"), limits(HOUR, 11)) else { panic!("was shared") };
    assert_eq!(error.code(), Code::InvalidArgument);
}
