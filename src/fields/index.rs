//! Blind indexes: keyed hashes by which equal values are found without decrypting any.

use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::batch::no_room;
use super::entry::unknown;
use super::place::{Label, Place, write_part};
use super::tenant::{Purpose, TenantKeys};
use crate::crypto::{self, HmacHash};
use crate::error::Result;
use crate::secret_memory::SecretBytes;

/// The length of an index that is not cut, in bytes.
const INDEX_LENGTH: usize = 32;

/// A blind index of a column: equal values have equal ones, and without the key nobody computes them.
pub(crate) struct Index {
    input: Vec<u8>,
    /// The key of this index, for each key of the keyset that was used.
    derived: Mutex<Vec<(u32, SecretBytes)>>,
}

impl Index {
    /// # Errors
    /// `InvalidArgument` for a name that is too long.
    pub(crate) fn new(tenant: &str, table: &str, column: &str, name: &str) -> Result<Self> {
        let mut input = Place::new(Label::Index, tenant, table, column)?.start().to_vec();
        write_part(name.as_bytes(), &mut input)?;
        Ok(Self { input, derived: Mutex::default() })
    }

    /// Wipes what was derived from keys that are not among these, or no longer enabled.
    pub(crate) fn retain(&self, keys: Option<&TenantKeys>) {
        let ids: Vec<u32> = keys.map_or_else(Vec::new, |keys| {
            keys.keyset(Purpose::Index).enabled().map(|key| key.id).collect()
        });
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        derived.retain(|(id, _)| ids.contains(id));
    }

    /// Fills `output` with the first bits of the index of a value, under the key with this id or the
    /// primary: HMAC-SHA-256 under a key that the PRF gives for this index.
    ///
    /// # Errors
    /// `NoUsableKey` if there is no such key.
    pub(crate) fn compute(
        &self,
        keys: &TenantKeys,
        key_id: Option<u32>,
        value: &[u8],
        bits: usize,
        output: &mut [u8],
    ) -> Result<()> {
        let keyset = keys.keyset(Purpose::Index);
        let id = key_id.unwrap_or_else(|| keyset.primary_id());
        if output.len() > INDEX_LENGTH || bits.div_ceil(8) != output.len() {
            return Err(no_room());
        }
        if !keyset.enabled().any(|key| key.id == id) {
            return Err(unknown(id));
        }
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        let position = match derived.iter().position(|(known, _)| *known == id) {
            Some(position) => position,
            None => {
                let mut key = Zeroizing::new(vec![0; INDEX_LENGTH]);
                keyset.prf(Some(id), &self.input, &mut key)?;
                derived.push((id, SecretBytes::new(key)));
                derived.len() - 1
            }
        };
        crypto::hmac(HmacHash::Sha256, derived[position].1.expose(), value, output)?;
        let unused = output.len() * 8 - bits;
        if let Some(last) = output.last_mut() {
            *last &= u8::MAX << unused;
        }
        Ok(())
    }
}
