use super::*;
use crate::error::Code;

/// The start of a body without frames that says it holds so many bytes.
fn whole_start(length: u64) -> Vec<u8> {
    [[0; IV].as_slice(), &length.to_be_bytes()].concat()
}

#[test]
fn a_body_without_frames_holds_at_most_what_one_nonce_is_good_for() {
    for (length, fits) in [(MAX_WHOLE_LENGTH, true), (MAX_WHOLE_LENGTH + 1, false)] {
        match Frame::read(&whole_start(length), Division::Whole).err().unwrap() {
            Failure::Incomplete { needed } => {
                assert_eq!((needed as u64, fits), (length + IV as u64 + 8, true));
            }
            Failure::Invalid(error) => {
                assert_eq!((error.code(), fits), (Code::MalformedMessage, false));
            }
        }
    }
    // NIST SP 800-38D, 5.2.1.1: 2^39 - 256 bits.
    assert_eq!(MAX_WHOLE_LENGTH * 8, (1 << 39) - 256);
}

#[test]
fn a_final_frame_may_be_full_and_not_longer() {
    for (length, fits) in [(10, true), (11, false)] {
        let head = final_head(3, length);
        match Frame::read(&head, Division::Frames { length: 10 }).err().unwrap() {
            Failure::Incomplete { needed } => {
                assert_eq!((needed, fits), (FINAL_HEAD + length as usize, true));
            }
            Failure::Invalid(error) => {
                assert_eq!((error.code(), fits), (Code::MalformedMessage, false));
            }
        }
    }
}

#[test]
fn heads_and_additional_data_have_the_bytes_of_the_specification() {
    assert_eq!(iv(0x0102_0304), [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    assert_eq!(regular_head(5), [0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
    let head = final_head(6, 7);
    assert_eq!(head[..8], [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 6]);
    assert_eq!(head[8..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7]);
    let aad = FrameAad::new(&[1; 16]).of(FrameKind::Whole, 1, 2);
    let expected = [&[1; 16], &b"AWSKMSEncryptionClient Single Block"[..], &[0, 0, 0, 1]].concat();
    assert_eq!(aad[..], [&expected[..], &2_u64.to_be_bytes()].concat());
}
