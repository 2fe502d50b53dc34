//! The version of a branch key: a random UUID.

use std::fmt;

use crate::crypto;
use crate::error::{Code, Error, Result};

/// A version 4 UUID (RFC 9562, 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version([u8; 16]);

impl Version {
    /// Returns a random version.
    ///
    /// # Errors
    /// `Internal` if the operating system gives no random bytes.
    pub fn random() -> Result<Self> {
        let mut bytes = [0; 16];
        crypto::random(&mut bytes)?;
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Ok(Self(bytes))
    }

    /// Reads a version from the 16 bytes of its UUID.
    ///
    /// # Errors
    /// `BranchKeyUnsupported` for bytes that are no version 4 UUID.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<Self> {
        if bytes[6] >> 4 == 4 && bytes[8] >> 6 == 0b10 {
            return Ok(Self(bytes));
        }
        Err(Error::new(
            Code::BranchKeyUnsupported,
            "the version of the branch key is not a version 4 UUID; no branch key has one like it",
        ))
    }

    /// Reads a version from text; `None` unless it is a version 4 UUID in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.split('-').collect();
        let bytes = data_encoding::HEXLOWER.decode(digits.as_bytes()).ok()?;
        let version = Self::from_bytes(bytes.try_into().ok()?).ok()?;
        (version.to_string() == text).then_some(version)
    }

    /// Returns the bytes of the UUID, in the order of the text.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        let version = Version::random().unwrap();
        assert_eq!(Version::parse(&version.to_string()), Some(version));
        assert_ne!(Version::random().unwrap(), version);
        let text = "f5c0d276-bd6d-4f36-a335-056f7b75cf97";
        assert_eq!(Version::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn other_uuids_and_other_texts_are_no_versions() {
        for text in [
            "F5C0D276-BD6D-4F36-A335-056F7B75CF97",
            "f5c0d276-bd6d-1f36-a335-056f7b75cf97",
            "f5c0d276-bd6d-4f36-c335-056f7b75cf97",
            "f5c0d276bd6d4f36a335056f7b75cf97",
            "f5c0d276-bd6d-4f36-a335-056f7b75cf9",
            "",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
