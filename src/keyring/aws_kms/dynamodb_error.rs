//! What DynamoDB and the AWS SDK report of a table, as our errors.

use std::error::Error as StdError;

use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

use super::super::guard::{Call, CallLog};
use super::cause::{describe, error_name, request_id};
use super::error::code;
use crate::error::{Code, Error};

/// The error of a call that did not succeed.
pub(super) fn refused<E>(call: &Call, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let name = error.code().unwrap_or_default();
    let of_table = code_of(name, code(&error));
    let advice = match (of_table, error_name(&error)) {
        (Code::KeyStoreRejected, Some(name)) => format!("DynamoDB says {name}"),
        (Code::KeyStoreAccessDenied, _) => format!(
            "access is denied; allow dynamodb:{} on the table in the caller's IAM policy",
            call.operation
        ),
        _ => advice(of_table).to_owned(),
    };
    Error::new(of_table, format!("{call} failed: {advice}"))
        .with_cause(describe(&error, &[]))
        .with_request_id(request_id(&error))
}

/// Returns the error of an answer that lacks a field.
pub(super) fn unusable_answer(log: &CallLog) -> Error {
    let message =
        format!("the answer to {} is not what was asked for; nothing of it is used", log.call());
    Error::new(Code::KeyStoreInternal, message).with_request_id(log.request_id().map(str::to_owned))
}

/// Source: the DynamoDB API Reference, "Error handling with DynamoDB".
fn code_of(name: &str, code: Code) -> Code {
    match (name, code) {
        ("ResourceNotFoundException" | "TableNotFoundException", _) => Code::KeyStoreNotFound,
        ("TransactionConflictException" | "TransactionInProgressException", _) => {
            Code::KeyStoreThrottled
        }
        (_, Code::KmsAccessDenied) => Code::KeyStoreAccessDenied,
        (_, Code::KmsThrottled) => Code::KeyStoreThrottled,
        (_, Code::KmsTimeout) => Code::KeyStoreTimeout,
        (_, Code::KmsUnreachable) => Code::KeyStoreUnreachable,
        (_, Code::KmsInternal) => Code::KeyStoreInternal,
        (_, Code::Configuration | Code::KmsNoCredentials | Code::KmsBadCredentials) => code,
        _ => Code::KeyStoreRejected,
    }
}

fn advice(code: Code) -> &'static str {
    match code {
        Code::KeyStoreNotFound => {
            "no such table in this account and Region; check its name and the Region, or make it \
             with BranchKeyStore.createTable"
        }
        Code::KeyStoreThrottled => "DynamoDB asks to slow down; try again later",
        Code::KeyStoreTimeout => "no answer in time; try again, or raise `timeoutMs`",
        Code::KeyStoreUnreachable => {
            "no connection; check the network, the Region and the endpoint"
        }
        Code::Configuration => {
            "the AWS SDK cannot make a request of what is configured; check the Region, the \
             endpoint and the variables that begin with AWS_"
        }
        Code::KmsBadCredentials => {
            "AWS does not accept the credentials; renew or correct them, and check the clock"
        }
        Code::KmsNoCredentials => {
            "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or run where a role gives them"
        }
        _ => "DynamoDB failed; try again later",
    }
}
