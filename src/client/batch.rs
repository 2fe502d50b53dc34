//! Many small messages at once: one data key for all that are written, one call of the keyring for
//! each data key of those that are read, and all cores for the cryptography.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream;

use super::Client;
use super::accepted::AcceptedHeader;
use super::cache::Ticket;
use super::cache_entry::Demand;
use super::cache_limits::CacheLimits;
use super::material_ids::{Id, decryption_id};
use super::materials::{Unverified, no_cache};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::format::Header;
use crate::materials::{DecryptionMaterials, EncryptionMaterials};
use crate::message::{Accounting, Decryptor, Encryptor, plaintext_length};
use crate::parallel::in_parallel;
use crate::suite::KeyDerivation;

/// How many data keys of a batch are unwrapped at once.
const KEYS_AT_ONCE: usize = 32;

/// Writes messages under one data key.
pub struct BatchEncryptor {
    materials: Arc<EncryptionMaterials>,
    frame_length: u32,
    accounting: Accounting,
    /// Never written: tells how long messages are.
    sample: Encryptor,
}

/// The headers of messages that are to be read.
pub struct BatchHeaders {
    client: Arc<Client>,
    expected_context: EncryptionContext,
    items: Vec<Result<Item>>,
    keys: Vec<Arc<AcceptedHeader>>,
    known: HashMap<Id, usize>,
}

/// Reads messages whose data keys are there.
pub struct BatchDecryptor {
    client: Arc<Client>,
    items: Vec<Result<Item>>,
    keys: Vec<Result<BatchKey>>,
}

/// The data key of some messages, stored in the cache once the header of one has verified.
struct BatchKey {
    materials: Arc<DecryptionMaterials>,
    ticket: Mutex<Option<Ticket>>,
}

/// A message whose header is accepted.
struct Item {
    accepted: Arc<AcceptedHeader>,
    key: usize,
}

impl Client {
    /// Returns what writes `messages` messages, with `bytes` of plaintext in all, after one call of the
    /// keyring, or none with a warm cache.
    ///
    /// # Errors
    /// As `encryptor`; `InvalidArgument` for a suite without key derivation, under which a data key
    /// is for one message (`framework/caching-cmm.md`); `LimitExceeded` for more than the limits of
    /// the cache let one data key encrypt.
    pub async fn batch_encryptor(
        &self,
        context: EncryptionContext,
        messages: u64,
        bytes: u64,
    ) -> Result<BatchEncryptor> {
        if self.settings.suite.key_derivation == KeyDerivation::None {
            return Err(Error::invalid(
                "a batch shares one data key, which needs an algorithm suite that derives keys",
            ));
        }
        let demand = Demand { messages, bytes: Some(bytes) };
        if let Some(limits) = self.settings.cache.filter(|limits| !demand.fits(limits)) {
            return Err(too_many(demand, &limits));
        }
        let (materials, _) = self.materials.to_encrypt(context, demand).await?;
        let frame_length = self.settings.frame_length;
        Ok(BatchEncryptor {
            sample: Encryptor::new(&materials, frame_length, Accounting::default())?,
            materials,
            frame_length,
            accounting: Accounting { tally: Some(Arc::clone(&self.encrypted)), ..self.limit() },
        })
    }
}

impl BatchEncryptor {
    /// The length of a whole message for a plaintext of this length, in bytes; if it is signed, the
    /// most it can be.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub fn message_length(&self, plaintext_length: usize) -> Result<usize> {
        self.sample.message_length(plaintext_length)
    }

    /// What writes one of the messages.
    ///
    /// # Errors
    /// `Internal` if the operating system gives no random bytes.
    pub fn encryptor(&self) -> Result<Encryptor> {
        Encryptor::new(&self.materials, self.frame_length, self.accounting.clone())
    }

    /// Writes a message for each plaintext into its output, and returns the length of each.
    pub fn encrypt(&self, items: Vec<(&[u8], &mut [u8])>) -> Vec<Result<usize>> {
        in_parallel(items, |(plaintext, output)| self.encryptor()?.encrypt(plaintext, output))
    }
}

impl BatchHeaders {
    /// Returns one for messages that must have this context, as `Client::accept` says.
    pub fn new(client: Arc<Client>, expected_context: EncryptionContext) -> Self {
        let (items, keys, known) = Default::default();
        Self { client, expected_context, items, keys, known }
    }

    /// Takes the next message. An error in its header is kept, and returned when the message is read.
    pub fn push(&mut self, message: &[u8]) {
        let item = self.read(message);
        self.items.push(item);
    }

    /// Unwraps the data keys of all messages, with one call of the keyring for each.
    pub async fn unwrap(self) -> BatchDecryptor {
        self.unwrap_unless(|_, _| None).await
    }

    /// Unwraps those data keys that the cache can keep; [`BatchDecryptor::keep`] stores them.
    ///
    /// # Errors
    /// `InvalidArgument` without a cache.
    pub async fn unwrap_to_keep(self) -> Result<BatchDecryptor> {
        let limits = self.client.settings.cache.ok_or_else(no_cache)?;
        let room = limits.max_entries.get();
        let refuse = |index: usize, key: &AcceptedHeader| {
            if key.header.suite.key_derivation == KeyDerivation::None {
                return Some(Error::invalid(
                    "the message's suite derives no key: its data key is for it alone, and not kept",
                ));
            }
            (index >= room).then(|| no_room(&limits))
        };
        Ok(self.unwrap_unless(refuse).await)
    }

