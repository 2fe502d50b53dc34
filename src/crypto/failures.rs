//! The errors that both engines have.

use crate::error::{Code, Error};

pub(super) fn wrong_key_length(length: usize) -> Error {
    Error::invalid(format!("an AES key has 16, 24 or 32 bytes, not {length}"))
}

pub(super) fn engine_failed(step: &str) -> Error {
    Error::new(Code::Internal, format!("the cryptographic engine failed at {step}"))
}

pub(super) fn not_authentic() -> Error {
    Error::new(Code::AuthenticationFailed, "the authentication tag does not verify")
}
