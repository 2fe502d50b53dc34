//! One keyring and one policy: what writes messages, and says which it reads.
//!
//! Source: `client-apis/client.md`; and, for the materials of a message, `framework/default-cmm.md`
//! and `framework/required-encryption-context-cmm.md`.

mod accepted;
mod batch;
mod cache;
mod cache_entry;
mod cache_limits;
mod cache_store;
mod material_ids;
mod materials;
mod settings;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::listed;
use crate::format::{Header, HeaderLimits};
use crate::keyring::{Keyring, key_name};
use crate::materials::{DecryptionMaterials, EncryptionMaterials};
pub use crate::message::Tally;
use crate::message::{Accounting, Decryptor, Encryptor, RangeOpening, check_public_key, too_long};
use cache_entry::{ByteCounter, Demand};
use materials::{MaterialsSource, Unverified};

pub use accepted::AcceptedHeader;
pub use batch::{BatchDecryptor, BatchEncryptor, BatchHeaders};
pub use cache::CacheStats;
pub use cache_limits::CacheLimits;
pub use settings::Settings;

/// Whether a caller waits for a key service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// No: what needs a service fails with `WouldBlock`, and nothing is begun.
    None,
    /// As long as it takes.
    Full,
}

/// Writes and reads messages under one keyring, as its settings allow.
pub struct Client {
    materials: MaterialsSource,
    settings: Arc<Settings>,
    encrypted: Arc<Tally>,
    decrypted: Arc<Tally>,
}

impl Client {
    /// A client with these settings.
    ///
    /// # Errors
    /// `CommitmentPolicy` or `InvalidArgument` if the settings do not go together.
    pub fn new(keyring: Arc<dyn Keyring>, settings: Settings) -> Result<Self> {
        settings.check()?;
        let settings = Arc::new(settings);
        let materials = MaterialsSource::new(keyring, Arc::clone(&settings));
        let (encrypted, decrypted) = Default::default();
        Ok(Self { materials, settings, encrypted, decrypted })
    }

    /// What wraps and unwraps the data keys.
    pub fn keyring(&self) -> &Arc<dyn Keyring> {
        self.materials.keyring()
    }

    /// What is accepted of a header while it is being read.
    pub fn header_limits(&self) -> HeaderLimits {
        HeaderLimits { max_encrypted_data_keys: self.settings.max_encrypted_data_keys }
    }

    /// Starts a message, after one call of the keyring, or none with a warm cache ("Encrypt").
    ///
    /// `plaintext_length` is checked before that call, where it is known.
    ///
    /// # Errors
    /// `LimitExceeded`, `InvalidArgument` without a required pair, and what the keyring says;
    /// `NoUsableKey` if it used a key that is not allowed; `WouldBlock` without patience, if a service
    /// must be asked.
    pub async fn encryptor(
        &self,
        context: EncryptionContext,
        plaintext_length: Option<u64>,
        patience: Patience,
    ) -> Result<Encryptor> {
        self.check_plaintext_length(plaintext_length.unwrap_or_default())?;
        let demand = Demand::message(plaintext_length);
        let (materials, counter) = match patience {
            Patience::None => self.materials.to_encrypt_now(context, demand)?,
            Patience::Full => self.materials.to_encrypt(context, demand).await?,
        };
        self.start(&materials, counter)
    }

    fn start(&self, materials: &EncryptionMaterials, counter: ByteCounter) -> Result<Encryptor> {
        let tally = Some(Arc::clone(&self.encrypted));
        let limit = self.settings.max_plaintext_length;
        let accounting = Accounting { limit, counter, tally };
        Encryptor::new(materials, self.settings.frame_length, accounting)
    }

    /// Checks a header against the settings, and its context against the caller's: all that can be
    /// known before the keyring is called ("Decrypt").
    ///
    /// # Errors
    /// `CommitmentPolicy`, `NotApproved`, `MalformedMessage`, `ContextMismatch`, `InvalidArgument` without a
    /// required pair, `NoUsableKey` if no allowed key wraps the data key.
    pub fn accept(&self, header: Header, expected: &EncryptionContext) -> Result<AcceptedHeader> {
        self.settings.commitment_policy.check_decrypt(header.suite)?;
        header.suite.check_approved()?;
        check_public_key(&header)?;
        let context = header.context.complete(expected, &self.settings.required_context_keys)?;
        let keys = &header.encrypted_data_keys;
        let allowed: Arc<[_]> = if keys.iter().all(|key| self.settings.allows(key)) {
            Arc::clone(keys)
        } else {
            keys.iter().filter(|key| self.settings.allows(key)).cloned().collect()
        };
        if allowed.is_empty() {
            let names: BTreeSet<_> = keys.iter().map(key_name).collect();
            let names = listed(names.iter().map(String::as_str));
            let finding = format!("the message's data key is wrapped by {names}");
            return Err(settings::not_allowed(&finding));
        }
        Ok(AcceptedHeader { header, context, allowed })
    }

