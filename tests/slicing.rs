//! Input in any slicing gives the same message and the same plaintext.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use kms_envelope::format::{Header, HeaderLimits};
use proptest::prelude::*;
use support::{context, cut, decrypt, decrypt_pieces, encrypt, keyring};

proptest! {
    #[test]
    fn whatever_goes_in_comes_out(
        plaintext in proptest::collection::vec(any::<u8>(), 0..20_000),
        frame_length in prop_oneof![1u32..40, 4000u32..4200, Just(65_536)],
        seed in any::<u64>(),
    ) {
        let message = encrypt(&keyring(), context(&[("a", "b")]), frame_length, &cut(&plaintext, seed));
        let limits = HeaderLimits::default();
        prop_assert_eq!(&decrypt(&keyring(), &message, limits).unwrap(), &plaintext);
        let (streamed, ended) = decrypt_pieces(&keyring(), cut(&message, !seed), limits);
        prop_assert!(ended.is_ok());
        prop_assert_eq!(streamed, plaintext);
    }
}

/// Lengths around the frame boundaries, in one piece and cut: the same frames.
#[test]
fn the_length_of_a_message_does_not_depend_on_the_slicing() {
    for length in [0, 1, 99, 100, 101, 199, 200, 201, 1000] {
        let plaintext = vec![5; length];
        let whole = encrypt(&keyring(), context(&[]), 100, &[&plaintext]);
        let header = Header::parse(&whole, HeaderLimits::default()).unwrap();
        assert_eq!(whole.len(), header.length + length + length / 100 * 32 + 40);
        for pieces in [plaintext.chunks(1).collect(), cut(&plaintext, 1), cut(&plaintext, 2)] {
            assert_eq!(encrypt(&keyring(), context(&[]), 100, &pieces).len(), whole.len());
        }
    }
}

#[test]
fn no_two_messages_share_anything_secret() {
    let [a, b] = [(); 2].map(|()| encrypt(&keyring(), context(&[]), 100, &[b"the same"]));
    let [header_a, header_b] = [&a, &b].map(|m| Header::parse(m, HeaderLimits::default()).unwrap());
    assert_ne!(header_a.message_id, header_b.message_id);
    assert_ne!(header_a.commitment, header_b.commitment);
    assert_ne!(header_a.encrypted_data_keys, header_b.encrypted_data_keys);
    assert_ne!(a[header_a.length..], b[header_b.length..]);
}
