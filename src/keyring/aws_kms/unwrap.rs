//! "OnDecrypt", which is the same in every AWS KMS keyring once it has chosen the data keys to try.

use super::super::failures::Failures;
use super::super::kms_arn::KmsArn;
use super::super::kms_key_id::PROVIDER_ID;
use super::clients::KmsClients;
use crate::error::{Error, Result};
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials};

/// One data key of a message to be tried.
pub(super) struct Attempt<'a> {
    /// What Decrypt is told, in the Region of `key`.
    pub(super) key_id: String,
    /// The key that must have unwrapped it.
    pub(super) key: KmsArn,
    pub(super) ciphertext: &'a [u8],
}

/// The data keys that KMS wrapped, each with the ARN of the key that did it.
///
/// # Errors
/// `MalformedMessage` if one of them does not name a key so: the specification refuses the whole
/// message then.
pub(super) fn wrapped_by_kms(
    encrypted_data_keys: &[EncryptedDataKey],
) -> Result<Vec<(KmsArn, &[u8])>> {
    encrypted_data_keys
        .iter()
        .filter(|key| key.provider_id == PROVIDER_ID)
        .map(|key| {
            let arn = std::str::from_utf8(&key.provider_info).ok().and_then(KmsArn::of_key);
            Ok((arn.ok_or_else(no_key_arn)?, key.ciphertext.as_slice()))
        })
        .collect()
}

/// Asks KMS to unwrap one data key after the other, and returns the first that unwraps; or, if none does,
/// the reason of each.
///
/// # Errors
/// What ends all attempts.
pub(super) async fn unwrap_first(
    clients: &KmsClients,
    attempts: Vec<Attempt<'_>>,
    materials: &mut DecryptionMaterials,
) -> Result<Result<DataKey, Failures>> {
    let mut failures = Failures::default();
    for attempt in attempts {
        materials.attempts.next().await?;
        match unwrap(clients, &attempt, materials).await {
            Ok(data_key) => return Ok(Ok(data_key)),
            Err(error) => failures.push(error),
        }
    }
    Ok(Err(failures))
}

async fn unwrap(
    clients: &KmsClients,
    attempt: &Attempt<'_>,
    materials: &DecryptionMaterials,
) -> Result<DataKey> {
    let Attempt { key_id, key, ciphertext } = attempt;
    let kms = clients.in_region(&key.region).await?;
    let is_key = |used: &KmsArn| used == key;
    let length = Some(materials.suite.data_key_length);
    let answer = kms.decrypt(Some(key_id), ciphertext, &materials.context, length, is_key).await?;
    Ok(answer.plaintext)
}

fn no_key_arn() -> Error {
    Error::malformed(
        "the message has a data key that AWS KMS is said to have wrapped, but it does not name \
         the KMS key by its ARN",
    )
}
