//! The frames of a message body, and what each of them authenticates.
//!
//! Source: `data-format/message-body.md`, `data-format/message-body-aad.md`.

use super::division::Division;
use super::reader::{Failure, Reader};
use super::sizes::{
    FINAL_HEAD, FINAL_OVERHEAD, IV, MESSAGE_ID, REGULAR_HEAD, REGULAR_OVERHEAD, TAG, WHOLE_OVERHEAD,
};
use crate::error::Error;

/// Stands before the final frame in place of a sequence number ("Sequence Number End").
pub(crate) const FINAL_MARK: u32 = u32::MAX;

/// The longest body without frames, in bytes ("Encrypted Content Length", NIST SP 800-38D, 5.2.1.1).
const MAX_WHOLE_LENGTH: u64 = (1 << 36) - 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Regular,
    Final,
    /// The one piece of a body without frames.
    Whole,
}

/// A frame as it stands in a message.
pub(crate) struct Frame<'a> {
    pub kind: FrameKind,
    pub sequence: u32,
    pub iv: [u8; IV],
    pub ciphertext: &'a [u8],
    pub tag: [u8; TAG],
}

impl<'a> Frame<'a> {
    /// Reads the frame at the start of `bytes`.
    pub(crate) fn read(bytes: &'a [u8], division: Division) -> Result<Self, Failure> {
        let mut reader = Reader::new(bytes);
        let (kind, sequence, iv, length) = match division {
            Division::Whole => (FrameKind::Whole, 1, reader.array()?, whole_length(&mut reader)?),
            Division::Frames { length } => match reader.u32()? {
                FINAL_MARK => {
                    let (sequence, iv) = (reader.u32()?, reader.array()?);
                    (FrameKind::Final, sequence, iv, final_length(reader.u32()?, length)?)
                }
                sequence => (FrameKind::Regular, sequence, reader.array()?, length),
            },
        };
        let ciphertext = reader.take(length)?;
        Ok(Self { kind, sequence, iv, ciphertext, tag: reader.array()? })
    }

    /// How many bytes of the message this frame takes.
    pub(crate) fn size(&self) -> usize {
        self.ciphertext.len()
            + match self.kind {
                FrameKind::Regular => REGULAR_OVERHEAD,
                FrameKind::Final => FINAL_OVERHEAD,
                FrameKind::Whole => WHOLE_OVERHEAD,
            }
    }
}

/// Reads the content length of a body without frames ("Non-Framed Data"), in bytes; at most what one
/// AES-GCM operation may take.
fn whole_length(reader: &mut Reader<'_>) -> Result<usize, Failure> {
    let length = reader.u64()?;
    match usize::try_from(length) {
        Ok(fits) if length <= MAX_WHOLE_LENGTH => Ok(fits),
        _ => Err(Error::malformed(format!("the body says it holds {length} bytes")).into()),
    }
}

/// Returns the content length of a final frame, in bytes: at most the frame length
/// (`client-apis/decrypt.md`, "Decrypt the message body").
fn final_length(length: u32, frame_length: usize) -> Result<usize, Error> {
    match usize::try_from(length) {
        Ok(length) if length <= frame_length => Ok(length),
        _ => Err(Error::malformed(format!(
            "the final frame says it holds {length} bytes; a frame of this message holds {frame_length}"
        ))),
    }
}

/// The IV of a frame that we write: its sequence number ("IV").
pub(crate) fn iv(sequence: u32) -> [u8; IV] {
    let mut iv = [0; IV];
    iv[IV - 4..].copy_from_slice(&sequence.to_be_bytes());
    iv
}

/// What stands before the ciphertext of a regular frame.
pub(crate) fn regular_head(sequence: u32) -> [u8; REGULAR_HEAD] {
    let mut head = [0; REGULAR_HEAD];
    head[..4].copy_from_slice(&sequence.to_be_bytes());
    head[4..].copy_from_slice(&iv(sequence));
    head
}

/// What stands before the ciphertext of a final frame.
pub(crate) fn final_head(sequence: u32, length: u32) -> [u8; FINAL_HEAD] {
    let mut head = [0; FINAL_HEAD];
    head[..4].copy_from_slice(&FINAL_MARK.to_be_bytes());
    head[4..8].copy_from_slice(&sequence.to_be_bytes());
    head[8..20].copy_from_slice(&iv(sequence));
    head[20..].copy_from_slice(&length.to_be_bytes());
    head
}

/// The additional authenticated data of the frames of one message.
pub(crate) struct FrameAad {
    message_id: [u8; MESSAGE_ID],
    message_id_length: usize,
}

/// The additional authenticated data of one frame.
pub(crate) struct Aad {
    bytes: [u8; MESSAGE_ID + MAX_CONTENT + 4 + 8],
    length: usize,
}

const MAX_CONTENT: usize = 35;

impl FrameAad {
    pub(crate) fn new(message_id: &[u8]) -> Self {
        let message_id_length = message_id.len();
        let mut padded = [0; MESSAGE_ID];
        padded[..message_id_length].copy_from_slice(message_id);
        Self { message_id: padded, message_id_length }
    }

    /// Returns message id, content string, sequence number and plaintext length, one after the other.
    pub(crate) fn of(&self, kind: FrameKind, sequence: u32, length: usize) -> Aad {
        let content: &[u8] = match kind {
            FrameKind::Regular => b"AWSKMSEncryptionClient Frame",
            FrameKind::Final => b"AWSKMSEncryptionClient Final Frame",
            FrameKind::Whole => b"AWSKMSEncryptionClient Single Block",
        };
        let mut aad = Aad { bytes: [0; _], length: 0 };
        aad.push(&self.message_id[..self.message_id_length]);
        aad.push(content);
        aad.push(&sequence.to_be_bytes());
        aad.push(&(length as u64).to_be_bytes());
        aad
    }
}

impl Aad {
    fn push(&mut self, field: &[u8]) {
        let end = self.length + field.len();
        self.bytes[self.length..end].copy_from_slice(field);
        self.length = end;
    }
}

impl std::ops::Deref for Aad {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests;
