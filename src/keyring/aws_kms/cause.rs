//! What an error may tell of what lies below it in the AWS SDK.
//!
//! No text of the SDK is passed on: it can hold the whole request, and so plaintext and data keys.
//! What is told comes from types, from the fields of a service's error, and from words known here.

use std::error::Error as StdError;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::RequestId;

use super::service_text::{identifier, quotes, sentence};
use crate::foreign_text::shown_sentence;

/// What rustls says of a certificate that it refuses, before the reason.
const UNTRUSTED: &str = "invalid peer certificate: ";

/// Texts of the HTTP client by which its errors, that have no public type, are known.
const KNOWN: &[(&str, &str)] = &[
    ("dns error", "the name of the host is not known"),
    ("connection closed before message completed", "the connection was closed before the answer"),
    ("end of file before message length reached", "the answer was cut off"),
    ("invalid HTTP version parsed", "the answer is not HTTP"),
    ("invalid HTTP header parsed", "the answer is not HTTP"),
    ("invalid HTTP status-code parsed", "the answer is not HTTP"),
    ("message head is too large", "the answer's headers are too large"),
    ("tls handshake eof", "the connection was closed before TLS was agreed on"),
];

/// What lies below, in a line. `secret` is what the request held, which a service may repeat.
pub(super) fn describe<E>(error: &SdkError<E, HttpResponse>, secret: &[u8]) -> String
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let summary = match error {
        SdkError::ServiceError(service) => return service_error(service.err(), secret),
        SdkError::ConstructionFailure(_) => "the request cannot be made",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time",
        SdkError::DispatchFailure(failure) if failure.is_user() => "the request cannot be sent",
        SdkError::DispatchFailure(failure) if failure.is_io() => "the connection failed",
        SdkError::DispatchFailure(_) => "the request failed on its way",
        SdkError::ResponseError(_) => "the answer cannot be read",
        _ => "the call failed",
    };
    let mut text = summary.to_owned();
    for reason in chain(error).filter_map(reason) {
        if !text.ends_with(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
    }
    text
}

/// Why the certificate of the server was refused, if it was.
pub(super) fn certificate_problem(error: &(dyn StdError + 'static)) -> Option<String> {
    chain(error).find_map(|error| {
        // Only what rustls itself says, not what quotes it.
        let text = error.to_string();
        text.strip_prefix(UNTRUSTED).map(shown_sentence)
    })
}

/// The AWS request id of an answer.
pub(super) fn request_id(error: &impl RequestId) -> Option<String> {
    error.request_id().and_then(identifier).map(str::to_owned)
}

/// The name of the service's error.
pub(super) fn error_name(error: &impl ProvideErrorMetadata) -> Option<&str> {
    error.code().and_then(identifier)
}

/// Whether the SDK found no credentials.
pub(super) fn is_of_credentials(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| error.is::<CredentialsError>())
}

fn service_error(error: &impl ProvideErrorMetadata, secret: &[u8]) -> String {
    let name = error_name(error).unwrap_or("an error without a name");
    match error.message().filter(|message| !message.is_empty()) {
        Some(message) if quotes(message, secret) => format!("{name}, in words that are not shown"),
        Some(message) => format!("{name}: {}", sentence(message)),
        None => name.to_owned(),
    }
}

/// What one error of a chain tells, if its type or its text is known.
fn reason(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(credentials) = error.downcast_ref::<CredentialsError>() {
        return Some(of_credentials(credentials).to_owned());
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return Some(match io.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code).to_string(),
            None => io.kind().to_string(),
        });
    }
    let text = error.to_string();
    if let Some(problem) = text.strip_prefix(UNTRUSTED) {
        return Some(format!("{UNTRUSTED}{}", shown_sentence(problem)));
    }
    KNOWN.iter().find(|(known, _)| *known == text).map(|(_, ours)| (*ours).to_owned())
}

fn of_credentials(error: &CredentialsError) -> &'static str {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => "no source of credentials is configured",
        CredentialsError::ProviderTimedOut(_) => "a source of credentials did not answer in time",
        CredentialsError::InvalidConfiguration(_) => {
            "a source of credentials is configured wrongly"
        }
        _ => "a source of credentials failed",
    }
}

/// An error and all below it; `io::Error` hides what it was made of from `source`.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as _),
        None => error.source(),
    })
}
