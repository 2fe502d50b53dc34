//! AEADs of fields: one call writes IV, ciphertext and tag, and draws the IV itself.
//!
//! AES-GCM is the engine's; what only a few keysets use is RustCrypto's in every build.

use aes_gcm_siv::aead::{AeadInOut, KeyInit};
use aes_gcm_siv::{Aes128GcmSiv, Aes256GcmSiv};
use aes_siv::siv::Aes256Siv;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::chosen::{AesGcm, random};
use super::engine::{Aead, IV_LENGTH, TAG_LENGTH, Tag};
use super::failures::{engine_failed, not_authentic};
use super::nonces::Nonces;
use super::stack::leaving_no_trace;
use crate::error::{Error, Result};

/// The length of an AES-SIV key, in bytes: one half authenticates, the other encrypts.
pub(crate) const SIV_KEY_LENGTH: usize = 64;
/// The length of a synthetic IV, in bytes.
pub(crate) const SIV_LENGTH: usize = 16;

const LONG_IV_LENGTH: usize = 24;

/// Which AEAD a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AeadKind {
    AesGcm,
    AesGcmSiv,
    ChaCha20Poly1305,
    XChaCha20Poly1305,
    /// AES-256-GCM under a key that is derived from a random salt of this length, in bytes.
    XAesGcm {
        salt_length: usize,
    },
}

impl AeadKind {
    /// How much longer than its plaintext a sealed value is, in bytes.
    pub(crate) fn overhead(self) -> usize {
        TAG_LENGTH
            + match self {
                Self::XChaCha20Poly1305 => LONG_IV_LENGTH,
                Self::XAesGcm { salt_length } => salt_length + IV_LENGTH,
                _ => IV_LENGTH,
            }
    }

    /// Whether keys of this length, in bytes, exist.
    pub(crate) fn takes_key_of(self, length: usize) -> bool {
        match self {
            Self::AesGcm | Self::AesGcmSiv => length == 16 || length == 32,
            _ => length == 32,
        }
    }
}

/// A key, expanded for one or more values.
pub(crate) enum SealingKey {
    AesGcm(AesGcm),
    Small(Box<SmallKey>),
    /// The key from which each value's own key is derived, and the length of a salt, in bytes.
    XAesGcm(Zeroizing<Vec<u8>>, usize),
}

/// An AEAD of RustCrypto's.
#[allow(clippy::large_enum_variant, reason = "it is boxed as a whole")]
pub(crate) enum SmallKey {
    AesGcmSiv128(Aes128GcmSiv),
    AesGcmSiv256(Aes256GcmSiv),
    ChaCha20Poly1305(ChaCha20Poly1305),
    XChaCha20Poly1305(XChaCha20Poly1305),
}

impl SealingKey {
    pub(crate) fn new(kind: AeadKind, key: &[u8]) -> Result<Self> {
        if !kind.takes_key_of(key.len()) {
            return Err(Error::invalid(format!("there is no such key of {} bytes", key.len())));
        }
        let failed = |_| engine_failed("a key of a field");
        Ok(match kind {
            AeadKind::AesGcm => Self::AesGcm(AesGcm::new(key)?),
            AeadKind::AesGcmSiv if key.len() == 16 => Self::small(|| {
                Aes128GcmSiv::new_from_slice(key).map(SmallKey::AesGcmSiv128).map_err(failed)
            })?,
            AeadKind::AesGcmSiv => Self::small(|| {
                Aes256GcmSiv::new_from_slice(key).map(SmallKey::AesGcmSiv256).map_err(failed)
            })?,
            AeadKind::ChaCha20Poly1305 => Self::small(|| {
                let key = ChaCha20Poly1305::new_from_slice(key);
                key.map(SmallKey::ChaCha20Poly1305).map_err(failed)
            })?,
            AeadKind::XChaCha20Poly1305 => Self::small(|| {
                let key = XChaCha20Poly1305::new_from_slice(key);
                key.map(SmallKey::XChaCha20Poly1305).map_err(failed)
            })?,
            AeadKind::XAesGcm { salt_length } => {
                Self::XAesGcm(Zeroizing::new(key.to_vec()), salt_length)
            }
        })
    }

    fn small(make: impl FnOnce() -> Result<SmallKey>) -> Result<Self> {
        leaving_no_trace(|| make().map(|key| Self::Small(Box::new(key))))
    }

