//! AES-GCM with AWS-LC.

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
#[cfg(feature = "fips")]
use aws_lc_rs::aead::{Algorithm, RandomizedNonceKey};
#[cfg(not(feature = "fips"))]
use aws_lc_rs::rand;

use crate::crypto::engine::{Aead, Iv, Tag};
use crate::crypto::failures::{engine_failed, not_authentic, wrong_key_length};
use crate::error::Result;

pub(crate) struct AesGcm {
    key: LessSafeKey,
    /// The same key, for what draws its nonces inside the FIPS module; of 24 bytes it has none.
    #[cfg(feature = "fips")]
    drawing: Option<RandomizedNonceKey>,
}

impl Aead for AesGcm {
    const DRAWS_NONCES: bool = cfg!(feature = "fips");

    fn new(key: &[u8]) -> Result<Self> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            32 => &AES_256_GCM,
            length => return Err(wrong_key_length(length)),
        };
        Ok(Self {
            #[cfg(feature = "fips")]
            drawing: drawing(algorithm, key)?,
            key: LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(|_| failed())?),
        })
    }

    fn seal(&self, iv: &Iv, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag> {
        let nonce = Nonce::assume_unique_for_key(*iv);
        let mut tag = Tag::default();
        self.key
            .seal_out_of_place_scatter(nonce, Aad::from(aad), plaintext, ciphertext, &[], &mut tag)
            .map_err(|_| failed())?;
        Ok(tag)
    }

    #[cfg(not(feature = "fips"))]
    fn seal_at_random(
        &self,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<(Iv, Tag)> {
        let mut iv = Iv::default();
        rand::fill(&mut iv).map_err(|_| engine_failed("random bytes"))?;
        let tag = self.seal(&iv, aad, plaintext, ciphertext)?;
        Ok((iv, tag))
    }

    #[cfg(feature = "fips")]
    fn seal_at_random(
        &self,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<(Iv, Tag)> {
        let drawing = self.drawing.as_ref().ok_or_else(failed)?;
        if plaintext.len() != ciphertext.len() {
            return Err(failed());
        }
        ciphertext.copy_from_slice(plaintext);
        let sealed = drawing.seal_in_place_separate_tag(Aad::from(aad), ciphertext);
        let (iv, made) = sealed.map_err(|_| {
            ciphertext.fill(0);
            failed()
        })?;
        let mut tag = Tag::default();
        tag.copy_from_slice(made.as_ref());
        Ok((*iv.as_ref(), tag))
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
        self.key.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, plaintext).map_err(
            |_| {
                plaintext.fill(0);
                not_authentic()
            },
        )
    }
}

#[cfg(feature = "fips")]
fn drawing(algorithm: &'static Algorithm, key: &[u8]) -> Result<Option<RandomizedNonceKey>> {
    if key.len() == 24 {
        return Ok(None);
    }
    RandomizedNonceKey::new(algorithm, key).map(Some).map_err(|_| failed())
}

fn failed() -> crate::error::Error {
    engine_failed("AES-GCM")
}
