//! Some bytes of a message, verified, without reading the rest.
//!
//! Every regular frame has one length and is bound to its number and its message, so that it can be
//! found and verified alone; the final frame is bound to its number too, and so to the length of
//! the whole (`data-format/message-body-aad.md`).

use std::ops::Range;

use zeroize::Zeroizing;

use super::accounting::Accounting;
use super::frame_decryptor::FrameDecryptor;
use crate::error::{Code, Error, Result};
use crate::format::frame::{Frame, FrameKind};
use crate::format::sizes::{FINAL_OVERHEAD, REGULAR_OVERHEAD};
use crate::format::{Division, Failure, Header};
use crate::materials::DecryptionMaterials;

/// One framed message whose header has verified, but not its length yet.
pub struct RangeOpening {
    frames: FrameDecryptor,
    layout: Layout,
    accounting: Accounting,
}

/// Reads ranges of one framed message whose length has been authenticated.
pub struct RangeDecryptor {
    frames: FrameDecryptor,
    layout: Layout,
    /// The final frame's plaintext; it had to be decrypted for the length.
    last: Zeroizing<Vec<u8>>,
}

/// Where the frames of a message lie, as its length alone tells.
#[derive(Clone, Copy)]
struct Layout {
    header_length: u64,
    frame_length: usize,
    regular_frames: u32,
    message_length: u64,
}

impl RangeOpening {
    /// Where the final frame of a message of this length must be, in bytes of the message.
    ///
    /// # Errors
    /// `UnsupportedMessage` without frames; `SignedMessage`; `TruncatedMessage` if no message has this
    /// length.
    pub fn final_frame(header: &Header, message_length: u64) -> Result<Range<u64>> {
        Layout::of(header, message_length).map(|layout| layout.final_frame())
    }

    /// Verifies the header of a message of this length, and so how long its frames are.
    ///
    /// # Errors
    /// As [`super::Decryptor`], and as `final_frame`.
    pub fn new(
        header: &Header,
        materials: &DecryptionMaterials,
        message_length: u64,
        accounting: Accounting,
    ) -> Result<Self> {
        let layout = Layout::of(header, message_length)?;
        Ok(Self { frames: FrameDecryptor::new(header, materials)?, layout, accounting })
    }

    /// Verifies the final frame, and so the length of the message.
    ///
    /// # Errors
    /// As [`super::Decryptor`]; `TruncatedMessage` if the message does not end with that frame;
    /// `LimitExceeded`.
    pub fn finish(self, final_frame: &[u8]) -> Result<RangeDecryptor> {
        let Self { frames, layout, accounting } = self;
        let frame = Frame::read(final_frame, layout.division()).map_err(Failure::at_end)?;
        if frame.kind != FrameKind::Final || frame.size() != final_frame.len() {
            return Err(Error::truncated());
        }
        let length = layout.last_start() + frame.ciphertext.len() as u64;
        accounting.check(length)?;
        let mut last = Zeroizing::new(vec![0; frame.ciphertext.len()]);
        frames.decrypt(&frame, layout.regular_frames + 1, &mut last)?;
        Ok(RangeDecryptor { frames, layout, last })
    }
}

impl RangeDecryptor {
    /// The length of the plaintext, in bytes.
    pub fn size(&self) -> u64 {
        self.layout.last_start() + self.last.len() as u64
    }

    /// The plaintext length of each frame but the last, in bytes.
    pub fn frame_length(&self) -> usize {
        self.layout.frame_length
    }

    /// The bytes of the message that hold these bytes of the plaintext, as whole regular frames;
    /// empty if the final frame holds them all.
    ///
    /// # Errors
    /// `Range` if the plaintext has no such bytes.
    pub fn frames(&self, range: &Range<u64>) -> Result<Range<u64>> {
        self.check(range)?;
        let Range { start, end } = self.frame_numbers(range);
        Ok(self.layout.frame_start(start)..self.layout.frame_start(end))
    }