    /// Writes IV, ciphertext and tag to `sealed`, which is longer than `plaintext` by the overhead.
    pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8], sealed: &mut [u8]) -> Result<()> {
        match self {
            Self::AesGcm(key) => seal_gcm(key, aad, plaintext, sealed),
            Self::Small(key) => {
                let (iv, body) = split(sealed, key.iv_length())?;
                random(iv)?;
                let (ciphertext, tag) = split(body, plaintext.len())?;
                ciphertext.copy_from_slice(plaintext);
                let computed_tag = leaving_no_trace(|| key.encrypt(iv, aad, ciphertext))?;
                copy_tag(tag, &computed_tag)
            }
            Self::XAesGcm(key, salt_length) => {
                let (salt, sealed) = split(sealed, *salt_length)?;
                random(salt)?;
                seal_gcm(&derive_value_key(key, salt)?, aad, plaintext, sealed)
            }
        }
    }

    /// As `seal`, for one of several values that are all there already.
    pub(crate) fn seal_next(
        &self,
        nonces: &mut Nonces,
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<()> {
        match self {
            Self::AesGcm(key) if !AesGcm::DRAWS_NONCES => {
                let (iv, body) = split(sealed, IV_LENGTH)?;
                let (ciphertext, tag) = split(body, plaintext.len())?;
                let drawn = nonces.next()?;
                iv.copy_from_slice(&drawn);
                copy_tag(tag, &key.seal(&drawn, aad, plaintext, ciphertext)?)
            }
            _ => self.seal(aad, plaintext, sealed),
        }
    }

    /// Decrypts into `plaintext`, which is shorter than `sealed` by the overhead; wipes it if the tag
    /// does not verify.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8], plaintext: &mut [u8]) -> Result<()> {
        match self {
            Self::AesGcm(key) => open_gcm(key, aad, sealed, plaintext),
            Self::Small(key) => {
                let (iv, ciphertext, tag) = parts(sealed, key.iv_length(), plaintext.len())?;
                plaintext.copy_from_slice(ciphertext);
                leaving_no_trace(|| key.decrypt(iv, aad, plaintext, &tag))
                    .inspect_err(|_| plaintext.fill(0))
            }
            Self::XAesGcm(key, salt_length) => {
                let (salt, sealed) =
                    sealed.split_at_checked(*salt_length).ok_or_else(not_authentic)?;
                open_gcm(&derive_value_key(key, salt)?, aad, sealed, plaintext)
            }
        }
    }
}

impl SmallKey {
    fn iv_length(&self) -> usize {
        match self {
            Self::XChaCha20Poly1305(_) => LONG_IV_LENGTH,
            _ => IV_LENGTH,
        }
    }

    fn encrypt(&self, iv: &[u8], aad: &[u8], bytes: &mut [u8]) -> Result<Tag> {
        match self {
            Self::AesGcmSiv128(key) => encrypt_with(key, iv, aad, bytes),
            Self::AesGcmSiv256(key) => encrypt_with(key, iv, aad, bytes),
            Self::ChaCha20Poly1305(key) => encrypt_with(key, iv, aad, bytes),
            Self::XChaCha20Poly1305(key) => encrypt_with(key, iv, aad, bytes),
        }
    }

    fn decrypt(&self, iv: &[u8], aad: &[u8], bytes: &mut [u8], tag: &Tag) -> Result<()> {
        match self {
            Self::AesGcmSiv128(key) => decrypt_with(key, iv, aad, bytes, tag),
            Self::AesGcmSiv256(key) => decrypt_with(key, iv, aad, bytes, tag),
            Self::ChaCha20Poly1305(key) => decrypt_with(key, iv, aad, bytes, tag),
            Self::XChaCha20Poly1305(key) => decrypt_with(key, iv, aad, bytes, tag),
        }
    }
}

/// AES-SIV (RFC 5297) over exactly one component of associated data: writes the synthetic IV and the
/// ciphertext to `sealed`, which is longer than `plaintext` by [`SIV_LENGTH`].
pub(crate) fn siv_seal(key: &[u8], aad: &[u8], plaintext: &[u8], sealed: &mut [u8]) -> Result<()> {
    let (siv, ciphertext) = split(sealed, SIV_LENGTH)?;
    let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| engine_failed("AES-SIV"))?;
    let computed_siv = leaving_no_trace(|| {
        let mut key = siv_key(key)?;
        key.encrypt_inout_detached([aad], buffer).map_err(|_| engine_failed("AES-SIV"))
    })?;
    siv.copy_from_slice(&computed_siv);
    Ok(())
}

