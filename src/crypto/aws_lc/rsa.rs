//! RSA with AWS-LC.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey,
    Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

use crate::crypto::rsa::{RsaPadding, RsaPrivate, RsaPublic, rsa_failed, unusable_key};
use crate::error::Result;

/// AWS-LC refuses keys outside of the lengths that we accept.
pub(crate) struct PublicKey(PublicEncryptingKey);

/// AWS-LC wipes the key's memory when it frees it.
pub(crate) struct PrivateKey(PrivateDecryptingKey);

impl RsaPublic for PublicKey {
    fn from_spki(der: &[u8]) -> Result<Self> {
        PublicEncryptingKey::from_der(der).map(Self).map_err(|_| unusable_key("public key"))
    }

    fn length(&self) -> usize {
        self.0.key_size_bytes()
    }

    fn encrypt(&self, padding: RsaPadding, secret: &[u8]) -> Result<Vec<u8>> {
        let mut output = vec![0; self.0.key_size_bytes()];
        let key = self.0.clone();
        let written = match oaep(padding) {
            Some(oaep) => OaepPublicEncryptingKey::new(key)
                .and_then(|key| Ok(key.encrypt(oaep, secret, &mut output, None)?.len())),
            None => Pkcs1PublicEncryptingKey::new(key)
                .and_then(|key| Ok(key.encrypt(secret, &mut output)?.len())),
        };
        output.truncate(written.map_err(|_| rsa_failed())?);
        Ok(output)
    }
}

impl RsaPrivate for PrivateKey {
    fn from_pkcs8(der: &[u8]) -> Result<Self> {
        PrivateDecryptingKey::from_pkcs8(der).map(Self).map_err(|_| unusable_key("private key"))
    }

    fn decrypt(&self, padding: RsaPadding, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let mut output = Zeroizing::new(vec![0; self.0.key_size_bytes()]);
        let key = self.0.clone();
        let written = match oaep(padding) {
            Some(oaep) => OaepPrivateDecryptingKey::new(key)
                .and_then(|key| Ok(key.decrypt(oaep, ciphertext, &mut output, None)?.len())),
            None => Pkcs1PrivateDecryptingKey::new(key)
                .and_then(|key| Ok(key.decrypt(ciphertext, &mut output)?.len())),
        };
        let written = written.map_err(|_| rsa_failed())?;
        Ok(Zeroizing::new(output[..written].to_vec()))
    }
}

fn oaep(padding: RsaPadding) -> Option<&'static OaepAlgorithm> {
    match padding {
        RsaPadding::Pkcs1 => None,
        RsaPadding::OaepSha1 => Some(&OAEP_SHA1_MGF1SHA1),
        RsaPadding::OaepSha256 => Some(&OAEP_SHA256_MGF1SHA256),
        RsaPadding::OaepSha384 => Some(&OAEP_SHA384_MGF1SHA384),
        RsaPadding::OaepSha512 => Some(&OAEP_SHA512_MGF1SHA512),
    }
}
