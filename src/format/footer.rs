//! The footer of a signed message: the signature over all that stands before it.
//!
//! Source: `data-format/message-footer.md`.

use super::reader::{Failure, Reader};
use super::sizes::FOOTER_OVERHEAD;
use crate::error::{Code, Error, Result};

/// Reads the signature of the footer at the start of `bytes`, and tells the footer's length.
pub(crate) fn read(bytes: &[u8]) -> Result<(&[u8], usize), Failure> {
    let mut reader = Reader::new(bytes);
    let signature = reader.field()?;
    Ok((signature, reader.position()))
}

/// Writes a footer to the start of `output`; returns its length.
pub(crate) fn write(signature: &[u8], output: &mut [u8]) -> Result<usize> {
    let failed = || Error::new(Code::Internal, "the signature does not fit the footer");
    let length = u16::try_from(signature.len()).map_err(|_| failed())?;
    let total = FOOTER_OVERHEAD + signature.len();
    let (head, rest) = output.get_mut(..total).ok_or_else(failed)?.split_at_mut(FOOTER_OVERHEAD);
    head.copy_from_slice(&length.to_be_bytes());
    rest.copy_from_slice(signature);
    Ok(total)
}
