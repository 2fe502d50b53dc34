//! Bytes from the operating system's generator.

use zeroize::Zeroizing;

use crate::crypto::failures::engine_failed;
use crate::error::Result;

pub(super) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| engine_failed("random bytes"))
}

/// A candidate for a private key of so many bytes.
pub(super) fn random_scalar<const LENGTH: usize>() -> Result<Zeroizing<[u8; LENGTH]>> {
    let mut scalar = Zeroizing::new([0; LENGTH]);
    fill(scalar.as_mut_slice())?;
    Ok(scalar)
}
