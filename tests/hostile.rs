//! Every single-bit flip, every truncation and every appended byte of our own messages.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use kms_envelope::client::Settings;
use kms_envelope::error::Code::{self, *};
use kms_envelope::format::{Header, HeaderLimits};
use support::{
    client, client_with, context, decrypt, decrypt_pieces, encrypt, header, keyring, re_encrypt,
};

const PLAINTEXT: &[u8; 23] = b"three frames of 10 byte";

/// One small message, and one of three frames.
fn messages() -> [Vec<u8>; 2] {
    let context = || context(&[("purpose", "test"), ("tenant", "a")]);
    [encrypt(&client(65_536), context(), &[b"x"]), encrypt(&client(10), context(), &[PLAINTEXT])]
}

/// Both ways must refuse the message, for the same reason; a stream may have released whole
/// frames before, but never a byte that was not in the plaintext.
fn refused(message: &[u8]) -> Code {
    let (client, given) = (client(10), context(&[]));
    let whole = decrypt(&client, &given, message).unwrap_err().code();
    let (released, ended) = decrypt_pieces(&client, &given, message.chunks(7));
    assert!(PLAINTEXT.starts_with(&released) || released == b"x", "{released:?} was released");
    assert_eq!(ended.unwrap_err().code(), whole);
    whole
}

#[test]
fn every_flipped_bit_is_refused_with_the_right_code() {
    for message in messages() {
        let header = header(&message);
        for bit in 0..message.len() * 8 {
            let mut changed = message.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let code = refused(&changed);
            let (field, expected) = expected(bit / 8, &message, &header);
            assert!(expected.contains(&code), "bit {bit}, in the {field}: {code:?}");
        }
    }
}

/// The field that a byte belongs to, and the codes that a change of it may give.
fn expected(at: usize, message: &[u8], header: &Header) -> (&'static str, &'static [Code]) {
    let tag = header.length - 16;
    let commitment = tag - 32;
    let context_end = 35 + 2 + usize::from(u16::from_be_bytes([message[35], message[36]]));
    match at {
        0 => ("version", &[MalformedMessage]),
        1..3 => ("suite", &[UnsupportedMessage, MalformedMessage]),
        3..35 => ("message id", &[AuthenticationFailed]),
        // Lengths and counts move the fields that follow, so that these may fail first.
        _ if at < context_end => {
            ("context", &[MalformedMessage, NoUsableKey, TruncatedMessage, UnsupportedMessage])
        }
        _ if at < commitment - 5 => {
            ("encrypted data keys", &[NoUsableKey, MalformedMessage, TruncatedMessage])
        }
        _ if at < commitment - 4 => ("content type", &[MalformedMessage]),
        // 65,536 with its one bit cleared is 0, which no framed message has.
        _ if at < commitment => ("frame length", &[AuthenticationFailed, MalformedMessage]),
        _ if at < tag => ("commitment", &[AuthenticationFailed]),
        _ if at < header.length => ("header tag", &[AuthenticationFailed]),
        _ => body(at - header.length, message.len() - header.length, header),
    }
}

fn body(at: usize, length: usize, header: &Header) -> (&'static str, &'static [Code]) {
    let frame = header.division.frame_length() + 32;
    let last = length - (length - 40) % frame - 40;
    if at < last {
        return match at % frame {
            0..4 => ("sequence number", &[MalformedMessage]),
            _ => ("regular frame", &[AuthenticationFailed]),
        };
    }
    match at - last {
        0..4 => ("final mark", &[MalformedMessage, TruncatedMessage]),
        4..8 => ("final sequence number", &[MalformedMessage]),
        20..24 => ("final length", &[MalformedMessage, TruncatedMessage, AuthenticationFailed]),
        _ => ("final frame", &[AuthenticationFailed]),
    }
}

#[test]
fn every_truncation_is_refused_as_one() {
    for message in messages() {
        for length in 0..message.len() {
            assert_eq!(refused(&message[..length]), TruncatedMessage, "{length} bytes");
        }
    }
}

/// The new frames can take less room than the old ones, so that the output is full before the end of
/// the body is.
#[test]
fn every_truncation_is_refused_as_one_by_a_change_to_shorter_frames() {
    let message = encrypt(&client(13), context(&[]), &[&[0; 100]]);
    assert!(re_encrypt(&client(13), &client(1), &message).is_ok());
    for length in 0..message.len() {
        let error = re_encrypt(&client(13), &client(1), &message[..length]).unwrap_err();
        assert_eq!(error.code(), TruncatedMessage, "{length} bytes");
    }
}

#[test]
fn every_appended_byte_is_refused() {
    for message in messages() {
        for byte in 0..=255 {
            let mut longer = message.clone();
            longer.push(byte);
            assert_eq!(refused(&longer), MalformedMessage);
        }
    }
}

