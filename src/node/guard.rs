//! The errors of objects that have ended and are used again.

use crate::error::Error;

/// The error of a message that has ended, by its end or by an error.
pub(super) fn message_finished() -> Error {
    Error::invalid("this message is finished; start another")
}

/// The error of a batch that was released.
pub(super) fn batch_finished() -> Error {
    Error::invalid("this batch is finished; start another")
}
