//! How many bytes the fields of the format take.
//!
//! Source: `data-format/message-header.md`, `message-body.md`, `message-footer.md`.

use crate::suite::MAX_MESSAGE_ID_LENGTH;

/// The longest message id: that of format 2.0.
pub(crate) const MESSAGE_ID: usize = MAX_MESSAGE_ID_LENGTH;
/// "IV Length": of every suite there is; as a header says it, and as Rust counts.
pub(crate) const IV_LENGTH: u8 = 12;
pub(crate) const IV: usize = IV_LENGTH as usize;
/// "Authentication Tag": of every suite there is.
pub(crate) const TAG: usize = 16;
/// "Algorithm Suite Data": the commitment to the data key, where a suite has one.
pub(crate) const COMMITMENT: usize = 32;

/// A regular frame before its ciphertext: sequence number and IV.
pub(crate) const REGULAR_HEAD: usize = 4 + IV;
/// A final frame before its ciphertext: mark, sequence number, IV and length.
pub(crate) const FINAL_HEAD: usize = 4 + 4 + IV + 4;

/// What a regular frame takes beyond its plaintext.
pub(crate) const REGULAR_OVERHEAD: usize = REGULAR_HEAD + TAG;
/// What a final frame takes beyond its plaintext.
pub(crate) const FINAL_OVERHEAD: usize = FINAL_HEAD + TAG;
/// What a body without frames takes beyond its plaintext: IV, length and tag.
pub(crate) const WHOLE_OVERHEAD: usize = IV + 8 + TAG;
/// What the footer takes beyond the signature: its length.
pub(crate) const FOOTER_OVERHEAD: usize = 2;
