//! The keys of a tenant, and its indexes: synchronous once the keys are here.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use napi::Result;
use napi_derive::napi;
use zeroize::Zeroize;

use super::bytes::{self, Uint8ArraySlice};
use super::error::to_napi;
use super::field_column::NativeFieldColumn;
use super::numbers::to_u64;
use super::tenant_keys::NativeTenantKeys;
use crate::error::{self, Error};
use crate::fields::{Column, Index, TenantKeys};

/// The keys in use; none after their release.
pub(super) type Current = Arc<RwLock<Option<Arc<TenantKeys>>>>;

/// The keysets that a process uses now; columns see each change at once.
#[napi(js_name = "FieldKeys")]
pub struct NativeFieldKeys {
    current: Current,
    tenant: String,
    limit: u64,
    /// The indexes that may hold keys derived from the current ones.
    indexes: Mutex<Vec<Weak<Index>>>,
}

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
        NativeFieldColumn::new(Arc::clone(&self.current), column, self.limit)
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
pub(super) fn keys_in_use(keys: &Current) -> error::Result<Arc<TenantKeys>> {
    let keys = keys.read().unwrap_or_else(PoisonError::into_inner);
    keys.clone().ok_or_else(closed)
}

pub(super) fn closed() -> Error {
    Error::invalid("the fields are closed; open them again")
}

pub(super) fn wipe(scratch: &mut Uint8ArraySlice<'_>, to: i64) -> Result<()> {
    let to = usize::try_from(to).unwrap_or_default();
    let used = bytes::writable(scratch, 0).map_err(to_napi)?;
    let to = to.min(used.len());
    used[..to].zeroize();
    Ok(())
}