    /// Unwraps the data keys, except those for which `refuse`, given their number, returns an error.
    async fn unwrap_unless(
        self,
        refuse: impl Fn(usize, &AcceptedHeader) -> Option<Error>,
    ) -> BatchDecryptor {
        let Self { client, items, keys, .. } = self;
        let unwrap = |(index, key): (usize, Arc<AcceptedHeader>)| {
            let (client, refused) = (Arc::clone(&client), refuse(index, &key));
            async move {
                match refused {
                    Some(error) => Err(error),
                    None => client.materials.to_decrypt(&key).await.map(BatchKey::of),
                }
            }
        };
        let keys = stream::iter(keys.into_iter().enumerate()).map(unwrap);
        let keys = keys.buffered(KEYS_AT_ONCE).collect().await;
        BatchDecryptor { client, items, keys }
    }

    fn read(&mut self, message: &[u8]) -> Result<Item> {
        let header = Header::parse(message, self.client.header_limits())?;
        let accepted = Arc::new(self.client.accept(header, &self.expected_context)?);
        let length = body_plaintext_length(accepted.header(), message);
        self.client.check_plaintext_length(length as u64)?;
        let key = *self.known.entry(decryption_id(&accepted)?).or_insert_with(|| {
            self.keys.push(Arc::clone(&accepted));
            self.keys.len() - 1
        });
        Ok(Item { accepted, key })
    }
}

impl BatchDecryptor {
    /// The most plaintext that the message of this index holds, in bytes; 0 if it cannot be read.
    pub fn plaintext_length(&self, index: usize, message: &[u8]) -> usize {
        let item = self.item(index);
        item.map_or(0, |item| body_plaintext_length(item.accepted.header(), message))
    }

    /// Returns the header of the message of this index.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn header(&self, index: usize) -> Result<&Arc<AcceptedHeader>> {
        Ok(&self.item(index)?.accepted)
    }

    /// What reads the message of this index, after its header.
    ///
    /// # Errors
    /// What is wrong with the message's header, or what the keyring said.
    pub fn decryptor(&self, index: usize) -> Result<Decryptor> {
        let item = self.item(index)?;
        let key = self.keys.get(item.key).ok_or_else(unknown)?.as_ref().map_err(Clone::clone)?;
        let decryptor = self.client.verify(&item.accepted, &key.materials)?;
        key.store();
        Ok(decryptor)
    }

    /// Verifies the headers of so many messages from this index on, and says of each whether the cache
    /// now has its data key, or why not.
    pub fn keep(&self, from: usize, count: usize) -> Vec<Result<()>> {
        in_parallel((from..from.saturating_add(count)).collect(), |index| self.keep_one(index))
    }

    fn keep_one(&self, index: usize) -> Result<()> {
        self.decryptor(index)?;
        if self.client.materials.is_warm_for(&self.item(index)?.accepted)? {
            return Ok(());
        }
        Err(self.client.settings.cache.as_ref().map_or_else(no_cache, no_room))
    }

    fn item(&self, index: usize) -> Result<&Item> {
        self.items.get(index).ok_or_else(unknown)?.as_ref().map_err(Clone::clone)
    }

    /// Reads the messages from this index on, each into its output, and returns their lengths; where
    /// one fails, its output is wiped.
    pub fn decrypt(&self, from: usize, items: Vec<(&[u8], &mut [u8])>) -> Vec<Result<usize>> {
        let items: Vec<_> = items.into_iter().enumerate().collect();
        in_parallel(items, |(i, (message, output))| self.decrypt_one(from + i, message, output))
    }

    fn decrypt_one(&self, index: usize, message: &[u8], output: &mut [u8]) -> Result<usize> {
        // The message may have been changed since its header was read.
        let body =
            message.get(self.header(index)?.header().length..).ok_or_else(Error::truncated)?;
        self.decryptor(index)?.decrypt(body, output)
    }
}

impl BatchKey {
    fn of(unverified: Unverified) -> Self {
        let (materials, ticket) = unverified.share();
        Self { materials, ticket }
    }

    fn store(&self) {
        let ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ticket) = ticket {
            ticket.store();
        }
    }
}

fn body_plaintext_length(header: &Header, message: &[u8]) -> usize {
    plaintext_length(header, message.get(header.length..).unwrap_or_default())
}

/// A batch has one data key, and the limits of the cache are those of a data key.
fn too_many(demand: Demand, limits: &CacheLimits) -> Error {
    let Demand { messages, bytes } = demand;
    let message = format!(
        "the batch has {messages} messages and {} bytes; one data key is for {} messages \
         (`cache.maxMessages`) and {} bytes (`cache.maxBytes`): encrypt it in several batches",
        bytes.unwrap_or_default(),
        limits.max_messages,
        limits.max_bytes
    );
    Error::new(Code::LimitExceeded, message)
}

/// The cache was full of others, was cleared meanwhile, or dropped the data key at its age.
fn no_room(limits: &CacheLimits) -> Error {
    let message = format!(
        "the cache does not keep the message's data key beside the others: it has room for {} \
         (`cache.maxEntries`), for {} ms (`cache.maxAgeMs`); warm it for fewer messages at once",
        limits.max_entries,
        limits.max_age.as_millis()
    );
    Error::new(Code::LimitExceeded, message)
}

fn unknown() -> Error {
    Error::new(Code::Internal, "the batch has no such message")
}
