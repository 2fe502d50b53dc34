//! The forms of a keyset outside: JSON or binary, clear or encrypted.
//!
//! What encrypts is the caller's: AWS KMS, or another keyset.

use prost::Message;
use zeroize::Zeroizing;

use super::json;
use super::key::malformed;
use super::keyset::Keyset;
use super::proto::{EncryptedKeyset, KeyInfo, KeysetInfo};
use crate::error::Result;

/// How a keyset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Binary,
}

impl Keyset {
    /// A keyset in the clear, in this form.
    ///
    /// # Errors
    /// `MalformedKeyset` if it cannot be used.
    pub(crate) fn read(form: Form, bytes: &[u8]) -> Result<Self> {
        match form {
            Form::Json => Self::from_proto(json::read_keyset(bytes)?),
            Form::Binary => Self::read_binary(bytes),
        }
    }

    /// The keyset in the clear, in this form.
    ///
    /// # Errors
    /// As `write_binary`.
    pub(crate) fn write(&self, form: Form) -> Result<Zeroizing<Vec<u8>>> {
        match form {
            Form::Json => {
                let mut message = self.to_proto()?;
                let text = json::write_keyset(&message);
                message.wipe();
                Ok(text)
            }
            Form::Binary => self.write_binary(),
        }
    }
}

/// The ciphertext in an encrypted keyset of this form; it decrypts to a clear one in binary form.
///
/// # Errors
/// `MalformedKeyset` if it is none.
pub(crate) fn read_encrypted(form: Form, bytes: &[u8]) -> Result<Vec<u8>> {
    let read = match form {
        Form::Json => json::read_encrypted(bytes)?,
        Form::Binary => EncryptedKeyset::decode(bytes).map_err(|_| {
            malformed("its bytes are not an encrypted keyset in Tink's binary form")
        })?,
    };
    if read.encrypted_keyset.is_empty() {
        return Err(malformed("it is not an encrypted keyset"));
    }
    Ok(read.encrypted_keyset)
}

/// The encrypted keyset in this form: a ciphertext of `keyset`'s clear binary form.
pub(crate) fn write_encrypted(form: Form, keyset: &Keyset, ciphertext: Vec<u8>) -> Result<Vec<u8>> {
    let mut encrypted = EncryptedKeyset { encrypted_keyset: ciphertext, keyset_info: None };
    Ok(match form {
        Form::Json => {
            encrypted.keyset_info = Some(info_of(keyset)?);
            json::write_encrypted(&encrypted)
        }
        Form::Binary => encrypted.encode_to_vec(),
    })
}

fn info_of(keyset: &Keyset) -> Result<KeysetInfo> {
    let mut message = keyset.to_proto()?;
    message.wipe();
    let key_info = message.key.into_iter().map(|key| KeyInfo {
        type_url: key.key_data.map(|data| data.type_url).unwrap_or_default(),
        status: key.status,
        key_id: key.key_id,
        output_prefix_type: key.output_prefix_type,
    });
    Ok(KeysetInfo { primary_key_id: message.primary_key_id, key_info: key_info.collect() })
}
