//! ECDH with AWS-LC.

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, agree,
};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey,
};
use zeroize::Zeroizing;

use crate::crypto::ecdh::{EcdhCurve, EcdhKey, agreement_failed, unusable_key};
use crate::error::Result;

/// AWS-LC wipes the key's memory when it frees it.
pub(crate) struct EcdhPrivateKey(PrivateKey);

impl EcdhKey for EcdhPrivateKey {
    fn generate(curve: EcdhCurve) -> Result<Self> {
        PrivateKey::generate(algorithm(curve)).map(Self).map_err(|_| agreement_failed())
    }

    fn from_pkcs8(curve: EcdhCurve, der: &[u8]) -> Result<Self> {
        PrivateKey::from_private_key_der(algorithm(curve), der)
            .map(Self)
            .map_err(|_| unusable_key(curve, "private key"))
    }

    fn public_point(&self) -> Result<Vec<u8>> {
        let public_key = self.0.compute_public_key().map_err(|_| agreement_failed())?;
        Ok(public_key.as_ref().to_vec())
    }

    fn agree(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let public_key = UnparsedPublicKey::new(self.0.algorithm(), point);
        agree(&self.0, public_key, agreement_failed(), |secret| Ok(Zeroizing::new(secret.to_vec())))
    }

    /// Keys of signatures are read from any form of a point and written in DER, which ends with the
    /// uncompressed point.
    fn uncompressed(curve: EcdhCurve, point: &[u8]) -> Result<Vec<u8>> {
        let algorithm = match curve {
            EcdhCurve::P256 => &ECDSA_P256_SHA256_ASN1,
            EcdhCurve::P384 => &ECDSA_P384_SHA384_ASN1,
            EcdhCurve::P521 => &ECDSA_P521_SHA512_ASN1,
        };
        let unusable = || unusable_key(curve, "public key");
        let key = ParsedPublicKey::new(algorithm, point).map_err(|_| unusable())?;
        let der: PublicKeyX509Der<'_> = key.as_der().map_err(|_| unusable())?;
        let from = der.as_ref().len().checked_sub(1 + 2 * curve.coordinate_length());
        let point = from.and_then(|from| der.as_ref().get(from..)).ok_or_else(unusable)?;
        Ok(point.to_vec())
    }
}

fn algorithm(curve: EcdhCurve) -> &'static Algorithm {
    match curve {
        EcdhCurve::P256 => &ECDH_P256,
        EcdhCurve::P384 => &ECDH_P384,
        EcdhCurve::P521 => &ECDH_P521,
    }
}
