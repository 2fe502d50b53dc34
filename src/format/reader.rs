//! Reads big-endian fields from a slice; every length is checked against what remains.

use crate::error::Error;

/// Why a structure could not be read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What there is may be its beginning; no more is known before there are `needed` bytes.
    Incomplete { needed: usize },
    /// No further byte can make it right.
    Invalid(Error),
}

impl Failure {
    /// The error where no more bytes will come.
    pub(crate) fn at_end(self) -> Error {
        match self {
            Self::Incomplete { .. } => Error::truncated(),
            Self::Invalid(error) => error,
        }
    }

    /// The same of a structure that stands after `length` other bytes.
    pub(crate) fn after(self, length: usize) -> Self {
        match self {
            Self::Incomplete { needed } => {
                Self::Incomplete { needed: needed.saturating_add(length) }
            }
            invalid => invalid,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Invalid(error)
    }
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        let needed = self.at.saturating_add(length);
        let taken = self.bytes.get(self.at..needed).ok_or(Failure::Incomplete { needed })?;
        self.at = needed;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let needed = self.at + N;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.first_chunk().ok_or(Failure::Incomplete { needed })?;
        self.at = needed;
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

    pub(crate) fn u64(&mut self) -> Result<u64, Failure> {
        self.array().map(u64::from_be_bytes)
    }

    /// A field that carries its own 16-bit length.
    pub(crate) fn field(&mut self) -> Result<&'a [u8], Failure> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A field of UTF-8 text that carries its own 16-bit length.
    pub(crate) fn text(&mut self, name: &str) -> Result<&'a str, Failure> {
        std::str::from_utf8(self.field()?)
            .map_err(|_| Error::malformed(format!("{name} is not UTF-8")).into())
    }

    /// How many bytes have been read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Whether all bytes have been read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }
}
