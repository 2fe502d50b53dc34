//! A keyset: keys with ids, one of them primary (Tink's `tink.proto`).
//!
//! Invariant: the primary is enabled, and all enabled keys are for one primitive.

use prost::Message;
use zeroize::Zeroizing;

use super::entry::{Data, Key, Primitive, Status, unknown};
use super::key::{KeyType, malformed};
use super::proto;
use crate::error::{Error, Result};

/// Keys with ids, one of them primary. Copies share the keys' memory.
#[derive(Clone)]
pub(crate) struct Keyset {
    primitive: Primitive,
    primary_id: u32,
    keys: Vec<Key>,
}

/// What is public about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyInfo {
    pub(crate) id: u32,
    pub(crate) type_name: String,
    pub(crate) enabled: bool,
    pub(crate) primary: bool,
    pub(crate) prefix: &'static str,
    pub(crate) encrypted: u64,
}

impl Keyset {
    /// A keyset of one fresh key.
    pub(crate) fn generate(key_type: KeyType) -> Result<Self> {
        let key = Key::generate(key_type, &[])?;
        let primitive = key.primitive().ok_or_else(|| malformed("it has no key"))?;
        Ok(Self { primitive, primary_id: key.id, keys: vec![key] })
    }

    /// A keyset from its binary form.
    ///
    /// # Errors
    /// `MalformedKeyset` if it cannot be used.
    pub(crate) fn read_binary(bytes: &[u8]) -> Result<Self> {
        let read = proto::Keyset::decode(bytes)
            .map_err(|_| malformed("its bytes are not a keyset in Tink's binary form"))?;
        Self::from_proto(read)
    }

    /// The keyset in its binary form.
    ///
    /// # Errors
    /// `InvalidArgument` for what not every Tink reads.
    pub(crate) fn write_binary(&self) -> Result<Zeroizing<Vec<u8>>> {
        let mut message = self.to_proto()?;
        let bytes = Zeroizing::new(message.encode_to_vec());
        message.wipe();
        Ok(bytes)
    }

    pub(super) fn from_proto(mut read: proto::Keyset) -> Result<Self> {
        let keyset = Self::convert(&read);
        read.wipe();
        keyset
    }

    fn convert(read: &proto::Keyset) -> Result<Self> {
        let mut keys = Vec::new();
        for key in &read.key {
            keys.extend(Key::from_proto(key)?);
        }
        let mut primaries =
            keys.iter().filter(|key| key.is_enabled() && key.id == read.primary_key_id);
        let primary =
            primaries.next().ok_or_else(|| malformed("its primary key is not enabled"))?;
        if primaries.next().is_some() {
            return Err(malformed("two enabled keys of it have the primary's id"));
        }
        let primitive = primary.primitive().ok_or_else(|| malformed("it has no key"))?;
        let mut enabled = keys.iter().filter(|key| key.is_enabled());
        if enabled.any(|key| key.primitive() != Some(primitive)) {
            return Err(malformed("its keys are not all for the same primitive"));
        }
        Ok(Self { primitive, primary_id: read.primary_key_id, keys })
    }

    pub(super) fn to_proto(&self) -> Result<proto::Keyset> {
        for (i, key) in self.keys.iter().enumerate() {
            if key.id == 0 || self.keys[..i].iter().any(|other| other.id == key.id) {
                return Err(Error::invalid(
                    "not every Tink reads a keyset with a key id that is 0 or there twice; \
                     destroy such a key first",
                ));
            }
        }
        Ok(proto::Keyset {
            primary_key_id: self.primary_id,
            key: self.keys.iter().map(Key::to_proto).collect(),
        })
    }

    pub(crate) fn primitive(&self) -> Primitive {
        self.primitive
    }

    pub(crate) fn primary_id(&self) -> u32 {
        self.primary_id
    }

    /// Returns what is public about the keys, in their order.
    pub(crate) fn info(&self) -> Vec<KeyInfo> {
        let info = |key: &Key| KeyInfo {
            id: key.id,
            type_name: key.type_name(),
            enabled: key.is_enabled(),
            primary: key.is_enabled() && key.id == self.primary_id,
            prefix: key.prefix.as_str(),
            encrypted: key.count.get(),
        };
        self.keys.iter().map(info).collect()
    }

    /// Continues the counts of the same keys of `before`.
    pub(super) fn carry_counts(&mut self, before: &Self) {
        for key in &mut self.keys {
            if let Some(same) = before.keys.iter().find(|other| other.id == key.id) {
                key.count = same.count.clone();
            }
        }
    }

    /// Returns the enabled keys, in their order.
    pub(super) fn enabled(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(|key| key.is_enabled())
    }

    pub(super) fn primary(&self) -> Result<&Key> {
        self.enabled().find(|key| key.id == self.primary_id).ok_or_else(|| unknown(self.primary_id))
    }

    /// The keyset with one more key, enabled but not primary; and that key's id.
    pub(crate) fn with_key(&self, key_type: KeyType) -> Result<(Self, u32)> {
        let key = Key::generate(key_type, &self.keys)?;
        if key.primitive() != Some(self.primitive) {
            return Err(Error::invalid(format!(
                "a key of the type {} does not go into this keyset",
                key_type.as_str()
            )));
        }
        let id = key.id;
        let mut changed = self.clone();
        changed.keys.push(key);
        Ok((changed, id))
    }

    /// The keyset with this key as the primary.
    pub(crate) fn with_primary(&self, id: u32) -> Result<Self> {
        if self.enabled().filter(|key| key.id == id).count() != 1 {
            return Err(unknown(id));
        }
        Ok(Self { primary_id: id, ..self.clone() })
    }

    /// The keyset with this key, which is not the primary, enabled or disabled.
    pub(crate) fn with_enabled(&self, id: u32, enabled: bool) -> Result<Self> {
        let mut changed = self.not_primary(id)?;
        for key in changed.keys.iter_mut().filter(|key| key.id == id) {
            if enabled && matches!(*key.data, Data::Opaque { .. }) {
                return Err(malformed("the key to enable has a type that is not known here"));
            }
            key.status = if enabled { Status::Enabled } else { Status::Disabled };
        }
        let primitive = Some(self.primitive);
        if changed.enabled().any(|key| key.primitive() != primitive) {
            return Err(malformed("the key to enable is for another primitive"));
        }
        Ok(changed)
    }

    /// The keyset without this key, which is disabled.
    pub(crate) fn without(&self, id: u32) -> Result<Self> {
        let mut changed = self.not_primary(id)?;
        if changed.enabled().any(|key| key.id == id) {
            return Err(Error::invalid(format!(
                "key {id} is enabled; disable it first, and see that nothing still needs it"
            )));
        }
        changed.keys.retain(|key| key.id != id);
        Ok(changed)
    }

    fn not_primary(&self, id: u32) -> Result<Self> {
        if id == self.primary_id {
            let message = format!("key {id} is the primary; promote another one first");
            return Err(Error::invalid(message));
        }
        if !self.keys.iter().any(|key| key.id == id) {
            return Err(unknown(id));
        }
        Ok(self.clone())
    }
}
