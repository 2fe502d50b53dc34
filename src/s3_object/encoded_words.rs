//! What Amazon S3 makes of metadata that is not ASCII, and how to undo it.
//!
//! S3 takes each byte of a header for a character of Latin-1, and gives the text back in encoded
//! words (RFC 2047). Servers that are not S3 give UTF-8 back, which HTTP libraries show as Latin-1.

use data_encoding::BASE64;

/// The text as its writer meant it.
pub(super) fn decode(text: &str) -> String {
    let words = decode_words(text);
    let text = words.as_deref().unwrap_or(text);
    from_latin1(text).unwrap_or_else(|| text.to_owned())
}

/// The text of a value that is encoded words and nothing else; nothing if it is not.
fn decode_words(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        bytes.extend(decode_word(word)?);
    }
    if bytes.is_empty() { None } else { String::from_utf8(bytes).ok() }
}

/// The bytes of one encoded word: `=?UTF-8?Q?...?=` or `=?UTF-8?B?...?=` (RFC 2047, 2).
fn decode_word(word: &str) -> Option<Vec<u8>> {
    let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("UTF-8") || encoded.contains('?') {
        return None;
    }
    match encoding {
        "B" | "b" => BASE64.decode(encoded.as_bytes()).ok(),
        "Q" | "q" => decode_q(encoded.as_bytes()),
        _ => None,
    }
}

/// RFC 2047, 4.2: `_` is a space, `=` starts the two digits of a byte.
fn decode_q(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'_' => b' ',
            b'=' => hex_digit(*bytes.next()?)? << 4 | hex_digit(*bytes.next()?)?,
            other => *other,
        });
    }
    Some(decoded)
}

fn hex_digit(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

/// Text whose characters are the bytes of UTF-8, read as UTF-8; nothing if it is no such text.
fn from_latin1(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_s3_documentation_decodes() {
        // "ÄMÄZÕÑ S3", as the S3 User Guide shows it, "Working with object metadata".
        assert_eq!(decode("=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="), "ÄMÄZÕÑ S3");
    }

    #[test]
    fn words_may_cut_a_character_in_two() {
        assert_eq!(decode("=?UTF-8?Q?cl=C3=83?= =?UTF-8?Q?=C2=A9_1?="), "clé 1");
    }

    #[test]
    fn what_is_not_all_words_stays_as_it_is() {
        for text in ["", "{}", "a =?UTF-8?Q?b?=", "=?UTF-8?Q?b?= a", "=?UTF-8?Q?=Z?=", "clé", "鍵"]
        {
            assert_eq!(decode(text), text);
        }
    }

    #[test]
    fn utf8_that_http_showed_as_latin1_is_read_as_utf8() {
        assert_eq!(decode("cl\u{c3}\u{a9}"), "clé");
    }
}
