//! Message to plaintext.
//!
//! Source: `client-apis/decrypt.md`.

use zeroize::Zeroizing;

use super::accounting::Accounting;
use super::frame_decryptor::{FrameDecryptor, changed};
use super::layout::frames_in_part;
use super::signature::verifier;
use crate::crypto::{EcdsaVerifier, Verifier};
use crate::error::{Error, Result};
use crate::format::frame::{FINAL_MARK, Frame, FrameKind};
use crate::format::sizes::{FINAL_OVERHEAD, REGULAR_OVERHEAD};
use crate::format::{Division, Failure, Header, footer};
use crate::materials::DecryptionMaterials;
use crate::parallel::try_each;

/// Reads the body of one message, after its header.
///
/// Releases only what has verified under the data key. Of a signed message that is not yet what its
/// signer wrote: `finish` tells so.
///
/// Between calls `pending` is empty, or holds less than the `needed` bytes of the next frame, and
/// `next_sequence` is the number of that frame. After the last frame, and the footer of a signed
/// message, the state is `Complete`, and no byte may follow. After any error it is `Failed`: the
/// key is gone, and every later call fails.
pub struct Decryptor {
    frames: Option<FrameDecryptor>,
    verifier: Option<Verifier>,
    division: Division,
    next_sequence: u32,
    pending: Vec<u8>,
    /// How many bytes there must be, with those that are pending, before more is known.
    needed: usize,
    state: State,
    released: u64,
    accounting: Accounting,
}

#[derive(PartialEq)]
enum State {
    Frames,
    Complete,
    Failed,
}

impl Decryptor {
    /// Verifies the commitment and the header under the materials' data key.
    ///
    /// # Errors
    /// `AuthenticationFailed` if either does not verify; `MalformedMessage` for a signed message
    /// without a public key, or the other way round.
    pub fn new(
        header: &Header,
        materials: &DecryptionMaterials,
        accounting: Accounting,
    ) -> Result<Self> {
        Ok(Self {
            verifier: verifier(header)?,
            frames: Some(FrameDecryptor::new(header, materials)?),
            division: header.division,
            next_sequence: 1,
            pending: Vec::new(),
            needed: 0,
            state: State::Frames,
            released: 0,
            accounting,
        })
    }

    /// The most that `update` writes for `input_length` more bytes: nothing while a frame gathers.
    pub fn update_length(&self, input_length: usize) -> usize {
        let available = self.pending.len() + input_length;
        if available < self.needed { 0 } else { available }
    }

