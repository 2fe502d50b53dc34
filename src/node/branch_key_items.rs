//! The items of branch keys to and from JavaScript: their keys, the wrapped key, and all else as text.

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use crate::branch_keys::attribute::{ENC, HIERARCHY_VERSION, ID, TYPE};
use crate::branch_keys::{Condition, Item, Put, Value};

/// An item to be written, and on which condition.
#[napi(object, object_from_js = false)]
pub struct NativePut {
    /// The id of the branch key.
    pub branch_key_id: String,
    /// Which item of the branch key.
    pub item_type: String,
    /// The wrapped key.
    pub enc: Buffer,
    /// All other attributes, as pairs.
    pub attributes: Vec<Vec<String>>,
    /// The wrapped key of the item that it replaces; without it, there must be none.
    pub previous_enc: Option<Buffer>,
}

pub(super) fn to_put(put: Put) -> NativePut {
    let previous_enc = match put.condition {
        Condition::Absent => None,
        Condition::Unchanged(enc) => Some(enc.into()),
    };
    let text = |name| put.item.text(name).unwrap_or_default().to_owned();
    let pair = |(name, value): (&String, &Value)| match value {
        Value::Text(text) | Value::Number(text) if !matches!(name.as_str(), ID | TYPE) => {
            Some(vec![name.clone(), text.clone()])
        }
        _ => None,
    };
    NativePut {
        branch_key_id: text(ID),
        item_type: text(TYPE),
        enc: put.item.enc().unwrap_or_default().to_vec().into(),
        attributes: put.item.0.iter().filter_map(pair).collect(),
        previous_enc,
    }
}

/// An item of its parts; what stands among the attributes and is none of them makes it a wrong one.
pub(super) fn to_item(
    branch_key_id: String,
    item_type: String,
    enc: Vec<u8>,
    attributes: Vec<String>,
) -> Item {
    let mut item = Item::default();
    for (name, value) in
        [(ID, Value::Text(branch_key_id)), (TYPE, Value::Text(item_type)), (ENC, Value::Bytes(enc))]
    {
        item.0.insert(name.to_owned(), value);
    }
    let mut texts = attributes.into_iter();
    while let Some((name, text)) = texts.next().zip(texts.next()) {
        let value = match name.as_str() {
            ID | TYPE | ENC => Value::Other,
            HIERARCHY_VERSION => Value::Number(text),
            _ => Value::Text(text),
        };
        item.0.insert(name, value);
    }
    item
}
