//! ECDSA over a message that passes by once: what is signed is its hash (FIPS 186-5, 6).

use std::fmt;

use super::failures::engine_failed;
use crate::error::{Error, Result};
use crate::suite::Curve;

/// A private key; wiped when dropped, never shown.
pub(crate) trait EcdsaKey: fmt::Debug + Sized + Send + Sync {
    type Signer;

    fn generate(curve: Curve) -> Result<Self>;

    /// The public key, as a compressed point (SEC 1, 2.3.3).
    fn public_key(&self) -> Result<Vec<u8>>;

    /// Starts a signature; one key may sign several messages.
    fn signer(&self) -> Self::Signer;
}

pub(crate) trait EcdsaSigner: Send {
    fn update(&mut self, message: &[u8]);

    /// The signature in DER, at most `max_signature_length` bytes.
    fn sign(self) -> Result<Vec<u8>>;
}

pub(crate) trait EcdsaVerifier: Sized + Send {
    /// From the public key as a compressed point; no other form is accepted.
    fn new(curve: Curve, public_key: &[u8]) -> Result<Self>;

    fn update(&mut self, message: &[u8]);

    /// `AuthenticationFailed` if the signature, in DER, is not the key's.
    fn verify(self, signature: &[u8]) -> Result<()>;
}

/// The longest signature in DER: two numbers of the field's length, each with two bytes before it
/// and a sign, in a sequence.
pub(crate) fn max_signature_length(curve: Curve) -> usize {
    2 * (2 + 1 + coordinate_length(curve)) + 2
}

/// The form of a compressed point is checked here, as engines also take others.
pub(super) fn check_compressed(curve: Curve, public_key: &[u8]) -> Result<()> {
    match public_key {
        [2 | 3, x @ ..] if x.len() == coordinate_length(curve) => Ok(()),
        _ => Err(Error::invalid("the public key is not a compressed point of its curve")),
    }
}

pub(super) fn signing_failed() -> Error {
    engine_failed("ECDSA")
}

fn coordinate_length(curve: Curve) -> usize {
    match curve {
        Curve::P256 => 32,
        Curve::P384 => 48,
    }
}
