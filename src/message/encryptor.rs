//! Plaintext to message.
//!
//! Source: `client-apis/encrypt.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

use super::layout::{body_length, frames_in_part};
use super::tally::Tally;
use super::too_long;
use crate::crypto::{
    self, Aead, AesGcm, DerivedKeys, EcdsaKey, EcdsaSigner, Signer, max_signature_length,
};
use crate::error::{Code, Error, Result};
use crate::format::footer::{self, FOOTER_OVERHEAD};
use crate::format::frame::{self, FINAL_OVERHEAD, FrameAad, FrameKind, REGULAR_OVERHEAD, TAG};
use crate::format::{header_aad, header_authentication, header_body};
use crate::materials::EncryptionMaterials;
use crate::parallel::try_each;

/// Writes one message; `finish` consumes it, so nothing can follow the final frame.
///
/// Between calls `pending` holds less than one frame, and `next_sequence` is the number of the frame
/// that comes next. After any error there is no key, and every later call fails.
pub struct Encryptor {
    key: Option<AesGcm>,
    aad: FrameAad,
    header: Vec<u8>,
    frame_length: usize,
    next_sequence: u32,
    pending: Zeroizing<Vec<u8>>,
    signer: Option<Signer>,
    /// The most that follows the final frame, in bytes; the length of a signature varies.
    footer_length: usize,
    accepted: u64,
    limit: Option<u64>,
    counter: Option<Arc<AtomicU64>>,
    tally: Option<Arc<Tally>>,
}

impl Encryptor {
    /// Starts a message with frames of `frame_length` bytes under the materials' data key.
    ///
    /// # Errors
    /// `InvalidArgument` for a frame length of 0; `LimitExceeded` if the header has no room for the
    /// encrypted data keys.
    pub fn new(materials: &EncryptionMaterials, frame_length: u32) -> Result<Self> {
        if frame_length == 0 {
            return Err(Error::invalid("the frame length must be from 1 to 4,294,967,295 bytes"));
        }
        let suite = materials.suite;
        let mut message_id = vec![0; suite.message_id_length()];
        crypto::random(&mut message_id)?;
        let data_key = materials.complete_data_key()?;
        let keys = DerivedKeys::derive(suite, data_key.expose(), &message_id)?;
        let required = |key: &str| materials.required_context_keys.contains(key);
        let mut header = header_body(
            suite,
            &message_id,
            &materials.context.filter(|key| !required(key)),
            &materials.encrypted_data_keys,
            frame_length,
            &keys.commitment,
        )?;
        // "Construct the header": the tag also covers what is authenticated, but not stored.
        let not_stored = materials.context.filter(required);
        let aad = header_aad(&header, &not_stored);
        // Nonce 0 is the header's, frames count from 1.
        let tag = keys.content_key.seal(&frame::iv(0), &aad, &[], &mut [])?;
        header.extend_from_slice(&header_authentication(suite, &tag));
        let mut signer = materials.signing_key.as_ref().map(EcdsaKey::signer);
        if let Some(signer) = &mut signer {
            signer.update(&header);
        }
        Ok(Self {
            key: Some(keys.content_key),
            aad: FrameAad::new(&message_id),
            header,
            frame_length: frame_length as usize,
            next_sequence: 1,
            pending: Zeroizing::new(Vec::new()),
            signer,
            footer_length: suite
                .signature
                .map_or(0, |curve| FOOTER_OVERHEAD + max_signature_length(curve)),
            accepted: 0,
            limit: None,
            counter: None,
            tally: None,
        })
    }

    /// The same encryptor, which refuses to take more than `limit` bytes.
    #[must_use]
    pub fn limited_to(mut self, limit: Option<u64>) -> Self {
        self.limit = limit;
        self
    }

    /// The same encryptor, which adds what it takes, in bytes, to a counter.
    #[must_use]
    pub fn counted_by(mut self, counter: Option<Arc<AtomicU64>>) -> Self {
        self.counter = counter;
        self
    }

    /// The same encryptor, which counts the message when it is whole.
    #[must_use]
    pub fn tallied_by(mut self, tally: Arc<Tally>) -> Self {
        self.tally = Some(tally);
        self
    }

