//! What the integration tests share: messages in, plaintext or an error out.

#![allow(dead_code, reason = "no test uses all of it")]

use kms_envelope::context::EncryptionContext;
use kms_envelope::error::{Error, Result};
use kms_envelope::format::{Header, HeaderLimits, HeaderParser};
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use kms_envelope::keyring::{Keyring, answer_now, decryption_materials, encryption_materials};
use kms_envelope::message::{Decryptor, Encryptor, check_readable, plaintext_length};
use kms_envelope::suite::DEFAULT_SUITE;

/// The raw AES keyring of most tests.
pub fn keyring() -> RawAesKeyring {
    RawAesKeyring::new("tests", "key", &[7; 32]).unwrap()
}

pub fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    EncryptionContext::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string()))).unwrap()
}

/// Encrypts with the input cut as `pieces` says.
pub fn encrypt(
    keyring: &dyn Keyring,
    context: EncryptionContext,
    frame_length: u32,
    pieces: &[&[u8]],
) -> Vec<u8> {
    let materials = answer_now(encryption_materials(keyring, DEFAULT_SUITE, context)).unwrap();
    let mut encryptor = Encryptor::new(&materials, frame_length).unwrap();
    let total = pieces.iter().map(|piece| piece.len()).sum();
    let expected = encryptor.message_length(total).unwrap();
    let mut message = encryptor.header().to_vec();
    for piece in pieces {
        append(&mut message, encryptor.update_length(piece.len()), |room| {
            encryptor.update(piece, room)
        })
        .unwrap();
    }
    append(&mut message, encryptor.finish_length(0), |room| encryptor.finish(&[], room)).unwrap();
    assert_eq!(message.len(), expected, "the length that was told beforehand");
    message
}

/// Decrypts a message that lies in memory as a whole.
pub fn decrypt(keyring: &dyn Keyring, message: &[u8], limits: HeaderLimits) -> Result<Vec<u8>> {
    let header = Header::parse(message, limits)?;
    let mut decryptor = decryptor(keyring, &header)?;
    let body = &message[header.length..];
    let mut plaintext = vec![0; plaintext_length(&header, body.len())];
    let written = decryptor.update(body, &mut plaintext)?;
    decryptor.finish()?;
    assert_eq!(written, plaintext.len(), "the length that was told beforehand");
    Ok(plaintext)
}

/// Decrypts a message that arrives in pieces; returns what was released, and how it ended.
pub fn decrypt_pieces<'a>(
    keyring: &dyn Keyring,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: HeaderLimits,
) -> (Vec<u8>, Result<()>) {
    let mut released = Vec::new();
    let ended = stream(keyring, pieces, limits, &mut released);
    (released, ended)
}

fn stream<'a>(
    keyring: &dyn Keyring,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: HeaderLimits,
    released: &mut Vec<u8>,
) -> Result<()> {
    let mut parser = HeaderParser::new(limits);
    let mut head = Vec::new();
    let mut body: Option<Decryptor> = None;
    for piece in pieces {
        if let Some(decryptor) = &mut body {
            append(released, decryptor.update_length(piece.len()), |room| {
                decryptor.update(piece, room)
            })?;
            continue;
        }
        head.extend_from_slice(piece);
        if let Some(header) = parser.advance(&head)? {
            let mut decryptor = decryptor(keyring, &header)?;
            let rest = &head[header.length..];
            append(released, decryptor.update_length(rest.len()), |room| {
                decryptor.update(rest, room)
            })?;
            body = Some(decryptor);
        }
    }
    match body {
        Some(decryptor) => decryptor.finish(),
        None => Header::parse(&head, limits).map(|_| ()),
    }
}

fn decryptor(keyring: &dyn Keyring, header: &Header) -> Result<Decryptor> {
    check_readable(header)?;
    let materials = answer_now(decryption_materials(keyring, header))?;
    Decryptor::new(header, &materials)
}

fn append(
    output: &mut Vec<u8>,
    room: usize,
    write: impl FnOnce(&mut [u8]) -> Result<usize>,
) -> Result<(), Error> {
    let start = output.len();
    output.resize(start + room, 0);
    let written = write(&mut output[start..]);
    output.truncate(start + *written.as_ref().unwrap_or(&0));
    written.map(|_| ())
}

/// Cuts `bytes` at places that a seed determines.
pub fn cut(bytes: &[u8], mut seed: u64) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        // A linear congruential generator (Knuth, MMIX): only to cut.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let largest = if seed & 1 << 40 == 0 { 9 } else { 5000 };
        let length = 1 + usize::try_from(seed >> 44).unwrap() % largest;
        let (piece, tail) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = tail;
    }
    pieces
}
