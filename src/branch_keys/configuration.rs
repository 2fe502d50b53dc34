//! The KMS keys that a key store may use, and which one it uses for a record.
//!
//! Source: `framework/branch-key-store.md`, "AWS KMS Configuration".

use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::kms_arn::KmsArn;

/// Which KMS keys a key store may ask.
#[derive(Debug, Clone)]
pub enum KmsConfiguration {
    /// One KMS key.
    Key {
        /// Its ARN.
        arn: KmsArn,
        /// Whether related multi-Region keys count as one key.
        multi_region: bool,
    },
    /// The key that each record names. Such a store only reads.
    Discovery {
        /// The Region to ask; by default that of the key, or with `multi_region` the default one of KMS.
        region: Option<String>,
        /// Whether the Region is asked for multi-Region keys of other Regions, too.
        multi_region: bool,
    },
}

impl KmsConfiguration {
    /// The configuration of one KMS key, named by its ARN.
    ///
    /// # Errors
    /// `InvalidArgument` for any other text, also for the ARN of an alias.
    pub fn key(arn: &str, multi_region: bool) -> Result<Self> {
        let arn = KmsArn::of_key(arn).ok_or_else(|| {
            Error::invalid(
                "a branch key store needs the ARN of its KMS key, such as \
                 arn:aws:kms:eu-west-1:111122223333:key/1234abcd-...; an alias may be moved to \
                 another key, under which the branch keys could not be read",
            )
        })?;
        Ok(Self::Key { arn, multi_region })
    }

    /// The key that new branch keys are wrapped under.
    ///
    /// # Errors
    /// `InvalidArgument` for a store that finds its keys in the records.
    pub(super) fn key_to_write(&self) -> Result<&KmsArn> {
        match self {
            Self::Key { arn, .. } => Ok(arn),
            Self::Discovery { .. } => Err(Error::invalid(
                "a branch key store with `discovery` only reads; give `kmsKeyId` to create and \
                 rotate branch keys",
            )),
        }
    }

    /// Returns the key to ask for a record that names the key `stored`. This is checked before KMS is
    /// asked, so that a changed record cannot choose another key.
    ///
    /// # Errors
    /// `KmsWrongKey` if the store may not use that key.
    pub(super) fn key_for(&self, stored: &KmsArn, default_region: Option<&str>) -> Result<KmsArn> {
        let (asked, is_right) = match self {
            Self::Key { arn, multi_region } => {
                let related = if *multi_region {
                    stored.clone().related_in(&arn.region)
                } else {
                    stored.clone()
                };
                let is_right = related == *arn;
                (related, is_right)
            }
            Self::Discovery { region, multi_region } => {
                let asked = match region.as_deref().or(default_region) {
                    Some(region) if *multi_region => stored.clone().related_in(region),
                    _ => stored.clone(),
                };
                let region = region.as_deref().or(default_region.filter(|_| *multi_region));
                let is_right = region.is_none_or(|region| region == asked.region);
                (asked, is_right)
            }
        };
        if is_right {
            return Ok(asked);
        }
        let message = format!(
            "the branch key is wrapped under the KMS key \"{}\", and this key store has {}",
            shown(&stored.to_string()),
            self.described()
        );
        Err(Error::new(Code::KmsWrongKey, message))
    }

    /// Whether a Region is needed that the configuration does not name.
    pub(super) fn needs_region(&self) -> bool {
        matches!(self, Self::Discovery { region: None, multi_region: true })
    }

    fn described(&self) -> String {
        match self {
            Self::Key { arn, multi_region } => {
                let related = if *multi_region { " and its related multi-Region keys" } else { "" };
                format!("\"{arn}\"{related}")
            }
            Self::Discovery { region: Some(region), .. } => {
                format!("the KMS keys in Region \"{}\"", shown(region))
            }
            Self::Discovery { .. } => "the KMS keys of its Region".to_owned(),
        }
    }
}
