//! Plaintext to message.
//!
//! Source: `client-apis/encrypt.md`.

use zeroize::Zeroizing;

use super::accounting::Accounting;
use super::frame_encryptor::FrameEncryptor;
use super::layout::{body_length, too_many_frames};
use crate::crypto::{self, Aead, DerivedKeys, EcdsaKey, EcdsaSigner, Signer, max_signature_length};
use crate::error::{Error, Result};
use crate::format::footer;
use crate::format::frame;
use crate::format::sizes::{FINAL_OVERHEAD, FOOTER_OVERHEAD, REGULAR_OVERHEAD};
use crate::format::{header_aad, header_authentication, header_body};
use crate::materials::EncryptionMaterials;

/// Writes one message; `finish` consumes it, so nothing can follow the final frame.
///
/// Between calls `pending` holds less than one frame, and `next_sequence` is the number of the frame
/// that comes next, from 1. After any error `frames`, with its key, is gone, and every later call
/// fails.
pub struct Encryptor {
    frames: Option<FrameEncryptor>,
    header: Vec<u8>,
    frame_length: usize,
    next_sequence: u32,
    pending: Zeroizing<Vec<u8>>,
    signer: Option<Signer>,
    /// The most that follows the final frame, in bytes; the length of a signature varies.
    footer_length: usize,
    /// How many bytes of plaintext it was given.
    accepted: u64,
    accounting: Accounting,
}

impl Encryptor {
    /// Starts a message with frames of `frame_length` bytes under the materials' data key.
    ///
    /// # Errors
    /// `InvalidArgument` for a frame length of 0; `LimitExceeded` if the header has no room for the
    /// encrypted data keys.
    pub fn new(
        materials: &EncryptionMaterials,
        frame_length: u32,
        accounting: Accounting,
    ) -> Result<Self> {
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
            frames: Some(FrameEncryptor::new(keys.content_key, &message_id)),
            header,
            frame_length: frame_length as usize,
            next_sequence: 1,
            pending: Zeroizing::new(Vec::new()),
            signer,
            footer_length: suite
                .signature
                .map_or(0, |curve| FOOTER_OVERHEAD + max_signature_length(curve)),
            accepted: 0,
            accounting,
        })
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

    /// Encrypts every frame that `input` fills, keeps the rest, and returns how much was written.
    ///
    /// # Errors
    /// `LimitExceeded` past 2^32 - 1 frames, or the limit; `InvalidArgument` if `output` is shorter than
    /// `update_length`. Every later call fails then, and `output` must be discarded.
    pub fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.encrypt_input(input, output).inspect_err(|_| self.wipe())
    }

    fn encrypt_input(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.frames()?;
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
            written += self.encrypt_frames(&full, output)?;
        }
        if self.pending.is_empty() {
            let (frames, tail) = rest.split_at(rest.len() - rest.len() % self.frame_length);
            written += self.encrypt_frames(frames, &mut output[written..])?;
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

    /// Encrypts the last of the input and the final frame, and returns how much was written.
    ///
    /// # Errors
    /// As `update`.
    pub fn finish(mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.frames()?;
        self.check_room(self.finish_length(input.len()), output)?;
        let whole = self.full_frames(input.len()) * self.frame_length;
        let (frames, tail) =
            input.split_at(whole.saturating_sub(self.pending.len()).min(input.len()));
        let regular = self.update(frames, output)?;
        self.count(tail.len())?;
        let output = &mut output[regular..];
        let last = if self.pending.is_empty() {
            // The common case: the last bytes are sealed from where they are.
            self.frames()?.encrypt_final(self.next_sequence, tail, output)?
        } else {
            self.keep(tail);
            let rest = std::mem::take(&mut self.pending);
            self.frames()?.encrypt_final(self.next_sequence, &rest, output)?
        };
        self.sign(&output[..last]);
        // `data-format/message-footer.md`: only a signed message has one.
        let footer = match self.signer {
            Some(signer) => footer::write(&signer.sign()?, &mut output[last..])?,
            None => 0,
        };
        self.accounting.finish(self.accepted);
        Ok(regular + last + footer)
    }

    /// Writes the whole message of `plaintext`, and returns its length.
    ///
    /// # Errors
    /// As `finish`.
    pub fn encrypt(self, plaintext: &[u8], output: &mut [u8]) -> Result<usize> {
        let start = self.header.len();
        let Some((header, rest)) = output.split_at_mut_checked(start) else {
            return Err(no_room(output.len(), start));
        };
        header.copy_from_slice(&self.header);
        self.finish(plaintext, rest).map(|length| start + length)
    }

    /// Returns what encrypts frames, unless an earlier call failed: its frames may have been sealed and
    /// lost, and their numbers must not be used again for other plaintext.
    fn frames(&self) -> Result<&FrameEncryptor> {
        self.frames.as_ref().ok_or_else(failed)
    }

    /// Forgets the keys and the plaintext that waits: every later call fails.
    pub(super) fn wipe(&mut self) {
        self.frames = None;
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
        self.accounting.check(accepted)?;
        self.accounting.count(length as u64);
        self.accepted = accepted;
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

    /// Appends plaintext to `pending`. A buffer that must grow is replaced, so that the old one is wiped.
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

    /// Encrypts frames that are full; `check_sequence` has made sure that there are numbers for them.
    fn encrypt_frames(&mut self, plaintext: &[u8], output: &mut [u8]) -> Result<usize> {
        let length = self.frame_length;
        let written =
            self.frames()?.encrypt_regular(self.next_sequence, length, plaintext, output)?;
        let count = plaintext.len() / length;
        self.next_sequence += u32::try_from(count).map_err(|_| too_many_frames())?;
        Ok(written)
    }
}

fn no_room(room: usize, needed: usize) -> Error {
    Error::invalid(format!("the output has room for {room} bytes; {needed} are needed"))
}

fn failed() -> Error {
    Error::invalid("this encryptor has failed; start again with a new one")
}

#[cfg(test)]
mod tests;
