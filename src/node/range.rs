//! A message that is read by ranges.

use std::ops::Range;

use napi::bindgen_prelude::{ClassInstance, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::caller::{Caller, caller_of, on_behalf};
use super::client::NativeClient;
use super::error::to_napi;
use super::header::NativeHeader;
use super::runtime::spawn;
use crate::error::{self, Error};
use crate::message::{RangeDecryptor, RangeOpening};

/// Reads ranges of one message.
#[napi]
pub struct RangeReader(State);

enum State {
    HeaderVerified(RangeOpening),
    Open(RangeDecryptor),
    Closed,
}

/// Where the final frame of a message of this length must be: its first byte.
#[napi(catch_unwind)]
pub fn final_frame_start(header: &NativeHeader, message_length: i64) -> Result<i64> {
    let start = || -> error::Result<u64> {
        Ok(RangeOpening::final_frame(header.get()?.header(), number(message_length)?)?.start)
    };
    start().map(signed).map_err(to_napi)
}

/// Verifies the header at once, and then `open` must come; nothing if a service must be asked first.
#[napi(catch_unwind)]
pub fn range_reader_now(
    client: &NativeClient,
    header: &NativeHeader,
    message_length: i64,
) -> Result<Option<RangeReader>> {
    let open = || client.get().range_opening_now(header.get()?, number(message_length)?);
    let opening = open().map_err(to_napi)?;
    Ok(opening.map(|opening| RangeReader(State::HeaderVerified(opening))))
}

/// Verifies the header as soon as the keyring answers; then `open` must come.
#[napi(catch_unwind, ts_return_type = "Promise<RangeReader>")]
pub fn create_range_reader<'env>(
    env: &'env Env,
    client: &NativeClient,
    header: &NativeHeader,
    message_length: i64,
    caller: Option<ClassInstance<'_, Caller>>,
) -> Result<PromiseRaw<'env, RangeReader>> {
    let client = client.shared();
    let header = header.shared().map_err(to_napi)?;
    let caller = caller_of(caller.as_ref());
    let message_length = number(message_length).map_err(to_napi)?;
    spawn(env, async move {
        let opening = client.range_opening(&header, message_length);
        let opening = on_behalf(caller, opening).await.map_err(to_napi)?;
        Ok(RangeReader(State::HeaderVerified(opening)))
    })
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
        self.get().map(|reader| signed(reader.size())).map_err(to_napi)
    }

    /// The bytes of the message that hold these of the plaintext: the first, and the one after the
    /// last.
    #[napi(catch_unwind)]
    pub fn frames(&mut self, start: i64, end: i64) -> Result<Vec<i64>> {
        let frames = range(start, end).and_then(|range| self.get()?.frames(&range));
        frames.map(|place| vec![signed(place.start), signed(place.end)]).map_err(to_napi)
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
        let whole = (0, bytes::length(frames.len()));
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
    Ok(number(start)?..number(end)?)
}

fn number(value: i64) -> error::Result<u64> {
    u64::try_from(value).map_err(|_| Error::invalid("a length or a position is negative"))
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn closed() -> Error {
    Error::invalid("this message has been closed; open it again")
}
