//! Whether a KMS key can be used: DescribeKey, or a trial where that is not permitted.

use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState, KeyUsageType};

use super::super::kms_arn::KmsArn;
use super::calls::{Kms, send};
use super::error::unusable_answer;
use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;

const TRIAL_LENGTH: usize = 32;

impl Kms {
    /// Fails with what is wrong with the key, or with the caller's permissions.
    pub(super) async fn check_key(
        &self,
        key_id: &str,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<()> {
        match self.describe_key(key_id).await {
            Ok(true) => Ok(()),
            Ok(false) => self.try_key(key_id, is_key).await,
            Err(error) if error.code() == Code::KmsAccessDenied => {
                self.try_key(key_id, is_key).await
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the key is known to be usable; emulators do not tell all that KMS does.
    async fn describe_key(&self, key_id: &str) -> Result<bool> {
        self.call("DescribeKey", Some(key_id), async |log| {
            let request = self
                .client
                .describe_key()
                .key_id(key_id)
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let metadata = answer.key_metadata.ok_or_else(|| unusable_answer(&log))?;
            usable(key_id, &metadata)
                .map_err(|error| error.with_request_id(log.request_id().map(str::to_owned)))
        })
        .await
    }

    /// Makes a data key and unwraps it, as messages do.
    async fn try_key(&self, key_id: &str, is_key: impl Fn(&KmsArn) -> bool) -> Result<()> {
        let context = EncryptionContext::default();
        let trial = self.generate_data_key(key_id, TRIAL_LENGTH, &context, &is_key).await?;
        let length = Some(TRIAL_LENGTH);
        let blob = &trial.ciphertext_blob;
        let unwrapped = self.decrypt(Some(key_id), blob, &context, length, &is_key).await?;
        if unwrapped.plaintext.expose() == trial.key.plaintext.expose() {
            return Ok(());
        }
        let message = format!("the KMS key \"{key_id}\" unwraps another data key than it wrapped");
        Err(Error::new(Code::KmsInternal, message))
    }
}

/// The states and kinds of keys in the KMS API Reference, KeyMetadata.
fn usable(key_id: &str, metadata: &KeyMetadata) -> Result<bool> {
    let error =
        |code, problem: &str| Err(Error::new(code, format!("the KMS key \"{key_id}\" {problem}")));
    if metadata.key_usage().is_some_and(|usage| *usage != KeyUsageType::EncryptDecrypt) {
        let problem = "is not for encryption; give one whose usage is ENCRYPT_DECRYPT";
        return error(Code::KmsKeyUsage, problem);
    }
    if metadata.key_spec().is_some_and(|spec| *spec != KeySpec::SymmetricDefault) {
        let problem = "is not symmetric; give one whose key spec is SYMMETRIC_DEFAULT";
        return error(Code::KmsKeyUsage, problem);
    }
    match metadata.key_state() {
        Some(KeyState::Enabled | KeyState::Updating) => {
            Ok(metadata.key_usage().is_some() && metadata.key_spec().is_some())
        }
        Some(KeyState::Disabled) => error(Code::KmsKeyDisabled, "is disabled; enable it"),
        Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion) => {
            error(Code::KmsKeyState, "is pending deletion; cancel the deletion to use it")
        }
        Some(KeyState::PendingImport) => {
            error(Code::KmsKeyState, "has no key material; import it to use the key")
        }
        Some(state) => {
            error(Code::KmsKeyState, &format!("is in the state {}", shown(state.as_str())))
        }
        None => Ok(false),
    }
}
