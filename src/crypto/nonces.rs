//! Nonces of the values of one call, drawn many at once: to draw each by itself takes a third of the time
//! that a short value takes.
//!
//! Only for values that are all there when the first nonce is drawn. Should the machine be copied
//! meanwhile, as a snapshot of it is, both copies encrypt the same values under the same nonces, and so
//! write the same bytes. With nonces that were kept for later calls they would encrypt different values.

use super::chosen::random;
use super::engine::{IV_LENGTH, Iv};
use crate::error::Result;

/// How many nonces are drawn at once.
const DRAWN: usize = 32;

pub(crate) struct Nonces {
    drawn: [Iv; DRAWN],
    left: usize,
}

impl Nonces {
    pub(crate) fn new() -> Self {
        Self { drawn: [[0; IV_LENGTH]; DRAWN], left: 0 }
    }

    /// Returns a nonce that was not returned before.
    pub(super) fn next(&mut self) -> Result<Iv> {
        if self.left == 0 {
            random(self.drawn.as_flattened_mut())?;
            self.left = DRAWN;
        }
        self.left -= 1;
        Ok(self.drawn[self.left])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_nonce_comes_twice() {
        let mut nonces = Nonces::new();
        let all: HashSet<_> = (0..1000).map(|_| nonces.next().unwrap()).collect();
        assert_eq!(all.len(), 1000);
    }
}
