//! Keysets in JSON, as protobuf writes its messages.
//!
//! Read as protobuf does: names in camel case or as in the proto file, enums by name or number, base64
//! of both alphabets, numbers also in quotes; unknown members are refused.

use data_encoding::{BASE64, BASE64_NOPAD};
use serde_json::{Map, Value, json};
use zeroize::{Zeroize, Zeroizing};

use super::key::malformed;
use super::proto::{EncryptedKeyset, Key, KeyData, KeyInfo, Keyset, KeysetInfo};
use crate::error::{Error, Result};

const STATUSES: [&str; 4] = ["UNKNOWN_STATUS", "ENABLED", "DISABLED", "DESTROYED"];
const PREFIXES: [&str; 6] =
    ["UNKNOWN_PREFIX", "TINK", "LEGACY", "RAW", "CRUNCHY", "WITH_ID_REQUIREMENT"];
const MATERIALS: [&str; 5] =
    ["UNKNOWN_KEYMATERIAL", "SYMMETRIC", "ASYMMETRIC_PRIVATE", "ASYMMETRIC_PUBLIC", "REMOTE"];

pub(super) fn read_keyset(text: &[u8]) -> Result<Keyset> {
    let mut value = parse(text)?;
    let keyset = keyset(&value);
    wipe(&mut value);
    keyset
}

pub(super) fn write_keyset(keyset: &Keyset) -> Zeroizing<Vec<u8>> {
    let mut value = json!({
        "primaryKeyId": keyset.primary_key_id,
        "key": keyset.key.iter().map(key_to_json).collect::<Vec<_>>(),
    });
    let text = Zeroizing::new(value.to_string().into_bytes());
    wipe(&mut value);
    text
}

pub(super) fn read_encrypted(text: &[u8]) -> Result<EncryptedKeyset> {
    let value = parse(text)?;
    let members = object(&value, &["encryptedKeyset", "keysetInfo"])?;
    // Nobody authenticates the info, so that nobody is to rely on it.
    let encrypted_keyset = bytes(members.get("encryptedKeyset"))?;
    Ok(EncryptedKeyset { encrypted_keyset, keyset_info: None })
}

pub(super) fn write_encrypted(encrypted: &EncryptedKeyset) -> Vec<u8> {
    let mut value = json!({ "encryptedKeyset": BASE64.encode(&encrypted.encrypted_keyset) });
    if let Some(info) = &encrypted.keyset_info {
        value["keysetInfo"] = info_to_json(info);
    }
    value.to_string().into_bytes()
}

fn keyset(value: &Value) -> Result<Keyset> {
    let members = object(value, &["primaryKeyId", "key"])?;
    let key = match members.get("key") {
        None => Vec::new(),
        Some(Value::Array(keys)) => keys.iter().map(key).collect::<Result<_>>()?,
        Some(_) => return Err(not_a_keyset()),
    };
    Ok(Keyset { primary_key_id: id(members.get("primaryKeyId"))?, key })
}

fn key(value: &Value) -> Result<Key> {
    let members = object(value, &["keyData", "status", "keyId", "outputPrefixType"])?;
    Ok(Key {
        key_data: members.get("keyData").map(key_data).transpose()?,
        status: enumerated(members.get("status"), &STATUSES)?,
        key_id: id(members.get("keyId"))?,
        output_prefix_type: enumerated(members.get("outputPrefixType"), &PREFIXES)?,
    })
}

fn key_data(value: &Value) -> Result<KeyData> {
    let members = object(value, &["typeUrl", "value", "keyMaterialType"])?;
    let type_url = match members.get("typeUrl") {
        None => String::new(),
        Some(Value::String(url)) => url.clone(),
        Some(_) => return Err(not_a_keyset()),
    };
    Ok(KeyData {
        type_url,
        value: bytes(members.get("value"))?,
        key_material_type: enumerated(members.get("keyMaterialType"), &MATERIALS)?,
    })
}

fn key_to_json(key: &Key) -> Value {
    let mut value = json!({
        "status": STATUSES[index(key.status)],
        "keyId": key.key_id,
        "outputPrefixType": PREFIXES[index(key.output_prefix_type)],
    });
    if let Some(data) = &key.key_data {
        value["keyData"] = json!({
            "typeUrl": data.type_url,
            "value": BASE64.encode(&data.value),
            "keyMaterialType": MATERIALS[index(data.key_material_type).min(MATERIALS.len() - 1)],
        });
    }
    value
}

fn info_to_json(info: &KeysetInfo) -> Value {
    let key = |key: &KeyInfo| {
        json!({
            "typeUrl": key.type_url,
            "status": STATUSES[index(key.status)],
            "keyId": key.key_id,
            "outputPrefixType": PREFIXES[index(key.output_prefix_type)],
        })
    };
    json!({
        "primaryKeyId": info.primary_key_id,
        "keyInfo": info.key_info.iter().map(key).collect::<Vec<_>>(),
    })
}

fn index(number: i32) -> usize {
    usize::try_from(number).unwrap_or_default()
}

fn parse(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text).map_err(|_| not_a_keyset())
}

/// The members of an object.
struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// By its name in camel case, or as in the proto file.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).or_else(|| self.0.get(&snake_case(name)))
    }
}

/// The members of an object that has no others than these.
fn object<'a>(value: &'a Value, known: &[&str]) -> Result<Members<'a>> {
    let Value::Object(members) = value else { return Err(not_a_keyset()) };
    let is_known = |name: &String| known.iter().any(|it| it == name || snake_case(it) == *name);
    if members.keys().all(is_known) { Ok(Members(members)) } else { Err(not_a_keyset()) }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

fn id(value: Option<&Value>) -> Result<u32> {
    let number = match value {
        None | Some(Value::Null) => Some(0),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    number.and_then(|number| u32::try_from(number).ok()).ok_or_else(not_a_keyset)
}

fn enumerated(value: Option<&Value>, names: &[&str]) -> Result<i32> {
    let number = match value {
        None | Some(Value::Null) => Some(0),
        Some(Value::Number(number)) => number.as_u64().and_then(|number| number.try_into().ok()),
        Some(Value::String(text)) => names.iter().position(|name| name == text),
        Some(_) => None,
    };
    let number = number.filter(|number| *number < names.len());
    number.and_then(|number| i32::try_from(number).ok()).ok_or_else(not_a_keyset)
}

fn bytes(value: Option<&Value>) -> Result<Vec<u8>> {
    let text = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(not_a_keyset()),
    };
    let standard = Zeroizing::new(text.replace('-', "+").replace('_', "/"));
    let unpadded = standard.trim_end_matches('=');
    BASE64_NOPAD.decode(unpadded.as_bytes()).map_err(|_| not_a_keyset())
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

fn not_a_keyset() -> Error {
    malformed("its text is not a keyset in Tink's JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_keyset_is_left_in_what_was_parsed_of_it() {
        let mut value =
            json!({ "primaryKeyId": 7, "key": [{ "keyData": { "value": "c2VjcmV0" } }] });
        wipe(&mut value);
        assert_eq!(value, json!({ "primaryKeyId": 7, "key": [{ "keyData": { "value": "" } }] }));
    }
}
