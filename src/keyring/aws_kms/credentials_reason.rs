//! What became of a source of credentials, as the types of the SDK's errors tell it. Where the SDK
//! has only a text, the beginning of the text that the SDK itself writes.

use std::error::Error as StdError;
use std::io;

use aws_config::imds::client::error::{ImdsError, TokenError as MetadataTokenError};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_signin::operation::create_o_auth2_token::CreateOAuth2TokenError;
use aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::cause::chain;
use super::refusals;
use crate::error::Code;

/// Why a source gives no credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    SlowDown,
    Failed,
    Unreachable,
    Silent,
    Misconfigured,
    Expired,
    /// STS refuses AssumeRole.
    RoleDenied,
    /// STS refuses AssumeRoleWithWebIdentity.
    WebRoleDenied,
    /// IAM Identity Center refuses the role.
    SsoRoleDenied,
    TokenRejected,
    KeysRejected,
    /// A server refuses, and says no more.
    Refused,
    /// A file is missing or cannot be used.
    Unreadable,
    ProcessFailed,
    ProcessOutput,
}

impl Reason {
    /// What it is, and what to do.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::SlowDown => "it asks to slow down; try again later",
            Self::Failed => "the service failed; try again later",
            Self::Unreachable => {
                "it cannot be reached; check the network and the endpoint, and try again"
            }
            Self::Silent => "it did not answer in time; try again, or raise `credentialsTimeoutMs`",
            Self::Misconfigured => "its settings are incomplete or contradict each other",
            Self::Expired => {
                "its session or token has expired; sign in again, such as with aws sso login, or \
                 renew the token"
            }
            Self::RoleDenied => {
                "the role is denied; allow sts:AssumeRole in the caller's IAM policy and in the \
                 role's trust policy"
            }
            Self::WebRoleDenied => {
                "the role is denied; allow sts:AssumeRoleWithWebIdentity in the role's trust policy"
            }
            Self::SsoRoleDenied => {
                "the role is denied; correct the account and the role, or have it assigned to you \
                 in IAM Identity Center"
            }
            Self::TokenRejected => {
                "the identity token is not accepted; check the identity provider and the role's \
                 trust policy"
            }
            Self::KeysRejected => {
                "the keys it starts from are not accepted; correct them, and check the clock"
            }
            Self::Refused => {
                "its server refuses; check the address, and the token or the role that it asks for"
            }
            Self::Unreadable => {
                "a file that it needs is missing or cannot be read; check its path, and who may \
                 read it"
            }
            Self::ProcessFailed => {
                "the process failed; run the command of credential_process by hand to see why"
            }
            Self::ProcessOutput => {
                "its output is not what credential_process must print: JSON with Version, \
                 AccessKeyId and SecretAccessKey; see the AWS CLI's page on sourcing credentials \
                 with an external process"
            }
        }
    }

    /// Whether the same may succeed later.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::SlowDown | Self::Failed | Self::Unreachable | Self::Silent)
    }
}

/// The reason that the outermost error of a known type gives.
pub(super) fn reason(error: &CredentialsError) -> Option<Reason> {
    let known = |error: &(dyn StdError + 'static)| {
        of_call::<AssumeRoleError>(error, Reason::RoleDenied)
            .or_else(|| of_call::<AssumeRoleWithWebIdentityError>(error, Reason::WebRoleDenied))
            .or_else(|| of_call::<GetRoleCredentialsError>(error, Reason::SsoRoleDenied))
            .or_else(|| of_sign_in(error))
            .or_else(|| of_metadata(error))
            .or_else(|| of_connection(error))
            .or_else(|| of_text(error))
            .or_else(|| error.is::<io::Error>().then_some(Reason::Unreadable))
    };
    let variant = |error: &(dyn StdError + 'static)| match error.downcast_ref()? {
        CredentialsError::ProviderTimedOut(_) => Some(Reason::Silent),
        CredentialsError::InvalidConfiguration(_) => Some(Reason::Misconfigured),
        _ => None,
    };
    chain(error).find_map(known).or_else(|| chain(error).find_map(variant))
}

