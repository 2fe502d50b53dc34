//! Where the materials of messages come from: the keyring, or what the cache has kept of it.
//!
//! Source: `framework/default-cmm.md`, `framework/caching-cmm.md`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::accepted::AcceptedHeader;
use super::cache::{CacheStats, MaterialsCache, Ticket};
use super::cache_entry::{ByteCounter, CachedMaterials, Counterpart, Demand, Entry};
use super::material_ids::{
    counterpart_id, decryption_id, encryption_id, size_to_decrypt, size_to_encrypt,
};
use super::settings::Settings;
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::format::EncryptedDataKey;
use crate::keyring::{Keyring, would_block};
#[cfg(feature = "aws-kms")]
use crate::materials::timed_out;
use crate::materials::{Attempts, DecryptionMaterials, EncryptionMaterials};
use crate::suite::{AlgorithmSuite, KeyDerivation};

pub(super) struct MaterialsSource {
    keyring: Arc<dyn Keyring>,
    settings: Arc<Settings>,
    cache: Option<Arc<MaterialsCache>>,
}

/// A data key that is right only if the message's header verifies under it.
pub(super) struct Unverified {
    pub(super) materials: Arc<DecryptionMaterials>,
    ticket: Option<Ticket>,
}

impl Unverified {
    /// Returns what `verify` makes of the materials. Stores them in the cache only after it succeeded, so
    /// that forged headers cannot push out entries that are in use.
    pub(super) fn verified<T>(
        self,
        verify: impl FnOnce(&DecryptionMaterials) -> Result<T>,
    ) -> Result<T> {
        let verified = verify(&self.materials)?;
        if let Some(ticket) = self.ticket {
            ticket.store();
        }
        Ok(verified)
    }

    /// Returns the materials and the ticket, for several messages with one data key: the first of them
    /// that verifies stores it.
    pub(super) fn share(self) -> (Arc<DecryptionMaterials>, Mutex<Option<Ticket>>) {
        (self.materials, Mutex::new(self.ticket))
    }
}

impl MaterialsSource {
    pub(super) fn new(keyring: Arc<dyn Keyring>, settings: Arc<Settings>) -> Self {
        let cache = settings.cache.map(|limits| Arc::new(MaterialsCache::new(limits)));
        Self { keyring, settings, cache }
    }

    pub(super) fn keyring(&self) -> &Arc<dyn Keyring> {
        &self.keyring
    }

    /// Returns materials that encrypt what is demanded, from the cache or the keyring, and what counts the
    /// bytes of a message of unknown length.
    pub(super) async fn to_encrypt(
        &self,
        context: EncryptionContext,
        demand: Demand,
    ) -> Result<(Arc<EncryptionMaterials>, ByteCounter)> {
        let Some(cache) = self.cache_to_encrypt(demand) else {
            let (keyring, settings) = (Arc::clone(&self.keyring), Arc::clone(&self.settings));
            let materials = fetch_to_encrypt(keyring, settings, context).await?;
            return Ok((Arc::new(materials), None));
        };
        let fetch = || {
            let (keyring, settings) = (Arc::clone(&self.keyring), Arc::clone(&self.settings));
            Box::pin(fetch_entry(keyring, settings, context.clone())) as _
        };
        let take = |found: &CachedMaterials| found.to_encrypt(cache.limits(), demand);
        cache.find_or_fetch(&encryption_id(&context), take, fetch).await
    }

    /// Does what `to_encrypt` does, from the cache or a keyring that need not ask a service.
    ///
    /// # Errors
    /// `WouldBlock` if a service must be asked first.
    pub(super) fn to_encrypt_now(
        &self,
        context: EncryptionContext,
        demand: Demand,
    ) -> Result<(Arc<EncryptionMaterials>, ByteCounter)> {
        let cache = self.cache_to_encrypt(demand).map(|cache| (cache, encryption_id(&context)));
        if let Some((cache, id)) = &cache
            && let Some(found) = cache.find(id, |found| found.to_encrypt(cache.limits(), demand))
        {
            return Ok(found);
        }
        self.check_answers_now()?;
        let required = self.settings.required_context_keys.clone();
        let mut materials = EncryptionMaterials::new(self.settings.suite, context, required)?;
        self.keyring.on_encrypt_now(&mut materials)?;
        self.settings.check_data_keys(&materials.encrypted_data_keys)?;
        let Some((cache, id)) = cache else { return Ok((Arc::new(materials), None)) };
        let fetched = entry_to_encrypt(self.keyring.as_ref(), materials);
        let taken = fetched.to_encrypt(cache.limits(), demand).ok_or_else(wrong_direction)?;
        cache.ticket_for(id, fetched).store();
        Ok(taken)
    }

