//! The columns of a tenant: synchronous once the keys are here.

use std::cell::RefCell;
use std::sync::{Arc, PoisonError};

use napi::Result;
use napi_derive::napi;
use zeroize::Zeroize;

use super::bytes::{self, Uint8ArraySlice};
use super::error::to_napi;
use super::fields::{Current, closed, keys_in_use, wipe};
use super::numbers::to_js_length;
use super::slots::Slots;
use crate::error::{self, Error};
use crate::fields::{Column, TenantKeys};

thread_local! {
    /// The columns that JavaScript on this thread holds.
    static COLUMNS: RefCell<Slots<KeyedColumn>> = const { RefCell::new(Slots::new()) };
}

/// The values of one column.
#[napi(js_name = "FieldColumn")]
pub struct NativeFieldColumn {
    shared: Arc<KeyedColumn>,
    number: i64,
}

/// A column and the keys in use.
struct KeyedColumn {
    keys: Current,
    column: Column,
    limit: u64,
}

impl NativeFieldColumn {
    /// A column; its keys encrypt at most `limit` values each in this process.
    pub(super) fn new(keys: Current, column: Column, limit: u64) -> Result<Self> {
        let shared = Arc::new(KeyedColumn { keys, column, limit });
        let number = COLUMNS.with_borrow_mut(|columns| columns.insert(Arc::clone(&shared)));
        let number = number.ok_or_else(|| to_napi(Error::invalid("there are too many columns")))?;
        Ok(Self { shared, number })
    }
}

#[napi]
impl NativeFieldColumn {
    /// What `encryptField` and `decryptField` know the column by, on this thread, while it lives.
    #[napi(getter)]
    pub fn number(&self) -> i64 {
        self.number
    }

    /// How much longer than its plaintext a value is, in bytes.
    #[napi(getter)]
    pub fn overhead(&self) -> Result<i64> {
        let overhead = self.shared.with_keys(|keys| self.shared.column.overhead(keys));
        overhead.map(to_js_length).map_err(to_napi)
    }

    /// Whether a value begins with the id of a key of this column, enabled or not.
    #[napi(catch_unwind)]
    pub fn has_key_id(&self, value: Uint8ArraySlice<'_>) -> Result<bool> {
        let found = self.shared.with_keys(|keys| Ok(self.shared.column.has_key_id(keys, &value)));
        found.map_err(to_napi)
    }

    /// Encrypts a batch in `input`, up to `to`, into `output`; returns the length. Wipes what it has
    /// read.
    #[napi(catch_unwind)]
    pub fn encrypt_many(
        &self,
        mut input: Uint8ArraySlice<'_>,
        to: i64,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<i64> {
        let mut encrypt = || {
            let (values, room) = bytes::pair(&input, (0, to), &mut output, 0)?;
            let KeyedColumn { keys, column, limit } = &*self.shared;
            column.encrypt_many(&*keys_in_use(keys)?, *limit, values, room)
        };
        let encrypted = encrypt().map(to_js_length).map_err(to_napi);
        wipe(&mut input, to)?;
        encrypted
    }

    /// Decrypts a batch in `input`, up to `to`, into `output`; returns the length.
    #[napi(catch_unwind)]
    pub fn decrypt_many(
        &self,
        input: Uint8ArraySlice<'_>,
        to: i64,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<i64> {
        let mut decrypt = || {
            let (values, room) = bytes::pair(&input, (0, to), &mut output, 0)?;
            let KeyedColumn { keys, column, .. } = &*self.shared;
            let decrypted = column.decrypt_many(&*keys_in_use(keys)?, values, room);
            decrypted.inspect_err(|_| room.zeroize())
        };
        decrypt().map(to_js_length).map_err(to_napi)
    }
}

/// Encrypts `scratch[row_end..to]` at the row `scratch[..row_end]`, or at none if that is negative, into
/// `output`; returns the length. Wipes what it has read.
///
/// This and `decrypt_field` are no methods: to find out what a method's object is, takes Node-API a
/// third of the time of all the rest. So they take the column's number.
#[napi(catch_unwind)]
pub fn encrypt_field(
    column: i64,
    mut scratch: Uint8ArraySlice<'_>,
    row_end: i64,
    to: i64,
    mut output: Uint8ArraySlice<'_>,
) -> Result<i64> {
    let encrypted = with_column(column, |keys, KeyedColumn { column, limit, .. }| {
        let (input, room) = bytes::pair(&scratch, (0, to), &mut output, 0)?;
        let (row, plaintext) = split_row(input, row_end)?;
        column.encrypt(keys, *limit, row, plaintext, room)
    });
    wipe(&mut scratch, to)?;
    encrypted.map(to_js_length).map_err(to_napi)
}

/// Decrypts a value at the row `scratch[..row_end]`, or at none if that is negative, into `scratch`;
/// returns the length.
#[napi(catch_unwind)]
pub fn decrypt_field(
    column: i64,
    sealed: Uint8ArraySlice<'_>,
    row_end: i64,
    mut scratch: Uint8ArraySlice<'_>,
) -> Result<i64> {
    let decrypted = with_column(column, |keys, KeyedColumn { column, .. }| {
        let whole = (0, to_js_length(sealed.len()));
        let (sealed, room) = bytes::pair(&sealed, whole, &mut scratch, 0)?;
        if row_end < 0 {
            return column.decrypt(keys, None, sealed, room);
        }
        let row = split_row(room, row_end)?.0.unwrap_or_default().to_vec();
        column.decrypt(keys, Some(&row), sealed, room)
    });
    decrypted.map(to_js_length).map_err(to_napi)
}

impl Drop for NativeFieldColumn {
    fn drop(&mut self) {
        // At the end of the thread there may be no columns any more.
        let _ = COLUMNS.try_with(|columns| {
            if let Ok(mut columns) = columns.try_borrow_mut() {
                columns.remove(self.number, &self.shared);
            }
        });
    }
}

impl KeyedColumn {
    /// Does what needs the keys in use, which cannot be replaced meanwhile.
    ///
    /// # Errors
    /// `InvalidArgument` after their release; and as `work` says.
    fn with_keys<T>(&self, work: impl FnOnce(&TenantKeys) -> error::Result<T>) -> error::Result<T> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        work(keys.as_deref().ok_or_else(closed)?)
    }
}

/// Does what needs the column of this number and its keys.
///
/// # Errors
/// `InvalidArgument` if there is no such column; and as `with_keys` says.
fn with_column<T>(
    number: i64,
    work: impl FnOnce(&TenantKeys, &KeyedColumn) -> error::Result<T>,
) -> error::Result<T> {
    COLUMNS.with_borrow(|columns| {
        let column =
            columns.get(number).ok_or_else(|| Error::invalid("there is no such column"))?;
        column.with_keys(|keys| work(keys, column))
    })
}

fn split_row(input: &[u8], row_end: i64) -> error::Result<(Option<&[u8]>, &[u8])> {
    let Ok(row_end) = usize::try_from(row_end) else { return Ok((None, input)) };
    let split = input.split_at_checked(row_end);
    split
        .map(|(row, value)| (Some(row), value))
        .ok_or_else(|| Error::invalid("a buffer was detached or resized while it was being used"))
}
