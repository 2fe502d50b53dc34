//! Key stores that AWS's libraries wrote: what they read is read, and what they refuse is refused.

#![cfg(all(feature = "aws-kms", feature = "aws-lc"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "support/branch_keys.rs"]
mod support;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use kms_envelope::EncryptionContext;
use kms_envelope::branch_keys::{BranchKeyStore, Item, KmsConfiguration, StoredBranchKey, Version};
use kms_envelope::error::{Code, Error, Result};
use serde_json::{Value as Json, json};
use support::{FakeKms, MemoryTable, item_of};

/// The cases with no agreed outcome that we read: AWS's libraries differ in them, or all break the
/// specification.
const OPEN_READ: [&str; 1] = ["remade-create-time-text-"];

#[test]
fn every_case_of_the_key_store_vectors_has_its_outcome() {
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
