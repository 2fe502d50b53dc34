//! What a raw AES keyring says of a wrapped data key.
//!
//! Source: `framework/raw-aes-keyring.md`, "Key Provider Information".

use crate::crypto::{IV_LENGTH, Iv};
use crate::format::{Failure, Reader};

/// What follows the key's name, before the IV: the tag's length in bits, the IV's in bytes.
const INFO_LENGTHS: [u32; 2] = [128, 12];

/// "Key Provider Information": the key's name, two lengths, the IV.
pub(super) struct KeyInfo<'a> {
    pub name: &'a [u8],
    pub iv: Iv,
}

impl<'a> KeyInfo<'a> {
    /// `None` if it is not the information of a raw AES keyring with these lengths.
    pub(super) fn parse(info: &'a [u8]) -> Option<Self> {
        let (name, rest) = info.split_at_checked(info.len().checked_sub(8 + IV_LENGTH)?)?;
        let mut reader = Reader::new(rest);
        let mut read = || -> Result<([u32; 2], Iv), Failure> {
            Ok(([reader.u32()?, reader.u32()?], reader.array()?))
        };
        let (lengths, iv) = read().ok()?;
        (lengths == INFO_LENGTHS).then_some(Self { name, iv })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let [tag_bits, iv_bytes] = INFO_LENGTHS.map(u32::to_be_bytes);
        [self.name, &tag_bits, &iv_bytes, &self.iv].concat()
    }
}
