//! Reads big-endian fields from a slice; every length is checked against what remains.

use crate::error::Error;

/// Why a structure could not be read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What there is may be its beginning; more bytes are needed.
    Incomplete,
    /// No further byte can make it right.
    Invalid(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Invalid(error)
    }
}

pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Failure::Incomplete)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Failure::Incomplete)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Failure> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Failure> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Failure> {
        self.array().map(u32::from_be_bytes)
    }

    /// A field that carries its own 16-bit length.
    pub(crate) fn field(&mut self) -> Result<&'a [u8], Failure> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A field of UTF-8 text that carries its own 16-bit length.
    pub(crate) fn text(&mut self, what: &str) -> Result<&'a str, Failure> {
        std::str::from_utf8(self.field()?)
            .map_err(|_| Error::malformed(format!("{what} is not UTF-8")).into())
    }

    /// How many bytes are left.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }
}
