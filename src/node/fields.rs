//! The keys of a tenant, and its columns: synchronous once the keys are here.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use napi::bindgen_prelude::{Function, FunctionCallContext};
use napi::{Env, Result};
use napi_derive::napi;
use zeroize::Zeroize;

use super::bytes::{self, Uint8ArraySlice};
use super::error::to_napi;
use super::numbers::{to_js_length, to_u64};
use super::tenant_keys::NativeTenantKeys;
use crate::error::{self, Error};
use crate::fields::{Column, Index, TenantKeys};

/// The keys in use; none after their release.
type Current = Arc<RwLock<Option<Arc<TenantKeys>>>>;

/// The keysets that a process uses now; columns see each change at once.
#[napi(js_name = "FieldKeys")]
pub struct NativeFieldKeys {
    current: Current,
    tenant: String,
    limit: u64,
    /// The indexes that may hold keys derived from the current ones.
    indexes: Mutex<Vec<Weak<Index>>>,
}

/// The values of one column.
#[napi(js_name = "FieldColumn")]
pub struct NativeFieldColumn {
    keys: Current,
    column: Arc<Column>,
    limit: u64,
}

/// A function of one value; Rust never calls it, so its arguments are not among its types.
type ValueFunction<'env> = Function<'env, (), i64>;

/// A blind index of one column.
#[napi(js_name = "FieldIndex")]
pub struct NativeFieldIndex {
    keys: Current,
    index: Arc<Index>,
}

#[napi]
impl NativeFieldKeys {
    /// The keys of a tenant; each encrypts at most `limit` values in this process.
    #[napi(factory, catch_unwind)]
    pub fn create(keys: &NativeTenantKeys, tenant: String, limit: i64) -> Result<Self> {
        let current = Arc::new(RwLock::new(Some(keys.shared())));
        let limit = to_u64(limit).map_err(to_napi)?;
        Ok(Self { current, tenant, limit, indexes: Mutex::default() })
    }

    /// Uses another version of the keys from now on.
    #[napi(catch_unwind)]
    pub fn replace(&self, keys: &NativeTenantKeys) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // Released keys stay so.
        if let Some(before) = &*current {
            let mut next = TenantKeys::clone(&keys.shared());
            next.carry_counts(before);
            self.forget_derived(Some(&next));
            *current = Some(Arc::new(next));
        }
    }

    /// Forgets the keys: every later call fails.
    #[napi]
    pub fn release(&self) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.forget_derived(None);
    }

    /// The keys in use.
    #[napi(catch_unwind)]
    pub fn current(&self) -> Result<NativeTenantKeys> {
        keys_in_use(&self.current).map(NativeTenantKeys::from).map_err(to_napi)
    }

    /// A column.
    #[napi(catch_unwind)]
    pub fn column(
        &self,
        deterministic: bool,
        table: String,
        column: String,
    ) -> Result<NativeFieldColumn> {
        let column = Column::new(deterministic, &self.tenant, &table, &column).map_err(to_napi)?;
        let column = Arc::new(column);
        Ok(NativeFieldColumn { keys: Arc::clone(&self.current), column, limit: self.limit })
    }

    /// A blind index of a column.
    #[napi(catch_unwind)]
    pub fn index(&self, table: String, column: String, name: String) -> Result<NativeFieldIndex> {
        let index = Index::new(&self.tenant, &table, &column, &name).map_err(to_napi)?;
        let index = Arc::new(index);
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if indexes.len() == indexes.capacity() {
            indexes.retain(|known| known.strong_count() > 0);
        }
        indexes.push(Arc::downgrade(&index));
        Ok(NativeFieldIndex { keys: Arc::clone(&self.current), index })
    }
}

impl NativeFieldKeys {
    /// Wipes what indexes derived from keys that are not among these.
    fn forget_derived(&self, keys: Option<&TenantKeys>) {
        let indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        for index in indexes.iter().filter_map(Weak::upgrade) {
            index.retain(keys);
        }
    }
}

#[napi]
impl NativeFieldColumn {
    /// How much longer than its plaintext a value is, in bytes.
    #[napi(getter)]
    pub fn overhead(&self) -> Result<i64> {
        let overhead = with_keys(&self.keys, |keys| self.column.overhead(keys));
        overhead.map(to_js_length).map_err(to_napi)
    }

    /// Whether a value begins with the id of a key of this column, enabled or not.
    #[napi(catch_unwind)]
    pub fn has_key_id(&self, value: Uint8ArraySlice<'_>) -> Result<bool> {
        with_keys(&self.keys, |keys| Ok(self.column.has_key_id(keys, &value))).map_err(to_napi)
    }

