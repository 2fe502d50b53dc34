//! Input in any slicing gives the same message and the same plaintext.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use kms_envelope::client::{Client, Patience, Settings};
use kms_envelope::error::Code;
use kms_envelope::keyring::answer_now;
use kms_envelope::message::ReEncryptor;
use proptest::prelude::*;
use support::{
    client, client_with, context, cut, decrypt, decrypt_pieces, decrypt_ranges, encrypt, header,
    keyring,
};

proptest! {
    #[test]
    fn whatever_goes_in_comes_out(
        plaintext in proptest::collection::vec(any::<u8>(), 0..20_000),
        frame_length in prop_oneof![1u32..40, 4000u32..4200, Just(65_536)],
        seed in any::<u64>(),
    ) {
        let client = client(frame_length);
        let message = encrypt(&client, context(&[("a", "b")]), &cut(&plaintext, seed));
        let given = context(&[]);
        prop_assert_eq!(&decrypt(&client, &given, &message).unwrap(), &plaintext);
        let (streamed, ended) = decrypt_pieces(&client, &given, cut(&message, !seed));
        prop_assert!(ended.is_ok());
        prop_assert_eq!(streamed, plaintext);
    }
}

/// Lengths around the frame boundaries, in one piece and cut: the same frames.
#[test]
fn the_length_of_a_message_does_not_depend_on_the_slicing() {
    for length in [0, 1, 99, 100, 101, 199, 200, 201, 1000] {
        let plaintext = vec![5; length];
        let whole = encrypt(&client(100), context(&[]), &[&plaintext]);
        assert_eq!(whole.len(), header(&whole).length + length + length / 100 * 32 + 40);
        for pieces in [plaintext.chunks(1).collect(), cut(&plaintext, 1), cut(&plaintext, 2)] {
            assert_eq!(encrypt(&client(100), context(&[]), &pieces).len(), whole.len());
        }
    }
}

#[test]
fn the_last_piece_may_hold_any_number_of_frames() {
    let (plaintext, given) = ([5; 35], context(&[]));
    let client = client(10);
    for start in 0..=plaintext.len() {
        let (first, last) = plaintext.split_at(start);
        let encryptor = client.encryptor(given.clone(), None, Patience::Full);
        let mut encryptor = answer_now(encryptor).unwrap();
        let mut message = encryptor.header().to_vec();
        let mut room = vec![0; encryptor.update_length(first.len())];
        let written = encryptor.update(first, &mut room).unwrap();
        message.extend_from_slice(&room[..written]);
        let mut room = vec![0; encryptor.finish_length(last.len())];
        let written = encryptor.finish(last, &mut room).unwrap();
        message.extend_from_slice(&room[..written]);
        assert_eq!(message.len(), header(&message).length + 35 + 3 * 32 + 40, "from {start}");
        assert_eq!(decrypt(&client, &given, &message).unwrap(), plaintext, "from {start}");
    }
}

/// With no more room than each piece asks for.
#[test]
fn a_message_is_re_encrypted_in_any_slicing() {
    let (plaintext, given) = ([5; 95], context(&[]));
    let message = encrypt(&client(10), given.clone(), &[&plaintext]);
    for (frame_length, size) in [(10, 1), (7, 42), (100, 43), (1, 1000)] {
        let (from, to) = (client(10), client(frame_length));
        let accepted = from.accept(header(&message), &given).unwrap();
        let mut re_encryptor = ReEncryptor::new(
            answer_now(from.decryptor(&accepted, Patience::Full)).unwrap(),
            answer_now(to.encryptor(given.clone(), None, Patience::Full)).unwrap(),
        );
        let mut again = re_encryptor.header().to_vec();
        for piece in message[header(&message).length..].chunks(size) {
            let mut room = vec![0; re_encryptor.update_length(piece.len())];
            let written = re_encryptor.update(piece, &mut room).unwrap();
            again.extend_from_slice(&room[..written]);
        }
        let mut room = vec![0; re_encryptor.finish_length(0)];
        let written = re_encryptor.finish(&[], &mut room).unwrap();
        again.extend_from_slice(&room[..written]);
        assert_eq!(decrypt(&to, &given, &again).unwrap(), plaintext, "by {size}");
    }
}

