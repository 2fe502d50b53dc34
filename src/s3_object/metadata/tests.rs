use std::collections::BTreeMap;

use data_encoding::BASE64;

use super::parse::MAX_LENGTH;
use super::*;
use crate::error::Code::{self, *};
use crate::error::Result;

type Fields = BTreeMap<String, String>;

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn bytes(length: usize) -> String {
    BASE64.encode(&vec![1; length])
}

fn v1() -> Fields {
    fields(&[("x-amz-key", &bytes(32)), ("x-amz-iv", &bytes(16)), ("x-amz-matdesc", "{}")])
}

fn v2() -> Fields {
    fields(&[
        ("x-amz-key-v2", &bytes(60)),
        ("x-amz-iv", &bytes(12)),
        ("x-amz-cek-alg", "AES/GCM/NoPadding"),
        ("x-amz-tag-len", "128"),
        ("x-amz-wrap-alg", "AES/GCM"),
        ("x-amz-matdesc", "{\"key\":\"2026\"}"),
    ])
}

fn v3() -> Fields {
    fields(&[
        ("x-amz-c", "115"),
        ("x-amz-d", &bytes(28)),
        ("x-amz-i", &bytes(28)),
        ("x-amz-3", &bytes(60)),
        ("x-amz-w", "02"),
        ("x-amz-m", "{\"key\":\"2026\"}"),
    ])
}

fn parse(fields: Fields) -> Result<ObjectMetadata> {
    ObjectMetadata::parse(fields, None)
}

/// The code with which an object is refused whose field has another value, or is not there.
fn refused(mut fields: Fields, name: &str, value: Option<&str>) -> Option<Code> {
    match value {
        Some(value) => fields.insert(name.into(), value.into()),
        None => fields.remove(name),
    };
    parse(fields).err().map(|error| error.code())
}

#[test]
fn each_format_is_told_by_its_wrapped_key_and_read_with_its_fields() {
    let objects = [(v1(), Format::V1, 32), (v2(), Format::V2, 60), (v3(), Format::V3, 60)];
    for (fields, format, key_length) in objects {
        let object = parse(fields).unwrap();
        assert_eq!((object.format(), object.wrapped_key()), (format, &vec![1; key_length][..]));
        let described = [("key".to_owned(), "2026".to_owned())];
        assert_eq!(object.description(), if format == Format::V1 { &[] } else { &described[..] });
    }
    let mut fields = v2();
    fields.insert("x-amz-cek-alg".into(), "AES/CBC/PKCS5Padding".into());
    fields.insert("x-amz-iv".into(), bytes(16));
    assert_eq!(parse(fields).unwrap().content(), &Content::Cbc { iv: [1; 16] });
}

#[test]
fn every_field_that_is_needed_must_be_there() {
    for fields in [v1(), v2(), v3()] {
        for name in fields.keys() {
            // A description may be left out under a key that is not in KMS, and a tag length always.
            let is_optional =
                ["x-amz-matdesc", "x-amz-m", "x-amz-tag-len"].contains(&name.as_str());
            let expected = (!is_optional).then_some(MalformedMessage);
            assert_eq!(refused(fields.clone(), name, None), expected, "without {name}");
        }
    }
    let mut under_kms = v2();
    under_kms.insert("x-amz-wrap-alg".into(), "kms+context".into());
    assert_eq!(refused(under_kms, "x-amz-matdesc", None), Some(MalformedMessage));
    let mut under_kms = v3();
    under_kms.remove("x-amz-m");
    under_kms.insert("x-amz-w".into(), "12".into());
    assert_eq!(refused(under_kms.clone(), "x-amz-t", None), Some(MalformedMessage));
    assert_eq!(refused(under_kms, "x-amz-t", Some("{}")), None);
}

#[test]
fn a_value_of_a_wrong_length_or_an_unknown_algorithm_is_refused() {
    let cases: [(Fields, &str, &str, Code); 14] = [
        (v1(), "x-amz-iv", &bytes(15), MalformedMessage),
        (v1(), "x-amz-key", "", MalformedMessage),
        (v1(), "x-amz-key", "not base64", MalformedMessage),
        (v1(), "x-amz-matdesc", "{", MalformedMessage),
        (v2(), "x-amz-iv", &bytes(16), MalformedMessage),
        (v2(), "x-amz-key-v2", "", MalformedMessage),
        (v2(), "x-amz-tag-len", "96", MalformedMessage),
        (v2(), "x-amz-cek-alg", "AES/CTR/NoPadding", UnsupportedMessage),
        (v2(), "x-amz-wrap-alg", "AES", UnsupportedMessage),
        (v3(), "x-amz-c", "114", UnsupportedMessage),
        (v3(), "x-amz-w", "AES/GCM", UnsupportedMessage),
        (v3(), "x-amz-d", &bytes(27), MalformedMessage),
        (v3(), "x-amz-i", &bytes(29), MalformedMessage),
        (v3(), "x-amz-t", "{}", MalformedMessage),
    ];
    for (fields, name, value, code) in cases {
        assert_eq!(refused(fields, name, Some(value)), Some(code), "{name}: {value}");
    }
}