/// The reverse of [`siv_seal`]; wipes `plaintext` if the synthetic IV does not verify.
pub(crate) fn siv_open(key: &[u8], aad: &[u8], sealed: &[u8], plaintext: &mut [u8]) -> Result<()> {
    let (siv, ciphertext) = sealed.split_at_checked(SIV_LENGTH).ok_or_else(not_authentic)?;
    let siv = siv.try_into().map_err(|_| engine_failed("AES-SIV"))?;
    let opened = leaving_no_trace(|| {
        let mut key = siv_key(key)?;
        let buffer = InOutBuf::new(ciphertext, plaintext).map_err(|_| engine_failed("AES-SIV"))?;
        key.decrypt_inout_detached([aad], buffer, siv).map_err(|_| not_authentic())
    });
    opened.inspect_err(|_| plaintext.fill(0))
}

fn siv_key(key: &[u8]) -> Result<Box<Aes256Siv>> {
    let key = Aes256Siv::new_from_slice(key).map_err(|_| engine_failed("AES-SIV"))?;
    Ok(Box::new(key))
}

fn seal_gcm(key: &AesGcm, aad: &[u8], plaintext: &[u8], sealed: &mut [u8]) -> Result<()> {
    let (iv, body) = split(sealed, IV_LENGTH)?;
    let (ciphertext, tag) = split(body, plaintext.len())?;
    let (drawn, made) = key.seal_at_random(aad, plaintext, ciphertext)?;
    iv.copy_from_slice(&drawn);
    copy_tag(tag, &made)
}

fn open_gcm(key: &AesGcm, aad: &[u8], sealed: &[u8], plaintext: &mut [u8]) -> Result<()> {
    let (iv, ciphertext, tag) = parts(sealed, IV_LENGTH, plaintext.len())?;
    let iv = iv.try_into().map_err(|_| not_authentic())?;
    key.open(iv, aad, ciphertext, &tag, plaintext)
}

/// Returns the key of one value (NIST SP 800-108, in counter mode with CMAC; C2SP's XAES-256-GCM, where
/// the salt has 12 bytes).
fn derive_value_key(key: &[u8], salt: &[u8]) -> Result<AesGcm> {
    let mut value_key = Zeroizing::new([0; 32]);
    for (counter, half) in (1..=2).zip(value_key.chunks_mut(16)) {
        let mut block = [0; 16];
        block[..4].copy_from_slice(&[0, counter, b'X', 0]);
        let room = block.get_mut(4..4 + salt.len()).ok_or_else(|| engine_failed("a salt"))?;
        room.copy_from_slice(salt);
        half.copy_from_slice(&super::prf::cmac(key, &block)?);
    }
    AesGcm::new(value_key.as_slice())
}

fn encrypt_with<K: AeadInOut>(key: &K, iv: &[u8], aad: &[u8], bytes: &mut [u8]) -> Result<Tag> {
    let failed = || engine_failed("the AEAD of a field");
    let iv = iv.try_into().map_err(|_| failed())?;
    let tag = key.encrypt_inout_detached(iv, aad, bytes.into()).map_err(|_| failed())?;
    Tag::try_from(tag.as_slice()).map_err(|_| failed())
}

fn decrypt_with<K: AeadInOut>(
    key: &K,
    iv: &[u8],
    aad: &[u8],
    bytes: &mut [u8],
    tag: &Tag,
) -> Result<()> {
    let failed = || engine_failed("the AEAD of a field");
    let iv = iv.try_into().map_err(|_| failed())?;
    let tag = tag.as_slice().try_into().map_err(|_| failed())?;
    key.decrypt_inout_detached(iv, aad, bytes.into(), tag).map_err(|_| not_authentic())
}

fn split(bytes: &mut [u8], at: usize) -> Result<(&mut [u8], &mut [u8])> {
    bytes.split_at_mut_checked(at).ok_or_else(|| engine_failed("a buffer without room"))
}

fn copy_tag(to: &mut [u8], tag: &Tag) -> Result<()> {
    let to: &mut Tag = to.try_into().map_err(|_| engine_failed("a buffer without room"))?;
    *to = *tag;
    Ok(())
}

fn parts(sealed: &[u8], iv_length: usize, length: usize) -> Result<(&[u8], &[u8], Tag)> {
    let split = || {
        let (iv, body) = sealed.split_at_checked(iv_length)?;
        let (ciphertext, tag) = body.split_at_checked(length)?;
        Some((iv, ciphertext, Tag::try_from(tag).ok()?))
    };
    split().ok_or_else(not_authentic)
}

#[cfg(test)]
mod tests;
