//! Pseudorandom functions: HMAC with the engine, CMAC with RustCrypto in every build.

use aes::Aes256;
use cmac::{Cmac, KeyInit, Mac};

use super::stack::leaving_no_trace;
use super::{CryptoEngine, Engine, engine_failed};
use crate::error::Result;

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HmacHash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl HmacHash {
    /// The length of the whole output, in bytes.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// HMAC (RFC 2104), cut to the length of `output`, which is at most the hash's.
pub(crate) fn hmac(hash: HmacHash, key: &[u8], input: &[u8], output: &mut [u8]) -> Result<()> {
    if output.len() > hash.length() {
        return Err(engine_failed("HMAC"));
    }
    leaving_no_trace(|| Engine::hmac(hash, key, input, output))
}

/// HKDF (RFC 5869) with the input as the info.
pub(crate) fn hkdf(
    hash: crate::suite::Hash,
    key: &[u8],
    salt: &[u8],
    input: &[u8],
    output: &mut [u8],
) -> Result<()> {
    Engine::hkdf(hash, salt, key, &mut [(input, output)])
}

/// AES-256-CMAC (NIST SP 800-38B).
pub(crate) fn cmac(key: &[u8], input: &[u8]) -> Result<[u8; 16]> {
    leaving_no_trace(|| {
        let mac = Cmac::<Aes256>::new_from_slice(key).map_err(|_| engine_failed("CMAC"))?;
        Ok(Box::new(mac).chain_update(input).finalize().into_bytes().into())
    })
}
