//! Decrypts the content of an object, piece by piece.

use zeroize::Zeroizing;

use crate::crypto::gcm_stream::CtrKeystream;
use crate::crypto::legacy::{BLOCK, CbcDecryptor};
use crate::error::{Error, Result};

/// Decrypts a body that has verified, or a range without a tag.
///
/// Between calls `left` is how many bytes of plaintext are still to come; for AES-CBC, less than one block
/// of ciphertext is held.
pub struct ContentDecryptor {
    cipher: Cipher,
    /// How many bytes of plaintext are still to come; what follows in the body is tag or padding.
    left: u64,
}

enum Cipher {
    Ctr(CtrKeystream),
    /// With the bytes that make no whole block yet.
    Cbc(Box<CbcDecryptor>, Vec<u8>),
}

impl ContentDecryptor {
    /// For so many bytes of AES-GCM's plaintext.
    pub(super) fn ctr(keystream: CtrKeystream, plaintext_length: u64) -> Self {
        Self { cipher: Cipher::Ctr(keystream), left: plaintext_length }
    }

    /// For so many bytes of AES-CBC's plaintext.
    pub(super) fn cbc(cbc: CbcDecryptor, plaintext_length: u64) -> Self {
        let cipher = Cipher::Cbc(Box::new(cbc), Vec::with_capacity(BLOCK));
        Self { cipher, left: plaintext_length }
    }

    /// Decrypts the next bytes of the body into `plaintext`; returns how many it wrote: at most the
    /// input and 15 more.
    ///
    /// # Errors
    /// `InvalidArgument` if `plaintext` has no room for them.
    pub fn update(&mut self, body: &[u8], plaintext: &mut [u8]) -> Result<usize> {
        let no_room = || Error::invalid("the output has no room for the decrypted bytes");
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let written = match &mut self.cipher {
            Cipher::Ctr(keystream) => {
                let written = body.len().min(most);
                let output = plaintext.get_mut(..written).ok_or_else(no_room)?;
                keystream.apply_to(&body[..written], output)?;
                written
            }
            Cipher::Cbc(cbc, held) => {
                let total = held.len() + body.len();
                let blocks = total - total % BLOCK;
                let mut bytes = Zeroizing::new(Vec::with_capacity(total));
                bytes.extend_from_slice(held);
                bytes.extend_from_slice(body);
                held.clear();
                held.extend_from_slice(&bytes[blocks..]);
                cbc.decrypt(&mut bytes[..blocks]);
                let written = blocks.min(most);
                let output = plaintext.get_mut(..written).ok_or_else(no_room)?;
                output.copy_from_slice(&bytes[..written]);
                written
            }
        };
        self.left -= written as u64;
        Ok(written)
    }

    /// Decrypts the next bytes of the body in place; returns how many of them are plaintext then. What
    /// follows those is tag, padding, or for AES-CBC a part of a block, after which no more may come.
    ///
    /// # Errors
    /// `InvalidArgument` if AES-CBC continues in a block of which another call took a part.
    pub fn update_in_place(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let written = match &mut self.cipher {
            Cipher::Ctr(keystream) => {
                let written = bytes.len().min(most);
                keystream.apply(&mut bytes[..written])?;
                written
            }
            Cipher::Cbc(cbc, held) => {
                if !held.is_empty() {
                    return Err(Error::invalid("AES-CBC is decrypted in place by whole blocks"));
                }
                let (blocks, rest) = bytes.split_at_mut(bytes.len() - bytes.len() % BLOCK);
                cbc.decrypt(blocks);
                held.extend_from_slice(rest);
                blocks.len().min(most)
            }
        };
        self.left -= written as u64;
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    const KEY: [u8; 32] = [1; 32];

    fn decryptors(plaintext_length: u64) -> [ContentDecryptor; 2] {
        let keystream = CtrKeystream::at(&KEY, &[2; 12], 0).unwrap();
        let cbc = CbcDecryptor::new(&KEY, &[2; BLOCK]).unwrap();
        [
            ContentDecryptor::ctr(keystream, plaintext_length),
            ContentDecryptor::cbc(cbc, plaintext_length),
        ]
    }

    #[test]
    fn in_place_gives_what_another_output_gets() {
        let body = [3; 5 * BLOCK];
        let length = body.len() - 7;
        let expected = decryptors(length as u64).map(|mut decryptor| {
            let mut plaintext = [0; 5 * BLOCK];
            assert_eq!(decryptor.update(&body, &mut plaintext).unwrap(), length);
            plaintext
        });
        for (mut decryptor, expected) in decryptors(length as u64).into_iter().zip(expected) {
            let mut bytes = body;
            let (first, second) = bytes.split_at_mut(2 * BLOCK);
            assert_eq!(decryptor.update_in_place(first).unwrap(), 2 * BLOCK);
            assert_eq!(decryptor.update_in_place(second).unwrap(), length - 2 * BLOCK);
            assert_eq!(bytes[..length], expected[..length]);
            assert_eq!(decryptor.update_in_place(&mut [9; BLOCK]).unwrap(), 0);
        }
    }

    #[test]
    fn in_place_cbc_leaves_a_part_of_a_block_and_takes_no_more() {
        let [_, mut cbc] = decryptors(100);
        let mut bytes = [3; BLOCK + 1];
        assert_eq!(cbc.update_in_place(&mut bytes).unwrap(), BLOCK);
        assert_ne!(bytes[..BLOCK], [3; BLOCK]);
        assert_eq!(bytes[BLOCK], 3);
        let refused = cbc.update_in_place(&mut bytes).unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}
