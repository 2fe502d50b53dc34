//! Input in any slicing gives the same message and the same plaintext.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

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

#[test]
fn no_two_messages_share_anything_secret() {
    let [a, b] = [(); 2].map(|()| encrypt(&client(100), context(&[]), &[b"the same"]));
    let [header_a, header_b] = [&a, &b].map(|message| header(message));
    assert_ne!(header_a.message_id, header_b.message_id);
    assert_ne!(header_a.commitment, header_b.commitment);
    assert_ne!(header_a.encrypted_data_keys, header_b.encrypted_data_keys);
    assert_ne!(a[header_a.length..], b[header_b.length..]);
}
