//! Both engines over the same inputs: every byte must agree, and each opens what the other sealed.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::aws_lc::AwsLc;
use super::rust_crypto::RustCrypto;
use super::{
    Aead, CryptoEngine, EcdhCurve, EcdhKey, EcdsaKey, EcdsaSigner, EcdsaVerifier, Iv,
    max_signature_length,
};
use crate::error::Code;
use crate::suite::{Curve, Hash};

type Lc = <AwsLc as CryptoEngine>::AesGcm;
type Rc = <RustCrypto as CryptoEngine>::AesGcm;

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(16usize), Just(24), Just(32)]
        .prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length))
}

proptest! {
    #[test]
    fn the_engines_encrypt_alike_with_aes_gcm(
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
    fn no_engine_decrypts_with_a_wrong_tag(key in key(), iv in any::<Iv>(), bit in 0usize..128) {
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
    fn the_engines_derive_alike_with_hkdf(
        hash in prop_oneof![Just(Hash::Sha256), Just(Hash::Sha384), Just(Hash::Sha512)],
        salt in proptest::collection::vec(any::<u8>(), 0..200),
        secret in proptest::collection::vec(any::<u8>(), 1..100),
        info in proptest::collection::vec(any::<u8>(), 0..50),
        length in 1usize..300,
    ) {
        let (mut a, mut b) = (vec![0; length], vec![0; length]);
        AwsLc::hkdf(hash, &salt, &secret, &mut [(&info, &mut a)]).unwrap();
        RustCrypto::hkdf(hash, &salt, &secret, &mut [(&info, &mut b)]).unwrap();
        prop_assert_eq!(a, b);
    }
}

/// Signs in two pieces with one engine and verifies in one with the other.
fn signs_for<From: CryptoEngine, To: CryptoEngine>(curve: Curve, message: &[u8]) {
    let key = From::SigningKey::generate(curve).unwrap();
    let public_key = key.public_key().unwrap();
    let mut signer = key.signer();
    let (head, tail) = message.split_at(message.len() / 3);
    signer.update(head);
    signer.update(tail);
    let signature = signer.sign().unwrap();
    assert!(signature.len() <= max_signature_length(curve));
    let verify = |key: &[u8], message: &[u8], signature: &[u8]| {
        let mut verifier = To::Verifier::new(curve, key).map_err(|error| error.code())?;
        verifier.update(message);
        verifier.verify(signature).map_err(|error| error.code())
    };
    assert_eq!(verify(&public_key, message, &signature), Ok(()));

    let refused = Err(Code::AuthenticationFailed);
    assert_eq!(verify(&public_key, &[message, b"x"].concat(), &signature), refused);
    for bit in 0..signature.len() * 8 {
        let mut changed = signature.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&public_key, message, &changed), refused, "bit {bit}");
    }
    assert_eq!(verify(&public_key, message, &signature[..signature.len() - 1]), refused);
    assert_eq!(verify(&public_key, message, &[&signature[..], &[0]].concat()), refused);
    let mut other_sign = public_key.clone();
    other_sign[0] ^= 1;
    assert_eq!(verify(&other_sign, message, &signature), refused);

    let other_curve = if curve == Curve::P256 { Curve::P384 } else { Curve::P256 };
    assert!(To::Verifier::new(other_curve, &public_key).is_err());
    for key in [&[][..], &[0], &public_key[1..], &[4; 97], &[4; 65]] {
        assert!(To::Verifier::new(curve, key).is_err());
    }
}

#[test]
fn each_engine_verifies_what_the_other_signed() {
    for curve in [Curve::P256, Curve::P384] {
        for message in [&b""[..], b"a", &[7; 1000]] {
            signs_for::<AwsLc, RustCrypto>(curve, message);
            signs_for::<RustCrypto, AwsLc>(curve, message);
            signs_for::<AwsLc, AwsLc>(curve, message);
        }
    }
}

#[test]
fn one_key_signs_several_messages() {
    let key = <AwsLc as CryptoEngine>::SigningKey::generate(Curve::P384).unwrap();
    for message in [b"a", b"b"] {
        let mut signer = key.signer();
        signer.update(message);
        let mut verifier =
            <RustCrypto as CryptoEngine>::Verifier::new(Curve::P384, &key.public_key().unwrap())
                .unwrap();
        verifier.update(message);
        verifier.verify(&signer.sign().unwrap()).unwrap();
    }
    assert_eq!(format!("{key:?}"), "SigningKey(P384)");
}

#[test]
fn random_bytes_of_each_engine_differ() {
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

/// The shared secret of a key of each engine, as each of them computes it.
fn agrees_with<Ours: CryptoEngine, Theirs: CryptoEngine>(curve: EcdhCurve) {
    let ours = Ours::EcdhPrivateKey::generate(curve).unwrap();
    let theirs = Theirs::EcdhPrivateKey::generate(curve).unwrap();
    let [our_point, their_point] = [ours.public_point(), theirs.public_point()].map(Result::unwrap);
    let secret = ours.agree(&their_point).unwrap();
    assert_eq!(secret, theirs.agree(&our_point).unwrap());
    assert_eq!(secret.len(), curve.coordinate_length());
    let (x, y) = our_point[1..].split_at(secret.len());
    for sign in [2, 3] {
        let compressed = [&[sign], x].concat();
        let point = Theirs::EcdhPrivateKey::uncompressed(curve, &compressed).unwrap();
        assert_eq!(point, Ours::EcdhPrivateKey::uncompressed(curve, &compressed).unwrap());
        assert_eq!(point == our_point, sign & 1 == y[y.len() - 1] & 1);
    }
    let mut off_curve = our_point.clone();
    off_curve[secret.len() * 2] ^= 1;
    assert!(Ours::EcdhPrivateKey::uncompressed(curve, &off_curve).is_err());
    assert!(ours.agree(&off_curve).is_err());
    assert!(ours.agree(&[0]).is_err(), "the point at infinity");
}

#[test]
fn the_engines_agree_on_secrets_and_points() {
    for curve in EcdhCurve::ALL {
        for _ in 0..8 {
            agrees_with::<AwsLc, RustCrypto>(curve);
            agrees_with::<RustCrypto, AwsLc>(curve);
        }
    }
}
