//! A message that arrives in pieces: its header, and then what reads the rest.

use napi::bindgen_prelude::{Buffer, Either, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::Uint8ArraySlice;
use super::caller::{CallerOrId, spawn_for};
use super::client::NativeClient;
use super::context::from_flat;
use super::error::to_napi;
use super::guard::message_finished;
use super::header::{HeaderFields, fields_of};
use super::numbers::{to_js_number, to_u64};
use super::range::RangeReader;
use super::start::{NativeStart, native, writer};
use crate::client::Patience;
use crate::error::{self, Code};
use crate::keyring::answer_now;
use crate::message::RangeOpening;
use crate::operation::{HeaderReader, Operation, Reader};

/// Collects the first bytes of a message until its header is whole.
#[napi(js_name = "HeaderReader")]
pub struct NativeHeaderReader(Option<HeaderReader>);

#[napi]
impl NativeHeaderReader {
    /// A reader at the start of a message that must have the expected context.
    #[napi(factory, catch_unwind)]
    pub fn create(
        client: &NativeClient,
        expected_context: Vec<String>,
        accepts_signed: bool,
    ) -> Result<Self> {
        let expected_context = from_flat(expected_context).map_err(to_napi)?;
        let reader = HeaderReader::new(client.shared(), expected_context, accepts_signed);
        Ok(Self(Some(reader)))
    }

    /// Takes the next bytes; returns whether the header is whole, and was checked.
    #[napi(catch_unwind)]
    pub fn push(&mut self, bytes: Uint8ArraySlice<'_>) -> Result<bool> {
        let reader = self.0.as_mut().ok_or_else(message_finished);
        reader.and_then(|reader| reader.push(&bytes)).map_err(to_napi)
    }

    /// Fails if the header is not whole.
    #[napi(catch_unwind)]
    pub fn expect_whole(&self) -> Result<()> {
        self.reader().map(|_| ()).map_err(to_napi)
    }

    /// What the header says, with the whole encryption context.
    #[napi(catch_unwind)]
    pub fn fields(&self) -> Result<HeaderFields> {
        self.reader().map(|reader| fields_of(reader.header())).map_err(to_napi)
    }

    /// The bytes that came after the header, once.
    #[napi(catch_unwind)]
    pub fn take_rest(&mut self) -> Buffer {
        self.0.as_mut().map(HeaderReader::take_rest).unwrap_or_default().into()
    }

    /// Starts to read the body.
    #[napi(catch_unwind, ts_return_type = "Transform | PendingStart")]
    pub fn start_decryption(&self) -> Result<NativeStart> {
        let start = self.reader().and_then(|reader| Operation::decryption(reader).start_now());
        start.map(native).map_err(to_napi)
    }

    /// Starts to read the body, and to write another message; without a new context that gets the old
    /// one's.
    #[napi(catch_unwind, ts_return_type = "Transform | PendingStart")]
    pub fn start_re_encryption(
        &self,
        new_client: &NativeClient,
        new_context: Option<Vec<String>>,
    ) -> Result<NativeStart> {
        let start = || {
            let writer = writer(new_client, new_context)?;
            Operation::re_encryption(self.reader()?, writer).start_now()
        };
        start().map(native).map_err(to_napi)
    }

    /// Where the final frame of a message of this length must be: its first byte.
    #[napi(catch_unwind)]
    pub fn final_frame_start(&self, message_length: i64) -> Result<i64> {
        let start = || -> error::Result<u64> {
            let reader = self.reader()?;
            let header = reader.header().header();
            Ok(RangeOpening::final_frame(header, to_u64(message_length)?)?.start)
        };
        start().map(to_js_number).map_err(to_napi)
    }

    /// Verifies the header of a message of this length, now or as soon as the keyring answers; what
    /// reads its ranges must be given the final frame then.
    #[napi(catch_unwind, ts_return_type = "RangeReader | Promise<RangeReader>")]
    pub fn open_ranges<'env>(
        &self,
        env: &'env Env,
        message_length: i64,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<Either<RangeReader, PromiseRaw<'env, RangeReader>>> {
        let reader = self.reader().map_err(to_napi)?;
        let message_length = to_u64(message_length).map_err(to_napi)?;
        match answer_now(reader.range_opening(message_length, Patience::None)) {
            Ok(opening) => return Ok(Either::A(opening.into())),
            Err(error) if error.code() == Code::WouldBlock => {}
            Err(error) => return Err(to_napi(error)),
        }
        let later = spawn_for(env, caller.as_ref(), async move {
            let opening = reader.range_opening(message_length, Patience::Full);
            opening.await.map(RangeReader::from)
        });
        later.map(Either::B)
    }

    /// Frees what it holds; the garbage collector would take its time.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }

    fn reader(&self) -> error::Result<Reader> {
        self.0.as_ref().ok_or_else(message_finished)?.reader()
    }
}
