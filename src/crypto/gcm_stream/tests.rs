use super::*;
use crate::crypto::{Aead, AesGcm};

const LENGTHS: [usize; 9] = [0, 1, 15, 16, 17, 31, 32, 33, 1000];

#[test]
fn pieces_give_what_one_call_of_the_engine_gives() {
    for key_length in [16, 24, 32] {
        let key: Vec<u8> = (0..key_length).collect();
        let iv = [7; IV_LENGTH];
        for (length, aad) in LENGTHS.into_iter().flat_map(|n| [(n, &b""[..]), (n, b"0s")]) {
            let plaintext = vec![0x5a; length];
            let mut expected = vec![0; length];
            let engine = AesGcm::new(&key).unwrap();
            let tag = engine.seal(&iv, aad, &plaintext, &mut expected).unwrap();

            let mut ciphertext = plaintext.clone();
            let mut keystream = CtrKeystream::at(&key, &iv, 0).unwrap();
            let mut gcm_tag = GcmTag::new(&key, &iv, aad).unwrap();
            for piece in ciphertext.chunks_mut(7) {
                keystream.apply(piece).unwrap();
                gcm_tag.update(piece).unwrap();
            }
            assert_eq!(ciphertext, expected);
            assert_eq!(gcm_tag.finish(), tag);
        }
    }
}

#[test]
fn long_pieces_give_what_one_call_of_the_engine_gives() {
    let (key, iv, aad) = ([1; 32], [7; IV_LENGTH], b"0s");
    let plaintext: Vec<u8> = (0_u8..=255).cycle().take(5 * LONG + 3).collect();
    let mut expected = vec![0; plaintext.len()];
    let tag = AesGcm::new(&key).unwrap().seal(&iv, aad, &plaintext, &mut expected).unwrap();
    for lengths in [
        vec![5 * LONG + 3],
        vec![LONG, LONG, LONG + 16, 3, LONG, LONG - 16],
        vec![100, 2 * LONG + 5, 11, LONG - 1, 2 * LONG],
    ] {
        let mut keystream = CtrKeystream::at(&key, &iv, 0).unwrap();
        let mut gcm_tag = GcmTag::new(&key, &iv, aad).unwrap();
        let mut ciphertext = vec![0; plaintext.len()];
        let mut at = 0_usize;
        for length in lengths.into_iter().chain([usize::MAX]) {
            let end = at.saturating_add(length).min(plaintext.len());
            keystream.apply_to(&plaintext[at..end], &mut ciphertext[at..end]).unwrap();
            gcm_tag.update(&ciphertext[at..end]).unwrap();
            at = end;
        }
        assert!(ciphertext == expected);
        assert_eq!(gcm_tag.finish(), tag);
    }
}

#[test]
fn a_keystream_starts_at_any_offset() {
    let (key, iv) = ([1; 32], [2; IV_LENGTH]);
    let mut whole = [0; 100];
    CtrKeystream::at(&key, &iv, 0).unwrap().apply(&mut whole).unwrap();
    for offset in 0..100 {
        let mut part = vec![0; 100 - offset];
        CtrKeystream::at(&key, &iv, offset as u64).unwrap().apply(&mut part).unwrap();
        assert_eq!(part, whole[offset..]);
    }
}

#[test]
fn a_keystream_ends_before_its_counter_starts_over() {
    let (key, iv) = ([1; 32], [2; IV_LENGTH]);
    let at = |offset| CtrKeystream::at(&key, &iv, offset);
    let mut last = [0xff; BLOCK];
    last[..IV_LENGTH].copy_from_slice(&iv);
    encrypt_block(&key, &mut last).unwrap();
    for length in 1..=BLOCK {
        let mut keystream = at(MAX_LENGTH - length as u64).unwrap();
        let mut bytes = [0; BLOCK + 1];
        let refused = keystream.apply(&mut bytes[..=length]).unwrap_err();
        assert_eq!(refused.code(), Code::LimitExceeded);
        assert_eq!(bytes, [0; BLOCK + 1]);
        keystream.apply(&mut bytes[..length]).unwrap();
        assert_eq!(bytes[..length], last[BLOCK - length..]);
        let mut output = [0];
        assert!(keystream.apply_to(&[0], &mut output).is_err());
        assert!(keystream.apply(&mut output).is_err());
        assert_eq!(output, [0]);
    }
    for offset in [MAX_LENGTH, MAX_LENGTH + 1, MAX_LENGTH + 16, MAX_LENGTH + 32, u64::MAX] {
        assert_eq!(at(offset).err().map(|error| error.code()), Some(Code::LimitExceeded));
    }
}

#[test]
fn another_tag_is_refused() {
    let tag = |bytes: &[u8]| {
        let mut tag = GcmTag::new(&[1; 32], &[2; IV_LENGTH], b"").unwrap();
        tag.update(bytes).unwrap();
        tag
    };
    let right = tag(b"content").finish();
    assert!(tag(b"content").verify(&right).is_ok());
    assert!(tag(b"content").verify(&right[..15]).is_err());
    assert!(tag(b"c0ntent").verify(&right).is_err());
}
