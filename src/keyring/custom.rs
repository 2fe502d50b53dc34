//! A keyring over a key service of the caller's, which wraps bytes and unwraps them again.
//!
//! Source: `framework/keyring-interface.md`. The caller chooses the provider id and the key names that
//! stand in messages.

use std::sync::Arc;

use super::guard::{Call, CallLog, Guard, GuardOptions, Service};
use super::interface::handles_data_keys;
use super::one_key::{self, KeyUnwrapper, KeyWrapper};
use super::raw::Names;
use super::{Answer, Keyring, ServiceStats};
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::materials::DataKey;

/// Wraps and unwraps data keys; each call is guarded by the keyring.
pub trait KeyService: Send + Sync {
    /// Wraps a data key.
    fn wrap<'a>(
        &'a self,
        data_key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> Answer<'a, Wrapped>;

    /// Unwraps a data key; `None` if a key of another keyring wrapped it.
    fn unwrap<'a>(
        &'a self,
        key_name: &'a str,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, Option<DataKey>>;
}

/// What a key service made of a data key.
#[derive(Debug)]
pub struct Wrapped {
    /// The wrapped data key.
    pub ciphertext: Vec<u8>,
    /// The name of the key that wrapped it, for messages.
    pub key_name: String,
}

/// Wraps data keys by a key service that is not AWS KMS.
pub struct CustomKeyring {
    provider_id: String,
    service: Arc<dyn KeyService>,
    guard: Guard,
}

impl CustomKeyring {
    /// Messages name the service by `provider_id`.
    ///
    /// # Errors
    /// `InvalidArgument` for a provider id that is empty, too long, or starts with `aws-kms`.
    pub fn new(
        provider_id: &str,
        service: Arc<dyn KeyService>,
        options: GuardOptions,
    ) -> Result<Self> {
        let names = Names::new(provider_id, provider_id)?;
        Ok(Self { provider_id: names.namespace, service, guard: Guard::new(options) })
    }

    async fn wrap(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        let log = self.log("wrapDataKey", None);
        let wrap = self.guard.run(&log, async {
            log.add_attempt();
            self.service.wrap(data_key, context).await
        });
        let Wrapped { ciphertext, key_name } = wrap.await?;
        let provider_id = self.provider_id.clone();
        Ok(EncryptedDataKey { provider_id, provider_info: key_name.into_bytes(), ciphertext })
    }

    /// `None` if another keyring's key wrapped it.
    async fn unwrap(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<Option<DataKey>> {
        let name = std::str::from_utf8(&key.provider_info).ok();
        let Some(name) = name.filter(|_| key.provider_id == self.provider_id) else {
            return Ok(None);
        };
        let log = self.log("unwrapDataKey", Some(name));
        let unwrap = self.guard.run(&log, async {
            log.add_attempt();
            self.service.unwrap(name, &key.ciphertext, context).await
        });
        unwrap.await
    }

    fn log(&self, operation: &'static str, key_name: Option<&str>) -> CallLog {
        let key_id = Some(key_name.unwrap_or(&self.provider_id).to_owned());
        CallLog::new(Call { service: Service::Custom, operation, key_id, region: None })
    }
}

impl KeyWrapper for CustomKeyring {
    async fn wrap_key(
        &self,
        data_key: &DataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey> {
        self.wrap(data_key, context).await
    }
}

impl KeyUnwrapper for CustomKeyring {
    fn description(&self) -> String {
        format!("the keys of \"{}\"", shown(&self.provider_id))
    }

    fn may_have_wrapped(&self, key: &EncryptedDataKey) -> bool {
        key.provider_id == self.provider_id
    }

    async fn unwrap_key(
        &self,
        key: &EncryptedDataKey,
        context: &EncryptionContext,
        length: Option<usize>,
    ) -> Result<Option<DataKey>> {
        let unwrapped = self.unwrap(key, context).await?;
        match (&unwrapped, length) {
            (Some(data_key), Some(length)) if data_key.length() != length => {
                Err(wrong_length(data_key.length(), length))
            }
            _ => Ok(unwrapped),
        }
    }
}

impl Keyring for CustomKeyring {
    fn calls_service(&self) -> bool {
        true
    }

    handles_data_keys!(one_key::add_data_key, one_key::find_data_key);

    /// Wraps and unwraps a data key that nobody uses.
    fn check(&self) -> Answer<'_, ()> {
        Box::pin(async {
            if one_key::try_key(self).await? {
                return Ok(());
            }
            let message = format!(
                "\"{}\" unwraps another data key than it wrapped",
                shown(&self.provider_id)
            );
            Err(Error::new(Code::KeyringFailed, message))
        })
    }

    fn service_stats(&self) -> ServiceStats {
        self.guard.stats()
    }
}

fn wrong_length(length: usize, right: usize) -> Error {
    let message =
        format!("unwrapDataKey gave a data key of {length} bytes; the message takes {right}");
    Error::new(Code::KeyringFailed, message)
}