    /// As `accept`, where the plaintext would be released before a signature at the end verified.
    ///
    /// # Errors
    /// As `accept`; `SignedMessage` for a signed message (`client-apis/decrypt.md`, "Behavior").
    pub fn accept_unsigned(
        &self,
        header: Header,
        expected: &EncryptionContext,
    ) -> Result<AcceptedHeader> {
        if header.suite.signed() {
            return Err(Error::new(
                Code::SignedMessage,
                "the message is signed, and a stream would release it before the signature at its \
                 end has verified; decrypt it in one piece or as a file, or set `signed` to \
                 \"release-before-verified\"",
            ));
        }
        self.accept(header, expected)
    }

    /// Checks the length of a plaintext, in bytes, where it is known.
    ///
    /// # Errors
    /// `LimitExceeded` if it is more than the settings allow.
    pub fn check_plaintext_length(&self, length: u64) -> Result<()> {
        match self.settings.max_plaintext_length {
            Some(limit) if length > limit => Err(too_long(limit)),
            _ => Ok(()),
        }
    }

    /// Returns what reads the body of the message with this header, after one call of the keyring, or
    /// none with a warm cache.
    ///
    /// # Errors
    /// What the keyring says; `AuthenticationFailed` if the header does not verify; `WouldBlock`
    /// without patience, if a service must be asked, or more data keys be tried than a caller who
    /// cannot wait should try.
    pub async fn decryptor(
        &self,
        accepted: &AcceptedHeader,
        patience: Patience,
    ) -> Result<Decryptor> {
        let unverified = self.materials_of(accepted, patience).await?;
        unverified.verified(|materials| self.verify(accepted, materials))
    }

    fn verify(
        &self,
        accepted: &AcceptedHeader,
        materials: &DecryptionMaterials,
    ) -> Result<Decryptor> {
        let tally = Some(Arc::clone(&self.decrypted));
        let accounting = Accounting { tally, ..self.limit() };
        Decryptor::new(&accepted.header, materials, accounting)
    }

    /// Returns what reads ranges of the message with this header and of this length, in bytes, once it
    /// is given the final frame.
    ///
    /// # Errors
    /// As `decryptor`; and as [`RangeOpening::new`].
    pub async fn range_opening(
        &self,
        accepted: &AcceptedHeader,
        message_length: u64,
        patience: Patience,
    ) -> Result<RangeOpening> {
        let unverified = self.materials_of(accepted, patience).await?;
        unverified.verified(|materials| {
            RangeOpening::new(&accepted.header, materials, message_length, self.limit())
        })
    }

    async fn materials_of(
        &self,
        accepted: &AcceptedHeader,
        patience: Patience,
    ) -> Result<Unverified> {
        match patience {
            Patience::None => self.materials.to_decrypt_now(accepted),
            Patience::Full => self.materials.to_decrypt(accepted).await,
        }
    }

    fn limit(&self) -> Accounting {
        Accounting { limit: self.settings.max_plaintext_length, ..Accounting::default() }
    }

    /// Fills the cache for messages with this context.
    ///
    /// # Errors
    /// `InvalidArgument` without a cache; and what the keyring says.
    pub async fn warm(&self, context: EncryptionContext) -> Result<()> {
        self.materials.warm(context).await
    }

    /// Whether the cached materials for messages with this context are near their age. A caller who gets
    /// `true` must call `renew`; until that ends, all others get `false`.
    pub fn claim_renewal(&self, context: &EncryptionContext) -> bool {
        self.materials.claim_renewal(context)
    }

    /// Makes new materials in place of the cached ones, which are used until then.
    ///
    /// # Errors
    /// What the keyring says; the old ones stay.
    pub async fn renew(&self, context: EncryptionContext) -> Result<()> {
        self.materials.renew(context).await
    }

    /// Forgets the cached materials, and wipes them as soon as no message uses them.
    pub fn clear_cache(&self) {
        self.materials.clear_cache();
    }

    /// The messages that were written.
    pub fn encrypted(&self) -> &Tally {
        &self.encrypted
    }

    /// The messages that were read as a whole.
    pub fn decrypted(&self) -> &Tally {
        &self.decrypted
    }

    /// What the cache has done, if there is one.
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.materials.cache_stats()
    }
}
