//! The binding for Node.js: options in, errors out, and one file for each class.
//!
//! JavaScript's memory is touched only inside a synchronous call; see `bytes`.

mod batch;
mod bytes;
mod caller;
mod client;
mod context;
mod custom_keyring;
mod data_key;
mod decryptor;
mod encryptor;
mod error;
mod file;
mod header;
mod header_reader;
mod key_pair;
mod keyring;
mod range;
mod re_encryptor;
mod stats;
mod watcher;
