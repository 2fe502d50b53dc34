//! The message format: bytes to types and back. Never sees a key.
//!
//! Source: `data-format/` of the AWS Encryption SDK specification.

pub(crate) mod edk;
pub(crate) mod frame;
pub(crate) mod header;
mod reader;

pub use edk::EncryptedDataKey;
pub use header::{ContentType, Header, HeaderLimits, HeaderParser};
pub(crate) use reader::{Failure, Reader};
