//! KMS in one Region: how each operation is called.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_kms::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_kms::error::BoxError;
use aws_sdk_kms::primitives::Blob;
use zeroize::Zeroizing;

use super::super::guard::{Call, CallLog, Guard, Service, unless_it_panics};
use super::super::kms_arn::KmsArn;
use super::credentials::SharedCredentials;
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::materials::DataKey;

/// KMS in one Region.
///
/// Where an operation takes `is_right`, that says whether the key that KMS names in its answer was
/// meant: if it was not, nothing of the answer is used.
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
        // Credentials have a time of their own, and none of them is the circuit's business.
        let ready = self.credentials.ready();
        if let Err(error) = unless_it_panics("getting AWS credentials", ready).await {
            return self.guard.run(&log, async { Err(error) }).await;
        }
        self.guard.run(&log, answer(Arc::clone(&log))).await
    }
}

/// Tells a log of each attempt of the SDK.
#[derive(Debug)]
pub(super) struct Attempts(pub(super) Arc<CallLog>);

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
        self.0.add_attempt();
        Ok(())
    }
}

/// The KMS encryption context is the message's.
pub(super) fn pairs(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    let pairs = || context.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    (!context.is_empty()).then(pairs)
}

/// Whether KMS named a key by its ARN, and the right one.
pub(super) fn names(answer: &str, is_right: impl Fn(&KmsArn) -> bool) -> bool {
    KmsArn::of_key(answer).is_some_and(|arn| is_right(&arn))
}

/// Takes the bytes over, without a copy that nobody would wipe.
pub(super) fn secret(blob: Option<Blob>) -> Option<DataKey> {
    blob.map(|blob| DataKey::new(Zeroizing::new(blob.into_inner())))
}

pub(super) fn wrapped(blob: Option<Blob>) -> Option<Vec<u8>> {
    blob.map(Blob::into_inner).filter(|bytes| !bytes.is_empty())
}

/// As KMS takes a number of bytes.
pub(super) fn byte_count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
