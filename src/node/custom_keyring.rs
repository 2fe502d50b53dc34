//! A keyring whose wrapping is done by functions of the caller's.

use std::sync::Arc;

use napi::bindgen_prelude::{BufferSlice, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;
use tokio::sync::oneshot::{Sender, channel};
use zeroize::Zeroizing;

use super::bytes::Uint8ArraySlice;
use super::caller::current_id;
use super::context::to_pairs;
use super::error::{thrown_by_caller, to_napi};
use super::guard_options::NativeGuardOptions;
use super::keyring::NativeKeyring;
use crate::context::EncryptionContext;
use crate::error::{Code, Error};
use crate::keyring::custom::{CustomKeyring, KeyService, Wrapped};
use crate::keyring::{Answer, Keyring};
use crate::materials::DataKey;

/// What the functions are given: the request; on whose behalf, the id of a caller; and, to unwrap, the name of the
/// key that wrapped. As getters of the request, each would be a call of its own.
type Arguments = FnArgs<(NativeRequest, u32, Option<String>)>;
type Ask = ThreadsafeFunction<Arguments, (), Arguments, Status, false, true>;

/// The caller's functions, as a key service.
struct Functions(Arc<Ask>);

/// What one of the functions is asked; answered at most once.
#[napi(js_name = "CustomRequest")]
pub struct NativeRequest {
    context: EncryptionContext,
    ciphertext: Option<Vec<u8>>,
    data_key: Option<DataKey>,
    wrapped: Option<Sender<crate::error::Result<Wrapped>>>,
    unwrapped: Option<Sender<crate::error::Result<Option<DataKey>>>>,
}

#[napi]
impl NativeRequest {
    /// The encryption context, as pairs.
    #[napi(getter)]
    pub fn context(&self) -> Vec<Vec<String>> {
        to_pairs(&self.context)
    }

    /// The wrapped data key, to unwrap.
    #[napi]
    pub fn take_ciphertext<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        self.ciphertext.take().map(|ciphertext| BufferSlice::copy_from(env, ciphertext)).transpose()
    }

    /// The data key, to wrap; JavaScript owns it from now on, and wipes it.
    #[napi]
    pub fn take_data_key<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        self.data_key.take().map(|key| BufferSlice::copy_from(env, key.expose())).transpose()
    }

    /// Answers with a wrapped data key.
    #[napi(catch_unwind)]
    pub fn wrapped(&mut self, ciphertext: Uint8ArraySlice<'_>, key_name: String) {
        if let Some(answer) = self.wrapped.take() {
            // Who asked may have gone meanwhile.
            let _ = answer.send(Ok(Wrapped { ciphertext: ciphertext.to_vec(), key_name }));
        }
    }

    /// Answers with a data key; without one, that another key wrapped it.
    #[napi(catch_unwind)]
    pub fn unwrapped(&mut self, data_key: Option<Uint8ArraySlice<'_>>) {
        if let Some(answer) = self.unwrapped.take() {
            let data_key = data_key.map(|key| DataKey::new(Zeroizing::new(key.to_vec())));
            let _ = answer.send(Ok(data_key));
        }
    }

    /// Answers that it failed.
    #[napi]
    pub fn failed(&mut self, message: String, cause: Option<String>, retryable: bool) {
        let error = thrown_by_caller(Error::new(Code::KeyringFailed, message), cause, retryable);
        if let Some(answer) = self.wrapped.take() {
            let _ = answer.send(Err(error));
        } else if let Some(answer) = self.unwrapped.take() {
            let _ = answer.send(Err(error));
        }
    }
}

impl Functions {
    fn ask(&self, request: NativeRequest, key_name: Option<String>) {
        let arguments = (request, current_id(), key_name).into();
        self.0.call(arguments, ThreadsafeFunctionCallMode::NonBlocking);
    }
}

impl KeyService for Functions {
    fn wrap<'a>(
        &'a self,
        data_key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> Answer<'a, Wrapped> {
        let (answer, waiting) = channel();
        let request = NativeRequest {
            context: context.clone(),
            ciphertext: None,
            data_key: Some(DataKey::new(Zeroizing::new(data_key.expose().to_vec()))),
            wrapped: Some(answer),
            unwrapped: None,
        };
        self.ask(request, None);
        Box::pin(async { waiting.await.unwrap_or_else(|_| Err(no_answer())) })
    }

    fn unwrap<'a>(
        &'a self,
        key_name: &'a str,
        ciphertext: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, Option<DataKey>> {
        let (answer, waiting) = channel();
        let request = NativeRequest {
            context: context.clone(),
            ciphertext: Some(ciphertext.to_vec()),
            data_key: None,
            wrapped: None,
            unwrapped: Some(answer),
        };
        self.ask(request, Some(key_name.to_owned()));
        Box::pin(async { waiting.await.unwrap_or_else(|_| Err(no_answer())) })
    }
}

/// A keyring of the caller's functions, which `ask` calls.
#[napi(catch_unwind)]
pub fn custom_keyring(
    provider_id: String,
    options: NativeGuardOptions,
    ask: Function<'_, FnArgs<(NativeRequest, u32, Option<String>)>, ()>,
) -> Result<NativeKeyring> {
    let ask = ask.build_threadsafe_function().weak::<true>().build()?;
    let service = Arc::new(Functions(Arc::new(ask)));
    let keyring = CustomKeyring::new(&provider_id, service, options.into()).map_err(to_napi)?;
    let keyring: Arc<dyn Keyring> = Arc::new(keyring);
    Ok(keyring.into())
}

/// The thread of the functions has ended.
fn no_answer() -> Error {
    Error::new(Code::KeyringFailed, "the CustomKeyring's functions cannot be called any more")
}
