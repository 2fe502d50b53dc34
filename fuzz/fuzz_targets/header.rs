//! A header, whole and byte by byte: the same header, or the same refusal.

#![no_main]

use kms_envelope::error::Code;
use kms_envelope::format::{Header, HeaderLimits, HeaderParser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Option<u16>, &[u8])| {
    let (max_encrypted_data_keys, bytes) = input;
    let limits = HeaderLimits { max_encrypted_data_keys };
    let whole = Header::parse(bytes, limits);
    match (byte_by_byte(bytes, limits), whole) {
        (Ok(Some(streamed)), Ok(whole)) => {
            assert_eq!(format!("{streamed:?}"), format!("{whole:?}"));
            assert!(whole.length <= bytes.len());
        }
        (Ok(None), Err(error)) => assert_eq!(error.code(), Code::TruncatedMessage),
        (Err(streamed), Err(whole)) => assert_eq!(streamed, whole.code()),
        (streamed, whole) => panic!("{streamed:?} is not {whole:?}"),
    }
});

fn byte_by_byte(bytes: &[u8], limits: HeaderLimits) -> Result<Option<Header>, Code> {
    let mut parser = HeaderParser::new(limits);
    for length in 0..=bytes.len() {
        if let Some(header) = parser.advance(&bytes[..length]).map_err(|error| error.code())? {
            return Ok(Some(header));
        }
    }
    Ok(None)
}