#[test]
fn frames_that_were_moved_are_refused() {
    let [_, message] = messages();
    let header = header(&message);
    let (head, body) = message.split_at(header.length);
    let (first, rest) = body.split_at(42);
    let (second, last) = rest.split_at(42);
    let other = &messages()[1];
    let orders: [(&[&[u8]], Code); 7] = [
        (&[second, first, last], MalformedMessage),
        (&[first, first, second, last], MalformedMessage),
        (&[second, last], MalformedMessage),
        (&[first, last], MalformedMessage),
        (&[first, last, second], MalformedMessage),
        (&[first, second], TruncatedMessage),
        (&[&other[header.length..]], AuthenticationFailed),
    ];
    for (frames, code) in orders {
        assert_eq!(refused(&[head, &frames.concat()].concat()), code);
    }
}

/// Its room was told from the length of the body, which leaves none for such a frame.
#[test]
fn a_final_frame_that_poses_as_a_regular_one_is_refused() {
    let mut message = encrypt(&client(1), context(&[]), &[b""]);
    let start = header(&message).length;
    message[start..start + 4].copy_from_slice(&1_u32.to_be_bytes());
    let given = context(&[]);
    let whole = decrypt(&client(1), &given, &message).unwrap_err();
    let (released, ended) = decrypt_pieces(&client(1), &given, message.chunks(7));
    assert_eq!((whole.code(), released.len()), (AuthenticationFailed, 0));
    assert_eq!(ended.unwrap_err().code(), AuthenticationFailed);
}

#[test]
fn what_is_no_message_is_refused() {
    let [message, _] = messages();
    let base64 = data_encoding::BASE64.encode(&message);
    let cases: [&[u8]; 4] = [base64.as_bytes(), b"hello", &[0; 100], &[0xff; 100]];
    for bytes in cases {
        assert_eq!(refused(bytes), MalformedMessage);
    }
    assert_eq!(refused(b""), TruncatedMessage);
}

#[test]
fn the_limit_of_encrypted_data_keys_holds_before_they_are_read() {
    let [message, _] = messages();
    let header = header(&message);
    let count = 35 + 2 + usize::from(u16::from_be_bytes([message[35], message[36]]));
    let mut many = message[..count].to_vec();
    many.extend_from_slice(&1000_u16.to_be_bytes());
    let limits = HeaderLimits { max_encrypted_data_keys: Some(999) };
    assert_eq!(Header::parse(&many, limits).unwrap_err().code(), LimitExceeded);
    assert_eq!(header.encrypted_data_keys.len(), 1);
    let settings = Settings { max_encrypted_data_keys: Some(1), ..Settings::default() };
    assert!(decrypt(&client_with(keyring(), settings), &context(&[]), &message).is_ok());
}

#[test]
fn an_endless_header_is_refused_before_it_fills_the_memory() {
    let [message, _] = messages();
    let count = 35 + 2 + usize::from(u16::from_be_bytes([message[35], message[36]]));
    let mut endless = message[..count].to_vec();
    endless.extend_from_slice(&u16::MAX.to_be_bytes());
    let key = [&[0, 0, 0, 0, 0xff, 0xff][..], &[0; 65_535]].concat();
    let pieces =
        std::iter::once(endless.as_slice()).chain(std::iter::repeat_n(key.as_slice(), 300));
    let (_, ended) = decrypt_pieces(&client(10), &context(&[]), pieces);
    assert_eq!(ended.unwrap_err().code(), LimitExceeded);
}

#[test]
fn a_header_of_more_than_16_mib_is_refused_in_one_piece_and_in_many() {
    let message = encrypt(&client(10), context(&[]), &[PLAINTEXT]);
    let count_at = 35 + 2 + usize::from(u16::from_be_bytes([message[35], message[36]]));
    let mut long = message[..count_at].to_vec();
    let key = [&[0, 1, b'x', 0xff, 0xff], vec![0; 0xffff].as_slice(), &[0, 1, 0]].concat();
    long.extend_from_slice(&300u16.to_be_bytes());
    (0..300).for_each(|_| long.extend_from_slice(&key));
    long.extend_from_slice(&message[message.len() - 200..]);
    let limits = HeaderLimits::default();
    assert_eq!(Header::parse(&long, limits).unwrap_err().code(), LimitExceeded);
    let mut parser = kms_envelope::format::HeaderParser::new(limits);
    let mut lengths = (1..=long.len() / 4096).map(|pieces| pieces * 4096);
    let refused = lengths.find_map(|length| parser.advance(&long[..length]).err());
    assert_eq!(refused.unwrap().code(), LimitExceeded);
}
