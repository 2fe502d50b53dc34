//! The names of keys, as wrapped data keys have them, and as people read them.

use data_encoding::HEXLOWER;

use super::ecdh::Parties;
use super::kms_key_id::PROVIDER_ID;
use super::raw_aes_info::KeyInfo;
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;

/// The first of these wrapped data keys, and how many more there are, for people.
pub(super) fn described(encrypted_data_keys: &[EncryptedDataKey]) -> String {
    let first: Vec<_> = encrypted_data_keys.iter().take(5).map(describe).collect();
    let more = encrypted_data_keys.len().saturating_sub(first.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}

/// A wrapped data key by the name of the key that wraps it, for people.
fn describe(key: &EncryptedDataKey) -> String {
    named(&key.provider_id, &key_name(key))
}

/// A key by its provider and its name, for people.
pub(super) fn named(provider_id: &str, name: &str) -> String {
    format!("\"{}\" key \"{}\"", shown(provider_id), shown(name))
}

/// The name of the key that wraps this data key: a KMS key's ARN, what a raw keyring calls it, or the public
/// key of an ECDH keyring's recipient, as a compressed point in hexadecimal.
pub fn key_name(key: &EncryptedDataKey) -> String {
    if let Some(parties) = Parties::of(key) {
        return HEXLOWER.encode(parties.recipient);
    }
    let name = match KeyInfo::parse(&key.provider_info) {
        Some(info) if !key.provider_id.starts_with(PROVIDER_ID) => info.name,
        _ => &key.provider_info,
    };
    String::from_utf8_lossy(name).into_owned()
}
