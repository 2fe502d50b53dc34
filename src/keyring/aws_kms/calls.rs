//! KMS in one Region: how each operation is called.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;

use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_kms::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::primitives::Blob;
use zeroize::Zeroizing;

use super::super::guard::{Call, CallLog, Guard, Service, unless_it_panics};
use super::super::kms_arn::KmsArn;
use super::credentials::SharedCredentials;
use super::error::{refused, unusable_answer};
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::materials::DataKey;

/// KMS in one Region.
///
/// Where an operation takes `is_key`, that says whether the key that KMS names in its answer is the one
/// that was meant: if it is not, nothing of the answer is used.
pub(super) struct Kms {
    pub(super) client: aws_sdk_kms::Client,
    pub(super) grant_tokens: Option<Vec<String>>,
    region: String,
    guard: Arc<Guard>,
    credentials: SharedCredentials,
}

impl Kms {
    pub(super) fn new(
        client: aws_sdk_kms::Client,
        region: String,
        grant_tokens: &[String],
        guard: Arc<Guard>,
        credentials: SharedCredentials,
    ) -> Self {
        let grant_tokens = (!grant_tokens.is_empty()).then(|| grant_tokens.to_vec());
        Self { client, grant_tokens, region, guard, credentials }
    }

    /// Makes one call, as the guard lets it; `answer` is given what counts its attempts.
    pub(super) async fn call<T, A: Future<Output = Result<T>>>(
        &self,
        operation: &'static str,
        key_id: Option<&str>,
        answer: impl FnOnce(Arc<CallLog>) -> A,
    ) -> Result<T> {
        let log = Arc::new(CallLog::new(Call {
            service: Service::Kms,
            operation,
            key_id: key_id.map(str::to_owned),
            region: Some(self.region.clone()),
        }));
        // Credentials have a timeout of their own, and their failure is not one of the key's service.
        let ready = self.credentials.ready();
        if let Err(error) = unless_it_panics("getting AWS credentials", ready).await {
            return self.guard.run(&log, async { Err(error) }).await;
        }
        self.guard.run(&log, answer(Arc::clone(&log))).await
    }
}

tokio::task_local! {
    /// The log of the call that the SDK is making.
    static LOG: Arc<CallLog>;
}

/// Returns what sends a request of the SDK, and tells the log of each attempt.
///
/// One interceptor serves all calls of a client: one for each call would have the SDK derive a configuration
/// for each. The future is boxed at once, as it is large, and each layer around it would move it.
pub(super) fn logged<T>(
    log: &Arc<CallLog>,
    sending: impl Future<Output = T>,
) -> impl Future<Output = T> {
    LOG.scope(Arc::clone(log), Box::pin(sending))
}

/// Tells the log of each attempt of the SDK.
#[derive(Debug)]
pub(super) struct Attempts;

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Without a log it is no call of ours: the SDK may ask for credentials.
        let _ = LOG.try_with(|log| log.add_attempt());
        Ok(())
    }
}

/// Returns the encryption context as KMS takes it: the pairs of the message's.
pub(super) fn pairs(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    let pairs = || context.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    (!context.is_empty()).then(pairs)
}

/// Sends a request of the SDK, and returns its answer or what KMS's refusal means; the log learns of each
/// attempt and of the request id. A third argument is what the request holds that no error may repeat.
///
/// A macro, as the SDK's builders share no trait that could be named.
macro_rules! send {
    ($log:expr, $request:expr) => {
        $crate::keyring::aws_kms::calls::send!($log, $request, &[])
    };
    ($log:expr, $request:expr, $secret:expr) => {{
        let answer = $crate::keyring::aws_kms::calls::logged(&$log, $request.send()).await;
        $crate::keyring::aws_kms::calls::answered(&$log, answer, $secret)
    }};
}
pub(super) use send;

/// Returns the answer, or what its refusal means.
pub(super) fn answered<T, E>(
    log: &CallLog,
    answer: Result<T, SdkError<E, HttpResponse>>,
    secret: &[u8],
) -> Result<T>
where
    T: RequestId,
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let answer = answer.map_err(|error| refused(log.call(), error, secret))?;
    log.set_request_id(answer.request_id());
    Ok(answer)
}

/// Returns the ARN by which KMS named the key that it used, if that is the one that was meant.
///
/// # Errors
/// `KmsInternal` if it is not, or there is none.
pub(super) fn used_key(
    log: &CallLog,
    key_id: Option<String>,
    is_key: impl Fn(&KmsArn) -> bool,
) -> Result<String> {
    key_id
        .filter(|answer| KmsArn::of_key(answer).is_some_and(|arn| is_key(&arn)))
        .ok_or_else(|| unusable_answer(log))
}

/// Returns the bytes as a data key, without a copy that nobody would wipe.
pub(super) fn to_data_key(blob: Option<Blob>) -> Option<DataKey> {
    blob.map(|blob| DataKey::new(Zeroizing::new(blob.into_inner())))
}

/// Returns the bytes, if there are any.
pub(super) fn non_empty(blob: Option<Blob>) -> Option<Vec<u8>> {
    blob.map(Blob::into_inner).filter(|bytes| !bytes.is_empty())
}

/// As KMS takes a number of bytes.
pub(super) fn byte_count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
