//! Pseudorandom functions: HMAC with the engine, CMAC with RustCrypto in every build.

use aes::Aes256;
use cmac::{Cmac, KeyInit, Mac};

use super::chosen;
use super::engine::HmacHash;
use super::failures::engine_failed;
use super::stack::leaving_no_trace;
use crate::error::Result;

/// HMAC (RFC 2104), cut to the length of `output`, which is at most the hash's.
pub(crate) fn hmac(hash: HmacHash, key: &[u8], input: &[u8], output: &mut [u8]) -> Result<()> {
    if output.len() > hash.length() {
        return Err(engine_failed("HMAC"));
    }
    leaving_no_trace(|| chosen::hmac(hash, key, input, output))
}

/// HKDF (RFC 5869) with the input as the info.
pub(crate) fn hkdf(
    hash: crate::suite::Hash,
    key: &[u8],
    salt: &[u8],
    input: &[u8],
    output: &mut [u8],
) -> Result<()> {
    chosen::hkdf(hash, salt, key, &mut [(input, output)])
}

/// AES-256-CMAC (NIST SP 800-38B).
pub(crate) fn cmac(key: &[u8], input: &[u8]) -> Result<[u8; 16]> {
    leaving_no_trace(|| {
        let mac = Cmac::<Aes256>::new_from_slice(key).map_err(|_| engine_failed("CMAC"))?;
        Ok(Box::new(mac).chain_update(input).finalize().into_bytes().into())
    })
}
