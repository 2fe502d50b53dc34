//! Decrypt under an RSA key of KMS.

use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::EncryptionAlgorithmSpec;

use super::super::kms_arn::KmsArn;
use super::calls::{Kms, send, to_data_key, used_key};
use super::error::unusable_answer;
use crate::crypto::RsaPadding;
use crate::error::Result;
use crate::materials::DataKey;

impl Kms {
    /// Decrypt, under this key and with this padding; the answer must have `length` bytes, if
    /// that is known.
    pub(super) async fn decrypt_rsa(
        &self,
        key: &KmsArn,
        padding: RsaPadding,
        ciphertext: &[u8],
        length: Option<usize>,
    ) -> Result<DataKey> {
        let algorithm = match padding {
            RsaPadding::OaepSha1 => EncryptionAlgorithmSpec::RsaesOaepSha1,
            _ => EncryptionAlgorithmSpec::RsaesOaepSha256,
        };
        let key_id = key.to_string();
        self.call("Decrypt", Some(&key_id), async |log| {
            let request = self
                .client
                .decrypt()
                .key_id(&key_id)
                .ciphertext_blob(Blob::new(ciphertext))
                .encryption_algorithm(algorithm)
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let DecryptOutput { key_id: used, plaintext, .. } = answer;
            used_key(&log, used, |used| used == key)?;
            let plaintext = to_data_key(plaintext)
                .filter(|key| length.is_none_or(|length| key.length() == length));
            plaintext.ok_or_else(|| unusable_answer(&log))
        })
        .await
    }
}
