//! The records of branch keys: items of the table, all of whose attributes KMS authenticates.
//!
//! Source: `framework/branch-key-store.md`, "Record Format" and "Encryption Context".

use std::collections::BTreeMap;

use super::version::Version;
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::kms_arn::KmsArn;

/// The names of attributes.
pub mod attribute {
    /// The partition key: the id of the branch key.
    pub const ID: &str = "branch-key-id";
    /// The sort key: the type of the record.
    pub const TYPE: &str = "type";
    /// The branch key, as KMS wrapped it.
    pub const ENC: &str = "enc";
    /// The type of the version that is active.
    pub const VERSION: &str = "version";
    /// The ARN of the KMS key that wraps it.
    pub const KMS_ARN: &str = "kms-arn";
    /// When the version was created.
    pub const CREATE_TIME: &str = "create-time";
    /// The version of this format.
    pub const HIERARCHY_VERSION: &str = "hierarchy-version";
    /// The prefix of the attributes that hold the caller's context.
    pub const CONTEXT_PREFIX: &str = "aws-crypto-ec:";
    /// The logical name of the key store; in the encryption context for KMS, but in no record.
    pub const TABLE_NAME: &str = "tablename";
}

use attribute::{
    CONTEXT_PREFIX, CREATE_TIME, ENC, HIERARCHY_VERSION, ID, KMS_ARN, TABLE_NAME, TYPE, VERSION,
};

/// The type of the record of the active version.
pub(super) const ACTIVE: &str = "branch:ACTIVE";
/// The type of the record that holds the beacon key.
pub(super) const BEACON: &str = "beacon:ACTIVE";
const VERSION_PREFIX: &str = "branch:version:";
const SUPPORTED: &str = "1";

/// The type of the record of one version.
pub(super) fn version_type(version: &Version) -> String {
    format!("{VERSION_PREFIX}{version}")
}

/// The version of a record with this type.
pub(super) fn version_of_type(kind: &str) -> Option<Version> {
    kind.strip_prefix(VERSION_PREFIX).and_then(Version::parse)
}

/// An item of the storage: its attributes by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item(pub BTreeMap<String, Value>);

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A number, as text.
    Number(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Anything else, which no record has.
    Other,
}

impl Item {
    /// The string of this attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The wrapped key.
    pub fn enc(&self) -> Option<&[u8]> {
        match self.0.get(ENC) {
            Some(Value::Bytes(bytes)) if !bytes.is_empty() => Some(bytes),
            _ => None,
        }
    }
}

/// A record of the right form. It is authentic only if KMS unwraps its key.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub enc: Vec<u8>,
    pub kms_arn: KmsArn,
    /// All attributes but `enc`; numbers as text.
    attributes: BTreeMap<String, String>,
}

impl Record {
    /// Reads the item that the storage gave for this id and type.
    ///
    /// # Errors
    /// `BranchKeyAltered` if its form is wrong, `BranchKeyUnsupported` for another version of the form.
    pub(super) fn parse(item: &Item, branch_key_id: &str, kind: &str) -> Result<Self> {
        let altered = |problem: &str| {
            Error::new(Code::BranchKeyAltered, malformed(branch_key_id, kind, problem))
        };
        if item.text(ID) != Some(branch_key_id) || item.text(TYPE) != Some(kind) {
            return Err(altered("has other keys"));
        }
        let enc = item.enc().ok_or_else(|| altered("has no `enc`"))?.to_vec();
        item.text(CREATE_TIME).ok_or_else(|| altered("has no `create-time`"))?;
        let kms_arn = item.text(KMS_ARN).and_then(KmsArn::of_key);
        let kms_arn = kms_arn.ok_or_else(|| altered("has no ARN of a KMS key in `kms-arn`"))?;
        match item.0.get(HIERARCHY_VERSION) {
            Some(Value::Number(version)) if version == SUPPORTED => {}
            Some(Value::Number(version)) => return Err(unsupported(branch_key_id, version)),
            _ => return Err(altered("has no number in `hierarchy-version`")),
        }
        if item.0.contains_key(TABLE_NAME) {
            return Err(altered("has an attribute `tablename`, which no record has"));
        }
        let is_active = kind == ACTIVE;
        if is_active && item.text(VERSION).and_then(version_of_type).is_none() {
            return Err(altered("names no version in `version`"));
        }
        if !is_active && item.0.contains_key(VERSION) {
            return Err(altered("has an attribute `version`, which only the active one has"));
        }
        let mut attributes = BTreeMap::new();
        for (name, value) in item.0.iter().filter(|(name, _)| *name != ENC) {
            let text = match value {
                Value::Text(text) => text,
                Value::Number(number) if name == HIERARCHY_VERSION => number,
                _ => return Err(altered("has an attribute that is no string")),
            };
            attributes.insert(name.clone(), text.clone());
        }
        Ok(Self { enc, kms_arn, attributes })
    }

