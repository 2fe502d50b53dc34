//! The frames of a message body, and what each of them authenticates.
//!
//! Source: `data-format/message-body.md`, `data-format/message-body-aad.md`.

use super::reader::{Failure, Reader};
use crate::error::Error;

/// Stands before the final frame in place of a sequence number ("Sequence Number End").
pub(crate) const FINAL_MARK: u32 = u32::MAX;

/// The bytes of a regular frame before its ciphertext: sequence number and IV.
pub(crate) const REGULAR_HEAD: usize = 4 + 12;
/// The bytes of a final frame before its ciphertext: mark, sequence number, IV and length.
pub(crate) const FINAL_HEAD: usize = 4 + 4 + 12 + 4;
/// The bytes of any frame after its ciphertext.
pub(crate) const TAG: usize = 16;

/// What a regular frame takes beyond its plaintext, in bytes.
pub(crate) const REGULAR_OVERHEAD: usize = REGULAR_HEAD + TAG;
/// What a final frame takes beyond its plaintext, in bytes.
pub(crate) const FINAL_OVERHEAD: usize = FINAL_HEAD + TAG;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Regular,
    Final,
}

/// A frame as it stands in a message.
pub(crate) struct Frame<'a> {
    pub kind: FrameKind,
    pub sequence: u32,
    pub iv: [u8; 12],
    pub ciphertext: &'a [u8],
    pub tag: [u8; TAG],
}

impl<'a> Frame<'a> {
    /// Reads the frame at the start of `bytes`; it takes `frame_size(bytes)` of them.
    pub(crate) fn read(bytes: &'a [u8], frame_length: usize) -> Result<Self, Failure> {
        let mut reader = Reader::new(bytes);
        let mut sequence = reader.u32()?;
        let kind = if sequence == FINAL_MARK { FrameKind::Final } else { FrameKind::Regular };
        if kind == FrameKind::Final {
            sequence = reader.u32()?;
        }
        let iv = reader.array()?;
        let length = match kind {
            FrameKind::Regular => frame_length,
            FrameKind::Final => final_length(reader.u32()?, frame_length)?,
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
            }
    }
}

/// How many bytes the frame that starts with `bytes` takes, or the least that tells more of it.
pub(crate) fn size_hint(bytes: &[u8], frame_length: usize) -> Result<usize, Error> {
    let mut reader = Reader::new(bytes);
    match reader.u32() {
        Err(_) => Ok(4),
        Ok(FINAL_MARK) => match reader.take(4 + 12).and_then(|_| reader.u32()) {
            Err(_) => Ok(FINAL_HEAD),
            Ok(length) => Ok(final_length(length, frame_length)? + FINAL_OVERHEAD),
        },
        Ok(_) => Ok(frame_length.saturating_add(REGULAR_OVERHEAD)),
    }
}

/// `client-apis/decrypt.md`, "Decrypt the message body": at most the frame length.
fn final_length(length: u32, frame_length: usize) -> Result<usize, Error> {
    match usize::try_from(length) {
        Ok(length) if length <= frame_length => Ok(length),
        _ => Err(Error::malformed(format!(
            "the final frame says it holds {length} bytes; a frame of this message holds {frame_length}"
        ))),
    }
}

/// The IV of a frame that we write: its sequence number ("IV").
pub(crate) fn iv(sequence: u32) -> [u8; 12] {
    let mut iv = [0; 12];
    iv[8..].copy_from_slice(&sequence.to_be_bytes());
    iv
}

/// Writes what stands before a frame's ciphertext into `head`, which has exactly its length.
pub(crate) fn write_head(kind: FrameKind, sequence: u32, length: u32, head: &mut [u8]) {
    let sequence_bytes = sequence.to_be_bytes();
    match kind {
        FrameKind::Regular => {
            head[..4].copy_from_slice(&sequence_bytes);
            head[4..].copy_from_slice(&iv(sequence));
        }
        FrameKind::Final => {
            head[..4].copy_from_slice(&FINAL_MARK.to_be_bytes());
            head[4..8].copy_from_slice(&sequence_bytes);
            head[8..20].copy_from_slice(&iv(sequence));
            head[20..].copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// The additional authenticated data of the frames of one message.
pub(crate) struct FrameAad {
    bytes: Vec<u8>,
    message_id_length: usize,
}

impl FrameAad {
    pub(crate) fn new(message_id: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(message_id.len() + 48);
        bytes.extend_from_slice(message_id);
        Self { bytes, message_id_length: message_id.len() }
    }

    /// Message id, content string, sequence number, plaintext length.
    pub(crate) fn of(&mut self, kind: FrameKind, sequence: u32, length: usize) -> &[u8] {
        let content: &[u8] = match kind {
            FrameKind::Regular => b"AWSKMSEncryptionClient Frame",
            FrameKind::Final => b"AWSKMSEncryptionClient Final Frame",
        };
        self.bytes.truncate(self.message_id_length);
        self.bytes.extend_from_slice(content);
        self.bytes.extend_from_slice(&sequence.to_be_bytes());
        self.bytes.extend_from_slice(&(length as u64).to_be_bytes());
        &self.bytes
    }
}