#[test]
fn a_field_of_another_format_is_refused() {
    let objects = [(v1(), "V1"), (v2(), "V2"), (v3(), "V3")];
    for (fields, format) in &objects {
        for (other, other_format) in &objects {
            for (name, value) in other.iter().filter(|(name, _)| !fields.contains_key(*name)) {
                let code = refused(fields.clone(), name, Some(value));
                assert_eq!(code, Some(MalformedMessage), "{name} of {other_format} in {format}");
            }
        }
    }
}

#[test]
fn names_of_fields_are_read_in_any_case_once_each_and_other_names_are_ignored() {
    let upper =
        |fields: Fields| fields.into_iter().map(|(name, value)| (name.to_uppercase(), value));
    assert!(ObjectMetadata::parse(upper(v3()), None).is_ok());
    let twice = upper(v3()).chain(v3()).collect::<Vec<_>>();
    assert_eq!(ObjectMetadata::parse(twice, None).unwrap_err().code(), MalformedMessage);
    let mine = [("mine", "1"), ("Mine", "2")].map(|(name, value)| (name.into(), value.into()));
    assert!(ObjectMetadata::parse(v3().into_iter().chain(mine), None).is_ok());
}

#[test]
fn an_instruction_file_has_what_the_object_leaves_out_and_nothing_of_the_rest() {
    let split = |names: &[&str]| {
        let (file, fields): (Fields, Fields) =
            v3().into_iter().partition(|(name, _)| names.contains(&name.as_str()));
        let text = crate::s3_object::json::write(file.iter().map(|(n, v)| (&n[..], &v[..])));
        (fields, text)
    };
    let key = ["x-amz-3", "x-amz-w", "x-amz-m"];
    let (fields, file) = split(&key);
    assert!(ObjectMetadata::parse(fields.clone(), Some(&file)).is_ok());
    assert_eq!(parse(fields.clone()).unwrap_err().code(), MalformedMessage);
    let code = |fields: Fields, file: &str| {
        ObjectMetadata::parse(fields, Some(file)).err().map(|error| error.code())
    };
    assert_eq!(code(v3(), &file), Some(MalformedMessage), "in the object and in the file");
    let (rest, with_commitment) = split(&[&key[..], &["x-amz-d"]].concat());
    assert_eq!(code(rest, &with_commitment), Some(MalformedMessage), "a commitment in the file");
    let hint = |text: &str| text.replacen('{', "{\"x-amz-unencrypted-content-length\":\"1\",", 1);
    let mut hinted = fields;
    hinted.insert("x-amz-unencrypted-content-length".into(), "1".into());
    assert_eq!(code(hinted, &hint(&file)), None, "the hint may stand in both");
    assert_eq!(code(Fields::new(), "{}"), Some(MalformedMessage), "no wrapped key in either");
}

#[test]
fn an_object_without_a_wrapped_key_needs_its_instruction_file() {
    let needs =
        |fields: Fields| ObjectMetadata::needs_instruction_file(fields.keys().map(String::as_str));
    assert!(![v1(), v2(), v3()].into_iter().any(needs));
    assert!(!needs(fields(&[("X-Amz-Key-V2", "")])));
    assert!(needs(fields(&[("x-amz-c", "115"), ("x-amz-iv", "")])));
}

#[test]
fn metadata_and_instruction_files_have_a_bound() {
    let padded = |length: usize| {
        let used: usize = v3().iter().map(|(name, value)| name.len() + value.len()).sum();
        let mut fields = v3();
        fields.insert("mine".into(), "x".repeat(length - used - "mine".len()));
        parse(fields).err().map(|error| error.code())
    };
    assert_eq!([MAX_LENGTH, MAX_LENGTH + 1].map(padded), [None, Some(LimitExceeded)]);
    let file = |length: usize| {
        let text = format!("{{}}{}", " ".repeat(length - 2));
        ObjectMetadata::parse(v3(), Some(&text)).err().map(|error| error.code())
    };
    assert_eq!([MAX_LENGTH, MAX_LENGTH + 1].map(file), [None, Some(LimitExceeded)]);
}
