//! What the AWS SDK reports, as our errors: each way KMS can refuse has its own code.

use std::error::Error as StdError;

use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

use super::super::guard::{Call, CallLog};
use super::cause::{certificate_problem, describe, error_name, is_of_credentials, request_id};
use super::refusals;
use crate::error::{Code, Error};

/// Returns the error of a call that did not succeed; `secret` is what its request held that a service may
/// repeat.
pub(super) fn refused<E>(call: &Call, error: SdkError<E, HttpResponse>, secret: &[u8]) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let code = code(&error);
    let untrusted = certificate_problem(&error);
    let told = status_of(&error).and_then(|status| refusals::text(name_of(&error), status));
    let advice = match (code, error_name(&error)) {
        (Code::KmsUnreachable, _) if untrusted.is_some() => format!(
            "the certificate of the server, or of a proxy before it, is not trusted; install \
             ca-certificates where the system has none, or, if it is yours, add its authority to \
             the system's, or name its file in SSL_CERT_FILE ({})",
            untrusted.unwrap_or_default()
        ),
        (_, _) if told.is_some() => told.unwrap_or_default(),
        (Code::KmsRejected, Some(name)) => format!("KMS says {name}"),
        (Code::KmsAccessDenied, _) => format!(
            "access is denied; allow kms:{} on the key in the caller's IAM policy and in \
             the key's policy",
            call.operation
        ),
        _ => advice(code).to_owned(),
    };
    Error::new(code, format!("{call} failed: {advice}"))
        .with_cause(describe(&error, secret))
        .with_request_id(request_id(&error))
}

/// Returns the error of an answer that lacks a field, or has one that was not asked for.
pub(super) fn unusable_answer(log: &CallLog) -> Error {
    let call = log.call();
    let message = format!("the answer to {call} is not what was asked for; nothing of it is used");
    Error::new(Code::KmsInternal, message).with_request_id(log.request_id().map(str::to_owned))
}

pub(super) fn code<E>(error: &SdkError<E, HttpResponse>) -> Code
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => match status_of(error) {
            Some(status) => refusals::code(name_of(error), status),
            None => Code::KmsInternal,
        },
        SdkError::TimeoutError(_) => Code::KmsTimeout,
        _ if is_of_credentials(error) => Code::KmsNoCredentials,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Code::KmsTimeout,
        SdkError::DispatchFailure(failure) if failure.is_user() => Code::Configuration,
        SdkError::DispatchFailure(_) => Code::KmsUnreachable,
        SdkError::ConstructionFailure(_) => Code::Configuration,
        _ => Code::KmsRejected,
    }
}

/// The name of the error in an answer, or nothing.
fn name_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> &str {
    error.code().unwrap_or_default()
}

/// The status of an answer; of a success that cannot be read only if it is a page, and so of
/// somebody else than KMS.
fn status_of<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    let response = error.raw_response()?;
    let is_page =
        || response.body().bytes().is_some_and(|body| body.trim_ascii_start().starts_with(b"<"));
    (!response.status().is_success() || is_page()).then(|| response.status().as_u16())
}

fn advice(code: Code) -> &'static str {
    match code {
        Code::KmsKeyNotFound => {
            "no such key in this account and Region; check the key's name and the Region"
        }
        Code::KmsKeyDisabled => "the key is disabled; enable it",
        Code::KmsKeyState => {
            "the key is not in a usable state; is it pending deletion or import, or its custom key \
             store not connected?"
        }
        Code::Configuration => {
            "the AWS SDK cannot make a request of what is configured; check the Region, the \
             endpoint and the variables that begin with AWS_"
        }
        Code::KmsKeyUsage => "the key is not a symmetric encryption key",
        Code::KmsWrongKey => "the data key was wrapped under another KMS key",
        Code::KmsInvalidCiphertext => {
            "the wrapped data key does not unwrap; it or the encryption context was changed"
        }
        Code::KmsThrottled => "KMS asks to slow down; try again later",
        Code::KmsBadCredentials => {
            "AWS does not accept the credentials; renew or correct them, and check the clock"
        }
        Code::KmsNoCredentials => {
            "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or run where a role gives them"
        }
        Code::KmsTimeout => "no answer in time; try again, or check the network and `timeoutMs`",
        Code::KmsUnreachable => "no connection; check the network, the Region and the endpoint",
        _ => "KMS failed; try again later",
    }
}
