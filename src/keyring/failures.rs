//! Why data keys could not be unwrapped: the first reasons, and a count of all. A message can have 65,535
//! data keys, and an error must not grow with them.

use super::key_names::described;
use crate::error::{Code, Error};
use crate::format::EncryptedDataKey;

/// How many reasons an error carries itself; with those nested in them, three times as many.
const MOST: usize = 10;

/// The reasons of attempts that failed, or of keyrings.
#[derive(Default)]
pub(super) struct Failures {
    first: Vec<Error>,
    /// How many errors stand in `first`, with those below them.
    kept_size: usize,
    count: usize,
    retryable: bool,
}

impl Failures {
    pub(super) fn push(&mut self, error: Error) {
        self.count += 1;
        self.retryable |= error.retryable();
        let size = size(&error);
        if self.first.len() < MOST {
            // An error whose nested reasons do not fit is kept without them.
            let fits = self.kept_size + size <= 3 * MOST;
            self.kept_size += if fits { size } else { 1 };
            self.first.push(if fits { error } else { error.with_errors(Vec::new()) });
        }
    }

    /// How many there were, those that are not kept included.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The one reason, where there was one.
    pub(super) fn only(&mut self) -> Option<Error> {
        if self.count == 1 { self.first.pop() } else { None }
    }

    /// The error that carries them; it says how many more there were.
    pub(super) fn into_error(self, message: &str) -> Error {
        let more = self.count - self.first.len();
        let message = match more {
            0 => message.to_owned(),
            _ => format!(
                "{message} (which has the first {}; there were {more} more)",
                self.first.len()
            ),
        };
        Error::new(Code::NoUsableKey, message)
            .with_retryable(self.retryable)
            .with_errors(self.first)
    }
}

fn size(error: &Error) -> usize {
    1 + error.errors().iter().map(size).sum::<usize>()
}

/// What to say when no wrapped data key unwraps: the one reason, or all of them.
pub(super) fn no_usable_key(
    ours: &str,
    encrypted_data_keys: &[EncryptedDataKey],
    mut failures: Failures,
) -> Error {
    if let Some(only) = failures.only() {
        return only;
    }
    let message = if failures.count() == 0 {
        format!(
            "the message was encrypted under {}; this keyring has {ours}",
            described(encrypted_data_keys)
        )
    } else {
        format!(
            "none of the {} data keys for {ours} could be unwrapped, each for a reason of its own",
            failures.count()
        )
    };
    failures.into_error(&message)
}
