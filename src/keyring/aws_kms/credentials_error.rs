//! Why there are no credentials: which source was tried, and what became of it.
//!
//! The SDK's own texts hold what a process printed or a server answered, which may be secrets. Known
//! words in them tell the reasons apart; none of them is shown.

use std::error::Error as StdError;
use std::fmt::Write;

use aws_credential_types::provider::error::CredentialsError;

use super::credential_source::Source;
use crate::error::{Code, Error};

/// Words of the SDK and of AWS's errors, what they mean, and whether it may pass.
const REASONS: &[(&[&str], &str, bool)] = &[
    (
        &["Throttling", "TooManyRequests", "SlowDown", "RequestLimitExceeded", "status: 429"],
        "it asks to slow down; try again later",
        true,
    ),
    (
        &["InternalServerException", "InternalFailure", "ServiceUnavailable", "InternalError"],
        "the service failed; try again later",
        true,
    ),
    (
        &["could not decode output", "could not parse response", "MissingField", "InvalidField"],
        "its output is not what credential_process must print: JSON with Version, AccessKeyId and \
         SecretAccessKey; see the AWS CLI's page on sourcing credentials with an external process",
        false,
    ),
    (
        &["external process exited with code", "from external process"],
        "the process failed; run the command of credential_process by hand to see why",
        false,
    ),
    (
        &["AccessDenied", "not authorized to perform", "Access denied"],
        "the role is denied; allow sts:AssumeRole in the caller's IAM policy and in the role's trust \
         policy",
        false,
    ),
    (
        &[
            "token has expired",
            "token is expired",
            "UnauthorizedException",
            "ExpiredToken",
            "InvalidGrantException",
            "session has expired",
            "Session token not found or invalid",
        ],
        "its session or token has expired; sign in again, such as with aws sso login",
        false,
    ),
    (
        &[
            "failed to load cached SSO token",
            "cached SSO token",
            "CachedSsoToken",
            "couldn't find cached",
        ],
        "nobody has signed in; sign in with aws sso login",
        false,
    ),
    (
        &["InvalidIdentityToken", "IDPRejectedClaim"],
        "the identity token is not accepted; check the identity provider and the role's trust policy",
        false,
    ),
    (
        &["InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClient"],
        "the keys it starts from are not accepted; correct them, and check the clock",
        false,
    ),
    (
        &[
            "error sending request",
            "dispatch failure",
            "ConnectorError",
            "io error",
            "timed out",
            "timeout",
        ],
        "it cannot be reached; check the network and the endpoint, and try again",
        true,
    ),
];

/// The error of a call for which there are no credentials.
pub(super) fn explain(error: &CredentialsError, source: &Source) -> Error {
    if matches!(source, Source::Instance) {
        // Nobody answers at the metadata address, or who does has no role to give.
        return Error::new(
            Code::KmsNoCredentials,
            "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or run where a role gives them",
        );
    }
    let text = chain(error);
    let passes = |reason: &(_, _, bool)| reason.2;
    let reason = REASONS.iter().find(|(words, ..)| words.iter().any(|word| text.contains(word)));
    let (why, retryable) = match (error, reason) {
        (CredentialsError::ProviderTimedOut(_), _) => {
            ("it did not answer in time; try again, or raise `credentialsTimeoutMs`", true)
        }
        (CredentialsError::CredentialsNotLoaded(_), _) => {
            ("it gives none; complete it, or name another", false)
        }
        (CredentialsError::InvalidConfiguration(_), None) => {
            let message = format!(
                "the AWS credentials cannot come from {source}: its settings are incomplete or \
                 contradict each other; correct them as the AWS CLI's documentation says"
            );
            return Error::new(Code::Configuration, message);
        }
        (_, Some(reason)) => (reason.1, passes(reason)),
        (_, None) => ("it failed; try the same with: aws sts get-caller-identity", false),
    };
    failed(source, why).with_retryable(retryable)
}

fn failed(source: &Source, why: &str) -> Error {
    let message = format!("the AWS credentials should come from {source}, but {why}");
    Error::new(Code::KmsNoCredentials, message)
}

fn chain(error: &dyn StdError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut next = error.source();
    while let Some(error) = next {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        next = error.source();
    }
    text
}
