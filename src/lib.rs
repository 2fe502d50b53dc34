//! Envelope encryption in the AWS Encryption SDK message format.
//!
//! A [`Client`](client::Client) holds a keyring and the settings of messages. Its
//! [`Keyring`](keyring::Keyring) wraps a fresh data key, under AWS KMS or a local key; an
//! [`Encryptor`](message::Encryptor) writes one message with it, frame by frame; a
//! [`Decryptor`](message::Decryptor) reads it back and releases only what has verified. The state
//! machines do no I/O and take input in any slicing.
//!
//! ```
//! use std::sync::Arc;
//!
//! use kms_envelope::client::{Client, Patience, Settings};
//! use kms_envelope::format::Header;
//! use kms_envelope::keyring::{answer_now, raw_aes::RawAesKeyring};
//! use kms_envelope::{EncryptionContext, Result};
//!
//! # fn main() -> Result<()> {
//! let keyring = RawAesKeyring::new("example", "key", &[7; 32])?;
//! let client = Client::new(Arc::new(keyring), Settings::default())?;
//! let context = EncryptionContext::default();
//!
//! let encryptor = answer_now(client.encryptor(context.clone(), None, Patience::None))?;
//! let mut message = vec![0; encryptor.message_length(5)?];
//! encryptor.encrypt(b"hello", &mut message)?;
//!
//! let header = Header::parse(&message, client.header_limits())?;
//! let body = &message[header.length..];
//! let accepted = client.accept(header, &context)?;
//! let decryptor = answer_now(client.decryptor(&accepted, Patience::None))?;
//! let mut plaintext = vec![0; body.len()];
//! let length = decryptor.decrypt(body, &mut plaintext)?;
//! assert_eq!(&plaintext[..length], b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! The rooms, lowest first; each knows only those above it in this list:
//!
//! 1. [`error`], [`kms_arn`], [`approved`], `threads`, [`context`], [`suite`], `folder`, `foreign_text`
//!    (how errors show what strangers wrote), `parallel` (several cores for one call), `secret_memory`
//! 2. `crypto` (AES-GCM, HKDF, random; never sees the format) and [`format`](mod@format) (bytes and
//!    types; never sees a key)
//! 3. [`materials`]; `fields` (Tink's keysets and what they encrypt)
//! 4. `branch_keys`: keys that KMS wraps in a table, and that wrap data keys
//! 5. [`keyring`]
//! 6. [`message`]
//! 7. [`client`]: one keyring and one policy; [`file`](mod@file): files, whole or not at all;
//!    [`s3_object`]: objects of the S3 Encryption Clients
//! 8. [`operation`]: one message in and out, its keys now or later
//! 9. `node`, the binding for Node.js (feature `node`)

pub mod approved;
#[cfg(feature = "aws-kms")]
pub mod branch_keys;
pub mod client;
pub mod context;
mod crypto;
pub mod error;
mod fields;
pub mod file;
mod folder;
mod foreign_text;
pub mod format;
pub mod keyring;
pub mod kms_arn;
pub mod materials;
pub mod message;
// Under test napi registers nothing, so that all of the binding would be dead code.
#[cfg(all(feature = "node", not(test)))]
mod node;
pub mod operation;
mod parallel;
pub mod s3_object;
mod secret_memory;
pub mod suite;
mod threads;

pub use context::EncryptionContext;
pub use crypto::fips_mode;
pub use error::{Code, Error, Result};
