//! One keyring and one policy: what writes messages, and says which it reads.
//!
//! Source: `client-apis/client.md`; and, for the materials of a message, `framework/default-cmm.md`
//! and `framework/required-encryption-context-cmm.md`.

mod accepted;
mod settings;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::context::EncryptionContext;
use crate::error::{Code, Error, Result};
use crate::format::{EncryptedDataKey, Header, HeaderLimits};
use crate::keyring::{Keyring, key_name};
use crate::materials::{DecryptionMaterials, EncryptionMaterials};
use crate::message::{Decryptor, Encryptor, RangeDecryptor, check_public_key, too_long};

pub use accepted::AcceptedHeader;
pub use settings::Settings;

/// Writes and reads messages under one keyring, as its settings allow.
pub struct Client {
    keyring: Arc<dyn Keyring>,
    settings: Settings,
}

impl Client {
    /// A client with these settings.
    ///
    /// # Errors
    /// `CommitmentPolicy` or `InvalidArgument` if the settings do not go together.
    pub fn new(keyring: Arc<dyn Keyring>, settings: Settings) -> Result<Self> {
        settings.check()?;
        Ok(Self { keyring, settings })
    }

    /// What wraps and unwraps the data keys.
    pub fn keyring(&self) -> &Arc<dyn Keyring> {
        &self.keyring
    }

    /// What is accepted of a header while it is being read.
    pub fn header_limits(&self) -> HeaderLimits {
        HeaderLimits { max_encrypted_data_keys: self.settings.max_encrypted_data_keys }
    }

    /// Starts a message, after one call of the keyring ("Encrypt").
    ///
    /// `plaintext_length` is checked before that call, where it is known.
    ///
    /// # Errors
    /// `LimitExceeded`, `InvalidArgument` without a required pair, and what the keyring says;
    /// `NoUsableKey` if it used a key that is not allowed.
    pub async fn encryptor(
        &self,
        context: EncryptionContext,
        plaintext_length: Option<u64>,
    ) -> Result<Encryptor> {
        let Settings { frame_length, max_plaintext_length, .. } = self.settings;
        self.check_plaintext_length(plaintext_length.unwrap_or_default())?;
        let mut materials = EncryptionMaterials::new(
            self.settings.suite,
            context,
            self.settings.required_context_keys.clone(),
        )?;
        self.keyring.on_encrypt(&mut materials).await?;
        let keys = &materials.encrypted_data_keys;
        self.check_key_count(keys.len())?;
        if let Some(key) = keys.iter().find(|key| !self.allows(key)) {
            return Err(not_allowed(&format!("the data key was wrapped by \"{}\"", key_name(key))));
        }
        Ok(Encryptor::new(&materials, frame_length)?.limited_to(max_plaintext_length))
    }

    /// Checks a header against the settings, and its context against the caller's: all that can be
    /// known before the keyring is called ("Decrypt").
    ///
    /// # Errors
    /// `CommitmentPolicy`, `MalformedMessage`, `ContextMismatch`, `InvalidArgument` without a
    /// required pair, `NoUsableKey` if no allowed key wraps the data key.
    pub fn accept(&self, header: Header, given: &EncryptionContext) -> Result<AcceptedHeader> {
        self.settings.commitment_policy.check_decrypt(header.suite)?;
        check_public_key(&header)?;
        let context = header.context.complete(given, &self.settings.required_context_keys)?;
        let keys = &header.encrypted_data_keys;
        let allowed: Vec<_> = keys.iter().filter(|key| self.allows(key)).cloned().collect();
        if allowed.is_empty() {
            let names: BTreeSet<_> = keys.iter().take(5).map(key_name).collect();
            let names = names.into_iter().collect::<Vec<_>>().join("\", \"");
            return Err(not_allowed(&format!("the message's data key is wrapped by \"{names}\"")));
        }
        Ok(AcceptedHeader { header, context, allowed })
    }

    /// As `accept`, where the plaintext would be released before a signature at the end verified.
    ///
    /// # Errors
    /// As `accept`; `SignedMessage` for a signed message (`client-apis/decrypt.md`, "Behavior").
    pub fn accept_unsigned(
        &self,
        header: Header,
        given: &EncryptionContext,
    ) -> Result<AcceptedHeader> {
        if header.suite.signed() {
            return Err(Error::new(
                Code::SignedMessage,
                "the message is signed, and a stream would release it before the signature at its \
                 end has verified; decrypt it in one piece or as a file, or set `signed` to \
                 \"release-before-verified\"",
            ));
        }
        self.accept(header, given)
    }

    /// Checks the length of a plaintext, in bytes, where it is known.
    ///
    /// # Errors
    /// `LimitExceeded` if it is more than the settings allow.
    pub fn check_plaintext_length(&self, length: u64) -> Result<()> {
        match self.settings.max_plaintext_length {
            Some(limit) if length > limit => Err(too_long(limit)),
            _ => Ok(()),
        }
    }

    /// What reads the body of the message with this header, after one call of the keyring.
    ///
    /// # Errors
    /// What the keyring says; `AuthenticationFailed` if the header does not verify.
    pub async fn decryptor(&self, accepted: &AcceptedHeader) -> Result<Decryptor> {
        let materials = self.decryption_materials(accepted).await?;
        let decryptor = Decryptor::new(&accepted.header, &materials)?;
        Ok(decryptor.limited_to(self.settings.max_plaintext_length))
    }

    /// What reads ranges of the message with this header and of this length, in bytes.
    ///
    /// # Errors
    /// As `decryptor`; and as [`RangeDecryptor::new`].
    pub async fn range_decryptor(
        &self,
        accepted: &AcceptedHeader,
        message_length: u64,
        final_frame: &[u8],
    ) -> Result<RangeDecryptor> {
        let materials = self.decryption_materials(accepted).await?;
        RangeDecryptor::new(&accepted.header, &materials, message_length, final_frame)
    }

    async fn decryption_materials(&self, accepted: &AcceptedHeader) -> Result<DecryptionMaterials> {
        let mut materials =
            DecryptionMaterials::new(accepted.header.suite, accepted.context.clone());
        self.keyring.on_decrypt(&mut materials, &accepted.allowed).await?;
        Ok(materials)
    }

    fn allows(&self, key: &EncryptedDataKey) -> bool {
        self.settings.allowed_keys.as_ref().is_none_or(|allowed| allowed.contains(&key_name(key)))
    }

    /// `client-apis/client.md`, "Maximum Number Of Encrypted Data Keys": on encrypt too.
    fn check_key_count(&self, count: usize) -> Result<()> {
        match self.settings.max_encrypted_data_keys {
            Some(limit) if count > limit.into() => Err(Error::new(
                Code::LimitExceeded,
                format!(
                    "the keyring wrapped the data key {count} times; `maxEncryptedDataKeys` is {limit}"
                ),
            )),
            _ => Ok(()),
        }
    }
}

fn not_allowed(what: &str) -> Error {
    Error::new(Code::NoUsableKey, format!("{what}, which is not among the `allowedKeys`"))
}
