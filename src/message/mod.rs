//! Whole messages: state machines that take input in any slicing and do no I/O.
//!
//! Source: `client-apis/encrypt.md` and `client-apis/decrypt.md`.

mod accounting;
mod decryptor;
mod encryptor;
mod frame_decryptor;
mod frame_encryptor;
mod layout;
mod range;
mod re_encryptor;
mod signature;
mod transform;

pub use accounting::{Accounting, Tally, too_long};
pub use decryptor::Decryptor;
pub use encryptor::Encryptor;
pub use layout::{plaintext_length, plaintext_length_at_most};
pub use range::{RangeDecryptor, RangeOpening};
pub use re_encryptor::ReEncryptor;
pub use signature::check_public_key;
pub use transform::Transform;

/// The frame length that we write by default, in bytes of plaintext.
pub const DEFAULT_FRAME_LENGTH: u32 = 64 * 1024;
