//! The key of one message that is read, once its header has verified; decrypts frames, and releases
//! nothing that does not verify.
//!
//! Source: `client-apis/decrypt.md`, "Get the decryption materials" and "Verify the header".

use crate::crypto::{Aead, AesGcm, DerivedKeys, same_commitment};
use crate::error::{Code, Error, Result};
use crate::format::frame::{Frame, FrameAad};
use crate::format::{Header, header_aad};
use crate::materials::DecryptionMaterials;

pub(super) struct FrameDecryptor {
    key: AesGcm,
    aad: FrameAad,
}

impl FrameDecryptor {
    /// Verifies the commitment and the header under the materials' data key.
    pub(super) fn new(header: &Header, materials: &DecryptionMaterials) -> Result<Self> {
        let data_key = materials.complete_data_key()?;
        let keys = DerivedKeys::derive(header.suite, data_key.expose(), &header.message_id)?;
        if !same_commitment(&keys.commitment, &header.commitment) {
            return Err(changed("the commitment to the data key"));
        }
        // "Verify the header": the tag also covers what is authenticated, but not stored.
        let completed = materials.context.filter(|key| header.context.get(key).is_none());
        let aad = header_aad(header.body(), &completed);
        keys.content_key
            .open(&header.iv, &aad, &[], &header.tag, &mut [])
            .map_err(|_| changed("the header"))?;
        Ok(Self { key: keys.content_key, aad: FrameAad::new(&header.message_id) })
    }

    /// Decrypts the frame with this number into `plaintext`, which has its length.
    pub(super) fn decrypt(
        &self,
        frame: &Frame<'_>,
        sequence: u32,
        plaintext: &mut [u8],
    ) -> Result<()> {
        Self::check_sequence(frame, sequence)?;
        let aad = self.aad.of(frame.kind, frame.sequence, frame.ciphertext.len());
        self.key
            .open(&frame.iv, &aad, frame.ciphertext, &frame.tag, plaintext)
            .map_err(|_| changed(&format!("frame {}", frame.sequence)))
    }

    /// Checks that the frame stands where its number says.
    pub(super) fn check_sequence(frame: &Frame<'_>, sequence: u32) -> Result<()> {
        // "Sequence Number": frames count from 1, without a gap.
        if frame.sequence != sequence {
            return Err(Error::malformed(format!(
                "frame {} stands where frame {sequence} must; frames were lost, repeated or moved",
                frame.sequence
            )));
        }
        Ok(())
    }
}

pub(super) fn changed(part: &str) -> Error {
    Error::new(
        Code::AuthenticationFailed,
        format!("{part} does not verify: the message was changed, or made under another data key"),
    )
}