    /// Decrypts every frame that `input` completes, keeps the rest, and returns how much was written.
    ///
    /// `output` needs room for `update_length`, or, where the whole body goes into one buffer, for
    /// what `plaintext_length` says.
    ///
    /// # Errors
    /// `AuthenticationFailed`, `MalformedMessage`, `TruncatedMessage`. Every later call fails then,
    /// and what this call wrote into `output` must be discarded.
    pub fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.decrypt_input(input, output).inspect_err(|_| self.wipe())
    }

    /// Confirms that the message was whole, and signed by its signer if it is signed.
    ///
    /// # Errors
    /// `TruncatedMessage` if the final frame, or the signature, has not come.
    pub fn finish(self) -> Result<()> {
        match self.state {
            State::Complete => {
                self.accounting.finish(self.released);
                Ok(())
            }
            State::Frames => Err(Error::truncated()),
            State::Failed => Err(failed()),
        }
    }

    /// Reads the whole body into `output`, as `update` asks, and returns the plaintext's length; wipes
    /// what it wrote if it fails.
    ///
    /// # Errors
    /// As `update` and `finish`.
    pub fn decrypt(mut self, body: &[u8], output: &mut [u8]) -> Result<usize> {
        let decrypted = self.update(body, output).and_then(|length| {
            self.finish()?;
            Ok(length)
        });
        decrypted.inspect_err(|_| output.fill(0))
    }

    /// Forgets the key: every later call fails.
    pub(super) fn wipe(&mut self) {
        self.state = State::Failed;
        self.frames = None;
    }

    fn decrypt_input(&mut self, mut input: &[u8], output: &mut [u8]) -> Result<usize> {
        let mut written = 0;
        loop {
            if self.pending.is_empty() {
                let (consumed, released) = self.decrypt_run(input, &mut output[written..])?;
                input = &input[consumed..];
                written += released;
            }
            let mut pending = std::mem::take(&mut self.pending);
            let bytes = if pending.is_empty() { input } else { &pending };
            if bytes.is_empty() {
                return Ok(written);
            }
            match self.step(bytes, &mut output[written..]) {
                Ok((consumed, released)) => {
                    written += released;
                    if pending.is_empty() {
                        input = &input[consumed..];
                    }
                    pending.clear();
                    self.pending = pending;
                    self.needed = 0;
                }
                Err(Failure::Incomplete { needed }) => {
                    self.pending = pending;
                    self.needed = needed;
                    if input.is_empty() {
                        return Ok(written);
                    }
                    input = self.keep(needed, input);
                }
                Err(Failure::Invalid(error)) => return Err(error),
            }
        }
    }

    /// Decrypts the regular frames that lie whole at the start of `input`, on several cores if there are
    /// many; returns how much was read and written.
    fn decrypt_run(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize)> {
        let (State::Frames, Division::Frames { length }) = (&self.state, self.division) else {
            return Ok((0, 0));
        };
        let size = length + REGULAR_OVERHEAD;
        let regular = |frame: &&[u8]| !frame.starts_with(&FINAL_MARK.to_be_bytes());
        let room = output.len() / length;
        let count = input.chunks_exact(size).take(room).take_while(regular).count();
        let released = self.released.saturating_add((count * length) as u64);
        let next =
            u32::try_from(count).ok().and_then(|count| self.next_sequence.checked_add(count));
        let (Some(next), Ok(())) = (next, self.accounting.check(released)) else {
            // `step` tells which frame is the first too many.
            return Ok((0, 0));
        };
        let (input, output) = (&input[..count * size], &mut output[..count * length]);
        let in_part = frames_in_part(length);
        let parts = input.chunks(in_part * size).zip(output.chunks_mut(in_part * length));
        let parts = parts.zip((self.next_sequence..).step_by(in_part)).collect();
        let (decryptor, division) = (self.frames()?, self.division);
        try_each(parts, |((input, output), first): ((&[u8], &mut [u8]), u32)| {
            let frames = input.chunks_exact(size).zip(output.chunks_exact_mut(length));
            frames.zip(first..).try_for_each(|((frame, output), sequence)| {
                let frame = Frame::read(frame, division).map_err(Failure::at_end)?;
                decryptor.decrypt(&frame, sequence, output)
            })
        })?;
        if let Some(verifier) = &mut self.verifier {
            verifier.update(input);
        }
        self.released = released;
        self.next_sequence = next;
        Ok((input.len(), output.len()))
    }

    /// Takes the next frame, with the footer if one must follow, from `bytes`; returns how much was
    /// read and written.
    fn step(&mut self, bytes: &[u8], output: &mut [u8]) -> Result<(usize, usize), Failure> {
        match self.state {
            State::Frames => {
                let frame = Frame::read(bytes, self.division)
                    .map_err(|failure| self.refuse_too_long(failure))?;
                let footer = self.footer_after(&frame, bytes)?;
                let released = self.decrypt_frame(&frame, output)?;
                if let Some(verifier) = &mut self.verifier {
                    verifier.update(&bytes[..frame.size()]);
                }
                let Some((signature, length)) = footer else { return Ok((frame.size(), released)) };
                if let Some(verifier) = self.verifier.take() {
                    verifier.verify(signature).map_err(|_| changed("the signature"))?;
                }
                Ok((frame.size() + length, released))
            }
            // "there are consumable bytes which are intended to be decrypted": a failure.
            State::Complete => {
                Err(Error::malformed("there are bytes after the end of the message").into())
            }
            State::Failed => Err(failed().into()),
        }
    }

    /// The footer of a signed message, which must be there before its last frame is decrypted: "any
    /// plaintext decrypted from unframed data or a final frame MUST NOT be released" before.
    fn footer_after<'a>(
        &self,
        frame: &Frame<'_>,
        bytes: &'a [u8],
    ) -> Result<Option<(&'a [u8], usize)>, Failure> {
        if self.verifier.is_none() || frame.kind == FrameKind::Regular {
            return Ok(None);
        }
        let size = frame.size();
        footer::read(&bytes[size..]).map(Some).map_err(|failure| failure.after(size))
    }

    /// Moves bytes from `input` to `pending` until that holds `needed`; returns the rest of `input`.
    fn keep<'a>(&mut self, needed: usize, input: &'a [u8]) -> &'a [u8] {
        let wanted = needed.saturating_sub(self.pending.len());
        let (taken, rest) = input.split_at(wanted.min(input.len()));
        self.pending.extend_from_slice(taken);
        rest
    }

    fn decrypt_frame(&mut self, frame: &Frame<'_>, output: &mut [u8]) -> Result<usize> {
        FrameDecryptor::check_sequence(frame, self.next_sequence)?;
        let released = self.released.saturating_add(frame.ciphertext.len() as u64);
        self.accounting.check(released)?;
        self.released = released;
        let Some(plaintext) = output.get_mut(..frame.ciphertext.len()) else {
            return Err(self.no_room(frame));
        };
        self.frames()?.decrypt(frame, self.next_sequence, plaintext)?;
        match frame.kind {
            FrameKind::Regular => self.next_sequence = frame.sequence.saturating_add(1),
            FrameKind::Final | FrameKind::Whole => self.state = State::Complete,
        }
        Ok(frame.ciphertext.len())
    }

    /// Returns the error of a frame for which `output` has no room. The caller computed that room from
    /// the body's length: if the frame verifies, the body has lost its final frame.
    fn no_room(&mut self, frame: &Frame<'_>) -> Error {
        let mut discarded = Zeroizing::new(vec![0; frame.ciphertext.len()]);
        let decrypted = self
            .frames()
            .and_then(|frames| frames.decrypt(frame, self.next_sequence, &mut discarded));
        match decrypted {
            Ok(()) => Error::truncated(),
            Err(error) => error,
        }
    }

    fn frames(&self) -> Result<&FrameDecryptor> {
        self.frames.as_ref().ok_or_else(failed)
    }

    /// Refuses a frame beyond the plaintext limit before its bytes are gathered: a body without frames
    /// states its length at its start.
    fn refuse_too_long(&self, failure: Failure) -> Failure {
        let Failure::Incomplete { needed } = failure else { return failure };
        let least = self.released.saturating_add(least_content(needed));
        self.accounting.check(least).map_or_else(Failure::from, |()| failure)
    }
}

/// Returns the least plaintext of a frame that takes `needed` bytes of the message.
fn least_content(needed: usize) -> u64 {
    needed.saturating_sub(FINAL_OVERHEAD) as u64
}

fn failed() -> Error {
    Error::invalid("this decryptor has failed; start again with a new one")
}