    /// Decrypts these bytes of the plaintext into `output`, which has their length, from the frames
    /// that `frames` named.
    ///
    /// # Errors
    /// `Range`, `InvalidArgument` for an output or frames of another length, `AuthenticationFailed`,
    /// `MalformedMessage`. Nothing of `output` is valid then.
    pub fn read(&mut self, range: &Range<u64>, frames: &[u8], output: &mut [u8]) -> Result<()> {
        let place = self.frames(range)?;
        let lengths = (output.len() as u64, frames.len() as u64);
        if lengths != (range.end - range.start, place.end - place.start) {
            return Err(Error::invalid("the output or the frames do not have the range's length"));
        }
        let division = self.layout.division();
        let frame_size = self.layout.frame_length + REGULAR_OVERHEAD;
        for (number, bytes) in self.frame_numbers(range).zip(frames.chunks_exact(frame_size)) {
            let frame = Frame::read(bytes, division).map_err(Failure::at_end)?;
            if frame.kind != FrameKind::Regular {
                return Err(Error::malformed("the final frame stands among the others"));
            }
            let start = self.layout.plaintext_start(number);
            let wanted = overlap(range, start, frame.ciphertext.len());
            let target =
                &mut output[within(range.start, start + wanted.start as u64, wanted.len())];
            if target.len() == frame.ciphertext.len() {
                self.frames.decrypt(&frame, number + 1, target)?;
            } else {
                let mut whole = Zeroizing::new(vec![0; frame.ciphertext.len()]);
                self.frames.decrypt(&frame, number + 1, &mut whole)?;
                target.copy_from_slice(&whole[wanted]);
            }
        }
        let start = self.layout.last_start();
        let wanted = overlap(range, start, self.last.len());
        if !wanted.is_empty() {
            let place = within(range.start, start + wanted.start as u64, wanted.len());
            output[place].copy_from_slice(&self.last[wanted]);
        }
        Ok(())
    }

    fn check(&self, range: &Range<u64>) -> Result<()> {
        if range.start <= range.end && range.end <= self.size() {
            return Ok(());
        }
        Err(Error::new(
            Code::Range,
            format!(
                "bytes {} to {} were asked for; the plaintext has {} bytes",
                range.start,
                range.end,
                self.size()
            ),
        ))
    }

    /// The regular frames that hold some of these bytes, counted from 0.
    fn frame_numbers(&self, range: &Range<u64>) -> Range<u32> {
        if range.is_empty() {
            return 0..0;
        }
        let number =
            |frame: u64| u32::try_from(frame).unwrap_or(u32::MAX).min(self.layout.regular_frames);
        let frame_length = self.layout.frame_length as u64;
        number(range.start / frame_length)..number(range.end.div_ceil(frame_length))
    }
}

impl Layout {
    fn of(header: &Header, message_length: u64) -> Result<Self> {
        let Division::Frames { length } = header.division else {
            return Err(Error::new(
                Code::UnsupportedMessage,
                "a message without frames cannot be read by ranges; decrypt it as a whole",
            ));
        };
        // A signature covers the whole message: no part of it can be verified alone.
        if header.suite.signed() {
            return Err(Error::new(
                Code::SignedMessage,
                "a signed message cannot be read by ranges: its signature covers all of it; \
                 decrypt it as a whole",
            ));
        }
        let header_length = header.length as u64;
        let contents = message_length
            .checked_sub(header_length + FINAL_OVERHEAD as u64)
            .ok_or_else(Error::truncated)?;
        let frame = (length + REGULAR_OVERHEAD) as u64;
        if contents % frame > length as u64 {
            return Err(Error::truncated());
        }
        // "Sequence Number": 2^32 - 1 is left for the final frame.
        let regular_frames = u32::try_from(contents / frame)
            .ok()
            .filter(|&frames| frames < u32::MAX)
            .ok_or_else(|| Error::malformed("the message has more frames than a message can"))?;
        Ok(Self { header_length, frame_length: length, regular_frames, message_length })
    }

    fn division(&self) -> Division {
        Division::Frames { length: self.frame_length }
    }

    fn final_frame(&self) -> Range<u64> {
        self.frame_start(self.regular_frames)..self.message_length
    }

    fn frame_start(&self, number: u32) -> u64 {
        self.header_length + u64::from(number) * (self.frame_length + REGULAR_OVERHEAD) as u64
    }

    /// Where a frame's plaintext starts.
    fn plaintext_start(&self, number: u32) -> u64 {
        u64::from(number) * self.frame_length as u64
    }

    /// Where the final frame's plaintext starts.
    fn last_start(&self) -> u64 {
        self.plaintext_start(self.regular_frames)
    }
}

/// The part of a piece of plaintext, of this start and length, that lies in the range.
fn overlap(range: &Range<u64>, start: u64, length: usize) -> Range<usize> {
    let clamp = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(length).min(length);
    clamp(range.start)..clamp(range.end)
}

/// Where `length` bytes at `at` of the plaintext lie in an output that starts at `start`.
fn within(start: u64, at: u64, length: usize) -> Range<usize> {
    let from = usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX);
    from..from.saturating_add(length)
}

#[cfg(test)]
mod tests;
