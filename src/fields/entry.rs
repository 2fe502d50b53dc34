//! A key of a keyset: its id, its status, and what its ciphertexts begin with.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::count::Count;
use super::key::{KeyMaterial, KeyType, Kind, malformed};
use super::proto;
use crate::crypto;
use crate::error::{Code, Error, Result};
use crate::secret_memory::SecretBytes;

/// What a keyset does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Primitive {
    Aead,
    DeterministicAead,
    Prf,
}

/// A key of a keyset.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: u32,
    pub(super) status: Status,
    pub(super) prefix: Prefix,
    pub(super) data: Arc<Data>,
    pub(super) count: Count,
}

/// The key itself.
pub(super) enum Data {
    Usable(KeyMaterial),
    /// Of a disabled key that cannot be read: kept as it is.
    Opaque {
        type_url: String,
        value: SecretBytes,
        material_type: i32,
    },
}

/// Whether a key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Enabled,
    Disabled,
}

/// What ciphertexts of a key begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    Tink,
    Legacy,
    Raw,
    Crunchy,
}

impl Key {
    pub(super) fn generate(key_type: KeyType, others: &[Key]) -> Result<Self> {
        let material = KeyMaterial::generate(key_type)?;
        let prefix = if key_type.has_prefix() { Prefix::Tink } else { Prefix::Raw };
        let (id, data) = (fresh_id(others)?, Arc::new(Data::Usable(material)));
        Ok(Self { id, status: Status::Enabled, prefix, data, count: Count::default() })
    }

    /// Returns the key of a message; `None` for one that was destroyed.
    pub(super) fn from_proto(read: &proto::Key) -> Result<Option<Self>> {
        let status = match read.status {
            1 => Status::Enabled,
            2 => Status::Disabled,
            3 => return Ok(None),
            _ => return Err(malformed("a key of it has no status")),
        };
        let prefix = match read.output_prefix_type {
            1 => Prefix::Tink,
            2 => Prefix::Legacy,
            3 => Prefix::Raw,
            4 => Prefix::Crunchy,
            _ => return Err(malformed("a key of it has no output prefix that is known here")),
        };
        let data = read.key_data.as_ref().ok_or_else(|| malformed("a key of it has no data"))?;
        let parsed = KeyMaterial::parse(&data.type_url, &data.value);
        let data = match (parsed, status) {
            (Ok(material), _) => Data::Usable(material),
            (Err(error), Status::Enabled) => return Err(error),
            (Err(_), Status::Disabled) => Data::Opaque {
                type_url: data.type_url.clone(),
                value: SecretBytes::new(Zeroizing::new(data.value.clone())),
                material_type: data.key_material_type,
            },
        };
        let data = Arc::new(data);
        let key = Self { id: read.key_id, status, prefix, data, count: Count::default() };
        if key.is_enabled() && key.primitive() == Some(Primitive::Prf) && prefix != Prefix::Raw {
            return Err(malformed("a key of a PRF has no output prefix but RAW"));
        }
        Ok(Some(key))
    }

    pub(super) fn to_proto(&self) -> proto::Key {
        let (type_url, value, key_material_type) = match &*self.data {
            Data::Usable(material) => {
                let (type_url, value) = material.serialize();
                (type_url, value, 1)
            }
            Data::Opaque { type_url, value, material_type } => {
                (type_url.clone(), value.expose().to_vec(), *material_type)
            }
        };
        proto::Key {
            key_data: Some(proto::KeyData { type_url, value, key_material_type }),
            status: if self.is_enabled() { 1 } else { 2 },
            key_id: self.id,
            output_prefix_type: self.prefix.number(),
        }
    }

    pub(super) fn material(&self) -> Result<&KeyMaterial> {
        match &*self.data {
            Data::Usable(material) => Ok(material),
            Data::Opaque { .. } => Err(unknown(self.id)),
        }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.status == Status::Enabled
    }

    pub(super) fn primitive(&self) -> Option<Primitive> {
        match &*self.data {
            Data::Usable(material) => Some(match material.kind {
                Kind::Aead(_) => Primitive::Aead,
                Kind::AesSiv => Primitive::DeterministicAead,
                Kind::HmacPrf(_) | Kind::HkdfPrf { .. } | Kind::CmacPrf => Primitive::Prf,
            }),
            Data::Opaque { .. } => None,
        }
    }

    pub(super) fn type_url(&self) -> String {
        match &*self.data {
            Data::Usable(material) => material.serialize().0,
            Data::Opaque { type_url, .. } => type_url.clone(),
        }
    }

    pub(super) fn type_name(&self) -> String {
        match &*self.data {
            Data::Usable(_) => {
                self.type_url().rsplit_once('.').map_or_else(String::new, |(_, name)| name.into())
            }
            Data::Opaque { .. } => "unknown".into(),
        }
    }
}

impl Prefix {
    pub(super) fn number(self) -> i32 {
        match self {
            Self::Tink => 1,
            Self::Legacy => 2,
            Self::Raw => 3,
            Self::Crunchy => 4,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Tink => "TINK",
            Self::Legacy => "LEGACY",
            Self::Raw => "RAW",
            Self::Crunchy => "CRUNCHY",
        }
    }
}

/// The error where no enabled key has this id.
pub(super) fn unknown(id: u32) -> Error {
    Error::new(Code::NoUsableKey, format!("the keyset has no enabled key {id}"))
}

/// A random id that no other key has; never 0, which not every Tink reads.
fn fresh_id(others: &[Key]) -> Result<u32> {
    loop {
        let mut bytes = [0; 4];
        crypto::random(&mut bytes)?;
        let id = u32::from_be_bytes(bytes);
        if id != 0 && others.iter().all(|key| key.id != id) {
            return Ok(id);
        }
    }
}