    /// Returns the record of the first version of a branch key, its `enc` still empty.
    pub(super) fn first(
        branch_key_id: &str,
        version: &Version,
        kms_arn: &KmsArn,
        create_time: String,
        context: &EncryptionContext,
    ) -> Self {
        let pairs = context.iter().map(|(key, value)| (format!("{CONTEXT_PREFIX}{key}"), value));
        let mut attributes: BTreeMap<_, _> =
            pairs.map(|(key, value)| (key, value.to_owned())).collect();
        for (name, value) in [
            (ID, branch_key_id.to_owned()),
            (TYPE, version_type(version)),
            (KMS_ARN, kms_arn.to_string()),
            (CREATE_TIME, create_time),
            (HIERARCHY_VERSION, SUPPORTED.to_owned()),
        ] {
            attributes.insert(name.to_owned(), value);
        }
        Self { enc: Vec::new(), kms_arn: kms_arn.clone(), attributes }
    }

    /// From the active record: returns the record of a new version, its `enc` still empty.
    pub(super) fn next(&self, version: &Version, create_time: String) -> Self {
        let mut next = self.clone();
        next.enc.clear();
        next.attributes.remove(VERSION);
        next.attributes.insert(TYPE.to_owned(), version_type(version));
        next.attributes.insert(CREATE_TIME.to_owned(), create_time);
        next
    }

    /// From the record of a version: returns the active record of that version.
    pub(super) fn activated(&self, version: &Version) -> Self {
        let mut active = self.clone();
        active.attributes.insert(TYPE.to_owned(), ACTIVE.to_owned());
        active.attributes.insert(VERSION.to_owned(), version_type(version));
        active
    }

    /// From the record of the first version: returns the beacon record of the branch key.
    pub(super) fn beacon(&self) -> Self {
        let mut beacon = self.clone();
        beacon.attributes.insert(TYPE.to_owned(), BEACON.to_owned());
        beacon
    }

    /// Returns this record with that wrapped key.
    pub(super) fn with_enc(mut self, enc: Vec<u8>) -> Self {
        self.enc = enc;
        self
    }

    /// Returns the encryption context for KMS: every attribute but `enc`, and the logical name of the key
    /// store.
    pub(super) fn kms_context(&self, logical_name: &str) -> EncryptionContext {
        let mut context = EncryptionContext::default();
        for (name, value) in &self.attributes {
            context.insert(name.clone(), value.clone());
        }
        context.insert(TABLE_NAME.to_owned(), logical_name.to_owned());
        context
    }

    /// Returns the context that the branch key was created with.
    pub(super) fn custom_context(&self) -> EncryptionContext {
        let mut context = EncryptionContext::default();
        for (name, value) in &self.attributes {
            if let Some(key) = name.strip_prefix(CONTEXT_PREFIX) {
                context.insert(key.to_owned(), value.clone());
            }
        }
        context
    }

    /// Returns the version that an active record names.
    pub(super) fn active_version(&self) -> Option<Version> {
        self.attributes.get(VERSION).map(String::as_str).and_then(version_of_type)
    }

    /// Returns the time that the record gives for its creation.
    pub(super) fn create_time(&self) -> &str {
        self.attributes.get(CREATE_TIME).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn to_item(&self) -> Item {
        let value = |(name, text): (&String, &String)| {
            let number = name == HIERARCHY_VERSION;
            let text = text.clone();
            (name.clone(), if number { Value::Number(text) } else { Value::Text(text) })
        };
        let mut item: BTreeMap<_, _> = self.attributes.iter().map(value).collect();
        item.insert(ENC.to_owned(), Value::Bytes(self.enc.clone()));
        Item(item)
    }
}

fn malformed(branch_key_id: &str, kind: &str, problem: &str) -> String {
    format!(
        "the record \"{}\" of the branch key \"{}\" {problem}; it was changed, or something else wrote \
         it: restore it from a backup",
        shown(kind),
        shown(branch_key_id)
    )
}

fn unsupported(branch_key_id: &str, version: &str) -> Error {
    Error::new(
        Code::BranchKeyUnsupported,
        format!(
            "the branch key \"{}\" has hierarchy version {}; this release knows version {SUPPORTED}",
            shown(branch_key_id),
            shown(version)
        ),
    )
}
