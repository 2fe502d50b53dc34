//! How a body is divided: into frames, or not.
//!
//! Source: `data-format/message-header.md`, "Content Type" and "Frame Length".

use crate::error::Error;

/// How a body is divided ("Supported Content Types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Division {
    /// Frames with a plaintext of this length in bytes, the last one shorter or empty.
    Frames {
        /// From 1.
        length: usize,
    },
    /// One piece.
    Whole,
}

/// The content type of a body in frames.
pub(super) const FRAMED: u8 = 2;
const NON_FRAMED: u8 = 1;

/// Returns whether a content type says that there are frames.
///
/// # Errors
/// `MalformedMessage` if there is no such type.
pub(super) fn is_framed(content_type: u8) -> Result<bool, Error> {
    match content_type {
        FRAMED => Ok(true),
        NON_FRAMED => Ok(false),
        _ => Err(Error::malformed(format!("content type {content_type} does not exist"))),
    }
}

impl Division {
    /// Returns what a header says; the frame length is 0 if and only if the body is not framed.
    ///
    /// # Errors
    /// `MalformedMessage`.
    pub(super) fn of(framed: bool, frame_length: u32) -> Result<Self, Error> {
        match (framed, frame_length) {
            (false, 0) => Ok(Self::Whole),
            (true, 1..) => Ok(Self::Frames { length: frame_length as usize }),
            _ => Err(Error::malformed(format!(
                "frame length {frame_length} does not fit the content type"
            ))),
        }
    }

    /// Whether there are frames.
    pub fn is_framed(self) -> bool {
        self != Self::Whole
    }

    /// The plaintext length of every frame but the last, in bytes; 0 without frames.
    pub fn frame_length(self) -> usize {
        match self {
            Self::Frames { length } => length,
            Self::Whole => 0,
        }
    }
}
