//! Tink's messages, as protobuf writes them (`tink.proto`, `aes_gcm.proto` and so on).
//!
//! None of them can be shown: most hold keys.

use prost::Message;
use zeroize::Zeroize;

/// A keyset.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct Keyset {
    #[prost(uint32, tag = "1")]
    pub primary_key_id: u32,
    #[prost(message, repeated, tag = "2")]
    pub key: Vec<Key>,
}

/// A key of a keyset.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct Key {
    #[prost(message, optional, tag = "1")]
    pub key_data: Option<KeyData>,
    #[prost(int32, tag = "2")]
    pub status: i32,
    #[prost(uint32, tag = "3")]
    pub key_id: u32,
    #[prost(int32, tag = "4")]
    pub output_prefix_type: i32,
}

/// The key itself: a message of the type that the URL names.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct KeyData {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
    #[prost(int32, tag = "3")]
    pub key_material_type: i32,
}

/// A keyset that is encrypted.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct EncryptedKeyset {
    #[prost(bytes = "vec", tag = "2")]
    pub encrypted_keyset: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    pub keyset_info: Option<KeysetInfo>,
}

/// What may be told of a keyset; authenticated by nobody.
#[derive(Clone, PartialEq, Message)]
pub(super) struct KeysetInfo {
    #[prost(uint32, tag = "1")]
    pub primary_key_id: u32,
    #[prost(message, repeated, tag = "2")]
    pub key_info: Vec<KeyInfo>,
}

/// What may be told of a key.
#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyInfo {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(int32, tag = "2")]
    pub status: i32,
    #[prost(uint32, tag = "3")]
    pub key_id: u32,
    #[prost(int32, tag = "4")]
    pub output_prefix_type: i32,
}

/// AesSivKey, ChaCha20Poly1305Key and AesCmacPrfKey.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct KeyValue2 {
    #[prost(uint32, tag = "1")]
    pub version: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub key_value: Vec<u8>,
}

/// AesGcmKey, AesGcmSivKey and XChaCha20Poly1305Key.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct KeyValue3 {
    #[prost(uint32, tag = "1")]
    pub version: u32,
    #[prost(bytes = "vec", tag = "3")]
    pub key_value: Vec<u8>,
}

/// XAesGcmKey, HmacPrfKey and HkdfPrfKey: parameters besides the key. Their first field is a number in
/// all of them: a salt's length, or a hash.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct KeyWithParams {
    #[prost(uint32, tag = "1")]
    pub version: u32,
    #[prost(message, optional, tag = "2")]
    pub params: Option<Params>,
    #[prost(bytes = "vec", tag = "3")]
    pub key_value: Vec<u8>,
}

/// XAesGcmParams, HmacPrfParams and HkdfPrfParams.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Params {
    #[prost(uint32, tag = "1")]
    pub number: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub salt: Vec<u8>,
}

/// The keysets of a tenant, which is ours: each is a message of Tink's.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct TenantKeys {
    #[prost(message, optional, tag = "1")]
    pub encryption: Option<Keyset>,
    #[prost(message, optional, tag = "2")]
    pub deterministic: Option<Keyset>,
    #[prost(message, optional, tag = "3")]
    pub index: Option<Keyset>,
    #[prost(message, repeated, tag = "4")]
    pub step: Vec<KeyStep>,
    #[prost(uint64, tag = "5")]
    pub refresh_ms: u64,
}

/// When a key was added, promoted, demoted, enabled or disabled, in milliseconds since 1970.
#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyStep {
    #[prost(uint32, tag = "1")]
    pub key_id: u32,
    #[prost(uint64, tag = "2")]
    pub time_ms: u64,
}

/// Wipes the keys of what was read or is no longer needed.
impl Keyset {
    pub(super) fn wipe(&mut self) {
        for key in &mut self.key {
            if let Some(data) = &mut key.key_data {
                data.value.zeroize();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_left_in_a_keyset_that_was_read() {
        let key = |value: &[u8]| Key {
            key_data: Some(KeyData { value: value.to_vec(), ..KeyData::default() }),
            ..Key::default()
        };
        let mut keyset =
            Keyset { primary_key_id: 1, key: vec![key(b"first"), Key::default(), key(b"second")] };
        keyset.wipe();
        let left = keyset.key.iter().filter_map(|key| key.key_data.as_ref());
        assert!(left.map(|data| &data.value).all(Vec::is_empty));
    }
}
