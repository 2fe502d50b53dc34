//! The arithmetic of a framed body: lengths of plaintext to lengths of message and back.

use crate::format::Header;
use crate::format::frame::{Division, FINAL_OVERHEAD, REGULAR_OVERHEAD, WHOLE_OVERHEAD};

/// The length of a body that we write: full frames, then a final frame with the rest, maybe empty.
///
/// `None` if it does not fit a `usize`.
pub(crate) fn body_length(frame_length: usize, plaintext_length: usize) -> Option<usize> {
    let regular = plaintext_length / frame_length;
    regular
        .checked_mul(REGULAR_OVERHEAD)?
        .checked_add(plaintext_length)?
        .checked_add(FINAL_OVERHEAD)
}

/// The length of the plaintext of a body, in bytes, from the body's length alone.
///
/// Regular frames have one length and a final frame holds at most as much, so there is only one
/// answer for a whole body. For any other body it is no less than what can be decrypted of it
/// before it turns out to be wrong.
pub fn plaintext_length(header: &Header, body_length: usize) -> usize {
    match Division::of(header) {
        Division::Frames { length } => framed_plaintext_length(length, body_length),
        Division::Whole => body_length.saturating_sub(WHOLE_OVERHEAD),
    }
}

fn framed_plaintext_length(frame_length: usize, body_length: usize) -> usize {
    let contents = body_length.saturating_sub(FINAL_OVERHEAD);
    let frame = frame_length + REGULAR_OVERHEAD;
    (contents / frame) * frame_length + (contents % frame).min(frame_length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_directions_agree(frame_length in 1usize..70_000, plaintext in 0usize..1_000_000) {
            let body = body_length(frame_length, plaintext).unwrap();
            prop_assert_eq!(framed_plaintext_length(frame_length, body), plaintext);
        }

        #[test]
        fn a_full_final_frame_is_counted_too(length in 1usize..70_000, frames in 0usize..20) {
            let body = frames * (length + REGULAR_OVERHEAD) + length + FINAL_OVERHEAD;
            prop_assert_eq!(framed_plaintext_length(length, body), (frames + 1) * length);
        }
    }
}
