//! Message to plaintext.
//!
//! Source: `client-apis/decrypt.md`.

use super::opener::FrameOpener;
use crate::context::PUBLIC_KEY;
use crate::error::{Code, Error, Result};
use crate::format::frame::{Division, Frame, FrameKind};
use crate::format::{Failure, Header};
use crate::materials::DecryptionMaterials;
use crate::suite::AlgorithmSuite;

/// Reads the body of one message, after its header; releases only what has verified.
pub struct Decryptor {
    opener: FrameOpener,
    division: Division,
    next_sequence: u32,
    pending: Vec<u8>,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Frames,
    Complete,
    Failed,
}

/// Checks that this release, and the commitment policy, read such a message; before any key call.
///
/// # Errors
/// `CommitmentPolicy` or `UnsupportedMessage`.
pub fn check_readable(header: &Header) -> Result<()> {
    let AlgorithmSuite { id, name, commits, signed, .. } = header.suite;
    if !commits {
        return Err(Error::new(
            Code::CommitmentPolicy,
            format!(
                "the message uses suite 0x{id:04x} ({name}), which does not commit to its data key; \
                 only messages with key commitment are read"
            ),
        ));
    }
    if *signed {
        return Err(Error::new(
            Code::UnsupportedMessage,
            "signed messages are not read by this release",
        ));
    }
    // `framework/default-cmm.md`, "Decrypt Materials": the key belongs to a signature.
    if header.context.get(PUBLIC_KEY).is_some() {
        return Err(Error::malformed(format!(
            "the encryption context holds \"{PUBLIC_KEY}\", but the message is not signed"
        )));
    }
    Ok(())
}

impl Decryptor {
    /// Verifies the commitment and the header under the materials' data key.
    ///
    /// # Errors
    /// `AuthenticationFailed` if either does not verify; what `check_readable` refuses.
    pub fn new(header: &Header, materials: &DecryptionMaterials) -> Result<Self> {
        Ok(Self {
            opener: FrameOpener::new(header, materials)?,
            division: Division::of(header),
            next_sequence: 1,
            pending: Vec::new(),
            state: State::Frames,
        })
    }

    /// The most that `update` writes for `input_length` more bytes.
    pub fn update_length(&self, input_length: usize) -> usize {
        self.pending.len() + input_length
    }

    /// Opens every frame that `input` completes, keeps the rest, and returns how much was written.
    ///
    /// `output` needs room for `update_length`, or, where the whole body goes into one buffer, for
    /// what `plaintext_length` says.
    ///
    /// # Errors
    /// `AuthenticationFailed`, `MalformedMessage`, `TruncatedMessage`. Every later call fails then,
    /// and what this call wrote into `output` must be discarded.
    pub fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        if self.state == State::Failed {
            return Err(failed());
        }
        self.open_frames(input, output).inspect_err(|_| self.state = State::Failed)
    }

    /// Confirms that the message was whole.
    ///
    /// # Errors
    /// `TruncatedMessage` if the final frame has not come.
    pub fn finish(self) -> Result<()> {
        match self.state {
            State::Complete => Ok(()),
            State::Frames => Err(Error::truncated()),
            State::Failed => Err(failed()),
        }
    }

    fn open_frames(&mut self, mut input: &[u8], output: &mut [u8]) -> Result<usize> {
        let mut written = 0;
        loop {
            let mut pending = std::mem::take(&mut self.pending);
            let bytes = if pending.is_empty() { input } else { &pending };
            if bytes.is_empty() {
                return Ok(written);
            }
            if self.state == State::Complete {
                // "there are consumable bytes which are intended to be decrypted": a failure.
                return Err(Error::malformed("there are bytes after the end of the message"));
            }
            match Frame::read(bytes, self.division) {
                Ok(frame) => {
                    written += self.open(&frame, &mut output[written..])?;
                    if pending.is_empty() {
                        input = &input[frame.size()..];
                    }
                    pending.clear();
                    self.pending = pending;
                }
                Err(Failure::Incomplete { needed }) => {
                    self.pending = pending;
                    if input.is_empty() {
                        return Ok(written);
                    }
                    input = self.keep(needed, input);
                }
                Err(Failure::Invalid(error)) => return Err(error),
            }
        }
    }

    /// Moves bytes from `input` until `needed` are kept; returns what is left of it.
    fn keep<'a>(&mut self, needed: usize, input: &'a [u8]) -> &'a [u8] {
        let wanted = needed.saturating_sub(self.pending.len());
        let (taken, rest) = input.split_at(wanted.min(input.len()));
        self.pending.extend_from_slice(taken);
        rest
    }

    fn open(&mut self, frame: &Frame<'_>, output: &mut [u8]) -> Result<usize> {
        FrameOpener::check_sequence(frame, self.next_sequence)?;
        // A body with room for fewer bytes than its frames hold has lost its final frame.
        let plaintext = output.get_mut(..frame.ciphertext.len()).ok_or_else(Error::truncated)?;
        self.opener.open(frame, self.next_sequence, plaintext)?;
        match frame.kind {
            FrameKind::Regular => self.next_sequence = frame.sequence.saturating_add(1),
            FrameKind::Final | FrameKind::Whole => self.state = State::Complete,
        }
        Ok(frame.ciphertext.len())
    }
}

fn failed() -> Error {
    Error::invalid("this decryptor has failed; start again with a new one")
}
