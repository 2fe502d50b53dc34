//! GenerateDataKeyPair: key pairs whose private key a KMS key wraps.

use aws_sdk_kms::operation::generate_data_key_pair::GenerateDataKeyPairOutput;
use aws_sdk_kms::operation::generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintextOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeyPairSpec;

use super::super::guard::CallLog;
use super::super::kms_arn::KmsArn;
use super::super::{GeneratedKeyPair, WrappedDataKey};
use super::calls::{Kms, non_empty, pairs, send, to_data_key, used_key};
use super::error::unusable_answer;
use crate::context::EncryptionContext;
use crate::crypto::KeyPairSpec;
use crate::error::Result;
use crate::materials::DataKey;

impl Kms {
    /// GenerateDataKeyPair.
    pub(super) async fn generate_data_key_pair(
        &self,
        key_id: &str,
        spec: KeyPairSpec,
        context: &EncryptionContext,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<GeneratedKeyPair> {
        self.call("GenerateDataKeyPair", Some(key_id), async |log| {
            let request = self
                .client
                .generate_data_key_pair()
                .key_id(key_id)
                .key_pair_spec(DataKeyPairSpec::from(spec.as_str()))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let GenerateDataKeyPairOutput {
                private_key_ciphertext_blob,
                private_key_plaintext,
                public_key,
                key_id: used,
                key_pair_spec,
                key_material_id,
                ..
            } = answer;
            let private_key =
                to_data_key(private_key_plaintext).ok_or_else(|| unusable_answer(&log))?;
            let pair = KmsKeyPair {
                private_key_ciphertext_blob,
                public_key,
                key_id: used,
                key_pair_spec,
                key_material_id,
            };
            pair.checked(&log, spec, is_key, Some(private_key))
        })
        .await
    }

    /// GenerateDataKeyPairWithoutPlaintext.
    pub(super) async fn generate_data_key_pair_without_plaintext(
        &self,
        key_id: &str,
        spec: KeyPairSpec,
        context: &EncryptionContext,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<GeneratedKeyPair> {
        self.call("GenerateDataKeyPairWithoutPlaintext", Some(key_id), async |log| {
            let request = self
                .client
                .generate_data_key_pair_without_plaintext()
                .key_id(key_id)
                .key_pair_spec(DataKeyPairSpec::from(spec.as_str()))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let GenerateDataKeyPairWithoutPlaintextOutput {
                private_key_ciphertext_blob,
                public_key,
                key_id: used,
                key_pair_spec,
                key_material_id,
                ..
            } = answer;
            let pair = KmsKeyPair {
                private_key_ciphertext_blob,
                public_key,
                key_id: used,
                key_pair_spec,
                key_material_id,
            };
            pair.checked(&log, spec, is_key, None)
        })
        .await
    }
}

/// What KMS answers of a key pair, except for the private key itself.
struct KmsKeyPair {
    private_key_ciphertext_blob: Option<Blob>,
    public_key: Option<Blob>,
    key_id: Option<String>,
    key_pair_spec: Option<DataKeyPairSpec>,
    key_material_id: Option<String>,
}

impl KmsKeyPair {
    /// Returns the key pair, of which KMS must have answered every part, under the right key.
    fn checked(
        self,
        log: &CallLog,
        spec: KeyPairSpec,
        is_key: impl Fn(&KmsArn) -> bool,
        private_key: Option<DataKey>,
    ) -> Result<GeneratedKeyPair> {
        let wrong = || unusable_answer(log);
        self.key_pair_spec.filter(|used| used.as_str() == spec.as_str()).ok_or_else(wrong)?;
        Ok(GeneratedKeyPair {
            public_key: non_empty(self.public_key).ok_or_else(wrong)?,
            private_key,
            wrapped: WrappedDataKey {
                ciphertext_blob: non_empty(self.private_key_ciphertext_blob).ok_or_else(wrong)?,
                key_id: used_key(log, self.key_id, is_key)?,
                key_material_id: self.key_material_id,
                request_id: log.request_id().map(str::to_owned),
            },
        })
    }
}
