//! Both engines over the same inputs: every byte must agree, and each opens what the other sealed.

use proptest::prelude::*;

use super::aws_lc::AwsLc;
use super::rust_crypto::RustCrypto;
use super::{Aead, CryptoEngine, Iv};
use crate::error::Code;

type Lc = <AwsLc as CryptoEngine>::AesGcm;
type Rc = <RustCrypto as CryptoEngine>::AesGcm;

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(16usize), Just(24), Just(32)]
        .prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length))
}

proptest! {
    #[test]
    fn aes_gcm_agrees(
        key in key(),
        iv in any::<Iv>(),
        aad in proptest::collection::vec(any::<u8>(), 0..100),
        plaintext in proptest::collection::vec(any::<u8>(), 0..5000),
    ) {
        let (lc, rc) = (Lc::new(&key).unwrap(), Rc::new(&key).unwrap());
        let (mut a, mut b) = (vec![0; plaintext.len()], vec![0; plaintext.len()]);
        let tag = lc.seal(&iv, &aad, &plaintext, &mut a).unwrap();
        prop_assert_eq!(tag, rc.seal(&iv, &aad, &plaintext, &mut b).unwrap());
        prop_assert_eq!(&a, &b);

        let mut opened = vec![0; plaintext.len()];
        lc.open(&iv, &aad, &b, &tag, &mut opened).unwrap();
        prop_assert_eq!(&opened, &plaintext);
        opened.fill(0);
        rc.open(&iv, &aad, &a, &tag, &mut opened).unwrap();
        prop_assert_eq!(&opened, &plaintext);
    }

    #[test]
    fn a_wrong_tag_opens_nothing(key in key(), iv in any::<Iv>(), bit in 0usize..128) {
        let mut sealed = [0; 40];
        let mut tag = Lc::new(&key).unwrap().seal(&iv, b"", &[7; 40], &mut sealed).unwrap();
        tag[bit / 8] ^= 1 << (bit % 8);
        let (mut a, mut b) = ([1; 40], [1; 40]);
        let lc = Lc::new(&key).unwrap().open(&iv, b"", &sealed, &tag, &mut a).unwrap_err();
        let rc = Rc::new(&key).unwrap().open(&iv, b"", &sealed, &tag, &mut b).unwrap_err();
        prop_assert_eq!(lc.code(), Code::AuthenticationFailed);
        prop_assert_eq!(rc.code(), Code::AuthenticationFailed);
        prop_assert_eq!((a, b), ([0; 40], [0; 40]));
    }

    #[test]
    fn hkdf_agrees(
        salt in proptest::collection::vec(any::<u8>(), 0..200),
        secret in proptest::collection::vec(any::<u8>(), 1..100),
        info in proptest::collection::vec(any::<u8>(), 0..50),
        length in 1usize..300,
    ) {
        let (mut a, mut b) = (vec![0; length], vec![0; length]);
        AwsLc::hkdf_sha512(&salt, &secret, &mut [(&info, &mut a)]).unwrap();
        RustCrypto::hkdf_sha512(&salt, &secret, &mut [(&info, &mut b)]).unwrap();
        prop_assert_eq!(a, b);
    }
}

#[test]
fn random_bytes_differ() {
    let mut seen = [[0; 32]; 4];
    AwsLc::random(&mut seen[0]).unwrap();
    AwsLc::random(&mut seen[1]).unwrap();
    RustCrypto::random(&mut seen[2]).unwrap();
    RustCrypto::random(&mut seen[3]).unwrap();
    for (i, a) in seen.iter().enumerate() {
        assert!(a.iter().any(|&byte| byte != 0));
        assert!(seen[i + 1..].iter().all(|b| a != b));
    }
}

#[test]
fn both_refuse_the_same_key_lengths() {
    for length in 0..=64 {
        let key = vec![1; length];
        assert_eq!(Lc::new(&key).is_ok(), [16, 24, 32].contains(&length));
        assert_eq!(Rc::new(&key).is_ok(), [16, 24, 32].contains(&length));
    }
}
