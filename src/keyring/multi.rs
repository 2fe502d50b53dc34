//! The multi-keyring: several keyrings wrap one data key, and any of them can unwrap it.
//!
//! Source: `framework/multi-keyring.md`.

use std::sync::Arc;

use super::failures::Failures;
use super::key_names::described;
use super::{
    Answer, DataKeyUnwrapper, DataKeyWrapper, DecryptedDataKey, Keyring, ServiceStats,
    WrappedDataKey, answer_now, would_block,
};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::format::EncryptedDataKey;
use crate::materials::{DecryptionMaterials, EncryptionMaterials};

/// A generator, which makes the data key, and children, which wrap it, too.
pub struct MultiKeyring {
    generator: Option<Arc<dyn Keyring>>,
    children: Vec<Arc<dyn Keyring>>,
}

impl MultiKeyring {
    /// Without a generator it only decrypts, or encrypts as the child of another multi-keyring.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no keyring at all.
    pub fn new(
        generator: Option<Arc<dyn Keyring>>,
        children: Vec<Arc<dyn Keyring>>,
    ) -> Result<Self> {
        if generator.is_none() && children.is_empty() {
            return Err(Error::invalid(
                "a multi-keyring needs a keyring: give a `generator`, or one child at least",
            ));
        }
        Ok(Self { generator, children })
    }

    /// Returns the keyrings in the order in which they are asked.
    fn keyrings(&self) -> impl Iterator<Item = &dyn Keyring> {
        self.generator.iter().chain(&self.children).map(Arc::as_ref)
    }

    /// Returns the keyrings in the order in which they are asked to decrypt. Those that reject implicitly
    /// come last, also where they are children of another multi-keyring: none can be asked after them.
    fn to_decrypt(&self) -> Vec<&dyn Keyring> {
        if !self.rejects_implicitly() {
            return self.keyrings().collect();
        }
        let mut leaves = leaves_of(self);
        leaves.sort_by_key(|keyring| keyring.rejects_implicitly());
        leaves
    }

    /// All keyrings wrap the data key, or the materials stay as they were.
    async fn add_data_keys(&self, materials: &mut EncryptionMaterials) -> Result<()> {
        self.check_generator(materials)?;
        let wrapped_before = materials.encrypted_data_keys.len();
        let added = self.ask_each(materials).await;
        if added.is_err() {
            materials.encrypted_data_keys.truncate(wrapped_before);
            if self.generator.is_some() {
                materials.data_key = None;
            }
        }
        added
    }

    /// "OnEncrypt": whoever has a generator makes the data key, and nobody else does.
    fn check_generator(&self, materials: &EncryptionMaterials) -> Result<()> {
        match (&self.generator, &materials.data_key) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            (None, None) => Err(no_generator()),
            (Some(_), Some(_)) => Err(Error::invalid(
                "a multi-keyring with a generator, or a KMS keyring with `additionalKeyIds`, \
                 cannot wrap a data key that another keyring made; make it the generator, or \
                 give each of its keyrings as a child",
            )),
        }
    }

    async fn ask_each(&self, materials: &mut EncryptionMaterials) -> Result<()> {
        for keyring in self.keyrings() {
            keyring.on_encrypt(materials).await?;
            if materials.data_key.is_none() {
                return Err(Error::new(Code::Internal, "the generator made no data key"));
            }
        }
        Ok(())
    }

    /// Asks one keyring after the other; `now` for an answer without waiting.
    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
        now: bool,
    ) -> Result<()> {
        materials.expect_no_data_key()?;
        let mut failures = Failures::default();
        for keyring in self.to_decrypt() {
            let found = match now {
                true => keyring.on_decrypt_now(materials, encrypted_data_keys),
                false => keyring.on_decrypt(materials, encrypted_data_keys).await,
            };
            match found {
                Ok(()) => return Ok(()),
                Err(error) if materials.attempts.stopped() => return Err(error),
                Err(error) => failures.push(error),
            }
        }
        let subject = format!("the message, encrypted under {},", described(encrypted_data_keys));
        Err(none_can_decrypt(&subject, failures))
    }

    async fn check_each(&self) -> Result<()> {
        for keyring in self.keyrings() {
            keyring.check().await?;
        }
        Ok(())
    }

    /// Asks one keyring after the other, the generator first, until one unwraps a data key that is not a
    /// message's.
    async fn ask_until_unwrapped<'a, T>(
        &'a self,
        ask: impl Fn(&'a dyn DataKeyUnwrapper) -> Answer<'a, T> + Send,
    ) -> Result<T> {
        let mut failures = Failures::default();
        for unwrapper in self.keyrings().map(Keyring::data_key_unwrapper) {
            let answer = match unwrapper {
                Ok(unwrapper) => ask(unwrapper).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(unwrapped) => return Ok(unwrapped),
                Err(error) => failures.push(error),
            }
        }
        Err(none_can_decrypt("the data key", failures))
    }
}

impl Keyring for MultiKeyring {
    fn calls_service(&self) -> bool {
        self.keyrings().any(Keyring::calls_service)
    }

    fn may_answer_now(&self) -> bool {
        self.keyrings().all(Keyring::may_answer_now)
    }

    /// Each keyring is asked for an answer now: it may be one that answers so to encrypt only.
    fn on_decrypt_now(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        if !self.may_answer_now() {
            return Err(would_block());
        }
        answer_now(self.find_data_key(materials, encrypted_data_keys, true))
    }

    fn rejects_implicitly(&self) -> bool {
        self.keyrings().any(Keyring::rejects_implicitly)
    }

    fn children(&self) -> Vec<&dyn Keyring> {
        self.keyrings().collect()
    }

    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        Box::pin(self.add_data_keys(materials))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(self.find_data_key(materials, encrypted_data_keys, false))
    }

    /// The generator's: one wrapped form has room for one key, so the children wrap nothing.
    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        self.generator.as_deref().ok_or_else(no_generator)?.data_key_wrapper()
    }

    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        Ok(self)
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(self.check_each())
    }

    fn service_stats(&self) -> ServiceStats {
        let stats = self.keyrings().map(Keyring::service_stats);
        stats.fold(ServiceStats::default(), ServiceStats::with)
    }
}

impl DataKeyUnwrapper for MultiKeyring {
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(
            self.ask_until_unwrapped(move |keyring| {
                keyring.decrypt_data_key(ciphertext_blob, context)
            }),
        )
    }

    fn rewrap_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
        to: &'a dyn DataKeyWrapper,
        new_context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(self.ask_until_unwrapped(move |keyring| {
            keyring.rewrap_data_key(ciphertext_blob, context, to, new_context)
        }))
    }
}

/// Returns the keyrings that have no children, in their order.
fn leaves_of(keyring: &dyn Keyring) -> Vec<&dyn Keyring> {
    let leaves = |child| match child {
        child if Keyring::children(child).is_empty() => vec![child],
        child => leaves_of(child),
    };
    keyring.children().into_iter().flat_map(leaves).collect()
}

fn no_generator() -> Error {
    Error::invalid(
        "a multi-keyring without a generator makes no data key, so it only decrypts; \
         to encrypt, give it a `generator`",
    )
}

fn none_can_decrypt(subject: &str, failures: Failures) -> Error {
    let message = format!(
        "none of the {} keyrings can decrypt {subject}; `errors` has the reason of each",
        failures.count()
    );
    failures.into_error(&message)
}
