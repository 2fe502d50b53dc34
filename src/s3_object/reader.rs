//! Reads the content of an object: whole, or in two passes, of which the first verifies.
//!
//! AES-GCM content has one tag, at its end. So a [`ContentVerifier`] takes all of the body before a
//! [`ContentDecryptor`] gives any plaintext; the second pass must be given the very same bytes.

use std::sync::Arc;

use zeroize::Zeroize;

use super::content::ContentKey;
use super::decryptor::ContentDecryptor;
use super::metadata::ObjectMetadata;
use super::policy::{ReadPolicy, check_build};
use super::unwrap::{Unwrapped, unwrap};
use crate::context::EncryptionContext;
use crate::crypto::TAG_LENGTH;
use crate::crypto::gcm_stream::{GcmTag, MAX_LENGTH};
use crate::crypto::legacy::{BLOCK, padding_length};
use crate::error::{Code, Error, Result};
use crate::keyring::Keyring;

/// An object whose data key was unwrapped, and fits what the metadata commits to.
pub struct ObjectReader {
    key: ContentKey,
    /// Whether unwrapping the data key succeeded. If not, the key is random, and a body fails to decrypt as
    /// one that was changed does.
    is_right: bool,
}

impl ObjectReader {
    /// Checks the object against the policy, unwraps its data key, and checks the commitment.
    ///
    /// # Errors
    /// `NotApproved`; those of `policy`; `ContextMismatch` if the object has another context than expected;
    /// `NoUsableKey`
    /// and those of KMS; `AuthenticationFailed` if the key is not what the object commits to.
    pub async fn open(
        object: &ObjectMetadata,
        policy: &ReadPolicy,
        keyring: &dyn Keyring,
        expected: &EncryptionContext,
    ) -> Result<Self> {
        check_build()?;
        policy.check(object)?;
        let Unwrapped { key, is_right } = unwrap(object, keyring, expected).await?;
        let key = ContentKey::open(object.content(), key)?;
        Ok(Self { key, is_right })
    }

    /// Decrypts a whole body; returns the length of the plaintext. `plaintext` has the body's
    /// length, and is wiped if the body does not verify.
    ///
    /// # Errors
    /// `AuthenticationFailed` if the body was changed, `TruncatedMessage` if it has no room for a tag.
    pub fn decrypt_whole(self: &Arc<Self>, body: &[u8], plaintext: &mut [u8]) -> Result<usize> {
        if plaintext.len() < body.len() {
            return Err(Error::invalid("the output must be as long as the object's body"));
        }
        if self.key.is_gcm() {
            let (ciphertext, tag) = body.split_last_chunk().ok_or_else(Error::truncated)?;
            let plaintext = &mut plaintext[..ciphertext.len()];
            self.key.open_gcm(ciphertext, tag, plaintext).unwrap_or_else(|| Err(not_gcm()))?;
            return Ok(ciphertext.len());
        }
        let decrypted = self.decrypt_cbc(body, plaintext);
        if decrypted.is_err() {
            plaintext.zeroize();
        }
        decrypted
    }

    fn decrypt_cbc(self: &Arc<Self>, body: &[u8], plaintext: &mut [u8]) -> Result<usize> {
        let mut verifier = self.verifier()?;
        verifier.update(body)?;
        let mut decryptor = self.decryptor(verifier.finish()?)?;
        decryptor.update(body, plaintext)
    }

    /// The first pass over a body.
    ///
    /// # Errors
    /// `Internal` if the engine fails.
    pub fn verifier(self: &Arc<Self>) -> Result<ContentVerifier> {
        let tag = self.key.tag().transpose()?;
        let reader = Arc::clone(self);
        Ok(ContentVerifier { reader, tag, tail: Vec::with_capacity(TAIL), length: 0 })
    }

    /// The second pass over a body, whose plaintext has this length: what the verifier returned.
    ///
    /// # Errors
    /// `Internal` if the engine fails.
    pub fn decryptor(&self, plaintext_length: u64) -> Result<ContentDecryptor> {
        match (self.key.keystream(0), self.key.cbc(None)) {
            (Some(keystream), _) => Ok(ContentDecryptor::ctr(keystream?, plaintext_length)),
            (None, Some(cbc)) => Ok(ContentDecryptor::cbc(cbc?, plaintext_length)),
            (None, None) => Err(not_gcm()),
        }
    }

    /// A first pass that decrypts, too, for a body of this length in memory: the caller keeps the
    /// plaintext back until the verifier, which gets the same bytes, has verified all.
    ///
    /// # Errors
    /// `Internal` if the engine fails.
    pub fn decryptor_ahead(&self, body_length: u64) -> Result<ContentDecryptor> {
        let tag_length = if self.key.is_gcm() { TAG_LENGTH as u64 } else { 0 };
        self.decryptor(body_length.saturating_sub(tag_length))
    }

