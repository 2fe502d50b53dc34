//! Why there are no credentials: which source was tried, and what became of it.
//!
//! The SDK's own texts hold what a process printed or a server answered, which may be secrets: none
//! of them is shown. Types tell the reasons apart.

use std::error::Error as StdError;

use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::SdkError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;

use super::cause::{certificate_problem, chain};
use super::credential_source::Source;
use super::credentials_reason::{Reason, reason};
use crate::error::{Code, Error};

/// The error of a call for which there are no credentials.
pub(super) fn explain(error: &CredentialsError, source: &Source) -> Error {
    if chain(error).any(is_panic) {
        let message = "getting AWS credentials failed unexpectedly: code panicked; please report \
                       this";
        return Error::new(Code::Internal, message);
    }
    if let Some(own) = chain(error).find_map(|error| error.downcast_ref::<Error>()) {
        return own.clone();
    }
    match source {
        Source::Instance { asked } => of_instance(error, *asked),
        Source::Named { name, sign_in, start } => {
            let start = start.as_ref().filter(|_| !chain(error).any(is_of_role));
            of_named(error, start.unwrap_or(name), *sign_in)
        }
    }
}

fn of_named(error: &CredentialsError, source: &str, sign_in: Option<&str>) -> Error {
    // What the chain asks after the source that is configured says nothing of that.
    let not_loaded = matches!(error, CredentialsError::CredentialsNotLoaded(_));
    let found = if not_loaded { None } else { reason(error) };
    let why = match (found, sign_in) {
        _ if certificate_problem(error).is_some() => {
            "the certificate of its server, or of a proxy before it, is not trusted; install \
             ca-certificates, or name the file of the authority in SSL_CERT_FILE"
                .to_owned()
        }
        (Some(Reason::Misconfigured), _) => {
            let message = format!(
                "the AWS credentials cannot come from {source}: its settings are incomplete or \
                 contradict each other; correct them as the AWS CLI's documentation says"
            );
            return Error::new(Code::Configuration, message);
        }
        (Some(Reason::Expired), Some(command)) => {
            format!("its session or token has expired; sign in again with {command}")
        }
        (Some(Reason::Unreadable), Some(command)) => {
            format!("nobody has signed in; sign in with {command}")
        }
        (Some(reason), _) => reason.advice().to_owned(),
        (None, _) if chain(error).any(is_not_loaded) => {
            "it gives none; complete it, or name another".to_owned()
        }
        (None, _) => "it failed; try the same with: aws sts get-caller-identity".to_owned(),
    };
    let message = format!("the AWS credentials should come from {source}, but {why}");
    let retryable = found.is_some_and(Reason::passes) && certificate_problem(error).is_none();
    Error::new(Code::KmsNoCredentials, message).with_retryable(retryable)
}

/// Nothing names a source, and the metadata service of an instance gave nothing, if it was asked.
fn of_instance(error: &CredentialsError, asked: bool) -> Error {
    let found = last_reason(error);
    let timed_out = matches!(error, CredentialsError::ProviderTimedOut(_));
    let tried = match (asked, found) {
        (false, _) => "was not asked, as AWS_EC2_METADATA_DISABLED is true",
        (true, _) if timed_out => "was asked, too, and failed or was too slow; try again later",
        (true, Some(Reason::Unreachable | Reason::Silent)) => {
            "was asked, too, and cannot be reached"
        }
        (true, Some(Reason::SlowDown)) => "was asked, too, and asks to slow down; try again later",
        (true, Some(Reason::Failed)) => "was asked, too, and failed; try again later",
        (true, Some(Reason::Refused)) => "was asked, too, and refuses to answer",
        (true, Some(Reason::Misconfigured)) => {
            "was asked, too, and may not use the role of this instance; let its trust policy name \
             ec2.amazonaws.com"
        }
        (true, None) if matches!(error, CredentialsError::CredentialsNotLoaded(_)) => {
            "was asked, too, and has no role for this instance"
        }
        (true, _) => "was asked, too, and its answer cannot be used",
    };
    let message = format!(
        "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY, or run where a role gives them (the metadata service of EC2 {tried})"
    );
    // Off EC2 nobody answers, and will not later.
    let passes = timed_out || matches!(found, Some(Reason::SlowDown | Reason::Failed));
    Error::new(Code::KmsNoCredentials, message).with_retryable(passes)
}

/// The reason of the last source that was asked, which is the metadata service.
fn last_reason(error: &CredentialsError) -> Option<Reason> {
    let attempts = |error: &(dyn StdError + 'static)| {
        let tried = error.downcast_ref::<ProviderChainError<CredentialsError>>()?;
        Some(reason(tried.attempts().last()?.error()))
    };
    chain(error).find_map(attempts).unwrap_or_else(|| reason(error))
}

fn is_not_loaded(error: &(dyn StdError + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(CredentialsError::CredentialsNotLoaded(_)))
}

/// Whether it was STS that gave no credentials, which is asked with those of another source.
fn is_of_role(error: &(dyn StdError + 'static)) -> bool {
    error.is::<SdkError<AssumeRoleError, HttpResponse>>()
}

fn is_panic(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref().is_some_and(tokio::task::JoinError::is_panic)
}
