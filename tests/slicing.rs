//! Input in any slicing gives the same message and the same plaintext.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use kms_envelope::client::Patience;
use kms_envelope::keyring::answer_now;
use proptest::prelude::*;
use support::{client, context, cut, decrypt, decrypt_pieces, encrypt, header};

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

#[test]
fn no_two_messages_share_anything_secret() {
    let [a, b] = [(); 2].map(|()| encrypt(&client(100), context(&[]), &[b"the same"]));
    let [header_a, header_b] = [&a, &b].map(|message| header(message));
    assert_ne!(header_a.message_id, header_b.message_id);
    assert_ne!(header_a.commitment, header_b.commitment);
    assert_ne!(header_a.encrypted_data_keys, header_b.encrypted_data_keys);
    assert_ne!(a[header_a.length..], b[header_b.length..]);
}
