//! The binding for Node.js: options in, errors out, and one file for each class.
//!
//! JavaScript's memory is touched only inside a synchronous call; see `bytes`.

use std::alloc::System;

use napi_derive::napi;
use zeroizing_alloc::ZeroAlloc;

mod batch;
mod branch_key_items;
mod branch_key_storage;
mod branch_key_supplier;
mod branch_keys;
mod bytes;
mod caller;
mod client;
mod context;
mod credentials;
mod custom_keyring;
mod data_key;
mod ending;
mod error;
mod fields;
mod file;
mod guard;
mod guard_options;
mod header;
mod header_reader;
mod key_pair;
mod keyring;
mod keyset;
mod new_file;
mod numbers;
mod range;
mod runtime;
mod s3_object;
#[cfg(unix)]
mod signals;
mod start;
mod stats;
mod tenant_keys;
mod transform;
mod watcher;

/// Wipes all memory that is given back: also what other crates used of a key service's answer.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Called when the addon is loaded.
#[napi_derive::module_init]
fn start() {
    crate::keyring::guard::silence_panics();
}

/// Lets the other cores help this thread with large work.
#[napi(catch_unwind)]
pub fn share_cores() {
    crate::parallel::share_cores();
}

/// The version of the package that this addon belongs to.
#[napi]
pub const ADDON_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether messages are encrypted by AWS-LC's FIPS module, in its FIPS mode.
#[napi]
pub fn fips_mode() -> bool {
    crate::crypto::fips_mode()
}

/// Whether some data keys are kept in memory that could not be locked.
#[napi]
pub fn has_unlocked_keys() -> bool {
    crate::secret_memory::has_unlocked()
}
