//! The binding for Node.js: options in, errors out, and one file for each class.
//!
//! JavaScript's memory is touched only inside a synchronous call; see `bytes`.

mod bytes;
mod cancellation;
mod client;
mod context;
mod data_key;
mod decryptor;
mod encryptor;
mod error;
mod file;
mod header;
mod header_reader;
mod keyring;
mod range;
mod re_encryptor;
