//! HKDF (RFC 5869) as the FIPS module's own service: one that it counts as approved (NIST SP 800-56C).

use aws_lc_rs::hkdf::{HKDF_SHA256, HKDF_SHA384, HKDF_SHA512, KeyType, Salt};

use crate::crypto::failures::engine_failed;
use crate::error::Result;
use crate::suite::Hash;

/// The length of an output, in bytes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Derives each `(info, output)` from the salt and the secret.
pub(super) fn derive(
    hash: Hash,
    salt: &[u8],
    secret: &[u8],
    outputs: &mut [(&[u8], &mut [u8])],
) -> Result<()> {
    let algorithm = match hash {
        Hash::Sha256 => HKDF_SHA256,
        Hash::Sha384 => HKDF_SHA384,
        Hash::Sha512 => HKDF_SHA512,
    };
    let extracted = Salt::new(algorithm, salt).extract(secret);
    outputs.iter_mut().try_for_each(|(info, output)| {
        let info = [*info];
        extracted
            .expand(&info, Length(output.len()))
            .and_then(|key| key.fill(output))
            .map_err(|_| engine_failed("HKDF"))
    })
}
