//! Messages of so many frames that several cores work on them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use kms_envelope::error::Code;
use support::{client, context, decrypt, decrypt_pieces, encrypt, header};

const FRAME_LENGTH: u32 = 64 * 1024;
const FRAME: usize = FRAME_LENGTH as usize;
const SEALED: usize = FRAME + 32;
const FRAMES: usize = 50;

/// 50 frames, and a rest.
fn plaintext() -> Vec<u8> {
    (0..=250).cycle().take(FRAMES * FRAME + 1000).collect()
}

fn message() -> Vec<u8> {
    encrypt(&client(FRAME_LENGTH), context(&[]), &[&plaintext()])
}

/// Where a frame starts; frames count from 1.
fn start(message: &[u8], frame: usize) -> usize {
    header(message).length + (frame - 1) * SEALED
}

fn refused(message: &[u8]) -> (Code, String) {
    let error = decrypt(&client(FRAME_LENGTH), &context(&[]), message).unwrap_err();
    (error.code(), error.message().to_owned())
}

#[test]
fn a_message_decrypts_alike_whole_and_in_pieces_of_any_length() {
    let (message, client, none) = (message(), client(FRAME_LENGTH), context(&[]));
    assert_eq!(decrypt(&client, &none, &message).unwrap(), plaintext());
    for length in [1_000_000, 1 << 20, 5 * SEALED, 5 * SEALED + 1] {
        let pieces: Vec<_> = message.chunks(length).collect();
        let (streamed, ended) = decrypt_pieces(&client, &none, pieces);
        assert!(ended.is_ok());
        assert!(streamed == plaintext(), "in pieces of {length} bytes");
    }
}

#[test]
fn each_frame_has_its_own_number() {
    let message = message();
    for frame in 1..=FRAMES {
        let at = start(&message, frame);
        assert_eq!(message[at..at + 4], u32::try_from(frame).unwrap().to_be_bytes());
    }
}

#[test]
fn the_first_of_the_changed_frames_is_named() {
    for changed in [[1, 2], [7, 6], [50, 30], [9, 50]] {
        let mut message = message();
        for frame in changed {
            let at = start(&message, frame) + 1000;
            message[at] ^= 1;
        }
        let (code, text) = refused(&message);
        assert_eq!(code, Code::AuthenticationFailed);
        let first = changed.into_iter().min().unwrap();
        assert!(text.starts_with(&format!("frame {first} does not verify")), "{text}");
    }
}

#[test]
fn frames_that_were_moved_are_refused() {
    let mut message = message();
    let (three, forty) = (start(&message, 3), start(&message, 40));
    let (front, back) = message.split_at_mut(forty);
    front[three..three + SEALED].swap_with_slice(&mut back[..SEALED]);
    let (code, text) = refused(&message);
    assert_eq!(code, Code::MalformedMessage);
    assert!(text.starts_with("frame 40 stands where frame 3 must"), "{text}");
}

#[test]
fn a_final_frame_in_the_middle_is_refused() {
    let mut message = message();
    let (end, twenty) = (start(&message, FRAMES + 1), start(&message, 20));
    message.copy_within(end.., twenty);
    let (code, text) = refused(&message);
    assert_eq!(code, Code::MalformedMessage);
    assert!(text.starts_with("frame 51 stands where frame 20 must"), "{text}");
}

#[test]
fn a_plaintext_over_the_limit_is_refused() {
    use kms_envelope::client::Settings;
    use support::{client_with, keyring};

    let limited = |limit| {
        let max_plaintext_length = Some(limit);
        client_with(keyring(), Settings { max_plaintext_length, ..Settings::default() })
    };
    let (message, none) = (message(), context(&[]));
    let length = plaintext().len() as u64;
    assert_eq!(decrypt(&limited(length), &none, &message).unwrap(), plaintext());
    let pieces = || message.chunks(3 * SEALED).collect::<Vec<_>>();
    assert!(decrypt_pieces(&limited(length), &none, pieces()).1.is_ok());
    let (released, ended) = decrypt_pieces(&limited(length - 1), &none, pieces());
    assert_eq!(ended.unwrap_err().code(), Code::LimitExceeded);
    assert!((released.len() as u64) < length);
}
