//! Our errors as JavaScript's: JSON in the message of a native error, which `lib/errors.js` reads.

use napi::Status;
use serde_json::{Value, json};

use super::numbers::to_js_milliseconds;
use crate::error::Error;

/// For `map_err` at the end of every exported function.
pub(super) fn to_napi(error: Error) -> napi::Error {
    napi::Error::new(Status::GenericFailure, to_json(&error).to_string())
}

pub(super) fn to_json(error: &Error) -> Value {
    json!({
        "code": error.code().as_str(),
        "message": error.message(),
        "retryable": error.retryable(),
        "requestId": error.request_id(),
        "cause": error.cause(),
        "circuit": error.circuit().map(|(state, _)| state),
        "retryAfterMs": error.circuit().map(|(_, left)| to_js_milliseconds(left)),
        "errors": error.errors().iter().map(to_json).collect::<Vec<_>>(),
    })
}

/// Returns the error of a caller's function that failed: `cause` is the text of what it threw, which says
/// whether it is retryable.
pub(super) fn thrown_by_caller(error: Error, cause: Option<String>, retryable: bool) -> Error {
    let error = error.with_retryable(retryable);
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}
