//! What the AWS SDK reports, as our errors: each way KMS can refuse has its own code.

use std::error::Error as StdError;

use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

use super::super::guard::{Call, CallLog};
use super::cause::{certificate_problem, describe, error_name, is_of_credentials, request_id};
use crate::error::{Code, Error};

/// The error of a call that did not succeed, for this key or for whichever KMS finds.
pub(super) fn refused<E>(call: &Call, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    refused_secret(call, error, &[])
}

/// As [`refused`], for a call whose request held this secret.
pub(super) fn refused_secret<E>(
    call: &Call,
    error: SdkError<E, HttpResponse>,
    secret: &[u8],
) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let code = code(&error);
    let untrusted = certificate_problem(&error);
    let advice = match (code, error_name(&error)) {
        (Code::KmsUnreachable, _) if untrusted.is_some() => format!(
            "the certificate of the server, or of a proxy before it, is not trusted; install \
             ca-certificates where the system has none, or, if it is yours, add its authority to \
             the system's, or name its file in SSL_CERT_FILE ({})",
            untrusted.unwrap_or_default()
        ),
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

/// The error of an answer that KMS would not give.
pub(super) fn nonsense(log: &CallLog) -> Error {
    let call = log.call();
    let message = format!("the answer to {call} is not what was asked for; nothing of it is used");
    Error::new(Code::KmsInternal, message).with_request_id(log.request_id().map(str::to_owned))
}

fn code<E>(error: &SdkError<E, HttpResponse>) -> Code
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            service_code(service.err().code().unwrap_or_default(), service.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => Code::KmsTimeout,
        SdkError::ResponseError(_) => Code::KmsInternal,
        _ if is_of_credentials(error) => Code::KmsNoCredentials,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Code::KmsTimeout,
        SdkError::DispatchFailure(_) => Code::KmsUnreachable,
        _ => Code::KmsRejected,
    }
}

/// The errors of the AWS KMS API Reference, and those common to all AWS services.
fn service_code(name: &str, status: u16) -> Code {
    match name {
        "AccessDeniedException" | "AccessDenied" | "NotAuthorized" => Code::KmsAccessDenied,
        "NotFoundException" => Code::KmsKeyNotFound,
        "DisabledException" => Code::KmsKeyDisabled,
        "KMSInvalidStateException" => Code::KmsKeyState,
        "InvalidKeyUsageException" => Code::KmsKeyUsage,
        "IncorrectKeyException" => Code::KmsWrongKey,
        "InvalidCiphertextException" => Code::KmsInvalidCiphertext,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown" => Code::KmsThrottled,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => Code::KmsBadCredentials,
        "KMSInternalException" | "DependencyTimeoutException" | "KeyUnavailableException" => {
            Code::KmsInternal
        }
        _ if status == 429 => Code::KmsThrottled,
        _ if (400..500).contains(&status) => Code::KmsRejected,
        // A success that cannot be read counts as a failure of KMS, too.
        _ => Code::KmsInternal,
    }
}

fn advice(code: Code) -> &'static str {
    match code {
        Code::KmsKeyNotFound => {
            "no such key in this account and Region; check the key's name and the Region"
        }
        Code::KmsKeyDisabled => "the key is disabled; enable it",
        Code::KmsKeyState => "the key is not in a usable state; is it pending deletion or import?",
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
        Code::KmsTimeout => "no answer in time; try again, or raise `timeoutMs`",
        Code::KmsUnreachable => "no connection; check the network, the Region and the endpoint",
        _ => "KMS failed; try again later",
    }
}
