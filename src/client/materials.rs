//! Where the materials of messages come from: the keyring, or what the cache has kept of it.
//!
//! Source: `framework/default-cmm.md`, `framework/caching-cmm.md`.

use std::sync::Arc;

use super::accepted::AcceptedHeader;
use super::cache::{CacheStats, Made, MaterialsCache};
use super::cache_entry::{Demand, Entry, Use};
use super::settings::Settings;
use crate::context::EncryptionContext;
use crate::error::{Error, Result};
use crate::format::EncryptedDataKey;
use crate::keyring::Keyring;
use crate::materials::{DecryptionMaterials, EncryptionMaterials};
use crate::suite::{AlgorithmSuite, KeyDerivation};

/// So that entries of the two directions never have one key.
const TO_ENCRYPT: u8 = 1;
const TO_DECRYPT: u8 = 2;

pub(super) struct MaterialsSource {
    keyring: Arc<dyn Keyring>,
    settings: Arc<Settings>,
    cache: Option<Arc<MaterialsCache>>,
}

impl MaterialsSource {
    pub(super) fn new(keyring: Arc<dyn Keyring>, settings: Arc<Settings>) -> Self {
        let cache = settings.cache.map(|limits| Arc::new(MaterialsCache::new(limits)));
        Self { keyring, settings, cache }
    }

    pub(super) fn keyring(&self) -> &Arc<dyn Keyring> {
        &self.keyring
    }

    /// For what is demanded of one data key.
    pub(super) async fn to_encrypt(
        &self,
        context: EncryptionContext,
        demand: Demand,
    ) -> Result<(Arc<EncryptionMaterials>, Use)> {
        let Some(cache) = self.cache_to_encrypt(demand) else {
            let (keyring, settings) = (Arc::clone(&self.keyring), Arc::clone(&self.settings));
            let materials = make_to_encrypt(keyring, settings, context).await?;
            return Ok((Arc::new(materials), None));
        };
        let make = || {
            let (keyring, settings) = (Arc::clone(&self.keyring), Arc::clone(&self.settings));
            let made = make_to_encrypt(keyring, settings, context.clone());
            Box::pin(async { Ok(Made::ToEncrypt(Arc::new(Entry::new(made.await?)))) }) as _
        };
        let take = |made: &Made| made.to_encrypt(cache.limits(), demand);
        cache.find_or_make(&encryption_key(&context), take, make).await
    }

    pub(super) fn cached_to_encrypt(
        &self,
        context: &EncryptionContext,
        demand: Demand,
    ) -> Option<(Arc<EncryptionMaterials>, Use)> {
        let cache = self.cache_to_encrypt(demand)?;
        cache.find(&encryption_key(context), |made| made.to_encrypt(cache.limits(), demand))
    }

    pub(super) async fn to_decrypt(
        &self,
        accepted: &AcceptedHeader,
    ) -> Result<Arc<DecryptionMaterials>> {
        let AcceptedHeader { header, context, allowed } = accepted;
        let made = || {
            let keyring = Arc::clone(&self.keyring);
            make_to_decrypt(keyring, header.suite, context.clone(), Arc::clone(allowed))
        };
        let Some(cache) = self.cache_for(header.suite) else {
            return made().await.map(Arc::new);
        };
        let make = || {
            let made = made();
            Box::pin(async { Ok(Made::ToDecrypt(Arc::new(Entry::new(made.await?)))) }) as _
        };
        let take = |made: &Made| made.to_decrypt(cache.limits());
        cache.find_or_make(&decryption_key(accepted)?, take, make).await
    }

    pub(super) fn cached_to_decrypt(
        &self,
        accepted: &AcceptedHeader,
    ) -> Option<Arc<DecryptionMaterials>> {
        let cache = self.cache_for(accepted.header.suite)?;
        cache.find(&decryption_key(accepted).ok()?, |made| made.to_decrypt(cache.limits()))
    }

    pub(super) async fn warm(&self, context: EncryptionContext) -> Result<()> {
        if self.cache_to_encrypt(Demand::message(None)).is_none() {
            return Err(Error::invalid(
                "there is no cache to warm; give the option `cache`, and a suite that derives keys",
            ));
        }
        self.to_encrypt(context, Demand::message(Some(0))).await.map(|_| ())
    }

    /// Whether the materials for this context are to be renewed, by the caller.
    pub(super) fn claim_renewal(&self, context: &EncryptionContext) -> bool {
        let cache = self.cache_for(self.settings.suite);
        cache.is_some_and(|cache| cache.claim_renewal(&encryption_key(context)))
    }

    pub(super) async fn renew(&self, context: EncryptionContext) -> Result<()> {
        let Some(cache) = self.cache_for(self.settings.suite) else { return Ok(()) };
        let key = encryption_key(&context);
        let (keyring, settings) = (Arc::clone(&self.keyring), Arc::clone(&self.settings));
        let made = make_to_encrypt(keyring, settings, context);
        let make = async { Ok(Made::ToEncrypt(Arc::new(Entry::new(made.await?)))) };
        cache.renew(key, Box::pin(make)).await
    }

    pub(super) fn clear_cache(&self) {
        if let Some(cache) = &self.cache {
            cache.clear();
        }
    }

    pub(super) fn cache_stats(&self) -> Option<CacheStats> {
        self.cache.as_ref().map(|cache| cache.stats())
    }

    /// What is more than one data key may encrypt gets its own.
    fn cache_to_encrypt(&self, demand: Demand) -> Option<&Arc<MaterialsCache>> {
        let cache = self.cache_for(self.settings.suite)?;
        demand.fits(cache.limits()).then_some(cache)
    }

    /// `framework/caching-cmm.md`: without key derivation one data key is for one message.
    fn cache_for(&self, suite: &AlgorithmSuite) -> Option<&Arc<MaterialsCache>> {
        self.cache.as_ref().filter(|_| suite.key_derivation != KeyDerivation::None)
    }
}

async fn make_to_encrypt(
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

async fn make_to_decrypt(
    keyring: Arc<dyn Keyring>,
    suite: &'static AlgorithmSuite,
    context: EncryptionContext,
    encrypted_data_keys: Arc<[EncryptedDataKey]>,
) -> Result<DecryptionMaterials> {
    let mut materials = DecryptionMaterials::new(suite, context);
    keyring.on_decrypt(&mut materials, &encrypted_data_keys).await?;
    Ok(materials)
}

/// Suite, required keys and keyring are the client's, and so is the cache.
fn encryption_key(context: &EncryptionContext) -> Vec<u8> {
    [&[TO_ENCRYPT], context.serialize().as_slice()].concat()
}

/// The context's own count and lengths tell where it ends.
pub(super) fn decryption_key(accepted: &AcceptedHeader) -> Result<Vec<u8>> {
    let mut key = vec![TO_DECRYPT];
    key.extend_from_slice(&accepted.header.suite.id.to_be_bytes());
    key.extend_from_slice(&accepted.allowed.len().to_be_bytes());
    for data_key in accepted.allowed.iter() {
        data_key.write(&mut key)?;
    }
    key.extend_from_slice(&accepted.context.serialize());
    Ok(key)
}
