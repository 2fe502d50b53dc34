//! Public keys of key agreement, and their two forms: a compressed point, and a SubjectPublicKeyInfo.

use super::chosen::EcdhPrivateKey;
use super::ecdh::{EcdhCurve, EcdhKey, unusable_key};
use crate::error::Result;

/// A public key: a point that is on its curve, and not at infinity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EcdhPublicKey {
    curve: EcdhCurve,
    /// The uncompressed point: 4, then x and y.
    point: Vec<u8>,
}

impl EcdhPublicKey {
    /// From a SubjectPublicKeyInfo (RFC 5280, 4.1) in DER, whose point may be compressed.
    ///
    /// # Errors
    /// `InvalidArgument` if it is not that of a key of this curve.
    pub(crate) fn from_spki(curve: EcdhCurve, der: &[u8]) -> Result<Self> {
        let length = curve.coordinate_length();
        [1 + 2 * length, 1 + length]
            .into_iter()
            .filter_map(|length| der.get(der.len().checked_sub(length)?..))
            .find(|point| spki(curve, point) == der)
            .ok_or_else(|| unusable_key(curve, "public key"))
            .and_then(|point| Self::from_point(curve, point))
    }

    /// From a compressed point (SEC 1, 2.3.4); no other form is accepted.
    pub(crate) fn from_compressed(curve: EcdhCurve, point: &[u8]) -> Result<Self> {
        match point {
            [2 | 3, x @ ..] if x.len() == curve.coordinate_length() => {
                Self::from_point(curve, point)
            }
            _ => Err(unusable_key(curve, "public key")),
        }
    }

    /// The public key of a private one.
    pub(crate) fn of(curve: EcdhCurve, key: &EcdhPrivateKey) -> Result<Self> {
        Ok(Self { curve, point: key.public_point()? })
    }

    fn from_point(curve: EcdhCurve, point: &[u8]) -> Result<Self> {
        let point = EcdhPrivateKey::uncompressed(curve, point)?;
        Ok(Self { curve, point })
    }

    /// The uncompressed point.
    pub(crate) fn point(&self) -> &[u8] {
        &self.point
    }

    /// The compressed point: 2 or 3, as y is even or odd, then x.
    pub(crate) fn compressed(&self) -> Vec<u8> {
        let (x, y) = self.point[1..].split_at(self.curve.coordinate_length());
        let sign = 2 | (y.last().copied().unwrap_or_default() & 1);
        [&[sign], x].concat()
    }

    /// As a SubjectPublicKeyInfo in DER, the point uncompressed.
    #[cfg(feature = "aws-kms")]
    pub(crate) fn spki(&self) -> Vec<u8> {
        spki(self.curve, &self.point)
    }
}

/// A SubjectPublicKeyInfo: the algorithm, then the point as a bit string without unused bits.
fn spki(curve: EcdhCurve, point: &[u8]) -> Vec<u8> {
    let bits = der_value(0x03, &[&[0], point].concat());
    der_value(0x30, &[algorithm_identifier(curve), &bits].concat())
}

/// A value of at most 255 bytes in DER (X.690, 8.1).
fn der_value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let header: &[u8] = if length < 0x80 { &[tag, length] } else { &[tag, 0x81, length] };
    [header, content].concat()
}

/// The AlgorithmIdentifier of a SubjectPublicKeyInfo in DER (RFC 5480, 2.1.1): `id-ecPublicKey` with
/// the curve's name.
fn algorithm_identifier(curve: EcdhCurve) -> &'static [u8] {
    match curve {
        EcdhCurve::P256 => {
            b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
        }
        EcdhCurve::P384 => {
            b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"
        }
        EcdhCurve::P521 => {
            b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"
        }
    }
}