    /// Returns materials that decrypt a message, from the cache or the keyring. Only its header shows
    /// whether they are right: `Unverified::verified` tells the cache.
    pub(super) async fn to_decrypt(&self, accepted: &AcceptedHeader) -> Result<Unverified> {
        let Some(cache) = self.cache_for(accepted.header.suite) else {
            let materials = self.fetch_to_decrypt(accepted).await?;
            return Ok(Unverified { materials: Arc::new(materials), ticket: None });
        };
        let id = decryption_id(accepted)?;
        let take = |found: &CachedMaterials| found.to_decrypt(cache.limits());
        if let Some(materials) = cache.find(&id, take) {
            return Ok(Unverified { materials, ticket: None });
        }
        let fetch = || {
            let (fetched, size) = (self.fetch_to_decrypt(accepted), size_to_decrypt(accepted));
            Box::pin(async move {
                Ok(CachedMaterials::ToDecrypt(Arc::new(Entry::new(fetched.await?, size))))
            }) as _
        };
        let (fetched, ticket) = cache.fetch(id, fetch).await?;
        let materials = fetched.fetched_to_decrypt().ok_or_else(wrong_direction)?;
        Ok(Unverified { materials, ticket: Some(ticket) })
    }

    /// Does what `to_decrypt` does, from the cache or a keyring that need not ask a service.
    ///
    /// # Errors
    /// `WouldBlock` if a service must be asked first, or if trying all data keys would take long.
    pub(super) fn to_decrypt_now(&self, accepted: &AcceptedHeader) -> Result<Unverified> {
        let cache = match self.cache_for(accepted.header.suite) {
            Some(cache) => Some((cache, decryption_id(accepted)?)),
            None => None,
        };
        if let Some((cache, id)) = &cache
            && let Some(materials) = cache.find(id, |found| found.to_decrypt(cache.limits()))
        {
            return Ok(Unverified { materials, ticket: None });
        }
        self.check_answers_now()?;
        let AcceptedHeader { header, context, allowed } = accepted;
        let mut materials =
            DecryptionMaterials::new(header.suite, context.clone(), Attempts::at_once());
        self.keyring.on_decrypt_now(&mut materials, allowed)?;
        let Some((cache, id)) = cache else {
            return Ok(Unverified { materials: Arc::new(materials), ticket: None });
        };
        let entry = Arc::new(Entry::new(materials, size_to_decrypt(accepted)));
        let materials = entry.materials();
        let ticket = Some(cache.ticket_for(id, CachedMaterials::ToDecrypt(entry)));
        Ok(Unverified { materials, ticket })
    }

    /// Whether the cache has what decrypts this message.
    pub(super) fn is_warm_for(&self, accepted: &AcceptedHeader) -> Result<bool> {
        let id = decryption_id(accepted)?;
        Ok(self.cache_for(accepted.header.suite).is_some_and(|cache| cache.decrypts(&id)))
    }

    /// Fails with `WouldBlock` if the keyring must ask a service: before a signing key is generated in vain.
    fn check_answers_now(&self) -> Result<()> {
        if self.keyring.may_answer_now() { Ok(()) } else { Err(would_block()) }
    }

    fn fetch_to_decrypt(
        &self,
        accepted: &AcceptedHeader,
    ) -> impl Future<Output = Result<DecryptionMaterials>> + Send + use<> {
        let AcceptedHeader { header, context, allowed } = accepted;
        let (keyring, allowed) = (Arc::clone(&self.keyring), Arc::clone(allowed));
        let within = self.settings.unwrap_timeout;
        fetch_to_decrypt(keyring, header.suite, context.clone(), allowed, within)
    }

    pub(super) async fn warm(&self, context: EncryptionContext) -> Result<()> {
        if self.cache_to_encrypt(Demand::message(None)).is_none() {
            return Err(no_cache());
        }
        self.to_encrypt(context, Demand::message(Some(0))).await.map(|_| ())
    }

