//! Messages in, plaintext or an error out; the fuzz targets use it, too.

#![allow(dead_code, reason = "no test uses all of it")]

use std::ops::Range;
use std::sync::Arc;

use kms_envelope::client::{Client, Patience, Settings};
use kms_envelope::context::EncryptionContext;
use kms_envelope::error::{Error, Result};
use kms_envelope::format::{Header, HeaderLimits, HeaderParser};
use kms_envelope::keyring::raw_aes::RawAesKeyring;
use kms_envelope::keyring::{Keyring, answer_now};
use kms_envelope::message::{Decryptor, RangeOpening, ReEncryptor, plaintext_length};

/// The raw AES keyring of most tests.
pub fn keyring() -> RawAesKeyring {
    RawAesKeyring::new("tests", "key", &[7; 32]).unwrap()
}

/// A client under that keyring, with frames of this length.
pub fn client(frame_length: u32) -> Client {
    client_with(keyring(), Settings { frame_length, ..Settings::default() })
}

pub fn client_with(keyring: impl Keyring + 'static, settings: Settings) -> Client {
    Client::new(Arc::new(keyring), settings).unwrap()
}

pub fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    EncryptionContext::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string()))).unwrap()
}

/// Encrypts with the input cut as `pieces` says.
pub fn encrypt(client: &Client, context: EncryptionContext, pieces: &[&[u8]]) -> Vec<u8> {
    let mut encryptor = answer_now(client.encryptor(context, None, Patience::Full)).unwrap();
    let total = pieces.iter().map(|piece| piece.len()).sum();
    let most = encryptor.message_length(total).unwrap();
    let mut message = encryptor.header().to_vec();
    for piece in pieces {
        append(&mut message, encryptor.update_length(piece.len()), |room| {
            encryptor.update(piece, room)
        })
        .unwrap();
    }
    append(&mut message, encryptor.finish_length(0), |room| encryptor.finish(&[], room)).unwrap();
    let signed = header(&message).suite.signed();
    assert!(message.len() <= most, "the most that was told beforehand");
    assert!(signed || message.len() == most, "the length that was told beforehand");
    message
}

/// The header of a message that has one.
pub fn header(message: &[u8]) -> Header {
    Header::parse(message, HeaderLimits::default()).unwrap()
}

/// Decrypts a message that lies in memory as a whole.
pub fn decrypt(client: &Client, given: &EncryptionContext, message: &[u8]) -> Result<Vec<u8>> {
    let header = Header::parse(message, client.header_limits())?;
    let body = &message[header.length..];
    let mut plaintext = vec![0; plaintext_length(&header, body)];
    let mut decryptor = decryptor(client, given, header)?;
    let written = decryptor.update(body, &mut plaintext)?;
    decryptor.finish()?;
    assert_eq!(written, plaintext.len(), "the length that was told beforehand");
    Ok(plaintext)
}

/// Re-encrypts a message that lies in memory as a whole, into as much room as its length asks for.
pub fn re_encrypt(from: &Client, to: &Client, message: &[u8]) -> Result<Vec<u8>> {
    let header = Header::parse(message, from.header_limits())?;
    let body = &message[header.length..];
    let plaintext_length = plaintext_length(&header, body);
    let encryptor = answer_now(to.encryptor(context(&[]), None, Patience::Full))?;
    let re_encryptor = ReEncryptor::new(decryptor(from, &context(&[]), header)?, encryptor);
    let mut other = vec![0; re_encryptor.message_length(plaintext_length)?];
    let written = re_encryptor.re_encrypt(body, &mut other)?;
    other.truncate(written);
    Ok(other)
}

/// Decrypts a message that arrives in pieces; returns what was released, and how it ended.
pub fn decrypt_pieces<'a>(
    client: &Client,
    given: &EncryptionContext,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Result<()>) {
    let mut released = Vec::new();
    let ended = stream(client, given, pieces, &mut released);
    (released, ended)
}

fn stream<'a>(
    client: &Client,
    given: &EncryptionContext,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    released: &mut Vec<u8>,
) -> Result<()> {
    let mut parser = HeaderParser::new(client.header_limits());
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
            let rest = &head[header.length..];
            let mut decryptor = decryptor(client, given, header)?;
            append(released, decryptor.update_length(rest.len()), |room| {
                decryptor.update(rest, room)
            })?;
            body = Some(decryptor);
        }
    }
    match body {
        Some(decryptor) => decryptor.finish(),
        None => Err(Header::parse(&head, client.header_limits()).unwrap_err()),
    }
}

/// As a stream does it that must not release what is signed, before it verified.
pub fn decrypt_unsigned(client: &Client, message: &[u8]) -> Result<Vec<u8>> {
    let header = Header::parse(message, client.header_limits())?;
    client.accept_unsigned(header, &context(&[]))?;
    decrypt(client, &context(&[]), message)
}

/// Decrypts a message range by range, the last range first.
pub fn decrypt_ranges(
    client: &Client,
    given: &EncryptionContext,
    message: &[u8],
    length: usize,
) -> Result<Vec<u8>> {
    let accepted = client.accept(Header::parse(message, client.header_limits())?, given)?;
    let total = message.len() as u64;
    let place = RangeOpening::final_frame(accepted.header(), total)?;
    let opening = answer_now(client.range_opening(&accepted, total, Patience::Full))?;
    let mut reader = opening.finish(part(message, &place))?;
    let size = usize::try_from(reader.size()).unwrap();
    let mut plaintext = vec![0; size];
    for start in (0..size).step_by(length.max(1)).rev() {
        let end = (start + length).min(size);
        let range = start as u64..end as u64;
        let frames = reader.frames(&range)?;
        reader.read(&range, part(message, &frames), &mut plaintext[start..end])?;
    }
    Ok(plaintext)
}

fn part<'a>(message: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    &message[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
}

fn decryptor(client: &Client, given: &EncryptionContext, header: Header) -> Result<Decryptor> {
    answer_now(client.decryptor(&client.accept(header, given)?, Patience::Full))
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
