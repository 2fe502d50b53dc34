//! The items of the table, as DynamoDB has them.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::branch_keys::{Item, Value};

/// Values by the names of their attributes.
pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn to_item(attributes: Attributes) -> Item {
    let value = |value| match value {
        AttributeValue::S(text) => Value::Text(text),
        AttributeValue::N(number) => Value::Number(number),
        AttributeValue::B(bytes) => Value::Bytes(bytes.into_inner()),
        _ => Value::Other,
    };
    Item(attributes.into_iter().map(|(name, attribute)| (name, value(attribute))).collect())
}

pub(super) fn from_item(item: &Item) -> Attributes {
    let value = |value: &Value| {
        Some(match value {
            Value::Text(text) => AttributeValue::S(text.clone()),
            Value::Number(number) => AttributeValue::N(number.clone()),
            Value::Bytes(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
            Value::Other => return None,
        })
    };
    item.0.iter().filter_map(|(name, attribute)| Some((name.clone(), value(attribute)?))).collect()
}
