//! A header that the client's settings let through.

use std::sync::Arc;

use crate::context::EncryptionContext;
use crate::format::{EncryptedDataKey, Header};

/// A header that was checked, but is not authentic before a decryptor was made from it.
#[derive(Debug)]
pub struct AcceptedHeader {
    pub(super) header: Header,
    /// The whole context: what the header stores, completed with the required pairs.
    pub(super) context: EncryptionContext,
    /// The data keys that allowed keys wrap.
    pub(super) allowed: Arc<[EncryptedDataKey]>,
}

impl AcceptedHeader {
    /// The header as the message has it.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The whole encryption context that the message authenticates, once a decryptor was made.
    pub fn context(&self) -> &EncryptionContext {
        &self.context
    }
}
