use super::*;
use crate::error::Code;

const PLAINTEXT: &[u8; 32] = b"a value that must stay unread...";
const KINDS: [AeadKind; 6] = [
    AeadKind::AesGcm,
    AeadKind::AesGcmSiv,
    AeadKind::ChaCha20Poly1305,
    AeadKind::XChaCha20Poly1305,
    AeadKind::XAesGcm { salt_length: 8 },
    AeadKind::XAesGcm { salt_length: 12 },
];

#[test]
fn an_aead_leaves_no_plaintext_of_a_value_that_was_changed() {
    for kind in KINDS {
        let key = SealingKey::new(kind, &[7; 32]).unwrap();
        let mut sealed = vec![0; PLAINTEXT.len() + kind.overhead()];
        key.seal(b"place", PLAINTEXT, &mut sealed).unwrap();
        leaves_nothing(&format!("{kind:?}"), &sealed, |aad, sealed, plaintext| {
            key.open(aad, sealed, plaintext)
        });
    }
}

#[test]
fn aes_siv_leaves_no_plaintext_of_a_value_that_was_changed() {
    let key = [7; SIV_KEY_LENGTH];
    let mut sealed = [0; PLAINTEXT.len() + SIV_LENGTH];
    siv_seal(&key, b"place", PLAINTEXT, &mut sealed).unwrap();
    leaves_nothing("AES-SIV", &sealed, |aad, sealed, plaintext| {
        siv_open(&key, aad, sealed, plaintext)
    });
}

/// Opens the value as it is, then with each byte changed, and under another place.
fn leaves_nothing(name: &str, sealed: &[u8], open: impl Fn(&[u8], &[u8], &mut [u8]) -> Result<()>) {
    let mut plaintext = [0; PLAINTEXT.len()];
    open(b"place", sealed, &mut plaintext).unwrap();
    assert_eq!(&plaintext, PLAINTEXT, "{name}");
    for at in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[at] ^= 1;
        assert_refused(name, open(b"place", &changed, &mut plaintext), &plaintext);
        plaintext.fill(0xff);
    }
    assert_refused(name, open(b"elsewhere", sealed, &mut plaintext), &plaintext);
}

fn assert_refused(name: &str, opened: Result<()>, plaintext: &[u8]) {
    assert_eq!(opened.unwrap_err().code(), Code::AuthenticationFailed, "{name}");
    assert!(plaintext.iter().all(|byte| *byte == 0), "{name} leaves {plaintext:?}");
}
