//! ECDSA with RustCrypto's `p256` and `p384`.

use std::fmt;

use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use sha2::{Digest, Sha256, Sha384};

use super::random::random_scalar;
use crate::crypto::ecdsa::{
    EcdsaKey, EcdsaSigner, EcdsaVerifier, check_compressed, signing_failed,
};
use crate::crypto::failures::not_authentic;
use crate::error::{Error, Result};
use crate::suite::Curve;

/// The keys wipe themselves when they are dropped.
#[derive(Clone)]
pub(crate) enum SigningKey {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

pub(crate) enum Signer {
    P256(p256::ecdsa::SigningKey, Sha256),
    P384(p384::ecdsa::SigningKey, Sha384),
}

pub(crate) enum Verifier {
    P256(p256::ecdsa::VerifyingKey, Sha256),
    P384(p384::ecdsa::VerifyingKey, Sha384),
}

impl EcdsaKey for SigningKey {
    type Signer = Signer;

    /// FIPS 186-5, A.2.2: random numbers until one is in the range of private keys.
    fn generate(curve: Curve) -> Result<Self> {
        loop {
            let key = match curve {
                Curve::P256 => {
                    let scalar = random_scalar::<32>()?;
                    p256::ecdsa::SigningKey::from_slice(scalar.as_slice()).map(Self::P256)
                }
                Curve::P384 => {
                    let scalar = random_scalar::<48>()?;
                    p384::ecdsa::SigningKey::from_slice(scalar.as_slice()).map(Self::P384)
                }
            };
            if let Ok(key) = key {
                return Ok(key);
            }
        }
    }

    fn public_key(&self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::P256(key) => key.verifying_key().to_sec1_point(true).as_bytes().to_vec(),
            Self::P384(key) => key.verifying_key().to_sec1_point(true).as_bytes().to_vec(),
        })
    }

    fn signer(&self) -> Signer {
        match self.clone() {
            Self::P256(key) => Signer::P256(key, Sha256::new()),
            Self::P384(key) => Signer::P384(key, Sha384::new()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256(_) => "SigningKey(P256)",
            Self::P384(_) => "SigningKey(P384)",
        })
    }
}

impl EcdsaSigner for Signer {
    fn update(&mut self, message: &[u8]) {
        match self {
            Self::P256(_, hash) => hash.update(message),
            Self::P384(_, hash) => hash.update(message),
        }
    }

    fn sign(self) -> Result<Vec<u8>> {
        let signature = match self {
            Self::P256(key, hash) => key
                .sign_prehash(&hash.finalize())
                .map(|it: p256::ecdsa::DerSignature| it.as_bytes().to_vec()),
            Self::P384(key, hash) => key
                .sign_prehash(&hash.finalize())
                .map(|it: p384::ecdsa::DerSignature| it.as_bytes().to_vec()),
        };
        signature.map_err(|_| signing_failed())
    }
}

impl EcdsaVerifier for Verifier {
    fn new(curve: Curve, public_key: &[u8]) -> Result<Self> {
        check_compressed(curve, public_key)?;
        let key = match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(public_key)
                .map(|key| Self::P256(key, Sha256::new())),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(public_key)
                .map(|key| Self::P384(key, Sha384::new())),
        };
        key.map_err(|_| Error::invalid("the public key is not a point of its curve"))
    }

    fn update(&mut self, message: &[u8]) {
        match self {
            Self::P256(_, hash) => hash.update(message),
            Self::P384(_, hash) => hash.update(message),
        }
    }

    fn verify(self, signature: &[u8]) -> Result<()> {
        let verified = match self {
            Self::P256(key, hash) => p256::ecdsa::DerSignature::from_bytes(signature)
                .and_then(|signature| key.verify_prehash(&hash.finalize(), &signature)),
            Self::P384(key, hash) => p384::ecdsa::DerSignature::from_bytes(signature)
                .and_then(|signature| key.verify_prehash(&hash.finalize(), &signature)),
        };
        verified.map_err(|_| not_authentic())
    }
}
