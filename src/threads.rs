//! Threads of our own: with a stack whose size no variable changes, and with an error where the
//! system gives none.

use std::io;
use std::thread::Builder;

use crate::error::{Code, Error};

/// In bytes; `RUST_MIN_STACK` would set the size of a thread that does not name one.
pub(crate) const STACK_SIZE: usize = 2 << 20;

/// What starts a thread with this name.
pub(crate) fn builder(name: &str) -> Builder {
    Builder::new().name(name.into()).stack_size(STACK_SIZE)
}

/// The error where a thread, or what it needs, cannot be had.
pub(crate) fn unavailable(error: &io::Error) -> Error {
    Error::new(
        Code::System,
        "the system gives this process no further thread or file descriptor; raise its limits \
         (ulimit -u, ulimit -n, pids.max of its container), or run fewer calls at once",
    )
    .with_cause(error.to_string())
}
