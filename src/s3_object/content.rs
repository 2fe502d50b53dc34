//! The key and the parameters of an object's content.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::metadata::{COMMITMENT_LENGTH, Content, MESSAGE_ID_LENGTH};
use crate::crypto::gcm_stream::{CtrKeystream, GcmTag};
use crate::crypto::legacy::{BLOCK, CbcDecryptor};
use crate::crypto::{self, Aead, AesGcm, IV_LENGTH, Iv, Tag};
use crate::error::{Code, Error, Result};
use crate::materials::DataKey;

/// The two bytes of the committing suite's number (0x73, 115).
const SUITE: [u8; 2] = [0x00, 0x73];
/// The nonce of committing content: its key is used once.
const COMMITTING_IV: Iv = [1; IV_LENGTH];

/// What encrypts and decrypts the content of one object.
pub(super) enum ContentKey {
    /// AES-GCM: the key, its nonce, and what is authenticated besides.
    Gcm { key: DataKey, iv: Iv, aad: &'static [u8] },
    /// AES-CBC.
    Cbc { key: DataKey, iv: [u8; BLOCK] },
}

impl ContentKey {
    /// From the data key, and with the commitment that it gives, where the content commits.
    pub(super) fn derive(
        content: &Content,
        data_key: DataKey,
    ) -> Result<(Self, Option<[u8; COMMITMENT_LENGTH]>)> {
        match content {
            Content::Cbc { iv } => Ok((Self::Cbc { key: data_key, iv: *iv }, None)),
            Content::Gcm { iv } => Ok((Self::Gcm { key: data_key, iv: *iv, aad: &[] }, None)),
            Content::CommittingGcm { message_id, .. } => {
                let (key, commitment) = derive(&data_key, message_id)?;
                Ok((Self::Gcm { key, iv: COMMITTING_IV, aad: &SUITE }, Some(commitment)))
            }
        }
    }

    /// From the data key that was unwrapped.
    ///
    /// # Errors
    /// `AuthenticationFailed` if it is not the one that the content commits to.
    pub(super) fn open(content: &Content, data_key: DataKey) -> Result<Self> {
        let (key, derived) = Self::derive(content, data_key)?;
        if let (Content::CommittingGcm { commitment, .. }, Some(derived)) = (content, derived)
            && !bool::from(commitment.ct_eq(&derived))
        {
            return Err(Error::new(
                Code::AuthenticationFailed,
                "the object commits to another key than the one that was unwrapped; its \
                 metadata was changed",
            ));
        }
        Ok(key)
    }

    /// Whether the content has a tag.
    pub(super) fn is_gcm(&self) -> bool {
        matches!(self, Self::Gcm { .. })
    }

    /// Encrypts or decrypts AES-GCM content from an offset on; authenticates nothing.
    pub(super) fn keystream(&self, offset: u64) -> Option<Result<CtrKeystream>> {
        match self {
            Self::Gcm { key, iv, .. } => Some(CtrKeystream::at(key.expose(), iv, offset)),
            Self::Cbc { .. } => None,
        }
    }

    /// Computes the tag of AES-GCM content.
    pub(super) fn tag(&self) -> Option<Result<GcmTag>> {
        match self {
            Self::Gcm { key, iv, aad } => Some(GcmTag::new(key.expose(), iv, aad)),
            Self::Cbc { .. } => None,
        }
    }

    /// Decrypts AES-CBC content after the block `before`, or from its start.
    pub(super) fn cbc(&self, before: Option<&[u8; BLOCK]>) -> Option<Result<CbcDecryptor>> {
        match self {
            Self::Gcm { .. } => None,
            Self::Cbc { key, iv } => Some(CbcDecryptor::new(key.expose(), before.unwrap_or(iv))),
        }
    }

    /// Decrypts AES-GCM content in one call of the engine; wipes `plaintext` if it does not verify.
    pub(super) fn open_gcm(
        &self,
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Option<Result<()>> {
        match self {
            Self::Gcm { key, iv, aad } => Some(
                AesGcm::new(key.expose())
                    .and_then(|key| key.open(iv, aad, ciphertext, tag, plaintext)),
            ),
            Self::Cbc { .. } => None,
        }
    }
}

/// The content key of committing content, and the commitment to it.
fn derive(
    data_key: &DataKey,
    message_id: &[u8; MESSAGE_ID_LENGTH],
) -> Result<(DataKey, [u8; COMMITMENT_LENGTH])> {
    let key_info = [&SUITE[..], b"DERIVEKEY"].concat();
    let commitment_info = [&SUITE[..], b"COMMITKEY"].concat();
    let mut key = Zeroizing::new(vec![0; 32]);
    let mut commitment = [0; COMMITMENT_LENGTH];
    let mut outputs = [(&key_info[..], &mut key[..]), (&commitment_info[..], &mut commitment[..])];
    crypto::hkdf_sha512(message_id, data_key.expose(), &mut outputs)?;
    Ok((DataKey::new(key), commitment))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Basic S3EC.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY #1" of the S3 Encryption Client for Go.
    #[test]
    fn a_published_derivation_gives_the_published_commitment() {
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let data_key = hex("80d90dc4cc7e77d8a6332efa44eba56230a7fe7b89af37d1e501ab2e07c0a163");
        let message_id = hex("b8ea76bed24c7b85382a148cb9dcd1cfdfb765f55ded4dfa6e0c4c79");
        let data_key = DataKey::new(Zeroizing::new(data_key));
        let (key, commitment) = derive(&data_key, &message_id.try_into().unwrap()).unwrap();
        assert_eq!(
            key.expose(),
            hex("6dd14f546cc006e639126e83f5d4d1b118576bb5df97f38c6fb3a1db87bbc338")
        );
        assert_eq!(commitment[..], hex("f89818bc0a346d3a3426b68e9509b6b2ae5fe1f904aa329fb73625db"));
    }
}
