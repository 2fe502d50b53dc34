//! How long and how often cached materials are used.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::error::{Error, Result};

/// How long and how often materials are used.
#[derive(Debug, Clone, Copy)]
pub struct CacheLimits {
    /// How long after they were fetched.
    pub max_age: Duration,
    /// How many messages are encrypted with them.
    pub max_messages: u64,
    /// How many bytes of plaintext are encrypted with them.
    pub max_bytes: u64,
    /// How many materials are kept, to encrypt and to decrypt; the least recently used are dropped first.
    pub max_entries: NonZeroUsize,
    /// How long before `max_age` encryption materials are renewed, if a caller asks for them then.
    pub renew_before: Option<Duration>,
}

impl CacheLimits {
    /// Checks that materials can be used at all.
    ///
    /// # Errors
    /// `InvalidArgument` if not.
    pub(super) fn check(&self) -> Result<()> {
        if self.max_age.is_zero() || self.max_messages == 0 || self.max_bytes == 0 {
            return Err(Error::invalid("each limit of the cache must be at least 1"));
        }
        if self.renew_before.is_some_and(|before| before >= self.max_age) {
            return Err(Error::invalid("renewBeforeMs must be less than maxAgeMs"));
        }
        Ok(())
    }
}
