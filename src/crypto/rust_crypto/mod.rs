//! The pure-Rust engine: RustCrypto's `aes-gcm`, `hkdf`, `sha2`, `p256`, `p384`, `p521` and `rsa`.

mod ecdh;
mod ecdsa;
mod key_pair;
mod random;
mod rsa;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit, consts::U12};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use hkdf::hmac::{self, Hmac, Mac};
use hkdf::{GenericHkdf, Hkdf, HmacImpl, InvalidLength};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
#[cfg(any(test, feature = "aws-kms"))]
use zeroize::Zeroizing;

use self::ecdh::EcdhPrivateKey;
use self::ecdsa::{Signer, SigningKey, Verifier};
use self::rsa::{PrivateKey, PublicKey};
use super::engine::{Aead, CryptoEngine, HmacHash, Iv, Tag};
use super::failures::{engine_failed, not_authentic, wrong_key_length};
use super::key_pair::{KeyPair, KeyPairSpec};
use super::stack::leaving_no_trace;
use crate::error::Result;
use crate::suite::Hash;

pub(crate) struct RustCrypto;

/// Boxed: a key schedule takes hundreds of bytes.
pub(crate) enum AesGcm {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<Aes192Gcm>),
    Aes256(Box<Aes256Gcm>),
}

type Aes192Gcm = aes_gcm::AesGcm<Aes192, U12>;

impl CryptoEngine for RustCrypto {
    type AesGcm = AesGcm;
    type SigningKey = SigningKey;
    type Signer = Signer;
    type Verifier = Verifier;
    type EcdhPrivateKey = EcdhPrivateKey;
    type RsaPublicKey = PublicKey;
    type RsaPrivateKey = PrivateKey;

    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        outputs: &mut [(&[u8], &mut [u8])],
    ) -> Result<()> {
        let expanded = leaving_no_trace(|| match hash {
            Hash::Sha256 => expand(&Hkdf::<Sha256>::new(Some(salt), secret), outputs),
            Hash::Sha384 => expand(&Hkdf::<Sha384>::new(Some(salt), secret), outputs),
            Hash::Sha512 => expand(&Hkdf::<Sha512>::new(Some(salt), secret), outputs),
        });
        expanded.map_err(|_| engine_failed("HKDF"))
    }

    fn hmac(hash: HmacHash, key: &[u8], input: &[u8], output: &mut [u8]) -> Result<()> {
        let tag = match hash {
            HmacHash::Sha1 => hmac_with::<Hmac<Sha1>>(key, input, output),
            HmacHash::Sha224 => hmac_with::<Hmac<Sha224>>(key, input, output),
            HmacHash::Sha256 => hmac_with::<Hmac<Sha256>>(key, input, output),
            HmacHash::Sha384 => hmac_with::<Hmac<Sha384>>(key, input, output),
            HmacHash::Sha512 => hmac_with::<Hmac<Sha512>>(key, input, output),
        };
        tag.ok_or_else(|| engine_failed("HMAC"))
    }

    fn sha256(data: &[u8]) -> [u8; 32] {
        Sha256::digest(data).into()
    }

    #[cfg(any(test, feature = "aws-kms"))]
    fn sha384(data: &[u8]) -> [u8; 48] {
        Sha384::digest(data).into()
    }

    #[cfg(any(test, feature = "aws-kms"))]
    fn counter_mode_kdf(secret: &[u8], fixed_input: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
        leaving_no_trace(|| {
            let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret)
                .map_err(|_| engine_failed("HMAC"))?;
            Mac::update(&mut mac, &1_u32.to_be_bytes());
            Mac::update(&mut mac, fixed_input);
            Ok(Zeroizing::new(Mac::finalize(mac).into_bytes().into()))
        })
    }

    fn generate_key_pair(spec: KeyPairSpec) -> Result<KeyPair> {
        key_pair::generate(spec)
    }

    fn random(bytes: &mut [u8]) -> Result<()> {
        random::fill(bytes)
    }
}

impl Aead for AesGcm {
    fn new(key: &[u8]) -> Result<Self> {
        leaving_no_trace(|| match key.len() {
            16 => Aes128Gcm::new_from_slice(key).map(|key| Self::Aes128(Box::new(key))),
            24 => Aes192Gcm::new_from_slice(key).map(|key| Self::Aes192(Box::new(key))),
            _ => Aes256Gcm::new_from_slice(key).map(|key| Self::Aes256(Box::new(key))),
        })
        .map_err(|_| wrong_key_length(key.len()))
    }

    fn seal(&self, iv: &Iv, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag> {
        leaving_no_trace(|| match self {
            Self::Aes128(key) => seal_with(key.as_ref(), iv, aad, plaintext, ciphertext),
            Self::Aes192(key) => seal_with(key.as_ref(), iv, aad, plaintext, ciphertext),
            Self::Aes256(key) => seal_with(key.as_ref(), iv, aad, plaintext, ciphertext),
        })
    }

    fn seal_at_random(
        &self,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<(Iv, Tag)> {
        let mut iv = Iv::default();
        random::fill(&mut iv)?;
        let tag = self.seal(&iv, aad, plaintext, ciphertext)?;
        Ok((iv, tag))
    }

    fn open(
        &self,
        iv: &Iv,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<()> {
        let opened = leaving_no_trace(|| match self {
            Self::Aes128(key) => open_with(key.as_ref(), iv, aad, ciphertext, tag, plaintext),
            Self::Aes192(key) => open_with(key.as_ref(), iv, aad, ciphertext, tag, plaintext),
            Self::Aes256(key) => open_with(key.as_ref(), iv, aad, ciphertext, tag, plaintext),
        });
        opened.inspect_err(|_| plaintext.fill(0))
    }
}

fn expand<H: HmacImpl>(
    hkdf: &GenericHkdf<H>,
    outputs: &mut [(&[u8], &mut [u8])],
) -> Result<(), InvalidLength> {
    outputs.iter_mut().try_for_each(|(info, output)| hkdf.expand(info, output))
}

fn hmac_with<M: Mac + hmac::KeyInit>(key: &[u8], input: &[u8], output: &mut [u8]) -> Option<()> {
    let mac = <M as hmac::KeyInit>::new_from_slice(key).ok()?;
    let tag = mac.chain_update(input).finalize().into_bytes();
    output.copy_from_slice(tag.get(..output.len())?);
    Some(())
}

fn seal_with<K: AeadInOut<NonceSize = U12>>(
    key: &K,
    iv: &Iv,
    aad: &[u8],
    plaintext: &[u8],
    ciphertext: &mut [u8],
) -> Result<Tag> {
    let failed = || engine_failed("AES-GCM");
    let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| failed())?;
    let tag = key.encrypt_inout_detached(iv.into(), aad, buffer).map_err(|_| failed())?;
    Tag::try_from(tag.as_slice()).map_err(|_| failed())
}

fn open_with<K: AeadInOut<NonceSize = U12>>(
    key: &K,
    iv: &Iv,
    aad: &[u8],
    ciphertext: &[u8],
    tag: &Tag,
    plaintext: &mut [u8],
) -> Result<()> {
    let buffer = InOutBuf::new(ciphertext, plaintext).map_err(|_| engine_failed("AES-GCM"))?;
    let tag = tag.as_slice().try_into().map_err(|_| engine_failed("AES-GCM"))?;
    key.decrypt_inout_detached(iv.into(), aad, buffer, tag).map_err(|_| not_authentic())
}
