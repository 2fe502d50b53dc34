//! Many values in one buffer: of each a length, 4 bytes little-endian, and bytes.

use crate::error::{Code, Error, Result};

/// The length of what is null or not given.
const ABSENT: u32 = u32::MAX;

/// Writes values into one buffer, each after its length.
pub(super) struct Batch<'a> {
    output: &'a mut [u8],
    pub(super) written: usize,
}

impl<'a> Batch<'a> {
    pub(super) fn new(output: &'a mut [u8]) -> Self {
        Self { output, written: 0 }
    }

    pub(super) fn push(
        &mut self,
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<()> {
        self.push_at_most(length, |room| fill(room).map(|()| length))
    }

    /// Writes a value of at most `most` bytes; `fill` returns how many it wrote.
    pub(super) fn push_at_most(
        &mut self,
        most: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize>,
    ) -> Result<()> {
        let start = self.written + 4;
        let room = self.output.get_mut(start..start + most).ok_or_else(no_room)?;
        let length = fill(room)?;
        self.push_length(u32::try_from(length).map_err(|_| no_room())?)?;
        self.written += length;
        Ok(())
    }

    pub(super) fn push_absent(&mut self) -> Result<()> {
        self.push_length(ABSENT)
    }

    fn push_length(&mut self, length: u32) -> Result<()> {
        let end = self.written + 4;
        let room = self.output.get_mut(self.written..end).ok_or_else(no_room)?;
        room.copy_from_slice(&length.to_le_bytes());
        self.written = end;
        Ok(())
    }
}

/// The row of a value, and the value itself; `None` for what is null or not given.
pub(super) type Item<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// Returns the items of a batch: of each its row and its value.
pub(super) fn items(mut input: &[u8]) -> impl Iterator<Item = Result<Item<'_>>> {
    std::iter::from_fn(move || {
        if input.is_empty() {
            return None;
        }
        let mut part = || {
            let (length, rest) = input.split_first_chunk::<4>().ok_or_else(bad_batch)?;
            input = rest;
            let length = u32::from_le_bytes(*length);
            if length == ABSENT {
                return Ok(None);
            }
            let (part, rest) = input.split_at_checked(length as usize).ok_or_else(bad_batch)?;
            input = rest;
            Ok(Some(part))
        };
        let item = part().and_then(|row| Ok((row, part()?)));
        Some(item)
    })
}

fn bad_batch() -> Error {
    Error::new(Code::Internal, "the batch ends too early")
}

pub(super) fn no_room() -> Error {
    Error::new(Code::Internal, "the output has no room for the value")
}
