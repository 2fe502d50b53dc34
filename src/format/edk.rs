//! Encrypted data keys: the wrapped data key of a message, and the name of the key that wraps it.
//!
//! Source: `data-format/message-header.md`, "Encrypted Data Key Entries".

use super::reader::{Failure, Reader};
use crate::error::{Code, Error, Result};

/// One wrapped copy of a message's data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedDataKey {
    /// Who wrapped it: `aws-kms`, or the namespace of a raw keyring.
    pub provider_id: String,
    /// The KMS key's ARN, or what a raw keyring needs: its key's name and more.
    pub provider_info: Vec<u8>,
    /// The wrapped data key itself.
    pub ciphertext: Vec<u8>,
}

impl EncryptedDataKey {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self {
            provider_id: reader.text("the key provider id of an encrypted data key")?.to_owned(),
            provider_info: reader.field()?.to_vec(),
            ciphertext: reader.field()?.to_vec(),
        })
    }

    /// How many bytes `write` appends.
    pub(super) fn length(&self) -> usize {
        6 + self.provider_id.len() + self.provider_info.len() + self.ciphertext.len()
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>) -> Result<()> {
        for field in [self.provider_id.as_bytes(), &self.provider_info, &self.ciphertext] {
            let length = u16::try_from(field.len()).map_err(|_| {
                Error::new(
                    Code::LimitExceeded,
                    format!(
                        "a field of an encrypted data key has {} bytes; 65,535 fit",
                        field.len()
                    ),
                )
            })?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
        Ok(())
    }
}
