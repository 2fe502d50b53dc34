//! Keyrings: they wrap the data key of a message, and unwrap it.
//!
//! Source: `framework/keyring-interface.md`.

#[cfg(feature = "aws-kms")]
pub mod aws_kms;
#[cfg(feature = "aws-kms")]
pub mod custom;
mod data_key;
mod failures;
#[cfg(feature = "aws-kms")]
pub mod guard;
pub mod kms_arn;
pub mod kms_key_id;
pub mod local;
pub mod multi;
mod raw;
pub mod raw_aes;
pub mod raw_rsa;
mod stats;

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::context::EncryptionContext;
use crate::crypto::KeyPairSpec;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};
use failures::Failures;

pub use data_key::{
    DecryptedDataKey, GeneratedDataKey, GeneratedKeyPair, KmsTarget, WrappedDataKey,
};
pub use stats::{BreakerStats, CircuitState, ServiceStats};

/// What the methods of a keyring return: KMS answers later, a local key at once.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Wraps and unwraps data keys. A call that fails leaves the materials as they were.
pub trait Keyring: Send + Sync {
    /// Whether a service is asked, so that an answer takes time and a Tokio runtime.
    fn calls_service(&self) -> bool;

    /// Adds to the materials a data key, if they have none, and its wrapped form ("OnEncrypt"). A
    /// data key that is there already is wrapped, and stays.
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()>;

    /// Adds to the materials the data key, from the first wrapped form that unwraps ("OnDecrypt").
    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()>;

    /// Whether `on_decrypt` may give a random key in place of a reason, so that nobody can be asked
    /// after it: only the message's header tells whether the key is right.
    fn rejects_implicitly(&self) -> bool {
        false
    }

    /// The keyrings that this one asks, if it is made of others.
    fn children(&self) -> Vec<&dyn Keyring> {
        Vec::new()
    }

    /// Makes a data key of `length` bytes, from 1 to 1024, for use outside a message.
    fn generate_data_key<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey>;

    /// Unwraps what `generate_data_key` or `wrap_data_key` wrapped.
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey>;

    /// Wraps a data key that there is already, or other bytes.
    fn wrap_data_key<'a>(
        &'a self,
        data_key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey>;

    /// As `generate_data_key`, for who needs the key only later.
    fn generate_data_key_without_plaintext<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async move {
            let generated = self.generate_data_key(length, context).await?;
            Ok(generated.without_plaintext())
        })
    }

    /// Makes a key pair whose private key is wrapped; without `with_private_key` nobody sees it.
    fn generate_data_key_pair<'a>(
        &'a self,
        spec: KeyPairSpec,
        with_private_key: bool,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedKeyPair> {
        Box::pin(async move {
            let (private_key, public_key) = data_key::generate_key_pair(spec)?;
            let wrapped = self.wrap_data_key(&private_key, context).await?;
            let private_key = with_private_key.then_some(private_key);
            Ok(GeneratedKeyPair { public_key, private_key, wrapped })
        })
    }

    /// Wraps under another keyring what this one wrapped.
    fn rewrap_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
        to: &'a dyn Keyring,
        new_context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async move {
            let data_key = self.decrypt_data_key(ciphertext_blob, context).await?;
            to.wrap_data_key(&data_key.plaintext, new_context).await
        })
    }

    /// The KMS key that wraps, if it is one.
    fn kms_target(&self) -> Answer<'_, Option<KmsTarget>> {
        Box::pin(async { Ok(None) })
    }

    /// Fails if the keys cannot be used, with the reason; changes nothing.
    fn check(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// What the key service was asked so far.
    fn service_stats(&self) -> ServiceStats {
        ServiceStats::default()
    }
}

/// The answer of a keyring that calls no service, without a runtime.
///
/// # Errors
/// What the answer says; `WouldBlock` if it is not there yet.
pub fn answer_now<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(would_block()),
    }
}

/// The error of a synchronous call that needs a service.
pub fn would_block() -> Error {
    Error::new(
        Code::WouldBlock,
        "this keyring asks a key service, which a synchronous call cannot wait for; \
         use the asynchronous call",
    )
}

/// What to say when no wrapped data key unwraps: the one reason, or all of them.
fn no_usable_key(
    ours: &str,
    encrypted_data_keys: &[EncryptedDataKey],
    mut failures: Failures,
) -> Error {
    if let Some(only) = failures.only() {
        return only;
    }
    let message = if failures.count() == 0 {
        format!(
            "the message was encrypted under {}; this keyring has {ours}",
            described(encrypted_data_keys)
        )
    } else {
        format!(
            "none of the {} data keys for {ours} could be unwrapped, each for a reason of its own",
            failures.count()
        )
    };
    failures.into_error(&message)
}

/// The first of these wrapped data keys, and how many more there are, for people.
fn described(encrypted_data_keys: &[EncryptedDataKey]) -> String {
    let first: Vec<_> = encrypted_data_keys.iter().take(5).map(describe).collect();
    let more = encrypted_data_keys.len().saturating_sub(first.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}

/// A wrapped data key by the name of the key that wraps it, for people.
fn describe(key: &EncryptedDataKey) -> String {
    named(&key.provider_id, &key_name(key))
}

/// A key by its provider and its name, for people.
fn named(provider_id: &str, name: &str) -> String {
    format!("\"{}\" key \"{}\"", shown(provider_id), shown(name))
}

/// The name of the key that wraps this data key: a KMS key's ARN, or what a raw keyring calls it.
pub fn key_name(key: &EncryptedDataKey) -> String {
    let name = match raw_aes::KeyInfo::parse(&key.provider_info) {
        Some(info) if key.provider_id != kms_key_id::PROVIDER_ID => info.name,
        _ => &key.provider_info,
    };
    String::from_utf8_lossy(name).into_owned()
}
