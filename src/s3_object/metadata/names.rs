//! The keys of the metadata, without `x-amz-meta-`, and the names of the algorithms in it.

/// V1: the wrapped data key.
pub(super) const KEY_V1: &str = "x-amz-key";
/// V2: the wrapped data key.
pub(super) const KEY_V2: &str = "x-amz-key-v2";
/// V1 and V2: the IV of the content.
pub(super) const IV: &str = "x-amz-iv";
/// V1 and V2: the description of the wrapping key, or the encryption context.
pub(super) const DESCRIPTION: &str = "x-amz-matdesc";
/// V2: the algorithm that wraps the data key.
pub(super) const WRAPPING: &str = "x-amz-wrap-alg";
/// V2: the algorithm of the content.
pub(super) const CONTENT: &str = "x-amz-cek-alg";
/// V2: the length of the tag, in bits.
pub(super) const TAG_LENGTH: &str = "x-amz-tag-len";
/// V1 and V2: a hint at the length of the plaintext.
pub(super) const PLAINTEXT_LENGTH: &str = "x-amz-unencrypted-content-length";

/// V3: the algorithm of the content.
pub(super) const CONTENT_V3: &str = "x-amz-c";
/// V3: the key commitment.
pub(super) const COMMITMENT: &str = "x-amz-d";
/// V3: the message id.
pub(super) const MESSAGE_ID: &str = "x-amz-i";
/// V3: the wrapped data key.
pub(super) const KEY_V3: &str = "x-amz-3";
/// V3: the algorithm that wraps the data key.
pub(super) const WRAPPING_V3: &str = "x-amz-w";
/// V3: the description of an AES or RSA wrapping key.
pub(super) const DESCRIPTION_V3: &str = "x-amz-m";
/// V3: the encryption context of a KMS key.
pub(super) const CONTEXT_V3: &str = "x-amz-t";

/// What stands in an object's own metadata, and never in an instruction file.
pub(super) const V3_OBJECT_ONLY: [&str; 3] = [CONTENT_V3, COMMITMENT, MESSAGE_ID];
/// What belongs to V3 alone.
pub(super) const V3: [&str; 7] =
    [CONTENT_V3, COMMITMENT, MESSAGE_ID, KEY_V3, WRAPPING_V3, DESCRIPTION_V3, CONTEXT_V3];
/// What belongs to V2 alone.
pub(super) const V2: [&str; 4] = [KEY_V2, WRAPPING, CONTENT, TAG_LENGTH];
/// What V1 and V2 share, but for the hint.
pub(super) const V1_AND_V2: [&str; 2] = [IV, DESCRIPTION];

pub(super) const AES_CBC: &str = "AES/CBC/PKCS5Padding";
pub(super) const AES_GCM: &str = "AES/GCM/NoPadding";
pub(super) const COMMITTING_AES_GCM: &str = "115";
