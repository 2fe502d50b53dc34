//! The place of a value, as associated data: so that no value can be moved to another one.
//!
//! Each part is its length, 4 bytes big-endian, and its bytes: the label, the tenant, the table and the
//! column. Then follow the row, `00` for none or `01` and the row as a part, and the key's id, 4 bytes
//! big-endian. `docs/fields.md` has known answers.

use crate::error::{Error, Result};

/// The associated data of most values is shorter, in bytes.
const SHORT: usize = 160;

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

    /// Does what needs the associated data of a row, under the key with this id.
    ///
    /// # Errors
    /// `InvalidArgument` for a row that is too long; and as `work` says.
    pub(crate) fn with_row<T>(
        &self,
        row: Option<&[u8]>,
        key_id: u32,
        work: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let (row_length, key_id) = (part_length(row.unwrap_or_default())?, key_id.to_be_bytes());
        let parts: [&[u8]; 5] = match row {
            None => [&self.0, &[0], &[], &[], &key_id],
            Some(row) => [&self.0, &[1], &row_length, row, &key_id],
        };
        // On the stack: a vector would be allocated and wiped for each value.
        let mut room = [0; SHORT];
        let Some(aad) = room.get_mut(..parts.iter().map(|part| part.len()).sum()) else {
            return work(&parts.concat());
        };
        let mut rest = &mut *aad;
        for part in parts {
            let (head, tail) = rest.split_at_mut(part.len());
            head.copy_from_slice(part);
            rest = tail;
        }
        work(aad)
    }
}

/// Appends a part: its length and its bytes.
pub(super) fn write_part(part: &[u8], into: &mut Vec<u8>) -> Result<()> {
    into.extend_from_slice(&part_length(part)?);
    into.extend_from_slice(part);
    Ok(())
}

fn part_length(part: &[u8]) -> Result<[u8; 4]> {
    u32::try_from(part.len())
        .map(u32::to_be_bytes)
        .map_err(|_| Error::invalid("a name of a place has more than 4 GiB"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_place_has_the_bytes_that_the_docs_show() {
        let place = Place::new(Label::Field, "acme", "users", "email").unwrap();
        let aad = |row, key_id| place.with_row(row, key_id, |aad| Ok(aad.to_vec())).unwrap();
        let expected =
            b"\x00\x00\x00\x14kms-envelope/field/1\x00\x00\x00\x04acme\x00\x00\x00\x05users\
            \x00\x00\x00\x05email\x01\x00\x00\x00\x0242\x01\x02\x03\x04";
        assert_eq!(aad(Some(b"42"), 0x0102_0304), expected);
        assert!(aad(None, 5).ends_with(b"email\x00\x00\x00\x00\x05"));
    }

    #[test]
    fn a_row_of_any_length_has_the_same_form() {
        let place = Place::new(Label::Field, "acme", "users", "email").unwrap();
        for length in [0, 1, SHORT - 60, SHORT - 59, SHORT - 58, SHORT, 5000] {
            let row = vec![b'r'; length];
            let aad = place.with_row(Some(&row), 7, |aad| Ok(aad.to_vec())).unwrap();
            let mut expected = [place.start(), &[1]].concat();
            write_part(&row, &mut expected).unwrap();
            expected.extend_from_slice(&[0, 0, 0, 7]);
            assert_eq!(aad, expected);
        }
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
