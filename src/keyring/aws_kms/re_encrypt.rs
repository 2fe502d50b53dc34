//! ReEncrypt: what one KMS key wrapped, wrapped by another, inside KMS.

use aws_sdk_kms::operation::re_encrypt::ReEncryptOutput;
use aws_sdk_kms::primitives::Blob;

use super::super::WrappedDataKey;
use super::super::kms_arn::KmsArn;
use super::calls::{Kms, non_empty, pairs, send, used_key};
use super::error::unusable_answer;
use crate::context::EncryptionContext;
use crate::error::Result;

impl Kms {
    /// ReEncrypt: from one key to another, inside KMS.
    pub(super) async fn re_encrypt(
        &self,
        key_id: &str,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
        new_key_id: &str,
        new_context: &EncryptionContext,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<WrappedDataKey> {
        self.call("ReEncrypt", Some(key_id), async |log| {
            let request = self
                .client
                .re_encrypt()
                .source_key_id(key_id)
                .ciphertext_blob(Blob::new(ciphertext_blob))
                .set_source_encryption_context(pairs(context))
                .destination_key_id(new_key_id)
                .set_destination_encryption_context(pairs(new_context))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let ReEncryptOutput {
                ciphertext_blob,
                source_key_id,
                key_id,
                destination_key_material_id,
                ..
            } = answer;
            let wrong = || unusable_answer(&log);
            used_key(&log, source_key_id, is_key)?;
            Ok(WrappedDataKey {
                ciphertext_blob: non_empty(ciphertext_blob).ok_or_else(wrong)?,
                key_id: used_key(&log, key_id, |_| true)?,
                key_material_id: destination_key_material_id,
                request_id: log.request_id().map(str::to_owned),
            })
        })
        .await
    }
}
