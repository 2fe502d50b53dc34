//! GHASH of long pieces by the engine's AES-GCM, which is several times as fast as GHASH by itself.
//!
//! An engine authenticates additional data of any length. The tag of a piece of `n` blocks as additional
//! data alone is `(Y + L) * H + mask`: `Y` is the GHASH of the piece, `L` the block of its length, `H` the hash
//! key (NIST SP 800-38D, 6.4 and 7.1). `Y` follows from it, and `S * H^n + Y` is the state after the piece,
//! where `S` is the one before.
//!
//! The tags do not leave this file, although many come from one nonce: each is only a step of GHASH.

use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use zeroize::Zeroizing;

use super::chosen::AesGcm;
use super::engine::{Aead, Iv, Tag};
use crate::error::Result;

const BLOCK: usize = 16;

/// An element of the field of GHASH: a secret, as whoever knows one may forge tags.
type Element = Zeroizing<[u8; BLOCK]>;

/// Takes long pieces into a GHASH.
pub(super) struct LongPieces {
    engine: AesGcm,
    iv: Iv,
    mask: Element,
    hash_key: Element,
    /// Of the hash key; computed for the first piece.
    inverse: Option<Element>,
    /// A number of blocks, that of the last piece, and the hash key to its power.
    power: (usize, Element),
}

impl LongPieces {
    /// For the key and the nonce of a message, whose tags are hidden by `mask`.
    pub(super) fn new(key: &[u8], iv: &Iv, mask: &Element, hash_key: &Element) -> Result<Self> {
        Ok(Self {
            engine: AesGcm::new(key)?,
            iv: *iv,
            mask: mask.clone(),
            hash_key: hash_key.clone(),
            inverse: None,
            power: (1, hash_key.clone()),
        })
    }

    /// Does what `ghash.update` does with these bytes, which are whole blocks.
    pub(super) fn update(&mut self, ghash: &mut GHash, blocks: &[u8]) -> Result<()> {
        let inverse = self.inverse.get_or_insert_with(|| inverse(&self.hash_key)).clone();
        let count = blocks.len() / BLOCK;
        if self.power.0 != count {
            self.power = (count, power(&self.hash_key, count));
        }
        let tag: Tag = self.engine.seal(&self.iv, blocks, &[], &mut [])?;
        let mut lengths = Element::default();
        lengths[..8].copy_from_slice(&(blocks.len() as u64 * 8).to_be_bytes());
        let hashed = sum(&product(&sum(&Element::new(tag), &self.mask), &inverse), &lengths);
        let before = Element::new(ghash.clone().finalize().into());
        let after = sum(&product(&before, &self.power.1), &hashed);
        // A fresh GHASH multiplies its first block by the hash key.
        *ghash = GHash::new(&(*self.hash_key).into());
        ghash.update(&[(*product(&after, &inverse)).into()]);
        Ok(())
    }
}

fn sum(a: &Element, b: &Element) -> Element {
    let mut sum = a.clone();
    sum.iter_mut().zip(b.iter()).for_each(|(byte, other)| *byte ^= other);
    sum
}

fn product(a: &Element, b: &Element) -> Element {
    let mut ghash = GHash::new(&(**b).into());
    ghash.update(&[(**a).into()]);
    Element::new(ghash.finalize().into())
}

/// `element` to the power of `exponent`, which is at least 1.
fn power(element: &Element, exponent: usize) -> Element {
    let bits = usize::BITS - exponent.leading_zeros();
    (0..bits.saturating_sub(1)).rev().fold(element.clone(), |result, bit| {
        let square = product(&result, &result);
        if exponent >> bit & 1 == 1 { product(&square, element) } else { square }
    })
}

/// `element` to the power of 2^128 - 2.
fn inverse(element: &Element) -> Element {
    // 2^128 - 2 = 2 * (2^127 - 1), and 2^127 - 1 has 127 ones.
    let ones =
        (1..127).fold(element.clone(), |result, _| product(&product(&result, &result), element));
    product(&ones, &ones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_times_its_inverse_changes_nothing() {
        let [a, b] = [[0x5a; BLOCK], [0xc3; BLOCK]].map(Element::new);
        assert_eq!(product(&product(&b, &a), &inverse(&a)), b);
    }

    #[test]
    fn a_power_is_the_product_of_as_many_factors() {
        let element = Element::new([0x5a; BLOCK]);
        let mut expected = element.clone();
        for exponent in 1..40 {
            assert_eq!(power(&element, exponent), expected, "{exponent}");
            expected = product(&expected, &element);
        }
    }
}
