//! ECDH with RustCrypto's `p256`, `p384` and `p521`.

use p256::elliptic_curve::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey, SecretKey};
use p256::pkcs8::DecodePrivateKey;
use zeroize::Zeroizing;

use super::random::random_scalar;
use crate::crypto::ecdh::{EcdhCurve, EcdhKey, agreement_failed, unusable_key};
use crate::crypto::stack::leaving_no_trace;
use crate::error::Result;

/// The keys wipe themselves when they are dropped.
pub(crate) enum EcdhPrivateKey {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

impl EcdhKey for EcdhPrivateKey {
    /// FIPS 186-5, A.2.2: random numbers until one is in the range of private keys.
    fn generate(curve: EcdhCurve) -> Result<Self> {
        loop {
            let key = match curve {
                EcdhCurve::P256 => {
                    let scalar = random_scalar::<32>()?;
                    p256::SecretKey::from_slice(scalar.as_slice()).map(Self::P256)
                }
                EcdhCurve::P384 => {
                    let scalar = random_scalar::<48>()?;
                    p384::SecretKey::from_slice(scalar.as_slice()).map(Self::P384)
                }
                EcdhCurve::P521 => {
                    let mut scalar = random_scalar::<66>()?;
                    // Of the first byte, 521 bits need one bit.
                    scalar[0] &= 1;
                    p521::SecretKey::from_slice(scalar.as_slice()).map(Self::P521)
                }
            };
            if let Ok(key) = key {
                return Ok(key);
            }
        }
    }

    fn from_pkcs8(curve: EcdhCurve, der: &[u8]) -> Result<Self> {
        let key = match curve {
            EcdhCurve::P256 => p256::SecretKey::from_pkcs8_der(der).map(Self::P256),
            EcdhCurve::P384 => p384::SecretKey::from_pkcs8_der(der).map(Self::P384),
            EcdhCurve::P521 => p521::SecretKey::from_pkcs8_der(der).map(Self::P521),
        };
        key.map_err(|_| unusable_key(curve, "private key"))
    }

    fn public_point(&self) -> Result<Vec<u8>> {
        Ok(leaving_no_trace(|| match self {
            Self::P256(key) => bytes_of(&key.public_key()),
            Self::P384(key) => bytes_of(&key.public_key()),
            Self::P521(key) => bytes_of(&key.public_key()),
        }))
    }

    fn agree(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let secret = leaving_no_trace(|| match self {
            Self::P256(key) => agree_with(key, point),
            Self::P384(key) => agree_with(key, point),
            Self::P521(key) => agree_with(key, point),
        });
        secret.ok_or_else(agreement_failed)
    }

    fn uncompressed(curve: EcdhCurve, point: &[u8]) -> Result<Vec<u8>> {
        let point = match curve {
            EcdhCurve::P256 => p256::PublicKey::from_sec1_bytes(point).map(|key| bytes_of(&key)),
            EcdhCurve::P384 => p384::PublicKey::from_sec1_bytes(point).map(|key| bytes_of(&key)),
            EcdhCurve::P521 => p521::PublicKey::from_sec1_bytes(point).map(|key| bytes_of(&key)),
        };
        point.map_err(|_| unusable_key(curve, "public key"))
    }
}

fn bytes_of<C>(key: &PublicKey<C>) -> Vec<u8>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    key.to_sec1_point(false).as_bytes().to_vec()
}

fn agree_with<C>(key: &SecretKey<C>, point: &[u8]) -> Option<Zeroizing<Vec<u8>>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let public_key = PublicKey::<C>::from_sec1_bytes(point).ok()?;
    let secret = diffie_hellman(key.to_nonzero_scalar(), public_key.as_affine());
    Some(Zeroizing::new(secret.raw_secret_bytes().to_vec()))
}
