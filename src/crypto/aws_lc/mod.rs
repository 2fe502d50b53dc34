//! The default engine: AWS-LC, through `aws-lc-rs`.

mod ecdh;
mod ecdsa;
mod key_pair;
mod rsa;

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac, rand};
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

pub(crate) struct AwsLc;

pub(crate) struct AesGcm(LessSafeKey);

impl CryptoEngine for AwsLc {
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
        let algorithm = match hash {
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
        };
        // By HMAC, as the engine's own HKDF extracts anew for each output, which takes 1.6 times as long.
        leaving_no_trace(|| {
            let extracted = hmac::sign(&hmac::Key::new(algorithm, salt), secret);
            let key = hmac::Key::new(algorithm, extracted.as_ref());
            outputs.iter_mut().try_for_each(|(info, output)| expand(&key, info, output))
        })
    }

    fn hmac(hash: HmacHash, key: &[u8], input: &[u8], output: &mut [u8]) -> Result<()> {
        let algorithm = match hash {
            HmacHash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            HmacHash::Sha224 => hmac::HMAC_SHA224,
            HmacHash::Sha256 => hmac::HMAC_SHA256,
            HmacHash::Sha384 => hmac::HMAC_SHA384,
            HmacHash::Sha512 => hmac::HMAC_SHA512,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, key), input);
        let tag = tag.as_ref().get(..output.len()).ok_or_else(|| engine_failed("HMAC"))?;
        output.copy_from_slice(tag);
        Ok(())
    }

    fn sha256(data: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
        hash
    }

    fn sha384(data: &[u8]) -> [u8; 48] {
        let mut hash = [0; 48];
        hash.copy_from_slice(digest::digest(&digest::SHA384, data).as_ref());
        hash
    }

    fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>> {
        leaving_no_trace(|| {
            let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
            parts.iter().for_each(|part| context.update(part));
            let mut tag = Zeroizing::new([0; 32]);
            tag.copy_from_slice(context.sign().as_ref());
            Ok(tag)
        })
    }

    fn generate_key_pair(spec: KeyPairSpec) -> Result<KeyPair> {
        key_pair::generate(spec)
    }

    fn random(bytes: &mut [u8]) -> Result<()> {
        rand::fill(bytes).map_err(|_| engine_failed("random bytes"))
    }
}

impl Aead for AesGcm {
    fn new(key: &[u8]) -> Result<Self> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            32 => &AES_256_GCM,
            length => return Err(wrong_key_length(length)),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| engine_failed("AES-GCM"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    fn seal(&self, iv: &Iv, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag> {
        let nonce = Nonce::assume_unique_for_key(*iv);
        let mut tag = Tag::default();
        self.0
            .seal_out_of_place_scatter(nonce, Aad::from(aad), plaintext, ciphertext, &[], &mut tag)
            .map_err(|_| engine_failed("AES-GCM"))?;
        Ok(tag)
    }

    fn open(
        &self,
        iv: &Iv,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<()> {
        let nonce = Nonce::assume_unique_for_key(*iv);
        self.0.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, plaintext).map_err(
            |_| {
                plaintext.fill(0);
                not_authentic()
            },
        )
    }
}

/// RFC 5869, 2.3: each block from the one before, the info and a counter.
fn expand(key: &hmac::Key, info: &[u8], output: &mut [u8]) -> Result<()> {
    let length = key.algorithm().tag_len();
    if output.len() > 255 * length {
        return Err(engine_failed("HKDF"));
    }
    let mut before = None;
    for (counter, block) in (1..=u8::MAX).zip(output.chunks_mut(length)) {
        let mut context = hmac::Context::with_key(key);
        if let Some(tag) = before.as_ref().map(AsRef::<[u8]>::as_ref) {
            context.update(tag);
        }
        context.update(info);
        context.update(&[counter]);
        let tag = context.sign();
        block.copy_from_slice(&tag.as_ref()[..block.len()]);
        before = Some(tag);
    }
    Ok(())
}
