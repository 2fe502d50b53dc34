//! AES-GCM in pieces (NIST SP 800-38D), for content of any length that has one tag at its end.
//!
//! The two halves stand apart, so that a reader can verify all of the ciphertext before it decrypts
//! any: [`GcmTag`] authenticates, [`CtrKeystream`] encrypts and decrypts. Nothing here says that a
//! tag is right before the last byte was seen: whoever decrypts first must keep the plaintext back.

use aes::{Aes128, Aes192, Aes256};
use ctr::Ctr32BE;
use ctr::cipher::{Array, BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::engine::{IV_LENGTH, Iv, TAG_LENGTH, Tag};
use super::failures::{engine_failed, not_authentic, wrong_key_length};
use super::long_pieces::LongPieces;
use crate::error::{Code, Error, Result};

const BLOCK: usize = 16;
/// The most bytes of plaintext under one nonce: 2^32 - 2 blocks (NIST SP 800-38D, 5.2.1.1).
pub(crate) const MAX_LENGTH: u64 = (u32::MAX as u64 - 1) * BLOCK as u64;
/// The counter of the first block of content; 1 is that of the tag.
const FIRST_COUNTER: u32 = 2;
/// Pieces of so many bytes are worth a call of the engine.
const LONG: usize = 16 * 1024;

/// Encrypts and decrypts by the keystream of AES-GCM, from any offset; authenticates nothing.
///
/// `left` is how many bytes it still gives: after them the counter would start over, and the next blocks
/// would be those of GHASH's key and of the tag's mask.
pub(crate) struct CtrKeystream {
    cipher: Box<dyn StreamCipher + Send + Sync>,
    left: u64,
}

impl CtrKeystream {
    /// The keystream from the byte of this offset on, under a key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// `LimitExceeded` from the end of the longest content on.
    pub(crate) fn at(key: &[u8], iv: &Iv, offset: u64) -> Result<Self> {
        let blocks = u32::try_from(offset / BLOCK as u64).map_err(|_| too_long())?;
        let first = FIRST_COUNTER.checked_add(blocks).ok_or_else(too_long)?;
        let mut counter = [0; BLOCK];
        counter[..IV_LENGTH].copy_from_slice(iv);
        counter[IV_LENGTH..].copy_from_slice(&first.to_be_bytes());
        let cipher = match key.len() {
            16 => boxed::<Ctr32BE<Aes128>>(key, &counter)?,
            24 => boxed::<Ctr32BE<Aes192>>(key, &counter)?,
            32 => boxed::<Ctr32BE<Aes256>>(key, &counter)?,
            length => return Err(wrong_key_length(length)),
        };
        let mut keystream = Self { cipher, left: MAX_LENGTH - u64::from(blocks) * BLOCK as u64 };
        let within = usize::try_from(offset % BLOCK as u64).map_err(|_| too_long())?;
        keystream.apply(&mut [0; BLOCK][..within])?;
        Ok(keystream)
    }

    /// Encrypts or decrypts the next bytes in place.
    ///
    /// # Errors
    /// `LimitExceeded` beyond the longest content; then the bytes stay as they were.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.use_up(bytes.len())?;
        self.cipher.try_apply_keystream(bytes).map_err(|_| too_long())
    }

    /// Encrypts or decrypts the next bytes into `output`, of the same length.
    ///
    /// # Errors
    /// `LimitExceeded` beyond the longest content; then `output` stays as it was.
    pub(crate) fn apply_to(&mut self, input: &[u8], output: &mut [u8]) -> Result<()> {
        self.use_up(input.len())?;
        self.cipher.try_apply_keystream_b2b(input, output).map_err(|_| too_long())
    }

    fn use_up(&mut self, length: usize) -> Result<()> {
        self.left = self.left.checked_sub(length as u64).ok_or_else(too_long)?;
        Ok(())
    }
}

/// The tag of content that comes in pieces.
///
/// Between calls `partial` holds the last `length % 16` bytes, which no block of GHASH has taken.
pub(crate) struct GcmTag {
    ghash: GHash,
    /// The encrypted counter block that hides GHASH's result.
    mask: Zeroizing<Tag>,
    long_pieces: LongPieces,
    partial: [u8; BLOCK],
    aad_length: u64,
    length: u64,
}