    /// Returns a function that encrypts `scratch[rowEnd..to]` at the row `scratch[..rowEnd]`, or at none if
    /// `rowEnd` is negative, into `output`, and returns the length. It wipes what it has read.
    ///
    /// A function of its own, as `decrypter` is: to find a method's object, and to note that it is in use,
    /// takes Node-API a tenth of the time of a short value.
    #[napi(
        catch_unwind,
        ts_return_type = "(scratch: Uint8Array, rowEnd: number, to: number, output: Uint8Array) => number"
    )]
    pub fn encrypter<'env>(&self, env: &'env Env) -> Result<ValueFunction<'env>> {
        let (keys, column, limit) = (Arc::clone(&self.keys), Arc::clone(&self.column), self.limit);
        env.create_function_from_closure("encrypt", move |call: FunctionCallContext<'_>| {
            let (mut scratch, to) = (call.get::<Uint8ArraySlice<'_>>(0)?, call.get(2)?);
            let (row_end, mut output) = (call.get(1)?, call.get::<Uint8ArraySlice<'_>>(3)?);
            let encrypted = with_keys(&keys, |keys| {
                let (input, room) = bytes::pair(&scratch, (0, to), &mut output, 0)?;
                let (row, plaintext) = split_row(input, row_end)?;
                column.encrypt(keys, limit, row, plaintext, room)
            });
            wipe(&mut scratch, to)?;
            encrypted.map(to_js_length).map_err(to_napi)
        })
    }

    /// Returns a function that decrypts a value at the row `scratch[..rowEnd]`, or at none if `rowEnd` is
    /// negative, into `scratch`, and returns the length.
    #[napi(
        catch_unwind,
        ts_return_type = "(sealed: Uint8Array, rowEnd: number, scratch: Uint8Array) => number"
    )]
    pub fn decrypter<'env>(&self, env: &'env Env) -> Result<ValueFunction<'env>> {
        let (keys, column) = (Arc::clone(&self.keys), Arc::clone(&self.column));
        env.create_function_from_closure("decrypt", move |call: FunctionCallContext<'_>| {
            let sealed = call.get::<Uint8ArraySlice<'_>>(0)?;
            let (row_end, mut scratch) = (call.get(1)?, call.get::<Uint8ArraySlice<'_>>(2)?);
            let decrypted = with_keys(&keys, |keys| {
                let whole = (0, to_js_length(sealed.len()));
                let (sealed, room) = bytes::pair(&sealed, whole, &mut scratch, 0)?;
                if row_end < 0 {
                    return column.decrypt(keys, None, sealed, room);
                }
                let row = split_row(room, row_end)?.0.unwrap_or_default().to_vec();
                column.decrypt(keys, Some(&row), sealed, room)
            });
            decrypted.map(to_js_length).map_err(to_napi)
        })
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
            self.column.encrypt_many(&*keys_in_use(&self.keys)?, self.limit, values, room)
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
            let decrypted = self.column.decrypt_many(&*keys_in_use(&self.keys)?, values, room);
            decrypted.inspect_err(|_| room.zeroize())
        };
        decrypt().map(to_js_length).map_err(to_napi)
    }
}

#[napi]
impl NativeFieldIndex {
    /// Writes the first bits of the index of `scratch[..to]` to `output`. Wipes what it has read.
    #[napi(catch_unwind)]
    pub fn compute(
        &self,
        mut scratch: Uint8ArraySlice<'_>,
        to: i64,
        key_id: Option<u32>,
        bits: u32,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<()> {
        let mut compute = || {
            let (value, room) = bytes::pair(&scratch, (0, to), &mut output, 0)?;
            self.index.compute(&*keys_in_use(&self.keys)?, key_id, value, bits as usize, room)
        };
        let computed = compute().map_err(to_napi);
        wipe(&mut scratch, to)?;
        computed
    }
}

/// Returns the keys in use.
///
/// # Errors
/// `InvalidArgument` after their release.
fn keys_in_use(keys: &Current) -> error::Result<Arc<TenantKeys>> {
    let keys = keys.read().unwrap_or_else(PoisonError::into_inner);
    keys.clone().ok_or_else(closed)
}

/// Does what needs the keys in use, which cannot be replaced meanwhile.
///
/// # Errors
/// `InvalidArgument` after their release; and as `work` says.
fn with_keys<T>(
    keys: &Current,
    work: impl FnOnce(&TenantKeys) -> error::Result<T>,
) -> error::Result<T> {
    let keys = keys.read().unwrap_or_else(PoisonError::into_inner);
    work(keys.as_deref().ok_or_else(closed)?)
}

fn closed() -> Error {
    Error::invalid("the fields are closed; open them again")
}

fn split_row(input: &[u8], row_end: i64) -> error::Result<(Option<&[u8]>, &[u8])> {
    let Ok(row_end) = usize::try_from(row_end) else { return Ok((None, input)) };
    let split = input.split_at_checked(row_end);
    split
        .map(|(row, value)| (Some(row), value))
        .ok_or_else(|| Error::invalid("a buffer was detached or resized while it was being used"))
}

fn wipe(scratch: &mut Uint8ArraySlice<'_>, to: i64) -> Result<()> {
    let to = usize::try_from(to).unwrap_or_default();
    let used = bytes::writable(scratch, 0).map_err(to_napi)?;
    let to = to.min(used.len());
    used[..to].zeroize();
    Ok(())
}
