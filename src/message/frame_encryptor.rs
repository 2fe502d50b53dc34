//! The key of one message that is written; encrypts frames, each under its own number.
//!
//! Source: `client-apis/encrypt.md`, "Construct a frame".

use super::layout::{frames_in_part, too_many_frames};
use crate::crypto::{Aead, AesGcm};
use crate::error::Result;
use crate::format::frame::{self, FrameAad, FrameKind};
use crate::format::sizes::{REGULAR_OVERHEAD, TAG};
use crate::parallel::try_each;

/// The only place that chooses the nonces of frames: a frame's nonce is its sequence number.
pub(super) struct FrameEncryptor {
    key: AesGcm,
    aad: FrameAad,
}

impl FrameEncryptor {
    pub(super) fn new(key: AesGcm, message_id: &[u8]) -> Self {
        Self { key, aad: FrameAad::new(message_id) }
    }

    /// Encrypts full frames of this length, numbered from `first`, on several cores if there are many;
    /// returns how much was written.
    pub(super) fn encrypt_regular(
        &self,
        first: u32,
        frame_length: usize,
        plaintext: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        let encrypted_length = frame_length + REGULAR_OVERHEAD;
        let count = plaintext.len() / frame_length;
        let output = &mut output[..count * encrypted_length];
        let in_part = frames_in_part(frame_length);
        let parts = plaintext.chunks(in_part * frame_length);
        let parts = parts.zip(output.chunks_mut(in_part * encrypted_length));
        let parts = parts.zip((first..).step_by(in_part)).collect();
        try_each(parts, |((plaintext, output), first): ((&[u8], &mut [u8]), u32)| {
            let frames = plaintext.chunks_exact(frame_length);
            let frames = frames.zip(output.chunks_exact_mut(encrypted_length));
            frames.zip(first..).try_for_each(|((frame, output), sequence)| {
                let head = frame::regular_head(sequence);
                self.encrypt(FrameKind::Regular, sequence, &head, frame, output).map(|_| ())
            })
        })?;
        Ok(count * encrypted_length)
    }

    /// Encrypts the final frame, and returns how much was written.
    pub(super) fn encrypt_final(
        &self,
        sequence: u32,
        plaintext: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        let length = u32::try_from(plaintext.len()).map_err(|_| too_many_frames())?;
        let head = frame::final_head(sequence, length);
        self.encrypt(FrameKind::Final, sequence, &head, plaintext, output)
    }

    fn encrypt(
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
        let tag = self.key.seal(&frame::iv(sequence), &aad, plaintext, ciphertext)?;
        rest[..TAG].copy_from_slice(&tag);
        Ok(head.len() + plaintext.len() + TAG)
    }
}
