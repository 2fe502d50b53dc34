//! What bounds and counts the plaintext of messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Code, Error, Result};

/// What bounds and counts the plaintext of one message.
#[derive(Debug, Clone, Default)]
pub struct Accounting {
    /// The most bytes that it may have.
    pub limit: Option<u64>,
    /// What its bytes are added to as they pass, where its length was not known beforehand.
    pub counter: Option<Arc<AtomicU64>>,
    /// What counts the message once it is whole.
    pub tally: Option<Arc<Tally>>,
}

impl Accounting {
    /// Checks the length of a plaintext, or of what there is of it, in bytes.
    pub(super) fn check(&self, length: u64) -> Result<()> {
        match self.limit {
            Some(limit) if length > limit => Err(too_long(limit)),
            _ => Ok(()),
        }
    }

    /// Counts bytes that pass.
    pub(super) fn count(&self, length: u64) {
        if let Some(counter) = &self.counter {
            counter.fetch_add(length, Ordering::Relaxed);
        }
    }

    /// Counts a whole message with a plaintext of this length in bytes.
    pub(super) fn finish(&self, length: u64) {
        if let Some(tally) = &self.tally {
            tally.add(length);
        }
    }
}

/// The error of a plaintext that is longer than the caller allows.
pub fn too_long(limit: u64) -> Error {
    Error::new(
        Code::LimitExceeded,
        format!("the plaintext is longer than the {limit} bytes of `maxPlaintextLength`"),
    )
}

/// Counts whole messages and the bytes of their plaintext.
#[derive(Debug, Default)]
pub struct Tally {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    /// Counts one more message, with a plaintext of this length in bytes.
    fn add(&self, bytes: u64) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns how many messages there were.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Returns the length of all their plaintexts, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
