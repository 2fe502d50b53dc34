use std::collections::BTreeSet;

use super::*;
use crate::context::EncryptionContext;
use crate::format::{EncryptedDataKey, HeaderLimits};
use crate::materials::{DataKey, EncryptionMaterials};
use crate::message::Encryptor;
use crate::suite::DEFAULT_SUITE;

const FRAME_LENGTH: u32 = 10;

/// A message of three regular frames and a final one of two bytes, which is as long as a regular one.
const LENGTH: u8 = 32;

struct Message {
    bytes: Vec<u8>,
    header: Header,
    materials: DecryptionMaterials,
}

impl Message {
    fn new() -> Self {
        let context = EncryptionContext::default();
        let mut materials =
            EncryptionMaterials::new(DEFAULT_SUITE, context, BTreeSet::new()).unwrap();
        materials.data_key = Some(DataKey::generate(32).unwrap());
        let (provider_id, provider_info) = ("tests".to_owned(), Vec::new());
        let ciphertext = vec![1; 32];
        let key = EncryptedDataKey { provider_id, provider_info, ciphertext };
        materials.encrypted_data_keys.push(key);
        let encryptor = Encryptor::new(&materials, FRAME_LENGTH, Accounting::default()).unwrap();
        let mut bytes = vec![0; encryptor.message_length(LENGTH.into()).unwrap()];
        encryptor.encrypt(&plaintext(), &mut bytes).unwrap();
        let header = Header::parse(&bytes, HeaderLimits::default()).unwrap();
        Self { bytes, header, materials: materials.to_decrypt() }
    }

    fn open(&self) -> RangeDecryptor {
        let length = self.bytes.len() as u64;
        let place = RangeOpening::final_frame(&self.header, length).unwrap();
        RangeOpening::new(&self.header, &self.materials, length, Accounting::default())
            .and_then(|opening| opening.finish(self.part(&place)))
            .unwrap()
    }

    fn part(&self, range: &Range<u64>) -> &[u8] {
        &self.bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
    }

    /// The place of a frame, counted from 0.
    fn frame(&self, number: usize) -> Range<usize> {
        let size = FRAME_LENGTH as usize + REGULAR_OVERHEAD;
        let start = self.header.length + number * size;
        start..start + size
    }
}

fn plaintext() -> Vec<u8> {
    (0..LENGTH).collect()
}

fn read(opened: &mut RangeDecryptor, range: &Range<u64>, frames: &[u8]) -> Result<Vec<u8>> {
    let mut output = vec![0; usize::try_from(range.end - range.start).unwrap()];
    opened.read(range, frames, &mut output).map(|()| output)
}

#[test]
fn every_range_of_a_message_gives_that_part_of_the_plaintext() {
    let message = Message::new();
    let mut opened = message.open();
    assert_eq!(opened.size(), u64::from(LENGTH));
    for start in 0..=u64::from(LENGTH) {
        for end in start..=LENGTH.into() {
            let range = start..end;
            let frames = opened.frames(&range).unwrap();
            let bytes = read(&mut opened, &range, message.part(&frames)).unwrap();
            let expected: Vec<u8> = (start..end).map(|byte| u8::try_from(byte).unwrap()).collect();
            assert_eq!(bytes, expected, "{range:?}");
        }
    }
}

#[test]
fn a_range_needs_only_the_frames_that_hold_it() {
    let message = Message::new();
    let opened = message.open();
    let frames = |range: Range<u64>| {
        let Range { start, end } = opened.frames(&range).unwrap();
        usize::try_from(start).unwrap()..usize::try_from(end).unwrap()
    };
    assert_eq!(frames(0..10), message.frame(0));
    assert_eq!(frames(10..11), message.frame(1));
    assert_eq!(frames(19..21), message.frame(1).start..message.frame(2).end);
    assert!(frames(30..32).is_empty(), "the final frame is there already");
    assert!(frames(12..12).is_empty());
}

#[test]
fn a_range_that_the_plaintext_does_not_have_is_refused() {
    let message = Message::new();
    let opened = message.open();
    #[allow(clippy::reversed_empty_ranges, reason = "it is what is refused")]
    let wrong = [0..33, 32..33, 33..33, 5..4];
    for range in wrong {
        let error = opened.frames(&range).unwrap_err();
        assert_eq!(error.code(), Code::Range, "{range:?}");
        assert!(error.message().ends_with("the plaintext has 32 bytes"), "{error}");
    }
    assert!(opened.frames(&(32..32)).is_ok(), "the empty range at the end");
}

#[test]
fn frames_or_an_output_of_another_length_than_the_range_are_refused() {
    let message = Message::new();
    let mut opened = message.open();
    let frame = &message.bytes[message.frame(0)];
    for (length, frames) in [(9, frame), (11, frame), (10, &frame[1..]), (10, &[])] {
        let error = opened.read(&(0..10), frames, &mut vec![0; length]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{length}");
    }
}

#[test]
fn a_frame_that_was_changed_or_moved_gives_nothing() {
    let message = Message::new();
    let mut opened = message.open();
    let mut error = |frame: &[u8]| read(&mut opened, &(2..8), frame).unwrap_err();
    let mut changed = message.bytes[message.frame(0)].to_vec();
    changed[REGULAR_OVERHEAD] ^= 1;
    assert_eq!(error(&changed).code(), Code::AuthenticationFailed);
    let moved = error(&message.bytes[message.frame(1)]);
    assert_eq!(moved.code(), Code::MalformedMessage);
    let last = error(&message.bytes[message.frame(3)]);
    assert_eq!(last.code(), Code::MalformedMessage);
    assert!(last.message().contains("the final frame stands among the others"), "{last}");
}

#[test]
fn a_message_that_does_not_end_with_its_final_frame_is_refused() {
    let message = Message::new();
    let length = message.bytes.len() as u64;
    let place = RangeOpening::final_frame(&message.header, length).unwrap();
    let finish = |frame: &[u8]| {
        RangeOpening::new(&message.header, &message.materials, length, Accounting::default())
            .and_then(|opening| opening.finish(frame))
            .map(|_| ())
            .map_err(|error| error.code())
    };
    let last = message.part(&place);
    assert_eq!(finish(&last[..last.len() - 1]), Err(Code::TruncatedMessage));
    assert_eq!(finish(&[last, &[0]].concat()), Err(Code::TruncatedMessage));
    assert_eq!(finish(&message.bytes[message.frame(0)]), Err(Code::TruncatedMessage));
    assert_eq!(finish(last), Ok(()));
}
