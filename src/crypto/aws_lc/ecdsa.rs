//! ECDSA with AWS-LC.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256, SHA384};
use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyCompressedBin};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};

use crate::crypto::ecdsa::{
    EcdsaKey, EcdsaSigner, EcdsaVerifier, check_compressed, signing_failed,
};
use crate::crypto::failures::not_authentic;
use crate::error::{Error, Result};
use crate::suite::Curve;

/// AWS-LC wipes the key's memory when it frees it.
pub(crate) struct SigningKey {
    pair: Arc<EcdsaKeyPair>,
    curve: Curve,
}

pub(crate) struct Signer {
    pair: Arc<EcdsaKeyPair>,
    hash: Context,
}

pub(crate) struct Verifier {
    key: ParsedPublicKey,
    hash: Context,
}

impl EcdsaKey for SigningKey {
    type Signer = Signer;

    fn generate(curve: Curve) -> Result<Self> {
        let algorithm = match curve {
            Curve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Curve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        };
        let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| signing_failed())?;
        Ok(Self { pair: Arc::new(pair), curve })
    }

    fn public_key(&self) -> Result<Vec<u8>> {
        let point: EcPublicKeyCompressedBin<'_> =
            self.pair.public_key().as_be_bytes().map_err(|_| signing_failed())?;
        Ok(point.as_ref().to_vec())
    }

    fn signer(&self) -> Signer {
        Signer { pair: Arc::clone(&self.pair), hash: hash(self.curve) }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.curve)
    }
}

impl EcdsaSigner for Signer {
    fn update(&mut self, message: &[u8]) {
        self.hash.update(message);
    }

    fn sign(self) -> Result<Vec<u8>> {
        let signature = self.pair.sign_digest(&self.hash.finish()).map_err(|_| signing_failed())?;
        Ok(signature.as_ref().to_vec())
    }
}

impl EcdsaVerifier for Verifier {
    fn new(curve: Curve, public_key: &[u8]) -> Result<Self> {
        check_compressed(curve, public_key)?;
        let key = match curve {
            Curve::P256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public_key),
            Curve::P384 => ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, public_key),
        };
        let key = key.map_err(|_| Error::invalid("the public key is not a point of its curve"))?;
        Ok(Self { key, hash: hash(curve) })
    }

    fn update(&mut self, message: &[u8]) {
        self.hash.update(message);
    }

    fn verify(self, signature: &[u8]) -> Result<()> {
        self.key.verify_digest_sig(&self.hash.finish(), signature).map_err(|_| not_authentic())
    }
}

fn hash(curve: Curve) -> Context {
    Context::new(match curve {
        Curve::P256 => &SHA256,
        Curve::P384 => &SHA384,
    })
}