impl GcmTag {
    /// The tag of no ciphertext yet, and of this additional data.
    pub(crate) fn new(key: &[u8], iv: &Iv, aad: &[u8]) -> Result<Self> {
        let mut hash_key = Zeroizing::new([0; BLOCK]);
        let mut mask = Zeroizing::new([0; BLOCK]);
        mask[..IV_LENGTH].copy_from_slice(iv);
        mask[BLOCK - 1] = 1;
        encrypt_block(key, &mut hash_key)?;
        encrypt_block(key, &mut mask)?;
        let mut ghash = GHash::new(&Array::from(*hash_key));
        ghash.update_padded(aad);
        let aad_length = aad.len() as u64;
        let long_pieces = LongPieces::new(key, iv, &mask, &hash_key)?;
        Ok(Self { ghash, mask, long_pieces, partial: [0; BLOCK], aad_length, length: 0 })
    }

    /// Takes the next bytes of the ciphertext.
    ///
    /// # Errors
    /// `LimitExceeded` beyond the longest content.
    pub(crate) fn update(&mut self, mut ciphertext: &[u8]) -> Result<()> {
        let held = self.held();
        self.length += ciphertext.len() as u64;
        if self.length > MAX_LENGTH {
            return Err(too_long());
        }
        if held > 0 {
            let taken = ciphertext.len().min(BLOCK - held);
            self.partial[held..held + taken].copy_from_slice(&ciphertext[..taken]);
            ciphertext = &ciphertext[taken..];
            if held + taken < BLOCK {
                return Ok(());
            }
            self.ghash.update(&[Array::from(self.partial)]);
        }
        let (blocks, rest) = ciphertext.split_at(ciphertext.len() - ciphertext.len() % BLOCK);
        if blocks.len() >= LONG {
            self.long_pieces.update(&mut self.ghash, blocks)?;
        } else {
            self.ghash.update(Array::slice_as_chunks(blocks).0);
        }
        self.partial[..rest.len()].copy_from_slice(rest);
        Ok(())
    }

    /// The tag of all that was taken.
    pub(crate) fn finish(mut self) -> Tag {
        let held = self.held();
        self.ghash.update_padded(&self.partial[..held]);
        let mut lengths = [0; BLOCK];
        lengths[..8].copy_from_slice(&(self.aad_length * 8).to_be_bytes());
        lengths[8..].copy_from_slice(&(self.length * 8).to_be_bytes());
        self.ghash.update(&[Array::from(lengths)]);
        let mut tag: Tag = self.ghash.finalize().into();
        tag.iter_mut().zip(self.mask.iter()).for_each(|(byte, mask)| *byte ^= mask);
        tag
    }

    /// Checks that this is the tag of all that was taken, in constant time.
    ///
    /// # Errors
    /// `AuthenticationFailed` if it is not.
    pub(crate) fn verify(self, tag: &[u8]) -> Result<()> {
        let is_right = self.finish().as_slice().ct_eq(tag);
        if tag.len() == TAG_LENGTH && bool::from(is_right) { Ok(()) } else { Err(not_authentic()) }
    }

    fn held(&self) -> usize {
        // Less than a block.
        #[allow(clippy::cast_possible_truncation)]
        let held = (self.length % BLOCK as u64) as usize;
        held
    }
}

fn boxed<C>(key: &[u8], counter: &[u8; BLOCK]) -> Result<Box<dyn StreamCipher + Send + Sync>>
where
    C: KeyIvInit + StreamCipher + Send + Sync + 'static,
{
    let cipher = C::new_from_slices(key, counter).map_err(|_| engine_failed("AES-CTR"))?;
    Ok(Box::new(cipher))
}

fn encrypt_block(key: &[u8], block: &mut [u8; BLOCK]) -> Result<()> {
    let block = block.into();
    match key.len() {
        16 => cipher::<Aes128>(key)?.encrypt_block(block),
        24 => cipher::<Aes192>(key)?.encrypt_block(block),
        32 => cipher::<Aes256>(key)?.encrypt_block(block),
        length => return Err(wrong_key_length(length)),
    }
    Ok(())
}

fn cipher<C: KeyInit>(key: &[u8]) -> Result<C> {
    C::new_from_slice(key).map_err(|_| engine_failed("AES"))
}

fn too_long() -> Error {
    Error::new(
        Code::LimitExceeded,
        format!("one AES-GCM nonce is good for {MAX_LENGTH} bytes; split the content"),
    )
}

#[cfg(test)]
mod tests;
