//! A table in memory, and a KMS that wraps as the emulator of the vectors does.

#![allow(dead_code, reason = "no test uses all of it")]

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use data_encoding::{BASE64, HEXLOWER};
use kms_envelope::EncryptionContext;
use kms_envelope::branch_keys::{Answer, Condition, Item, Kms, Put, Storage, Value};
use kms_envelope::error::{Code, Error, Result};
use kms_envelope::kms_arn::KmsArn;
use kms_envelope::materials::DataKey;
use serde_json::Value as Json;
use zeroize::Zeroizing;

/// A table whose calls are counted, and can be made to fail.
pub struct MemoryTable {
    name: String,
    items: Mutex<Option<BTreeMap<(String, String), Item>>>,
    pub reads: AtomicUsize,
    pub writes: AtomicUsize,
    /// What the next write does instead.
    pub next_write: Mutex<NextWrite>,
}

/// How a write ends.
#[derive(Default, PartialEq)]
pub enum NextWrite {
    #[default]
    Answers,
    /// The process is killed before.
    Killed,
    /// It is done, and its answer is lost; a retry finds the condition not held.
    LosesAnswer,
}

impl MemoryTable {
    /// A table with these items; without any, none exists.
    pub fn new(name: &str, items: Option<Vec<Item>>) -> Arc<Self> {
        let keyed = |item: Item| (keys_of(&item), item);
        let items = items.map(|items| items.into_iter().map(keyed).collect());
        Arc::new(Self {
            name: name.to_owned(),
            items: Mutex::new(items),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            next_write: Mutex::default(),
        })
    }

    fn with<T>(
        &self,
        use_items: impl FnOnce(&mut BTreeMap<(String, String), Item>) -> T,
    ) -> Result<T> {
        let mut items = self.items.lock().unwrap();
        let missing = || Error::new(Code::KeyStoreNotFound, "there is no such table");
        items.as_mut().map(use_items).ok_or_else(missing)
    }

    pub fn count(&self) -> usize {
        self.with(|items| items.len()).unwrap()
    }
}

fn keys_of(item: &Item) -> (String, String) {
    let text = |name| item.text(name).unwrap_or_default().to_owned();
    (text("branch-key-id"), text("type"))
}

