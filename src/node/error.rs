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
