//! Credentials of the caller's: access keys, or the function that gives them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use napi::bindgen_prelude::{ClassInstance, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;
use tokio::sync::oneshot::{Sender, channel};
use zeroize::Zeroizing;

use super::caller::current_id;
use super::error::thrown_by_caller;
use crate::error;
use crate::keyring::aws_kms::{AccessKeys, CredentialsSource, OwnCredentials, no_keys};

type Ask =
    ThreadsafeFunction<NativeCredentialsRequest, (), NativeCredentialsRequest, Status, false, true>;

/// What a keyring uses instead of the credentials that are configured.
#[napi(js_name = "Credentials")]
pub struct NativeCredentials(OwnCredentials);

/// Access keys; `lib/keyrings/credentials.js` has checked them.
#[napi(object, object_to_js = false)]
pub struct NativeAccessKeys {
    /// The id of the access key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
    /// What temporary keys have besides.
    pub session_token: Option<String>,
    /// The AWS account.
    pub account_id: Option<String>,
    /// When they end, in milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
}

/// The caller's function that returns credentials.
struct CredentialsFunction(Arc<Ask>);

/// What that function is asked; answered at most once.
#[napi(js_name = "CredentialsRequest")]
pub struct NativeCredentialsRequest {
    caller_id: u32,
    region: String,
    answer: Option<Sender<error::Result<AccessKeys>>>,
}

#[napi]
impl NativeCredentials {
    /// Credentials that are these keys.
    #[napi(factory, catch_unwind)]
    pub fn of_keys(keys: NativeAccessKeys) -> Self {
        Self(OwnCredentials::Keys(keys.into()))
    }

    /// Credentials that a function returns, called when there are none or the last ones are about to expire.
    #[napi(factory, catch_unwind)]
    pub fn of_function(ask: Function<'_, NativeCredentialsRequest, ()>) -> Result<Self> {
        let ask = ask.build_threadsafe_function().weak::<true>().build()?;
        Ok(Self(OwnCredentials::Source(Arc::new(CredentialsFunction(Arc::new(ask))))))
    }
}

#[napi]
impl NativeCredentialsRequest {
    /// On whose behalf it is asked: the id of a `Caller`.
    #[napi(getter)]
    pub fn caller_id(&self) -> u32 {
        self.caller_id
    }

    /// The Region in which AWS is called.
    #[napi(getter)]
    pub fn region(&self) -> String {
        self.region.clone()
    }

    /// Answers with keys.
    #[napi(catch_unwind)]
    pub fn supplied(&mut self, keys: NativeAccessKeys) {
        let keys = keys.into();
        if let Some(answer) = self.answer.take() {
            // Who asked may have gone meanwhile.
            let _ = answer.send(Ok(keys));
        }
    }

    /// Answers why there are none.
    #[napi]
    pub fn failed(&mut self, reason: String, cause: Option<String>, retryable: bool) {
        let error = thrown_by_caller(no_keys(&reason), cause, retryable);
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(Err(error));
        }
    }
}

impl CredentialsSource for CredentialsFunction {
    fn ask(&self, region: &str) -> BoxFuture<'static, error::Result<AccessKeys>> {
        let (answer, waiting) = channel();
        let region = region.to_owned();
        let request =
            NativeCredentialsRequest { caller_id: current_id(), region, answer: Some(answer) };
        self.0.call(request, ThreadsafeFunctionCallMode::NonBlocking);
        Box::pin(async { waiting.await.unwrap_or_else(|_| Err(ended())) })
    }
}

impl From<NativeAccessKeys> for AccessKeys {
    fn from(keys: NativeAccessKeys) -> Self {
        let expiration = keys.expires_at_ms.map(|ms| {
            let since_1970 = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
            SystemTime::UNIX_EPOCH + since_1970
        });
        Self {
            access_key_id: Zeroizing::new(keys.access_key_id),
            secret_access_key: Zeroizing::new(keys.secret_access_key),
            session_token: keys.session_token.map(Zeroizing::new),
            account_id: keys.account_id,
            expiration,
        }
    }
}

/// Returns the caller's own credentials, if there are any.
pub(super) fn own_credentials(
    credentials: Option<&ClassInstance<'_, NativeCredentials>>,
) -> Option<OwnCredentials> {
    credentials.map(|credentials| credentials.0.clone())
}

/// The thread of the function has ended.
fn ended() -> error::Error {
    no_keys("the thread of its function has ended")
}
