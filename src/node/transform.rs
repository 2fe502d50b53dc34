//! One message being written or read, or one being read while another is written.

use std::sync::Arc;

use napi::Result;
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::error::to_napi;
use super::guard::message_finished;
use super::header::{HeaderFields, fields_of};
use super::numbers::to_js_length;
use crate::client::AcceptedHeader;
use crate::error;
use crate::message::Transform;
use crate::operation::Started;

/// Turns input into output, in buffers that JavaScript allocated.
///
/// `started` is there until the message has ended, by `finish`, `runWhole`, an error or a panic.
#[napi(js_name = "Transform")]
pub struct NativeTransform {
    started: Option<Started>,
    header: Option<Arc<AcceptedHeader>>,
}

#[napi]
impl NativeTransform {
    /// The header of the message that is read.
    #[napi(catch_unwind)]
    pub fn fields(&self) -> Result<HeaderFields> {
        let header = self.header.as_ref().ok_or_else(|| to_napi(message_finished()))?;
        Ok(fields_of(header))
    }

    /// Where the input begins, in bytes: after the header of a message that is read.
    #[napi(getter)]
    pub fn input_start(&self) -> Result<i64> {
        self.get().map(|started| to_js_length(started.input_start())).map_err(to_napi)
    }

    /// Whether slices of the input give slices of the output.
    #[napi(getter)]
    pub fn works_in_slices(&self) -> Result<bool> {
        self.get().map(Started::works_in_slices).map_err(to_napi)
    }

    /// Whether plaintext is written, of which a failure must leave nothing.
    #[napi(getter)]
    pub fn writes_plaintext(&self) -> Result<bool> {
        self.get().map(Started::writes_plaintext).map_err(to_napi)
    }

    /// The most that is written for this input, which lies in memory as a whole, in bytes.
    #[napi(catch_unwind)]
    pub fn output_length(&self, input: Uint8ArraySlice<'_>) -> Result<i64> {
        let length = self.get().and_then(|started| started.output_length(&input));
        length.map(to_js_length).map_err(to_napi)
    }

    /// Turns a whole input into a whole output; returns its length.
    ///
    /// After an error nothing of a plaintext is left in `output`.
    #[napi(catch_unwind)]
    pub fn run_whole(
        &mut self,
        input: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<i64> {
        let started = self.take().map_err(to_napi)?;
        let whole = (0, to_js_length(input.len()));
        let written = bytes::pair(&input, whole, &mut output, 0)
            .and_then(|(input, output)| started.run_whole(input, output));
        written.map(to_js_length).map_err(to_napi)
    }

    /// The length of what stands before all other output, in bytes: the header of a message that is
    /// written.
    #[napi(getter)]
    pub fn head_length(&self) -> Result<i64> {
        self.get().map(|started| to_js_length(started.head().len())).map_err(to_napi)
    }

    /// Writes the head to the start of `output`; returns its length.
    #[napi(catch_unwind)]
    pub fn head(&self, mut output: Uint8ArraySlice<'_>) -> Result<i64> {
        let head = self.get().map(Transform::head);
        head.and_then(|head| bytes::copy(head, &mut output)).map_err(to_napi)
    }

    /// The most that `update` writes for `inputLength` more bytes.
    #[napi]
    pub fn update_length(&self, input_length: u32) -> Result<i64> {
        let length = self.get().map(|started| started.update_length(input_length as usize));
        length.map(to_js_length).map_err(to_napi)
    }

    /// Turns what `input` completes of the frames into output, from `at`; returns the length.
    ///
    /// After an error nothing of `output` is valid.
    #[napi(catch_unwind)]
    pub fn update(
        &mut self,
        input: Uint8ArraySlice<'_>,
        from: i64,
        to: i64,
        mut output: Uint8ArraySlice<'_>,
        at: i64,
    ) -> Result<i64> {
        // Out of our hands until it has done its work: after an error or a panic it is gone.
        let mut started = self.take().map_err(to_napi)?;
        let written = bytes::pair(&input, (from, to), &mut output, at)
            .and_then(|(input, output)| started.update(input, output))
            .map_err(to_napi)?;
        self.started = Some(started);
        Ok(to_js_length(written))
    }

    /// The most that `finish` writes for `inputLength` last bytes.
    #[napi]
    pub fn finish_length(&self, input_length: u32) -> Result<i64> {
        let length = self.get().map(|started| started.finish_length(input_length as usize));
        length.map(to_js_length).map_err(to_napi)
    }

    /// Takes the last of the input, confirms that a message that is read was whole, and ends one that
    /// is written; returns the length of the output, from `at`.
    #[napi(catch_unwind)]
    pub fn finish(
        &mut self,
        input: Uint8ArraySlice<'_>,
        from: i64,
        to: i64,
        mut output: Uint8ArraySlice<'_>,
        at: i64,
    ) -> Result<i64> {
        let started = self.take().map_err(to_napi)?;
        let written = bytes::pair(&input, (from, to), &mut output, at)
            .and_then(|(input, output)| started.finish(input, output));
        written.map(to_js_length).map_err(to_napi)
    }

    /// Wipes its keys, where it has not finished.
    #[napi]
    pub fn release(&mut self) {
        self.started = None;
        self.header = None;
    }

    fn get(&self) -> error::Result<&Started> {
        self.started.as_ref().ok_or_else(message_finished)
    }

    fn take(&mut self) -> error::Result<Started> {
        self.started.take().ok_or_else(message_finished)
    }
}

impl From<Started> for NativeTransform {
    fn from(started: Started) -> Self {
        Self { header: started.header().cloned(), started: Some(started) }
    }
}
