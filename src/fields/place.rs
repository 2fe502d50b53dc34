//! The place of a value, as associated data: so that no value can be moved to another one.
//!
//! Each part is its length, 4 bytes big-endian, and its bytes: the label, the tenant, the table and the
//! column. Then follow the row, `00` for none or `01` and the row as a part, and the key's id, 4 bytes
//! big-endian. `docs/fields.md` has known answers.

use crate::error::{Error, Result};

/// What a value of a place is, in the associated data; another version would be another label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Field,
    Deterministic,
    Index,
}

impl Label {
    fn as_str(self) -> &'static str {
        match self {
            Self::Field => "kms-envelope/field/1",
            Self::Deterministic => "kms-envelope/deterministic/1",
            Self::Index => "kms-envelope/index/1",
        }
    }
}

/// A column of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Place(Vec<u8>);

impl Place {
    /// The column of this name.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is too long.
    pub(crate) fn new(label: Label, tenant: &str, table: &str, column: &str) -> Result<Self> {
        let mut start = Vec::new();
        for part in [label.as_str(), tenant, table, column] {
            write_part(part.as_bytes(), &mut start)?;
        }
        Ok(Self(start))
    }

    /// What comes before the row.
    pub(crate) fn start(&self) -> &[u8] {
        &self.0
    }

    /// Writes the associated data of a row, under the key with this id, over what `into` holds.
    ///
    /// # Errors
    /// `InvalidArgument` for a row that is too long.
    pub(crate) fn write(&self, row: Option<&[u8]>, key_id: u32, into: &mut Vec<u8>) -> Result<()> {
        into.clear();
        into.extend_from_slice(&self.0);
        match row {
            None => into.push(0),
            Some(row) => {
                into.push(1);
                write_part(row, into)?;
            }
        }
        into.extend_from_slice(&key_id.to_be_bytes());
        Ok(())
    }
}

/// Appends a part: its length and its bytes.
pub(super) fn write_part(part: &[u8], into: &mut Vec<u8>) -> Result<()> {
    let length = u32::try_from(part.len())
        .map_err(|_| Error::invalid("a name of a place has more than 4 GiB"))?;
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_place_has_the_bytes_that_the_docs_show() {
        let place = Place::new(Label::Field, "acme", "users", "email").unwrap();
        let mut aad = vec![9; 3];
        place.write(Some(b"42"), 0x0102_0304, &mut aad).unwrap();
        let expected =
            b"\x00\x00\x00\x14kms-envelope/field/1\x00\x00\x00\x04acme\x00\x00\x00\x05users\
            \x00\x00\x00\x05email\x01\x00\x00\x00\x0242\x01\x02\x03\x04";
        assert_eq!(aad, expected);
        place.write(None, 5, &mut aad).unwrap();
        assert!(aad.ends_with(b"email\x00\x00\x00\x00\x05"));
    }

    #[test]
    fn what_is_moved_between_the_parts_changes_the_bytes() {
        let start = |tenant, table, column| {
            Place::new(Label::Field, tenant, table, column).unwrap().start().to_vec()
        };
        assert_ne!(start("ab", "c", "d"), start("a", "bc", "d"));
        assert_ne!(start("a", "bc", "d"), start("a", "b", "cd"));
    }
}
