//! Key pairs with RustCrypto.

use getrandom::SysRng;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};
use zeroize::Zeroizing;

use super::random::random_scalar;
use crate::crypto::key_pair::{KeyPair, KeyPairSpec, generating_failed};
use crate::error::Result;

pub(super) fn generate(spec: KeyPairSpec) -> Result<KeyPair> {
    match spec {
        KeyPairSpec::Rsa2048 => rsa(2048),
        KeyPairSpec::Rsa3072 => rsa(3072),
        KeyPairSpec::Rsa4096 => rsa(4096),
        KeyPairSpec::EccNistP256 => loop {
            if let Ok(key) = p256::SecretKey::from_slice(random_scalar::<32>()?.as_slice()) {
                return key_pair(&key, &key.public_key());
            }
        },
        KeyPairSpec::EccNistP384 => loop {
            if let Ok(key) = p384::SecretKey::from_slice(random_scalar::<48>()?.as_slice()) {
                return key_pair(&key, &key.public_key());
            }
        },
    }
}

fn rsa(bits: usize) -> Result<KeyPair> {
    let key = rsa::PrivateKey::new(&mut SysRng, bits).map_err(|_| generating_failed())?;
    key_pair(&key, &key.to_public_key())
}

fn key_pair(private: &impl EncodePrivateKey, public: &impl EncodePublicKey) -> Result<KeyPair> {
    let private_key = private.to_pkcs8_der().map_err(|_| generating_failed())?;
    let public_key = public.to_public_key_der().map_err(|_| generating_failed())?;
    Ok(KeyPair {
        private_key: Zeroizing::new(private_key.as_bytes().to_vec()),
        public_key: public_key.into_vec(),
    })
}
