//! Keyrings that stand in for others: one that logs its calls, and one whose service fails.

use std::sync::{Arc, Mutex};

use kms_envelope::context::EncryptionContext;
use kms_envelope::error::{Code, Error, Result};
use kms_envelope::format::EncryptedDataKey;
use kms_envelope::keyring::{
    Answer, DataKeyUnwrapper, DataKeyWrapper, DecryptedDataKey, GeneratedDataKey, Keyring,
    WrappedDataKey,
};
use kms_envelope::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};

/// The names of the keyrings that were called, in order.
pub type Log = Arc<Mutex<Vec<&'static str>>>;

/// Returns a keyring that logs each call, and passes it on.
pub fn spy(name: &'static str, keyring: Arc<dyn Keyring>, log: &Log) -> Arc<dyn Keyring> {
    Arc::new(Spy { name, keyring, log: Arc::clone(log) })
}

/// Returns the names logged so far, and empties the log.
pub fn taken(log: &Log) -> Vec<&'static str> {
    std::mem::take(&mut log.lock().unwrap())
}

struct Spy {
    name: &'static str,
    keyring: Arc<dyn Keyring>,
    log: Log,
}

impl Spy {
    fn logged(&self) -> &dyn Keyring {
        self.log.lock().unwrap().push(self.name);
        self.keyring.as_ref()
    }
}

impl Keyring for Spy {
    fn calls_service(&self) -> bool {
        false
    }
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        self.logged().on_encrypt(materials)
    }
    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        self.logged().on_decrypt(materials, encrypted_data_keys)
    }
    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        self.logged().data_key_wrapper()
    }
    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        self.logged().data_key_unwrapper()
    }
}

/// A service that unwraps nothing, and to encrypt either fails or adds nothing.
pub enum Service {
    Throttled,
    Idle,
}

impl Keyring for Service {
    fn calls_service(&self) -> bool {
        true
    }
    fn on_encrypt<'a>(&'a self, _: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        let answer = match self {
            Self::Throttled => Err(throttled()),
            Self::Idle => Ok(()),
        };
        Box::pin(async { answer })
    }
    fn on_decrypt<'a>(
        &'a self,
        _: &'a mut DecryptionMaterials,
        _: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(async { Err(throttled()) })
    }
    fn data_key_wrapper(&self) -> Result<&dyn DataKeyWrapper> {
        Ok(self)
    }

    fn data_key_unwrapper(&self) -> Result<&dyn DataKeyUnwrapper> {
        Ok(self)
    }
}

impl DataKeyWrapper for Service {
    fn generate_data_key<'a>(
        &'a self,
        _: usize,
        _: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey> {
        Box::pin(async { Err(throttled()) })
    }
    fn wrap_data_key<'a>(
        &'a self,
        _: &'a DataKey,
        _: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async { Err(throttled()) })
    }
}

impl DataKeyUnwrapper for Service {
    fn decrypt_data_key<'a>(
        &'a self,
        _: &'a [u8],
        _: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(async { Err(throttled()) })
    }
}

fn throttled() -> Error {
    Error::new(Code::KmsThrottled, "the test says so")
}
