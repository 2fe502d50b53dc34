//! The values of one column, encrypted and decrypted.

use super::batch::{Batch, items, no_room};
use super::entry::Key;
use super::place::{Label, Place};
use super::primitives::key_id_of;
use super::tenant::{Purpose, TenantKeys};
use crate::crypto::{Nonces, SealingKey};
use crate::error::{Code, Error, Result};

/// A column of a tenant.
pub(crate) struct Column {
    place: Place,
    purpose: Purpose,
}

impl Column {
    /// # Errors
    /// `InvalidArgument` for a name that is too long.
    pub(crate) fn new(
        deterministic: bool,
        tenant: &str,
        table: &str,
        column: &str,
    ) -> Result<Self> {
        let (label, purpose) = match deterministic {
            false => (Label::Field, Purpose::Encryption),
            true => (Label::Deterministic, Purpose::Deterministic),
        };
        Ok(Self { place: Place::new(label, tenant, table, column)?, purpose })
    }

    /// How much longer than its plaintext a value is, in bytes.
    pub(crate) fn overhead(&self, keys: &TenantKeys) -> Result<usize> {
        keys.keyset(self.purpose).overhead()
    }

    /// Whether a value begins with the id of a key of this column, enabled or not.
    pub(crate) fn has_key_id(&self, keys: &TenantKeys, value: &[u8]) -> bool {
        let id = key_id_of(value);
        let keys = keys.keyset(self.purpose).info();
        id.is_some_and(|id| keys.iter().any(|key| key.id == id))
    }

    /// Encrypts into the start of `output`; returns the length.
    ///
    /// # Errors
    /// `LimitExceeded` if the key has encrypted `limit` values.
    pub(crate) fn encrypt(
        &self,
        keys: &TenantKeys,
        limit: u64,
        row: Option<&[u8]>,
        plaintext: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        let key = keys.keyset(self.purpose).primary()?;
        key.count.add(1, limit)?;
        let length = plaintext.len() + key.overhead()?;
        let output = output.get_mut(..length).ok_or_else(no_room)?;
        self.place.with_row(row, key.id, |aad| key.encrypt(plaintext, aad, output))?;
        Ok(length)
    }

    /// Decrypts into the start of `output`, which has room for as many bytes as the value has; returns
    /// the plaintext's length.
    ///
    /// # Errors
    /// `FieldMismatch` if the value was changed or moved; `NoUsableKey` if its key is not there;
    /// `MalformedMessage` if it is none.
    pub(crate) fn decrypt(
        &self,
        keys: &TenantKeys,
        row: Option<&[u8]>,
        sealed: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        let opened = keys.keyset(self.purpose).decrypt_with(sealed, output, |key, body, output| {
            self.place.with_row(row, key.id, |aad| key.open(body, aad, output))
        });
        opened.map_err(as_mismatch)
    }

    /// Encrypts a batch: of each value its row and its plaintext, each as a length, 4 bytes
    /// little-endian, and bytes. Writes each as a length and bytes; returns the length of all.
    ///
    /// # Errors
    /// As `encrypt`.
    pub(crate) fn encrypt_many(
        &self,
        keys: &TenantKeys,
        limit: u64,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        let key = keys.keyset(self.purpose).primary()?;
        let mut expanded = Expanded::new(key)?;
        let (overhead, mut batch) = (key.overhead()?, Batch::new(output));
        for item in items(input) {
            let (row, plaintext) = item?;
            let Some(plaintext) = plaintext else {
                batch.push_absent()?;
                continue;
            };
            key.count.add(1, limit)?;
            self.place.with_row(row, key.id, |aad| {
                batch.push(plaintext.len() + overhead, |room| {
                    expanded.seal(key, plaintext, aad, room)
                })
            })?;
        }
        Ok(batch.written)
    }

    /// Decrypts a batch of values that `encrypt_many` would write, with their rows.
    ///
    /// # Errors
    /// As `decrypt`, with the number of the value.
    pub(crate) fn decrypt_many(
        &self,
        keys: &TenantKeys,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        let mut batch = Batch::new(output);
        for (number, item) in items(input).enumerate() {
            let (row, sealed) = item?;
            let Some(sealed) = sealed else {
                batch.push_absent()?;
                continue;
            };
            batch
                .push_at_most(sealed.len(), |room| self.decrypt(keys, row, sealed, room))
                .map_err(|error| {
                    Error::new(error.code(), format!("value {number}: {}", error.message()))
                })?;
        }
        Ok(batch.written)
    }
}

/// A key expanded once for many values; `None` for AES-SIV, which expands its key for each value.
struct Expanded {
    key: Option<SealingKey>,
    nonces: Nonces,
}

impl Expanded {
    fn new(key: &Key) -> Result<Self> {
        Ok(Self { key: key.material()?.expand().ok(), nonces: Nonces::new() })
    }

    fn seal(&mut self, key: &Key, plaintext: &[u8], aad: &[u8], room: &mut [u8]) -> Result<()> {
        let Some(expanded) = &self.key else { return key.encrypt(plaintext, aad, room) };
        let start = key.prefix_bytes();
        let (head, body) = room
            .split_at_mut_checked(start.as_ref().map_or(0, |start| start.len()))
            .ok_or_else(no_room)?;
        head.copy_from_slice(start.as_ref().map_or(&[], |start| &start[..]));
        expanded.seal_next(&mut self.nonces, aad, plaintext, body)
    }
}

/// Returns the error of a column's value that does not verify: it may be another place's.
fn as_mismatch(error: Error) -> Error {
    if error.code() != Code::AuthenticationFailed {
        return error;
    }
    Error::new(
        Code::FieldMismatch,
        "the value was changed, or was encrypted for another tenant, table, column or row",
    )
}
