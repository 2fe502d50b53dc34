//! Writes a new object: V3, which commits to its key, or V2 for readers that know no V3.

use super::content::ContentKey;
use super::json;
use super::metadata::{COMMITMENT_LENGTH, Content, Format, MESSAGE_ID_LENGTH, MetadataWriter};
use super::policy::check_build;
use super::wrap::{NewKey, new_key};
use crate::context::EncryptionContext;
use crate::crypto::gcm_stream::{CtrKeystream, GcmTag};
use crate::crypto::{self, IV_LENGTH, TAG_LENGTH};
use crate::error::{Code, Error, Result};
use crate::keyring::Keyring;
use crate::suite::CommitmentPolicy;

/// Where the wrapped data key of a new object goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Into the object's own metadata, of which S3 takes 2 KiB.
    Metadata,
    /// Into an instruction file beside the object.
    InstructionFile,
}

/// Encrypts the content of one new object.
///
/// `tag` is there until the content has ended; then nothing more can be written.
pub struct ObjectWriter {
    metadata: Vec<(&'static str, String)>,
    instruction_file: Option<String>,
    keystream: CtrKeystream,
    tag: Option<GcmTag>,
}

impl ObjectWriter {
    /// Makes and wraps a data key; nothing of the content was seen yet.
    ///
    /// # Errors
    /// `NotApproved`; `CommitmentPolicy` if the policy forbids to write the format; `InvalidArgument` for V1,
    /// which is only read, and for a context that is not KMS's; those of the keyring.
    pub async fn create(
        format: Format,
        storage: Storage,
        policy: CommitmentPolicy,
        keyring: &dyn Keyring,
        context: &EncryptionContext,
    ) -> Result<Self> {
        check_build()?;
        check_format(format, policy)?;
        let mut content = new_content(format)?;
        let NewKey { key, wrapped } = new_key(keyring, context, content.name()).await?;
        let (key, commitment) = ContentKey::derive(&content, key)?;
        if let (Content::CommittingGcm { commitment: stored, .. }, Some(commitment)) =
            (&mut content, commitment)
        {
            *stored = commitment;
        }
        let metadata = MetadataWriter {
            content: &content,
            wrapping: wrapped.wrapping,
            wrapped_key: &wrapped.bytes,
            description: json::write(wrapped.context.iter()),
        };
        let (metadata, instruction_file) = match storage {
            Storage::Metadata => (metadata.in_object(), None),
            Storage::InstructionFile => {
                let (metadata, file) = metadata.with_instruction_file();
                (metadata, Some(file))
            }
        };
        let internal = || Error::new(Code::Internal, "new content is not AES-GCM");
        let keystream = key.keystream(0).ok_or_else(internal)??;
        let tag = Some(key.tag().ok_or_else(internal)??);
        Ok(Self { metadata, instruction_file, keystream, tag })
    }

    /// The metadata of the object, names without `x-amz-meta-`.
    pub fn metadata(&self) -> &[(&'static str, String)] {
        &self.metadata
    }

    /// The text of the object's instruction file, if it gets one.
    pub fn instruction_file(&self) -> Option<&str> {
        self.instruction_file.as_deref()
    }

    /// Encrypts the next bytes of the content into `ciphertext`, of the same length.
    ///
    /// # Errors
    /// `InvalidArgument` for another length, or after the end; `LimitExceeded` beyond 64 GiB, before anything
    /// is encrypted.
    pub fn update(&mut self, plaintext: &[u8], ciphertext: &mut [u8]) -> Result<()> {
        let tag = self.tag.as_mut().ok_or_else(ended)?;
        if plaintext.len() != ciphertext.len() {
            return Err(Error::invalid("the output must have the length of the input"));
        }
        // The keystream ends where the longest content does, so that it refuses what the tag would.
        self.keystream.apply_to(plaintext, ciphertext)?;
        tag.update(ciphertext)
    }

    /// The last bytes of the body.
    ///
    /// # Errors
    /// `InvalidArgument` if it has ended already.
    pub fn finish(&mut self) -> Result<[u8; TAG_LENGTH]> {
        Ok(self.tag.take().ok_or_else(ended)?.finish())
    }
}

fn check_format(format: Format, policy: CommitmentPolicy) -> Result<()> {
    let forbids_commitment = policy == CommitmentPolicy::ForbidEncryptAllowDecrypt;
    match format {
        Format::V1 => Err(Error::invalid("V1 is only read; write V3, or V2 for old readers")),
        Format::V2 if !forbids_commitment => Err(Error::new(
            Code::CommitmentPolicy,
            "the format V2 does not commit to its key, and the commitment policy forbids to write \
             that; write V3, or set `commitmentPolicy` to \"forbidEncryptAllowDecrypt\"",
        )),
        Format::V3 if forbids_commitment => Err(Error::new(
            Code::CommitmentPolicy,
            "the format V3 commits to its key, and the commitment policy forbids to write that; \
             write V2, or choose another `commitmentPolicy`",
        )),
        Format::V2 | Format::V3 => Ok(()),
    }
}

fn new_content(format: Format) -> Result<Content> {
    if format == Format::V3 {
        let mut message_id = [0; MESSAGE_ID_LENGTH];
        crypto::random(&mut message_id)?;
        return Ok(Content::CommittingGcm { message_id, commitment: [0; COMMITMENT_LENGTH] });
    }
    let mut iv = [0; IV_LENGTH];
    crypto::random(&mut iv)?;
    Ok(Content::Gcm { iv })
}

fn ended() -> Error {
    Error::invalid("the content has ended; nothing can be written after its tag")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::gcm_stream::MAX_LENGTH;

    #[test]
    fn nothing_is_encrypted_beyond_the_longest_content() {
        let (key, iv) = ([1; 32], [2; IV_LENGTH]);
        let mut writer = ObjectWriter {
            metadata: Vec::new(),
            instruction_file: None,
            keystream: CtrKeystream::at(&key, &iv, MAX_LENGTH - 1).unwrap(),
            tag: Some(GcmTag::new(&key, &iv, &[]).unwrap()),
        };
        let mut output = [0; 2];
        let refused = writer.update(&[0; 2], &mut output).unwrap_err();
        assert_eq!(refused.code(), Code::LimitExceeded);
        assert_eq!(output, [0; 2]);
        writer.update(&[0], &mut output[..1]).unwrap();
    }
}