fn of_call<E>(error: &(dyn StdError + 'static), denied: Reason) -> Option<Reason>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let error: &SdkError<E, HttpResponse> = error.downcast_ref()?;
    match error {
        SdkError::ServiceError(answer) => {
            let (status, name) = (answer.raw().status().as_u16(), answer.err().code());
            Some(of_answer(name.unwrap_or_default(), status, denied))
        }
        other => without_answer(other),
    }
}

/// By the API references of AWS STS and IAM Identity Center, and the errors common to all services.
fn of_answer(name: &str, status: u16, denied: Reason) -> Reason {
    match name {
        "ExpiredTokenException" | "ExpiredToken" | "UnauthorizedException" => Reason::Expired,
        "InvalidIdentityToken"
        | "InvalidIdentityTokenException"
        | "IDPRejectedClaim"
        | "IDPRejectedClaimException" => Reason::TokenRejected,
        "IDPCommunicationError" | "IDPCommunicationErrorException" => Reason::Failed,
        "ForbiddenException" | "ResourceNotFoundException" => denied,
        _ => match refusals::code(name, status) {
            Code::KmsAccessDenied => denied,
            Code::KmsThrottled => Reason::SlowDown,
            Code::KmsInternal | Code::KmsTimeout => Reason::Failed,
            Code::KmsBadCredentials => Reason::KeysRejected,
            _ if name == "ValidationError" || name == "RegionDisabledException" => {
                Reason::Misconfigured
            }
            _ => Reason::Refused,
        },
    }
}

fn without_answer<E>(error: &SdkError<E, HttpResponse>) -> Option<Reason> {
    match error {
        SdkError::ConstructionFailure(_) => Some(Reason::Misconfigured),
        SdkError::TimeoutError(_) => Some(Reason::Silent),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Some(Reason::Silent),
        SdkError::DispatchFailure(_) => Some(Reason::Unreachable),
        SdkError::ResponseError(answer) => of_status(answer.raw().status().as_u16()),
        _ => None,
    }
}

fn of_status(status: u16) -> Option<Reason> {
    match status {
        429 => Some(Reason::SlowDown),
        408 | 500.. => Some(Reason::Failed),
        400.. => Some(Reason::Refused),
        _ => None,
    }
}

/// The errors of `aws login`.
fn of_sign_in(error: &(dyn StdError + 'static)) -> Option<Reason> {
    Some(match error.downcast_ref()? {
        CreateOAuth2TokenError::AccessDeniedException(_) => Reason::Expired,
        CreateOAuth2TokenError::InternalServerException(_) => Reason::Failed,
        CreateOAuth2TokenError::TooManyRequestsError(_) => Reason::SlowDown,
        _ => Reason::Refused,
    })
}

/// The metadata service of an EC2 instance.
fn of_metadata(error: &(dyn StdError + 'static)) -> Option<Reason> {
    if let Some(ImdsError::ErrorResponse(answer)) = error.downcast_ref() {
        return of_status(answer.response().status().as_u16());
    }
    let error: &SdkError<MetadataTokenError, HttpResponse> = error.downcast_ref()?;
    match error {
        SdkError::ServiceError(answer) => of_status(answer.raw().status().as_u16()),
        other => without_answer(other),
    }
}

/// A call of anybody else, such as the endpoint of a container.
fn of_connection(error: &(dyn StdError + 'static)) -> Option<Reason> {
    if let Some(call) = error.downcast_ref::<SdkError<CredentialsError, HttpResponse>>() {
        return without_answer(call);
    }
    let connector: &ConnectorError = error.downcast_ref()?;
    Some(if connector.is_timeout() { Reason::Silent } else { Reason::Unreachable })
}

/// What the SDK has no types for. None of these texts begins with what others write.
fn of_text(error: &(dyn StdError + 'static)) -> Option<Reason> {
    const STATUS: &str = "Non-success status from HTTP credential provider: ";
    const PROCESS: &str = "Error retrieving credentials from external process";
    let text = error.to_string();
    if let Some(status) = text.strip_prefix(STATUS) {
        let digits: String = status.chars().filter(char::is_ascii_digit).collect();
        return of_status(digits.parse().ok()?);
    }
    let output = [
        format!("{PROCESS}: could not decode output"),
        format!("{PROCESS}, could not parse response"),
    ];
    if output.iter().any(|output| text.starts_with(output)) {
        return Some(Reason::ProcessOutput);
    }
    let starts = |beginnings: &[&str]| beginnings.iter().any(|known| text.starts_with(known));
    if starts(&[PROCESS, "Error retrieving credentials: external process exited"]) {
        Some(Reason::ProcessFailed)
    } else if starts(&["the SSO token has expired", "cached Login token is expired"]) {
        Some(Reason::Expired)
    } else if starts(&["failed to load the cached SSO token"]) {
        Some(Reason::Unreadable)
    } else {
        None
    }
}
