//! Limits how many values a key encrypts, so that equal random IVs stay unlikely (NIST SP 800-38D, 8.3).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Code, Error, Result};

/// How many values a key has encrypted in this process; copies count together.
#[derive(Clone, Default)]
pub(super) struct Count(Arc<AtomicU64>);

impl Count {
    /// Counts more values.
    ///
    /// # Errors
    /// `LimitExceeded` past the limit.
    pub(super) fn add(&self, values: u64, limit: u64) -> Result<()> {
        if self.0.fetch_add(values, Ordering::Relaxed).saturating_add(values) <= limit {
            return Ok(());
        }
        self.0.fetch_sub(values, Ordering::Relaxed);
        Err(Error::new(
            Code::LimitExceeded,
            "this process has encrypted as many values under the key as it may; rotate the key",
        ))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_refused_value_is_not_counted() {
        let count = Count::default();
        count.add(2, 3).unwrap();
        assert_eq!(count.add(2, 3).unwrap_err().code(), Code::LimitExceeded);
        assert_eq!(count.get(), 2);
        count.add(1, 3).unwrap();
    }
}