    /// Decrypts AES-GCM content from this offset on, without any authentication: whoever can write
    /// to the bucket can choose what it gives.
    ///
    /// # Errors
    /// `UnsupportedMessage` for AES-CBC; `LimitExceeded` for a range that does not end within the longest
    /// content, or that starts at its end.
    pub fn unauthenticated_decryptor(&self, offset: u64, length: u64) -> Result<ContentDecryptor> {
        if self.key.is_gcm() && offset.checked_add(length).is_none_or(|end| end > MAX_LENGTH) {
            return Err(beyond_content());
        }
        let keystream = self.key.keystream(offset).unwrap_or_else(|| Err(not_gcm()))?;
        Ok(ContentDecryptor::ctr(keystream, length))
    }
}

/// The most that is held back of a body: two blocks, or a tag.
const TAIL: usize = 2 * BLOCK;

/// Reads all of a body once, and tells whether it is authentic.
///
/// Between calls `tail` holds the last bytes of the body, at most `TAIL`; the tag has taken what came
/// before, if there is one.
pub struct ContentVerifier {
    reader: Arc<ObjectReader>,
    tag: Option<GcmTag>,
    tail: Vec<u8>,
    length: u64,
}

impl ContentVerifier {
    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// `LimitExceeded` beyond the longest content.
    pub fn update(&mut self, bytes: &[u8]) -> Result<()> {
        self.length += bytes.len() as u64;
        let held_back = if self.tag.is_some() { TAG_LENGTH } else { TAIL };
        let surplus = (self.tail.len() + bytes.len()).saturating_sub(held_back);
        let of_tail = surplus.min(self.tail.len());
        let of_bytes = surplus - of_tail;
        if let Some(tag) = &mut self.tag {
            tag.update(&self.tail[..of_tail])?;
            tag.update(&bytes[..of_bytes])?;
        }
        self.tail.drain(..of_tail);
        self.tail.extend_from_slice(&bytes[of_bytes..]);
        Ok(())
    }

    /// The length of the plaintext, in bytes, once all of the body was taken.
    ///
    /// # Errors
    /// `AuthenticationFailed` if the body was changed, `TruncatedMessage` if it has no room for a
    /// tag. AES-CBC has no tag: only a wrong padding is noticed.
    pub fn finish(self) -> Result<u64> {
        let Some(tag) = self.tag else { return self.finish_cbc() };
        if self.tail.len() < TAG_LENGTH {
            return Err(Error::truncated());
        }
        tag.verify(&self.tail)?;
        Ok(self.length - TAG_LENGTH as u64)
    }

    fn finish_cbc(self) -> Result<u64> {
        let blocks = self.length > 0 && self.length.is_multiple_of(BLOCK as u64);
        let last = self.tail.split_last_chunk::<BLOCK>().filter(|_| blocks);
        let Some((before, last)) = last else { return Err(cbc_failed()) };
        let before = before.last_chunk::<BLOCK>();
        let mut block = *last;
        self.reader.key.cbc(before).unwrap_or_else(|| Err(not_gcm()))?.decrypt(&mut block);
        let padding = padding_length(&block).filter(|_| self.reader.is_right);
        block.zeroize();
        Ok(self.length - padding.ok_or_else(cbc_failed)? as u64)
    }
}

/// Returns the one error of AES-CBC, whatever is wrong: if errors differed, whoever may ask often could
/// find out the plaintext (a padding oracle).
fn cbc_failed() -> Error {
    Error::new(
        Code::AuthenticationFailed,
        "the object does not decrypt: its body, its IV or its key was changed or is not its own",
    )
}

fn beyond_content() -> Error {
    Error::new(
        Code::LimitExceeded,
        format!("the range goes beyond {MAX_LENGTH} bytes, the longest content of an object"),
    )
}

fn not_gcm() -> Error {
    Error::new(
        Code::UnsupportedMessage,
        "the object's content is AES-CBC, which has no tag, and no ranges",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::IV_LENGTH;
    use crate::materials::DataKey;

    #[test]
    fn a_range_ends_within_the_longest_content() {
        let key = DataKey::new(zeroize::Zeroizing::new(vec![1; 32]));
        let key = ContentKey::Gcm { key, iv: [2; IV_LENGTH], aad: &[] };
        let reader = ObjectReader { key, is_right: true };
        let code = |offset, length| {
            let refused = reader.unauthenticated_decryptor(offset, length).err();
            refused.map(|error| error.code())
        };
        for (offset, length) in [(0, MAX_LENGTH), (MAX_LENGTH - 5, 5), (MAX_LENGTH - 1, 0)] {
            assert_eq!(code(offset, length), None, "{length} bytes from {offset} on");
        }
        for (offset, length) in [
            (0, MAX_LENGTH + 1),
            (MAX_LENGTH - 5, 6),
            (MAX_LENGTH, 16),
            (1, u64::MAX),
            (u64::MAX, 1),
        ] {
            let refused = Some(Code::LimitExceeded);
            assert_eq!(code(offset, length), refused, "{length} bytes from {offset} on");
        }
    }
}
