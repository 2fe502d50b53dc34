//! What only old objects need to be read: AES-CBC, AES-ECB, AES key wrap, and OAEP with two hashes.
//!
//! None but key wrap authenticates what it gives; the caller must give one error for every failure.

use aes::cipher::{Array, BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use aes_kw::AesKw;
use rsa::Oaep;
use rsa::pkcs8::DecodePrivateKey;
use sha1::Sha1;
use sha2::Sha256;
use subtle::{ConstantTimeEq, ConstantTimeGreater};
use zeroize::Zeroizing;

use super::failures::{engine_failed, wrong_key_length};
use super::rsa::{rsa_failed, unusable_key};
use crate::error::Result;

/// The length of a block of AES, in bytes.
pub(crate) const BLOCK: usize = 16;

/// Decrypts AES-CBC (NIST SP 800-38A) block by block; leaves the padding in the plaintext.
pub(crate) enum CbcDecryptor {
    Aes128(cbc::Decryptor<Aes128>),
    Aes192(cbc::Decryptor<Aes192>),
    Aes256(cbc::Decryptor<Aes256>),
}

impl CbcDecryptor {
    /// Under a key of 16, 24 or 32 bytes, after the ciphertext block (or the IV) `before`.
    pub(crate) fn new(key: &[u8], before: &[u8; BLOCK]) -> Result<Self> {
        Ok(match key.len() {
            16 => Self::Aes128(chained(key, before)?),
            24 => Self::Aes192(chained(key, before)?),
            32 => Self::Aes256(chained(key, before)?),
            length => return Err(wrong_key_length(length)),
        })
    }

    /// Decrypts whole blocks in place; bytes that make no whole block are left as they are.
    pub(crate) fn decrypt(&mut self, bytes: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(bytes);
        match self {
            Self::Aes128(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes192(cipher) => cipher.decrypt_blocks(blocks),
            Self::Aes256(cipher) => cipher.decrypt_blocks(blocks),
        }
    }
}

/// Returns the length of the PKCS #7 padding (RFC 5652, 6.3) of the last block, from 1 to 16; `None` if
/// the block does not end with one. Takes the same time whatever the block holds.
pub(crate) fn padding_length(block: &[u8; BLOCK]) -> Option<usize> {
    let length = block[BLOCK - 1];
    let mut good = !length.ct_eq(&0) & !length.ct_gt(&16);
    for (position, byte) in (0_u8..).zip(block.iter().rev()) {
        let is_padding = length.ct_gt(&position);
        good &= !is_padding | byte.ct_eq(&length);
    }
    bool::from(good).then_some(usize::from(length))
}

/// Unwraps a key of whole 8-byte blocks (RFC 3394, 2.2.2).
pub(crate) fn aes_key_unwrap(wrapping_key: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(vec![0; wrapped.len().saturating_sub(8)]);
    let unwrapped = match wrapping_key.len() {
        16 => cipher::<AesKw<Aes128>>(wrapping_key)?.unwrap_key(wrapped, &mut key).is_ok(),
        24 => cipher::<AesKw<Aes192>>(wrapping_key)?.unwrap_key(wrapped, &mut key).is_ok(),
        32 => cipher::<AesKw<Aes256>>(wrapping_key)?.unwrap_key(wrapped, &mut key).is_ok(),
        length => return Err(wrong_key_length(length)),
    };
    if unwrapped { Ok(key) } else { Err(engine_failed("AES key wrap")) }
}

/// Decrypts AES-ECB with PKCS #7 padding; `None` if the padding is malformed.
pub(crate) fn ecb_decrypt(key: &[u8], ciphertext: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    let (blocks, rest) = Array::slice_as_chunks_mut(&mut plaintext);
    match key.len() {
        16 => cipher::<Aes128>(key)?.decrypt_blocks(blocks),
        24 => cipher::<Aes192>(key)?.decrypt_blocks(blocks),
        32 => cipher::<Aes256>(key)?.decrypt_blocks(blocks),
        length => return Err(wrong_key_length(length)),
    }
    if !rest.is_empty() {
        return Ok(None);
    }
    let Some(last) = plaintext.last_chunk::<BLOCK>() else { return Ok(None) };
    let Some(padding) = padding_length(last) else { return Ok(None) };
    let length = plaintext.len() - padding;
    plaintext.truncate(length);
    Ok(Some(plaintext))
}

/// Decrypts OAEP with SHA-256 whose mask uses SHA-1, as Java's `OAEPWithSHA-256AndMGF1Padding` does;
/// the private key is a PKCS #8 PrivateKeyInfo in DER.
pub(crate) fn oaep_sha256_mgf1_sha1_decrypt(
    pkcs8: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let key = rsa::PrivateKey::from_pkcs8_der(pkcs8).map_err(|_| unusable_key("private key"))?;
    let padding = Oaep::<Sha256, Sha1>::new_with_mgf_hash();
    key.decrypt(padding, ciphertext).map(Zeroizing::new).map_err(|_| rsa_failed())
}

fn chained<C: KeyIvInit>(key: &[u8], before: &[u8; BLOCK]) -> Result<C> {
    C::new_from_slices(key, before).map_err(|_| engine_failed("AES-CBC"))
}

fn cipher<C: KeyInit>(key: &[u8]) -> Result<C> {
    C::new_from_slice(key).map_err(|_| engine_failed("AES"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_that_contradicts_itself_is_refused() {
        for length in 1..=16 {
            let mut block = [0xaa; BLOCK];
            block[BLOCK - length..].fill(u8::try_from(length).unwrap());
            assert_eq!(padding_length(&block), Some(length));
            block[BLOCK - length] ^= 1;
            assert_ne!(padding_length(&block), Some(length));
        }
        assert_eq!(padding_length(&[0; BLOCK]), None);
        assert_eq!(padding_length(&[17; BLOCK]), None);
    }

    /// RFC 3394, 4.6: a key of 256 bits wrapped by one of 256.
    #[test]
    fn a_published_key_unwraps() {
        let wrapping_key: Vec<u8> = (0..32).collect();
        let wrapped = data_encoding::HEXUPPER
            .decode(
                b"28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
            )
            .unwrap();
        let expected = data_encoding::HEXUPPER
            .decode(b"00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F")
            .unwrap();
        assert_eq!(*aes_key_unwrap(&wrapping_key, &wrapped).unwrap(), expected);
        assert!(aes_key_unwrap(&wrapping_key, &wrapped[..32]).is_err());
        assert!(aes_key_unwrap(&wrapping_key, b"").is_err());
    }
}
