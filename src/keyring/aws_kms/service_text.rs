//! Words of a service, of which nobody can promise that they do not repeat a request.

use std::collections::HashSet;

use data_encoding::{BASE64_NOPAD, HEXLOWER, HEXUPPER};

use crate::foreign_text::shown_sentence;

/// The shortest text that could be a part of a key in Base64: 12 bytes of it.
const MIN_SECRET: usize = 16;
/// The longest part of a secret that may stand in a text by chance.
const PART: usize = 12;
const HIDDEN: &str = "[hidden]";

/// A name or an id that the service gave, if it is one.
pub(super) fn identifier(text: &str) -> Option<&str> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!text.is_empty() && text.len() <= 64 && text.chars().all(is_known)).then_some(text)
}

/// A sentence of the service, in which nothing is shown that could be a key or a plaintext in Base64
/// or hex: words of 16 characters and more that are neither an ARN, nor a UUID, nor a name in words.
pub(super) fn sentence(text: &str) -> String {
    let mut out = String::new();
    for (i, word) in text.split(' ').enumerate() {
        if i > 0 {
            out.push(' ');
        }
        if out.len() > 4 * 1024 {
            break;
        }
        out.push_str(if may_be_secret(word) { HIDDEN } else { word });
    }
    shown_sentence(&out)
}

/// Whether a text repeats a part of a secret as it is; or, if that is so short that [`sentence`]
/// does not see it, in Base64 or hex.
pub(super) fn quotes(text: &str, secret: &[u8]) -> bool {
    if secret.is_empty() {
        return false;
    }
    let encodings = [&BASE64_NOPAD, &HEXLOWER, &HEXUPPER];
    let contains = |part: &[u8]| text.as_bytes().windows(part.len()).any(|window| window == part);
    if secret.len() < PART {
        return contains(secret)
            || encodings.iter().any(|encoding| text.contains(&encoding.encode(secret)));
    }
    let parts: HashSet<&[u8]> = secret.windows(PART).collect();
    text.as_bytes().windows(PART).any(|part| parts.contains(part))
}

fn may_be_secret(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !is_of_base64(c));
    let runs = word.split(|c: char| !is_of_base64(c));
    let is_long = runs.clone().any(|run| run.len() >= MIN_SECRET);
    is_long && !is_arn(word) && !runs.filter(|run| run.len() >= MIN_SECRET).all(is_harmless)
}

fn is_of_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')
}

fn is_harmless(run: &str) -> bool {
    is_uuid(run) || is_in_words(run)
}

/// Such as `GenerateDataKeyWithoutPlaintext`: random letters would have more capitals.
fn is_in_words(run: &str) -> bool {
    let capitals = run.bytes().filter(u8::is_ascii_uppercase).count();
    run.len() <= 64
        && run.bytes().all(|byte| byte.is_ascii_alphabetic())
        && 3 * capitals <= run.len()
}

fn is_uuid(run: &str) -> bool {
    let groups: Vec<_> = run.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_arn(word: &str) -> bool {
    word.starts_with("arn:") && word.split(':').count() >= 6 && word.len() <= 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_keeps_its_words_and_names_of_keys() {
        for text in [
            "User: arn:aws:iam::123456789012:user/a is not authorized to perform: kms:Encrypt on \
             resource: arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "Key '1234abcd-12ab-34cd-56ef-1234567890ab' does not exist",
            "GenerateDataKeyWithoutPlaintext is throttled",
        ] {
            assert_eq!(sentence(text), shown_sentence(text));
        }
    }

    #[test]
    fn what_could_be_a_key_is_hidden() {
        for secret in [
            "AAECAwQFBgcICQoLDA0ODw==",
            "{\"Plaintext\":\"q83vASNFZ4mrze8B\"}",
            "00112233445566778899aabb",
            "_-_-AbCdEfGhIjKl",
        ] {
            assert_eq!(sentence(&format!("bad value {secret} given")), "bad value [hidden] given");
        }
    }

    #[test]
    fn a_secret_is_found_as_it_is_and_a_short_one_encoded_too() {
        let secret = b"a secret of some length";
        assert!(quotes("he said: secret of some", secret));
        assert!(!quotes("he said nothing of some kind", secret));
        assert!(quotes("value 534543 refused", b"SEC"));
        assert!(quotes("value U0VD refused", b"SEC"));
        assert!(!quotes("value refused", b""));
    }

    #[test]
    fn an_identifier_has_no_other_characters() {
        assert_eq!(identifier("KMSInternalException"), Some("KMSInternalException"));
        assert_eq!(identifier("a\nb"), None);
        assert_eq!(identifier(&"a".repeat(65)), None);
    }
}