    /// Whether the materials for this context are to be renewed, by the caller.
    pub(super) fn claim_renewal(&self, context: &EncryptionContext) -> bool {
        let cache = self.cache_for(self.settings.suite);
        cache.is_some_and(|cache| cache.claim_renewal(&encryption_id(context)))
    }

    pub(super) async fn renew(&self, context: EncryptionContext) -> Result<()> {
        let Some(cache) = self.cache_for(self.settings.suite) else { return Ok(()) };
        let key = encryption_id(&context);
        let (keyring, settings) = (Arc::clone(&self.keyring), Arc::clone(&self.settings));
        cache.renew(key, Box::pin(fetch_entry(keyring, settings, context))).await
    }

    pub(super) fn clear_cache(&self) {
        if let Some(cache) = &self.cache {
            cache.clear();
        }
    }

    pub(super) fn cache_stats(&self) -> Option<CacheStats> {
        self.cache.as_ref().map(|cache| cache.stats())
    }

    /// Returns the cache, unless the demand is more than one cached data key may encrypt: then the message
    /// gets a data key of its own.
    fn cache_to_encrypt(&self, demand: Demand) -> Option<&Arc<MaterialsCache>> {
        let cache = self.cache_for(self.settings.suite)?;
        demand.fits(cache.limits()).then_some(cache)
    }

    /// Returns the cache, unless the suite derives no keys: then one data key is for one message
    /// (`framework/caching-cmm.md`).
    fn cache_for(&self, suite: &AlgorithmSuite) -> Option<&Arc<MaterialsCache>> {
        self.cache.as_ref().filter(|_| suite.key_derivation != KeyDerivation::None)
    }
}

async fn fetch_to_encrypt(
    keyring: Arc<dyn Keyring>,
    settings: Arc<Settings>,
    context: EncryptionContext,
) -> Result<EncryptionMaterials> {
    let required = settings.required_context_keys.clone();
    let mut materials = EncryptionMaterials::new(settings.suite, context, required)?;
    keyring.on_encrypt(&mut materials).await?;
    settings.check_data_keys(&materials.encrypted_data_keys)?;
    Ok(materials)
}

async fn fetch_to_decrypt(
    keyring: Arc<dyn Keyring>,
    suite: &'static AlgorithmSuite,
    context: EncryptionContext,
    encrypted_data_keys: Arc<[EncryptedDataKey]>,
    within: Duration,
) -> Result<DecryptionMaterials> {
    let mut materials = DecryptionMaterials::new(suite, context, Attempts::within(within));
    let unwrapped = keyring.on_decrypt(&mut materials, &encrypted_data_keys);
    // A keyring that calls no service needs no runtime, and looks at the time itself.
    #[cfg(feature = "aws-kms")]
    if keyring.calls_service() {
        let in_time = tokio::time::timeout(within, unwrapped).await;
        return match in_time.unwrap_or_else(|_| Err(timed_out(within))) {
            // A service may be faster the next time.
            Err(error) => Err(match error.code() {
                Code::UnwrapTimeout => error.with_retryable(true),
                _ => error,
            }),
            Ok(()) => Ok(materials),
        };
    }
    unwrapped.await?;
    Ok(materials)
}

async fn fetch_entry(
    keyring: Arc<dyn Keyring>,
    settings: Arc<Settings>,
    context: EncryptionContext,
) -> Result<CachedMaterials> {
    let materials = fetch_to_encrypt(Arc::clone(&keyring), settings, context).await?;
    Ok(entry_to_encrypt(keyring.as_ref(), materials))
}

/// Returns the cache entry of fresh materials. Under a keyring that calls a service they also decrypt
/// what they encrypt, which saves a call; other keyrings unwrap by themselves, if they hold the key.
fn entry_to_encrypt(keyring: &dyn Keyring, materials: EncryptionMaterials) -> CachedMaterials {
    let size = size_to_encrypt(&materials);
    let id = if keyring.calls_service() { counterpart_id(&materials).ok() } else { None };
    let counterpart = id.map(|id| Counterpart { id, materials: Arc::new(materials.to_decrypt()) });
    CachedMaterials::ToEncrypt(Arc::new(Entry::new(materials, size)), counterpart)
}

pub(super) fn no_cache() -> Error {
    Error::invalid(
        "there is no cache to warm; give the option `cache`, and a suite that derives keys",
    )
}

fn wrong_direction() -> Error {
    Error::new(Code::Internal, "the cache has materials of the other direction")
}
