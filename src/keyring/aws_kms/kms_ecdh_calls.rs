//! GetPublicKey and DeriveSharedSecret, under a key of KMS for key agreement.

use aws_sdk_kms::operation::derive_shared_secret::DeriveSharedSecretOutput;
use aws_sdk_kms::operation::get_public_key::GetPublicKeyOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyAgreementAlgorithmSpec, KeyUsageType};

use super::super::kms_arn::KmsArn;
use super::calls::{Kms, non_empty, send, to_data_key, used_key};
use super::error::unusable_answer;
use crate::crypto::{EcdhCurve, EcdhPublicKey};
use crate::error::{Code, Error, Result};
use crate::materials::DataKey;

impl Kms {
    /// GetPublicKey, of a key for key agreement on this curve.
    pub(super) async fn public_key(&self, key: &KmsArn, curve: EcdhCurve) -> Result<EcdhPublicKey> {
        let key_id = key.to_string();
        self.call("GetPublicKey", Some(&key_id), async |log| {
            let request = self
                .client
                .get_public_key()
                .key_id(&key_id)
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let GetPublicKeyOutput { key_id: used, public_key, key_usage, key_spec, .. } = answer;
            used_key(&log, used, |used| used == key)?;
            if key_usage != Some(KeyUsageType::KeyAgreement) {
                return Err(wrong_kind(
                    key,
                    "is not for key agreement; give one whose usage is KEY_AGREEMENT",
                ));
            }
            if key_spec.is_none_or(|spec| spec.as_str() != curve.as_str()) {
                let wanted = curve.as_str();
                return Err(wrong_kind(
                    key,
                    &format!("is not of the curve that `curveSpec` names, {wanted}"),
                ));
            }
            non_empty(public_key)
                .and_then(|der| EcdhPublicKey::from_spki(curve, &der).ok())
                .ok_or_else(|| unusable_answer(&log))
        })
        .await
    }

    /// DeriveSharedSecret with the owner of a public key, a SubjectPublicKeyInfo in DER; the secret must
    /// have `length` bytes.
    pub(super) async fn derive_shared_secret(
        &self,
        key: &KmsArn,
        public_key: Vec<u8>,
        length: usize,
    ) -> Result<DataKey> {
        let key_id = key.to_string();
        self.call("DeriveSharedSecret", Some(&key_id), async |log| {
            let request = self
                .client
                .derive_shared_secret()
                .key_id(&key_id)
                .key_agreement_algorithm(KeyAgreementAlgorithmSpec::Ecdh)
                .public_key(Blob::new(public_key))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let DeriveSharedSecretOutput {
                key_id: used,
                shared_secret,
                key_agreement_algorithm,
                ..
            } = answer;
            let secret = to_data_key(shared_secret).filter(|secret| secret.length() == length);
            used_key(&log, used, |used| used == key)?;
            secret
                .filter(|_| key_agreement_algorithm == Some(KeyAgreementAlgorithmSpec::Ecdh))
                .ok_or_else(|| unusable_answer(&log))
        })
        .await
    }
}

fn wrong_kind(key: &KmsArn, problem: &str) -> Error {
    Error::new(Code::KmsKeyUsage, format!("the KMS key \"{key}\" {problem}"))
}