impl Storage for MemoryTable {
    fn get<'a>(
        &'a self,
        branch_key_id: &'a str,
        kind: &'a str,
        _: bool,
    ) -> Answer<'a, Option<Item>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let key = (branch_key_id.to_owned(), kind.to_owned());
        Box::pin(async move {
            let found = self.with(|items| items.get(&key).cloned());
            // Others may write between what is read and what follows.
            tokio::task::yield_now().await;
            found
        })
    }

    fn write<'a>(&'a self, puts: &'a [Put]) -> Answer<'a, bool> {
        Box::pin(async move {
            self.writes.fetch_add(1, Ordering::Relaxed);
            let next = std::mem::take(&mut *self.next_write.lock().unwrap());
            if next == NextWrite::Killed {
                return Err(Error::new(Code::KeyStoreTimeout, "killed by the test"));
            }
            let holds = |items: &BTreeMap<_, Item>, put: &Put| {
                let there = items.get(&keys_of(&put.item));
                match &put.condition {
                    Condition::Absent => there.is_none(),
                    Condition::Unchanged(enc) => {
                        there.is_some_and(|item| item.enc() == Some(enc.as_slice()))
                    }
                }
            };
            self.with(|items| {
                if !puts.iter().all(|put| holds(items, put)) {
                    return false;
                }
                for put in puts {
                    items.insert(keys_of(&put.item), put.item.clone());
                }
                next != NextWrite::LosesAnswer
            })
        })
    }

    fn items<'a>(&'a self, branch_key_id: &'a str) -> Answer<'a, Vec<Item>> {
        Box::pin(async move {
            self.with(|items| {
                let of_it = items.iter().filter(|((id, _), _)| id == branch_key_id);
                of_it.map(|(_, item)| item.clone()).collect()
            })
        })
    }

    fn delete<'a>(&'a self, branch_key_id: &'a str, kinds: &'a [String]) -> Answer<'a, ()> {
        Box::pin(async move {
            self.with(|items| {
                for kind in kinds {
                    items.remove(&(branch_key_id.to_owned(), kind.clone()));
                }
            })
        })
    }

    fn list(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn create_table(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// KMS keys with known material, by the ids of their ARNs.
pub struct FakeKms {
    keys: HashMap<String, Vec<u8>>,
    pub calls: AtomicUsize,
}

impl FakeKms {
    /// The keys of a keys.json.
    pub fn new(keys: &Json) -> Arc<Self> {
        let kms = keys["keys"].as_object().unwrap().values().filter(|key| key["kind"] == "kms");
        let keys = kms.map(|key| {
            let arn = KmsArn::of_key(key["arn"].as_str().unwrap()).unwrap();
            (arn.id, HEXLOWER.decode(key["hex"].as_str().unwrap().as_bytes()).unwrap())
        });
        Arc::new(Self { keys: keys.collect(), calls: AtomicUsize::new(0) })
    }

    fn key(&self, arn: &KmsArn) -> Result<LessSafeKey> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let missing = || Error::new(Code::KmsKeyNotFound, "there is no such KMS key");
        let material = self.keys.get(&arn.id).ok_or_else(missing)?;
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, material).unwrap()))
    }

    fn seal(&self, arn: &KmsArn, plaintext: &[u8], context: &EncryptionContext) -> Result<Vec<u8>> {
        let key = self.key(arn)?;
        let iv = DataKey::generate(12)?;
        let nonce = Nonce::try_assume_unique_for_key(iv.expose()).unwrap();
        let mut sealed = plaintext.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::from(aad(context)), &mut sealed).unwrap();
        let (sealed, tag) = sealed.split_at(plaintext.len());
        Ok([arn.id.as_bytes(), iv.expose(), tag, sealed].concat())
    }

    fn open(&self, arn: &KmsArn, blob: &[u8], context: &EncryptionContext) -> Result<Vec<u8>> {
        let key = self.key(arn)?;
        let refused = || Error::new(Code::KmsInvalidCiphertext, "it does not unwrap");
        let (id, rest) = blob.split_at_checked(36).ok_or_else(refused)?;
        if id != arn.id.as_bytes() {
            return Err(Error::new(Code::KmsWrongKey, "wrapped under another key"));
        }
        let (iv, rest) = rest.split_at_checked(12).ok_or_else(refused)?;
        let (tag, sealed) = rest.split_at_checked(16).ok_or_else(refused)?;
        let nonce = Nonce::try_assume_unique_for_key(iv).unwrap();
        let mut opened = [sealed, tag].concat();
        let opened = key.open_in_place(nonce, Aad::from(aad(context)), &mut opened);
        opened.map(|plaintext| plaintext.to_vec()).map_err(|_| refused())
    }
}

fn aad(context: &EncryptionContext) -> Vec<u8> {
    context.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()].concat()).collect()
}

impl Kms for FakeKms {
    fn default_region(&self) -> Answer<'_, String> {
        Box::pin(async { Ok("us-west-2".to_owned()) })
    }

    fn generate<'a>(
        &'a self,
        key: &'a KmsArn,
        context: &'a EncryptionContext,
    ) -> Answer<'a, Vec<u8>> {
        Box::pin(async move { self.seal(key, DataKey::generate(32)?.expose(), context) })
    }

    fn re_encrypt<'a>(
        &'a self,
        key: &'a KmsArn,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
        new_context: &'a EncryptionContext,
    ) -> Answer<'a, Vec<u8>> {
        Box::pin(async move { self.seal(key, &self.open(key, ciphertext, context)?, new_context) })
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a KmsArn,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DataKey> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.open(key, ciphertext, context).map(|key| DataKey::new(Zeroizing::new(key)))
        })
    }
}

/// An item of a store.json.
pub fn item_of(json: &Json) -> Item {
    let value = |value: &Json| {
        let (kind, held) = value.as_object().unwrap().iter().next().unwrap();
        match (kind.as_str(), held.as_str()) {
            ("S", Some(text)) => Value::Text(text.to_owned()),
            ("N", Some(number)) => Value::Number(number.to_owned()),
            ("B", Some(base64)) => Value::Bytes(BASE64.decode(base64.as_bytes()).unwrap()),
            _ => Value::Other,
        }
    };
    let attributes = json.as_object().unwrap().iter();
    Item(attributes.map(|(name, held)| (name.clone(), value(held))).collect())
}
