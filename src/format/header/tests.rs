use super::*;
use crate::suite::DEFAULT_SUITE;

/// A header of format 2.0 up to the number of its data keys, with this serialized encryption context.
fn start(context: &[u8]) -> Vec<u8> {
    let length = u16::try_from(context.len()).unwrap().to_be_bytes();
    [&[2], DEFAULT_SUITE.id.to_be_bytes().as_slice(), &[7; 32], &length, context].concat()
}

fn parse(bytes: &[u8]) -> Result<Header> {
    Header::parse(bytes, HeaderLimits::default())
}

fn refused(bytes: &[u8]) -> Error {
    parse(bytes).unwrap_err()
}

#[test]
fn a_header_without_data_keys_is_refused_before_the_rest_is_there() {
    let error = refused(&[start(&[]), vec![0, 0]].concat());
    assert_eq!(error.code(), Code::MalformedMessage);
    assert!(error.message().contains("no encrypted data key"), "{error}");
}

#[test]
fn as_many_data_keys_as_the_limit_pass_and_one_more_does_not() {
    let limits = HeaderLimits { max_encrypted_data_keys: Some(2) };
    for (count, code) in [(2, Code::TruncatedMessage), (3, Code::LimitExceeded)] {
        let error = Header::parse(&[start(&[]), vec![0, count]].concat(), limits).unwrap_err();
        assert_eq!(error.code(), code, "{count} data keys");
    }
}

#[test]
fn a_suite_of_the_other_format_is_refused() {
    let of_version_1: &[u8] = &[2, 0x01, 0x78];
    let of_version_2: &[u8] = &[1, TYPE_CUSTOMER_AED, 0x04, 0x78];
    for bytes in [of_version_1, of_version_2] {
        let error = refused(bytes);
        assert_eq!(error.code(), Code::MalformedMessage);
        assert!(error.message().contains("cannot stand in a message of format"), "{error}");
    }
}

#[test]
fn base64_is_told_from_other_bytes_that_are_no_message() {
    assert!(refused(b"AgR4").message().contains("Base64"));
    for other in [0, 3, b'B', 0xff] {
        let error = refused(&[other]);
        assert_eq!(error.code(), Code::MalformedMessage);
        assert!(error.message().contains("not an AWS Encryption SDK message"), "{error}");
    }
}

#[test]
fn a_context_must_have_exactly_the_length_that_it_says() {
    let pair = b"\0\x01\0\x01a\0\x01b";
    let longer = [pair.as_slice(), b"x"].concat();
    let cases = [(&longer[..], "shorter"), (&pair[..7], "longer"), (b"\0\0x", "shorter")];
    for (context, problem) in cases {
        let error = refused(&start(context));
        assert_eq!(error.code(), Code::MalformedMessage);
        assert!(error.message().contains(problem), "{error}");
    }
    let twice = b"\0\x02\0\x01a\0\x01b\0\x01a\0\x01c";
    assert!(refused(&start(twice)).message().contains("same key twice"));
}

#[test]
fn a_header_may_have_16_mib_and_not_one_byte_more() {
    for (length, fits) in [(MAX_HEADER_LENGTH, true), (MAX_HEADER_LENGTH + 1, false)] {
        match parse(&header_of(length)) {
            Ok(header) => assert_eq!((header.length, fits), (length, true)),
            Err(error) => assert_eq!((error.code(), fits), (Code::LimitExceeded, false)),
        }
    }
}

#[test]
fn a_header_that_has_not_ended_after_16_mib_is_not_waited_for() {
    let header = header_of(MAX_HEADER_LENGTH + 70_000);
    let mut parser = HeaderParser::new(HeaderLimits::default());
    assert!(parser.advance(&header[..MAX_HEADER_LENGTH]).unwrap().is_none());
    let error = parser.advance(&header[..=MAX_HEADER_LENGTH]).unwrap_err();
    assert_eq!(error.code(), Code::LimitExceeded);
}

/// A header of this length, in bytes, made long by its data keys.
fn header_of(length: usize) -> Vec<u8> {
    const END: usize = 1 + 4 + COMMITMENT + TAG;
    const KEY: usize = 3 * 2 + 2 * 0xffff;
    let mut header = start(&[]);
    let of_keys = length - header.len() - 2 - END;
    let count = of_keys.div_ceil(KEY);
    header.extend_from_slice(&u16::try_from(count).unwrap().to_be_bytes());
    for key in 0..count {
        let left = of_keys - key * KEY;
        let fields = left.min(KEY) - 6;
        let info = fields.min(0xffff);
        for size in [0, info, fields - info] {
            header.extend_from_slice(&u16::try_from(size).unwrap().to_be_bytes());
            header.resize(header.len() + size, 1);
        }
    }
    header.push(2);
    header.extend_from_slice(&4096_u32.to_be_bytes());
    header.resize(header.len() + COMMITMENT + TAG, 0);
    header
}

#[test]
fn the_reserved_fields_of_format_1_have_one_value_each() {
    let suite = AlgorithmSuite::by_id(0x0178).unwrap();
    let end = |reserved: u32, iv_length: u8| {
        let mut header = vec![1, TYPE_CUSTOMER_AED];
        header.extend_from_slice(&suite.id.to_be_bytes());
        header.extend_from_slice(&[7; 16]);
        // No context, one data key with three empty fields, frames.
        header.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2]);
        header.extend_from_slice(&reserved.to_be_bytes());
        header.push(iv_length);
        header.extend_from_slice(&4096_u32.to_be_bytes());
        header.resize(header.len() + IV + TAG, 9);
        header
    };
    let whole = end(0, 12);
    let header = parse(&whole).unwrap();
    assert_eq!((header.length, header.iv, header.tag), (whole.len(), [9; IV], [9; TAG]));
    assert_eq!(header.body(), &whole[..whole.len() - IV - TAG]);
    for changed in [end(1, 12), end(0, 11), end(0, 13)] {
        assert!(refused(&changed).message().contains("reserved field"));
    }
}
