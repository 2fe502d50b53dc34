//! The arithmetic of a framed body: lengths of plaintext to lengths of message and back.

use crate::error::{Code, Error};
use crate::format::frame::{FINAL_MARK, Frame};
use crate::format::sizes::{FINAL_OVERHEAD, REGULAR_OVERHEAD, WHOLE_OVERHEAD};
use crate::format::{Division, Header};

/// What one core works on at a time, in bytes: some 20 us, so that the work divides evenly, and
/// taking the next part costs little.
const PART_LENGTH: usize = 256 * 1024;

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

/// The length of the plaintext of a body that lies in memory, in bytes.
///
/// It is right for a whole message. For any other it is no less than what can be decrypted of it
/// before it turns out to be wrong, and no more than the body.
pub fn plaintext_length(header: &Header, body: &[u8]) -> usize {
    match (header.suite.signed(), header.division) {
        (true, Division::Frames { length }) => signed_plaintext_length(length, body),
        (true, division @ Division::Whole) => {
            Frame::read(body, division).map_or(body.len(), |frame| frame.ciphertext.len())
        }
        (false, _) => plaintext_length_at_most(header, body.len()),
    }
}

/// The most plaintext that a body of this length holds, in bytes.
///
/// Regular frames have one length and a final frame holds at most as much, so without a signature
/// there is only one answer for a whole body.
pub fn plaintext_length_at_most(header: &Header, body_length: usize) -> usize {
    match header.division {
        Division::Frames { length } => framed_plaintext_length(length, body_length),
        Division::Whole => body_length.saturating_sub(WHOLE_OVERHEAD),
    }
}

/// The length of a signature varies, so the final frame is looked for from the start.
fn signed_plaintext_length(frame_length: usize, body: &[u8]) -> usize {
    let size = frame_length.saturating_add(REGULAR_OVERHEAD);
    let is_final = |start: &usize| body[*start..].starts_with(&FINAL_MARK.to_be_bytes());
    let Some(start) = (0..body.len()).step_by(size).find(is_final) else { return body.len() };
    let last = Frame::read(&body[start..], Division::Frames { length: frame_length });
    start / size * frame_length + last.map_or(0, |frame| frame.ciphertext.len())
}

fn framed_plaintext_length(frame_length: usize, body_length: usize) -> usize {
    let contents = body_length.saturating_sub(FINAL_OVERHEAD);
    let frame = frame_length + REGULAR_OVERHEAD;
    (contents / frame) * frame_length + (contents % frame).min(frame_length)
}

/// How many frames one core works on at a time.
pub(super) fn frames_in_part(frame_length: usize) -> usize {
    (PART_LENGTH / frame_length).max(1)
}

/// The error of a plaintext that needs more frames than a message can number.
pub(super) fn too_many_frames() -> Error {
    Error::new(
        Code::LimitExceeded,
        "a message holds at most 4,294,967,295 frames; choose a longer `frameLength`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::frame::{final_head, regular_head};
    use crate::format::sizes::TAG;
    use proptest::prelude::*;

    #[test]
    fn the_length_of_a_signed_plaintext_is_told_by_the_final_frame() {
        let mut body = Vec::new();
        for sequence in 1..=3 {
            body.extend(regular_head(sequence));
            body.extend([0; 10 + TAG]);
        }
        let frames = body.clone();
        body.extend(final_head(4, 5));
        body.extend([0; 5 + TAG]);
        let footer = [7; 105];
        assert_eq!(signed_plaintext_length(10, &[&body[..], &footer].concat()), 35);
        assert_eq!(signed_plaintext_length(10, &frames), frames.len(), "there is no final frame");
    }

    proptest! {
        #[test]
        fn a_body_has_the_length_of_the_plaintext_that_it_was_made_from(frame_length in 1usize..70_000, plaintext in 0usize..1_000_000) {
            let body = body_length(frame_length, plaintext).unwrap();
            prop_assert_eq!(framed_plaintext_length(frame_length, body), plaintext);
        }

        #[test]
        fn a_full_final_frame_counts_as_plaintext(length in 1usize..70_000, frames in 0usize..20) {
            let body = frames * (length + REGULAR_OVERHEAD) + length + FINAL_OVERHEAD;
            prop_assert_eq!(framed_plaintext_length(length, body), (frames + 1) * length);
        }
    }
}
