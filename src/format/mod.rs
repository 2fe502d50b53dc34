//! The message format: bytes to types and back. Never sees a key.
//!
//! Source: `data-format/` of the AWS Encryption SDK specification.

mod division;
mod edk;
pub(crate) mod footer;
pub(crate) mod frame;
mod header;
mod header_writer;
mod reader;
pub(crate) mod sizes;

pub use division::Division;
pub use edk::EncryptedDataKey;
pub use header::{Header, HeaderLimits, HeaderParser};
pub(crate) use header_writer::{header_aad, header_authentication, header_body};
pub(crate) use reader::{Failure, Reader};
