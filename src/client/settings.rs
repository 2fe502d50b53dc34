//! What a client writes, and what it lets through.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cache_limits::CacheLimits;
use crate::context::is_reserved;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::format::EncryptedDataKey;
use crate::keyring::key_name;
use crate::message::DEFAULT_FRAME_LENGTH;
use crate::suite::{AlgorithmSuite, CommitmentPolicy};

/// Four times what one call of a key service may take by default.
const DEFAULT_UNWRAP_TIMEOUT: Duration = Duration::from_secs(60);

/// The settings of a client; the default is what suits nearly everyone.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The suite of new messages.
    pub suite: &'static AlgorithmSuite,
    /// Which suites are written and read.
    pub commitment_policy: CommitmentPolicy,
    /// The plaintext length of each frame but the last, in bytes, from 1.
    pub frame_length: u32,
    /// The most encrypted data keys of a message.
    pub max_encrypted_data_keys: Option<u16>,
    /// The keys of the context whose pairs messages authenticate but do not store.
    pub required_context_keys: BTreeSet<String>,
    /// The names of the keys that may wrap a data key: ARNs for KMS, key names for others.
    pub allowed_keys: Option<BTreeSet<String>>,
    /// The longest plaintext of a message, in bytes.
    pub max_plaintext_length: Option<u64>,
    /// How long the data keys of one message may be tried, all together.
    pub unwrap_timeout: Duration,
    /// How long data keys are kept for more messages; by default each message has its own.
    pub cache: Option<CacheLimits>,
}

impl Default for Settings {
    fn default() -> Self {
        let commitment_policy = CommitmentPolicy::default();
        Self {
            suite: commitment_policy.default_suite(),
            commitment_policy,
            frame_length: DEFAULT_FRAME_LENGTH,
            max_encrypted_data_keys: None,
            required_context_keys: BTreeSet::new(),
            allowed_keys: None,
            max_plaintext_length: None,
            unwrap_timeout: DEFAULT_UNWRAP_TIMEOUT,
            cache: None,
        }
    }
}

impl Settings {
    /// Checks that the settings go together.
    ///
    /// # Errors
    /// `CommitmentPolicy` if the policy forbids the suite, `NotApproved` if FIPS does; `InvalidArgument` for
    /// a frame length of 0, or a required context key that is reserved.
    pub(super) fn check(&self) -> Result<()> {
        self.commitment_policy.check_encrypt(self.suite)?;
        self.suite.check_approved()?;
        if self.frame_length == 0 {
            return Err(Error::invalid("the frame length must be from 1 to 4,294,967,295 bytes"));
        }
        if let Some(cache) = &self.cache {
            cache.check()?;
        }
        // `framework/required-encryption-context-cmm.md`: reserved pairs are the format's own.
        match self.required_context_keys.iter().find(|key| is_reserved(key)) {
            Some(key) => Err(Error::invalid(format!(
                "`requiredContextKeys` names \"{}\", which is reserved; leave it out",
                shown(key)
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn allows(&self, key: &EncryptedDataKey) -> bool {
        self.allowed_keys.as_ref().is_none_or(|allowed| allowed.contains(&key_name(key)))
    }

    /// What the keyring wrapped: `client-apis/client.md`, "Maximum Number Of Encrypted Data Keys",
    /// holds on encrypt, too.
    pub(super) fn check_data_keys(&self, keys: &[EncryptedDataKey]) -> Result<()> {
        if let Some(limit) = self.max_encrypted_data_keys
            && keys.len() > limit.into()
        {
            let message = format!(
                "the keyring wrapped the data key {} times; `maxEncryptedDataKeys` is {limit}",
                keys.len()
            );
            return Err(Error::new(Code::LimitExceeded, message));
        }
        match keys.iter().find(|key| !self.allows(key)) {
            Some(key) => Err(not_allowed(&format!(
                "the data key was wrapped by \"{}\"",
                shown(&key_name(key))
            ))),
            None => Ok(()),
        }
    }
}

pub(super) fn not_allowed(finding: &str) -> Error {
    Error::new(Code::NoUsableKey, format!("{finding}, which is not among the `allowedKeys`"))
}
