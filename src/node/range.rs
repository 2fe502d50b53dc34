//! A message that is read by ranges.

use std::ops::Range;

use napi::Result;
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::error::to_napi;
use super::numbers::{to_js_length, to_js_number, to_u64};
use crate::error::{self, Error};
use crate::message::{RangeDecryptor, RangeOpening};

/// Reads ranges of one message: `HeaderVerified` until `open` has verified its length, then `Open`
/// until it is released or `open` fails.
#[napi]
pub struct RangeReader(State);

enum State {
    HeaderVerified(RangeOpening),
    Open(RangeDecryptor),
    Closed,
}

impl From<RangeOpening> for RangeReader {
    fn from(opening: RangeOpening) -> Self {
        Self(State::HeaderVerified(opening))
    }
}

#[napi]
impl RangeReader {
    /// Verifies the final frame, and so the length of the message.
    #[napi(catch_unwind)]
    pub fn open(&mut self, final_frame: Uint8ArraySlice<'_>) -> Result<()> {
        let State::HeaderVerified(opening) = std::mem::replace(&mut self.0, State::Closed) else {
            return Err(to_napi(closed()));
        };
        self.0 = State::Open(opening.finish(&final_frame).map_err(to_napi)?);
        Ok(())
    }

    /// The length of the plaintext, in bytes.
    #[napi(getter)]
    pub fn size(&mut self) -> Result<i64> {
        self.get().map(|reader| to_js_number(reader.size())).map_err(to_napi)
    }

    /// The plaintext length of each frame but the last, in bytes.
    #[napi(getter)]
    pub fn frame_length(&mut self) -> Result<i64> {
        self.get().map(|reader| to_js_length(reader.frame_length())).map_err(to_napi)
    }

    /// The bytes of the message that hold these of the plaintext: the first, and the one after the
    /// last.
    #[napi(catch_unwind)]
    pub fn frames(&mut self, start: i64, end: i64) -> Result<Vec<i64>> {
        let frames = range(start, end).and_then(|range| self.get()?.frames(&range));
        frames
            .map(|place| vec![to_js_number(place.start), to_js_number(place.end)])
            .map_err(to_napi)
    }

    /// Decrypts these bytes of the plaintext into `output` from `at`.
    #[napi(catch_unwind)]
    pub fn read(
        &mut self,
        start: i64,
        end: i64,
        frames: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
        at: i64,
    ) -> Result<()> {
        let whole = (0, to_js_length(frames.len()));
        let mut read = || {
            let range = range(start, end)?;
            let (frames, output) = bytes::pair(&frames, whole, &mut output, at)?;
            let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            let output = output.get_mut(..length).ok_or_else(|| Error::invalid("no room"))?;
            self.get()?.read(&range, frames, output)
        };
        read().map_err(to_napi)
    }

    /// Wipes its keys.
    #[napi]
    pub fn release(&mut self) {
        self.0 = State::Closed;
    }

    fn get(&mut self) -> error::Result<&mut RangeDecryptor> {
        match &mut self.0 {
            State::Open(reader) => Ok(reader),
            _ => Err(closed()),
        }
    }
}

fn range(start: i64, end: i64) -> error::Result<Range<u64>> {
    Ok(to_u64(start)?..to_u64(end)?)
}

fn closed() -> Error {
    Error::invalid("this message has been closed; open it again")
}
