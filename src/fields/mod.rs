//! Fields: short values under Tink's keysets, bound to their place in a table.
//!
//! The wire format, the keysets and the key types are those of Tink (its `docs/WIRE-FORMAT.md` and
//! `proto/`). Keys stay in locked memory; no input is trusted, and no call does I/O.

// Only the binding uses them, which tests of the crate do not have.
#![cfg_attr(any(test, not(feature = "node")), allow(dead_code, unused_imports))]

mod batch;
mod column;
mod count;
mod encrypted;
mod entry;
mod index;
mod json;
mod key;
mod keyset;
mod place;
mod primitives;
mod proto;
mod tenant;
#[cfg(test)]
mod tests;

pub(crate) use column::Column;
pub(crate) use encrypted::{Form, read_encrypted, write_encrypted};
pub(crate) use entry::Primitive;
pub(crate) use index::Index;
pub(crate) use key::KeyType;
pub(crate) use keyset::Keyset;
pub(crate) use tenant::{Purpose, Step, TenantKeys};