/// Whoever makes room for each piece would else make it for the whole frame, again and again.
#[test]
fn no_room_is_asked_for_while_a_frame_gathers() {
    let client = client(100_000);
    let message = encrypt(&client, context(&[]), &[&[5; 250_000]]);
    let header = header(&message);
    let body = &message[header.length..];
    let accepted = client.accept(header, &context(&[])).unwrap();
    let mut decryptor = answer_now(client.decryptor(&accepted, Patience::Full)).unwrap();
    let (mut asked, mut released) = (0, 0);
    for piece in body.chunks(1000) {
        let mut room = vec![0; decryptor.update_length(piece.len())];
        asked += room.len();
        released += decryptor.update(piece, &mut room).unwrap();
    }
    decryptor.finish().unwrap();
    assert_eq!(released, 250_000);
    assert!(asked < 300_000, "{asked} bytes of room");
}

/// A client with frames of this length, and plaintexts of at most `limit` bytes.
fn limited(frame_length: u32, limit: u64) -> Client {
    let max_plaintext_length = Some(limit);
    client_with(keyring(), Settings { frame_length, max_plaintext_length, ..Settings::default() })
}

#[test]
fn the_longest_plaintext_is_exact_in_every_slicing() {
    let (plaintext, given) = ((0..95).collect::<Vec<u8>>(), context(&[]));
    let message = encrypt(&client(10), given.clone(), &[&plaintext]);
    // The final frame is the first too many, then an earlier one.
    for (limit, fits) in [(95, true), (94, false), (49, false)] {
        let (client, expected) = (limited(10, limit), (!fits).then_some(Code::LimitExceeded));
        let whole = decrypt(&client, &given, &message);
        assert_eq!(whole.err().map(|error| error.code()), expected, "{limit}");
        for size in [1, 7, 10, 95] {
            let ranges = decrypt_ranges(&client, &given, &message, size);
            let read = expected.map_or_else(|| Ok(plaintext.to_vec()), Err);
            assert_eq!(ranges.map_err(|error| error.code()), read, "{limit}, by ranges of {size}");
        }
        for size in [1, 42, 1000] {
            let (released, ended) = decrypt_pieces(&client, &given, message.chunks(size));
            assert_eq!(ended.err().map(|error| error.code()), expected, "{limit}, by {size}");
            assert!(released.len() as u64 <= limit);
        }
        for size in [1, 10, 95] {
            let encryptor = client.encryptor(given.clone(), None, Patience::Full);
            let mut encryptor = answer_now(encryptor).unwrap();
            let mut pieces = plaintext.chunks(size);
            let refused = pieces.find_map(|piece| encryptor.update(piece, &mut [0; 500]).err());
            assert_eq!(refused.map(|error| error.code()), expected, "{limit}, written by {size}");
        }
    }
}

#[test]
fn a_frame_beyond_the_longest_plaintext_is_refused_before_it_has_come() {
    let message = encrypt(&client(1000), context(&[]), &[&[5; 1000]]);
    let start = &message[..header(&message).length + 100];
    let (_, ended) = decrypt_pieces(&limited(1000, 900), &context(&[]), [start]);
    assert_eq!(ended.unwrap_err().code(), Code::LimitExceeded);
}

#[test]
fn no_two_messages_share_anything_secret() {
    let [a, b] = [(); 2].map(|()| encrypt(&client(100), context(&[]), &[b"the same"]));
    let [header_a, header_b] = [&a, &b].map(|message| header(message));
    assert_ne!(header_a.message_id, header_b.message_id);
    assert_ne!(header_a.commitment, header_b.commitment);
    assert_ne!(header_a.encrypted_data_keys, header_b.encrypted_data_keys);
    assert_ne!(a[header_a.length..], b[header_b.length..]);
}