    /// The header: the first bytes of the message, before all that `update` and `finish` write.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The length of the whole message for a plaintext of this length, in bytes; if it is signed,
    /// the most it can be.
    ///
    /// # Errors
    /// `LimitExceeded` for more than 2^32 - 1 frames.
    pub fn message_length(&self, plaintext_length: usize) -> Result<usize> {
        if plaintext_length / self.frame_length >= u32::MAX as usize {
            return Err(too_many_frames());
        }
        body_length(self.frame_length, plaintext_length)
            .and_then(|body| body.checked_add(self.header.len() + self.footer_length))
            .ok_or_else(too_many_frames)
    }

    /// How many bytes `update` writes for `input_length` more bytes.
    pub fn update_length(&self, input_length: usize) -> usize {
        self.full_frames(input_length) * (self.frame_length + REGULAR_OVERHEAD)
    }

    /// Seals every frame that `input` fills, keeps the rest, and returns how much was written.
    ///
    /// # Errors
    /// `LimitExceeded` past 2^32 - 1 frames, or the limit; `InvalidArgument` if `output` is shorter than
    /// `update_length`. Every later call fails then, and `output` must be discarded.
    pub fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.seal_input(input, output).inspect_err(|_| self.wipe())
    }

    fn seal_input(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.check_usable()?;
        self.check_room(self.update_length(input.len()), output)?;
        self.check_sequence(self.full_frames(input.len()))?;
        self.count(input.len())?;
        let mut written = 0;
        let mut rest = input;
        if !self.pending.is_empty() && self.pending.len() + rest.len() >= self.frame_length {
            let (head, tail) = rest.split_at(self.frame_length - self.pending.len());
            self.keep(head);
            rest = tail;
            let full = std::mem::take(&mut self.pending);
            written += self.seal_frames(&full, output)?;
        }
        if self.pending.is_empty() {
            let (frames, tail) = rest.split_at(rest.len() - rest.len() % self.frame_length);
            written += self.seal_frames(frames, &mut output[written..])?;
            rest = tail;
        }
        self.keep(rest);
        self.sign(&output[..written]);
        Ok(written)
    }

    /// How many bytes `finish` writes for `input_length` last bytes, at most.
    pub fn finish_length(&self, input_length: usize) -> usize {
        let rest = (self.pending.len() + input_length) % self.frame_length;
        self.update_length(input_length) + rest + FINAL_OVERHEAD + self.footer_length
    }

    /// Seals the last of the input and the final frame, and returns how much was written.
    ///
    /// # Errors
    /// As `update`.
    pub fn finish(mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.check_usable()?;
        self.check_room(self.finish_length(input.len()), output)?;
        let whole = self.full_frames(input.len()) * self.frame_length;
        let (frames, tail) =
            input.split_at(whole.saturating_sub(self.pending.len()).min(input.len()));
        let regular = self.update(frames, output)?;
        self.count(tail.len())?;
        let output = &mut output[regular..];
        let last = if self.pending.is_empty() {
            // The common case: the last bytes are sealed from where they are.
            self.seal_final(tail, output)?
        } else {
            self.keep(tail);
            let rest = std::mem::take(&mut self.pending);
            self.seal_final(&rest, output)?
        };
        self.sign(&output[..last]);
        // `data-format/message-footer.md`: only a signed message has one.
        let footer = match self.signer {
            Some(signer) => footer::write(&signer.sign()?, &mut output[last..])?,
            None => 0,
        };
        if let Some(tally) = &self.tally {
            tally.add(self.accepted);
        }
        Ok(regular + last + footer)
    }

    /// Writes the whole message of `plaintext`, and returns its length.
    ///
    /// # Errors
    /// As `finish`.
    pub fn seal(self, plaintext: &[u8], output: &mut [u8]) -> Result<usize> {
        let start = self.header.len();
        let Some((header, rest)) = output.split_at_mut_checked(start) else {
            return Err(no_room(output.len(), start));
        };
        header.copy_from_slice(&self.header);
        self.finish(plaintext, rest).map(|length| start + length)
    }

    /// A frame that was sealed, but got lost, must not be sealed again with other contents.
    fn check_usable(&self) -> Result<()> {
        match self.key {
            Some(_) => Ok(()),
            None => Err(failed()),
        }
    }

    /// Forgets the keys and the plaintext that waits: every later call fails.
    pub(super) fn wipe(&mut self) {
        self.key = None;
        self.signer = None;
        self.pending = Zeroizing::new(Vec::new());
    }

    fn sign(&mut self, written: &[u8]) {
        if let Some(signer) = &mut self.signer {
            signer.update(written);
        }
    }

    fn count(&mut self, length: usize) -> Result<()> {
        let accepted = self.accepted.saturating_add(length as u64);
        match self.limit {
            Some(limit) if accepted > limit => return Err(too_long(limit)),
            _ => self.accepted = accepted,
        }
        if let Some(counter) = &self.counter {
            counter.fetch_add(length as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    fn full_frames(&self, input_length: usize) -> usize {
        (self.pending.len() + input_length) / self.frame_length
    }

    fn check_room(&self, needed: usize, output: &[u8]) -> Result<()> {
        if output.len() < needed {
            return Err(no_room(output.len(), needed));
        }
        Ok(())
    }

    /// `data-format/message-body.md`, "Sequence Number": 2^32 - 1 is left for the final frame.
    fn check_sequence(&self, frames: usize) -> Result<()> {
        match u32::try_from(frames).ok().and_then(|frames| self.next_sequence.checked_add(frames)) {
            Some(_) => Ok(()),
            None => Err(too_many_frames()),
        }
    }

    /// Keeps plaintext for the next frame, without leaving a copy behind where the buffer grew.
    fn keep(&mut self, input: &[u8]) {
        let length = self.pending.len() + input.len();
        if length > self.pending.capacity() {
            let capacity = length.next_power_of_two().min(self.frame_length);
            let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
            grown.extend_from_slice(&self.pending);
            self.pending = grown;
        }
        self.pending.extend_from_slice(input);
    }

    /// Seals frames that are full, on several cores if there are many.
    fn seal_frames(&mut self, plaintext: &[u8], output: &mut [u8]) -> Result<usize> {
        let frame_length = self.frame_length;
        let sealed_length = frame_length + REGULAR_OVERHEAD;
        let count = plaintext.len() / frame_length;
        let output = &mut output[..count * sealed_length];
        let in_part = frames_in_part(frame_length);
        let parts = plaintext.chunks(in_part * frame_length);
        let parts = parts.zip(output.chunks_mut(in_part * sealed_length));
        let parts = parts.zip((self.next_sequence..).step_by(in_part)).collect();
        let this = &*self;
        try_each(parts, |((plaintext, output), first): ((&[u8], &mut [u8]), u32)| {
            let frames = plaintext.chunks_exact(frame_length);
            let frames = frames.zip(output.chunks_exact_mut(sealed_length));
            frames.zip(first..).try_for_each(|((frame, output), sequence)| {
                let head = frame::regular_head(sequence);
                this.seal_frame(FrameKind::Regular, sequence, &head, frame, output).map(|_| ())
            })
        })?;
        // `check_sequence` has made sure that it fits.
        self.next_sequence += u32::try_from(count).map_err(|_| too_many_frames())?;
        Ok(count * sealed_length)
    }

    fn seal_final(&self, plaintext: &[u8], output: &mut [u8]) -> Result<usize> {
        let length = u32::try_from(plaintext.len()).map_err(|_| too_many_frames())?;
        let head = frame::final_head(self.next_sequence, length);
        self.seal_frame(FrameKind::Final, self.next_sequence, &head, plaintext, output)
    }

    fn seal_frame(
        &self,
        kind: FrameKind,
        sequence: u32,
        head: &[u8],
        plaintext: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        let (head_out, rest) = output.split_at_mut(head.len());
        let (ciphertext, rest) = rest.split_at_mut(plaintext.len());
        head_out.copy_from_slice(head);
        let aad = self.aad.of(kind, sequence, plaintext.len());
        let key = self.key.as_ref().ok_or_else(failed)?;
        let tag = key.seal(&frame::iv(sequence), &aad, plaintext, ciphertext)?;
        rest[..TAG].copy_from_slice(&tag);
        Ok(head.len() + plaintext.len() + TAG)
    }
}

fn no_room(room: usize, needed: usize) -> Error {
    Error::invalid(format!("the output has room for {room} bytes; {needed} are needed"))
}

fn failed() -> Error {
    Error::invalid("this encryptor has failed; start again with a new one")
}

fn too_many_frames() -> Error {
    Error::new(
        Code::LimitExceeded,
        "a message holds at most 4,294,967,295 frames; choose a longer `frameLength`",
    )
}

#[cfg(test)]
mod tests;
