//! The ways to name a KMS key, and which keys of a message a name stands for.
//!
//! Source: `framework/aws-kms/aws-kms-key-arn.md`, "A valid AWS KMS identifier".

use super::kms_arn::{KmsArn, Resource, is_multi_region_id, is_name};
use crate::error::{Error, Result};
use crate::foreign_text::{listed, shown};

/// The key provider id of data keys that KMS wraps.
pub const PROVIDER_ID: &str = "aws-kms";

/// A KMS key as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKeyId {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// `1234abcd-...` or `mrk-...`
    Id,
    /// `alias/name`
    Alias,
    /// Of a key or an alias.
    Arn(KmsArn),
}

impl KmsKeyId {
    /// A key id, a key ARN, an alias (`alias/...`) or an alias ARN.
    ///
    /// # Errors
    /// `InvalidArgument` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let kind = kind(text).ok_or_else(|| {
            Error::invalid(format!(
                "\"{}\" is not the name of a KMS key; give a key id, a key ARN, an alias such as \
                 \"alias/app\", an alias ARN, or \"local:\" and the path of a key file",
                shown(text)
            ))
        })?;
        Ok(Self { text: text.to_owned(), kind })
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The Region, where the name has one.
    pub fn region(&self) -> Option<&str> {
        match &self.kind {
            Kind::Arn(arn) => Some(&arn.region),
            Kind::Id | Kind::Alias => None,
        }
    }

    /// Whether this name, in `region`, may stand for that key.
    ///
    /// A key ARN must be the same; a key id must be that ARN's. Which key an alias stands for only
    /// KMS knows, so an alias excludes no key of its Region and account.
    pub fn may_be(&self, key: &KmsArn, region: &str) -> bool {
        let same_region = key.region == region;
        match &self.kind {
            Kind::Arn(arn) if arn.resource == Resource::Key => arn == key,
            Kind::Arn(alias) => {
                (&alias.partition, &alias.region, &alias.account)
                    == (&key.partition, &key.region, &key.account)
            }
            Kind::Id => same_region && key.id == self.text,
            Kind::Alias => same_region,
        }
    }

    /// The key id of a multi-Region key, which it shares with all related keys.
    fn multi_region_id(&self) -> Option<&str> {
        match &self.kind {
            Kind::Arn(arn) => arn.is_multi_region().then_some(&arn.id),
            Kind::Id => is_multi_region_id(&self.text).then_some(&self.text),
            Kind::Alias => None,
        }
    }
}

/// Fails if two names are the same, or, where `multi_region` counts related keys as one, name
/// related keys: it would be unclear which Region to ask.
///
/// Source: `framework/aws-kms/aws-kms-mrk-are-unique.md`.
///
/// # Errors
/// `InvalidArgument`, with all the names that are not unique.
pub fn check_unique(keys: &[KmsKeyId], multi_region: bool) -> Result<()> {
    let identity = |key: &KmsKeyId| match key.multi_region_id() {
        Some(id) if multi_region => id.to_owned(),
        _ => key.text.clone(),
    };
    let identities: Vec<_> = keys.iter().map(identity).collect();
    let occurs_twice = |one: &String| identities.iter().filter(|other| *other == one).count() > 1;
    let twice: Vec<_> = keys
        .iter()
        .zip(&identities)
        .filter(|(_, identity)| occurs_twice(identity))
        .map(|(key, _)| key.text.as_str())
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "these names of KMS keys stand for one key: {}; give each key once, and of related \
         multi-Region keys only the one to use",
        listed(twice.into_iter())
    )))
}

/// The ARN of a key where no other name is enough: an alias may be moved, and a key id has no Region.
///
/// # Errors
/// `InvalidArgument` for any other text.
#[cfg(feature = "aws-kms")]
pub(super) fn parse_key_arn(text: &str) -> Result<KmsArn> {
    KmsArn::of_key(text).ok_or_else(|| {
        Error::invalid(format!(
            "\"{}\" is not the ARN of a KMS key, which is how it must be named here; an alias or a key id \
             is not enough",
            shown(text)
        ))
    })
}

fn kind(text: &str) -> Option<Kind> {
    if text.starts_with("arn:") {
        return KmsArn::parse(text).map(Kind::Arn);
    }
    match text.strip_prefix("alias/") {
        Some(name) => is_name(name, "-/_").then_some(Kind::Alias),
        None => is_name(text, "-").then_some(Kind::Id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const ALIAS_ARN: &str = "arn:aws:kms:eu-west-1:111122223333:alias/app/main";
    const REGION: &str = "eu-west-1";

    fn parse(text: &str) -> KmsKeyId {
        KmsKeyId::parse(text).unwrap()
    }

    fn arn(text: &str) -> KmsArn {
        KmsArn::of_key(text).unwrap()
    }

    #[test]
    fn a_key_can_be_named_in_four_ways() {
        assert_eq!(parse(ID).kind, Kind::Id);
        assert_eq!(parse("mrk-1234").kind, Kind::Id);
        assert_eq!(parse("alias/app_1").kind, Kind::Alias);
        assert_eq!(parse(ARN).region(), Some(REGION));
        assert_eq!(parse(ALIAS_ARN).region(), Some(REGION));
        assert_eq!(parse(ID).region(), None);
    }

    #[test]
    fn a_text_that_names_no_key_is_refused() {
        let wrong = [
            "",
            "alias/",
            "alias/a b",
            "key/1234",
            "arn:aws:kms:eu-west-1:111122223333:key/",
            "arn:aws:kms::111122223333:key/1",
            "arn:aws:s3:eu-west-1:111122223333:key/1",
            "arn:aws:kms:eu-west-1:111122223333:other/1",
            "arn:aws:kms:eu-west-1:111122223333",
            "local.key",
            "a\nb",
        ];
        for text in wrong {
            assert!(KmsKeyId::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_arn_or_an_id_is_one_key_and_an_alias_may_be_any() {
        let other = ARN.replace("1234abcd", "99999999");
        for own in [ARN, ID] {
            assert!(parse(own).may_be(&arn(ARN), REGION));
            assert!(!parse(own).may_be(&arn(&other), REGION));
        }
        for alias in ["alias/app", ALIAS_ARN] {
            assert!(parse(alias).may_be(&arn(&other), REGION));
        }
        assert!(!parse("alias/app").may_be(&arn(ARN), "us-east-1"));
        assert!(!parse(ID).may_be(&arn(ARN), "us-east-1"));
        let elsewhere = arn(&ARN.replace("111122223333", "444455556666"));
        assert!(!parse(ALIAS_ARN).may_be(&elsewhere, REGION));
    }

    #[test]
    fn an_error_names_all_names_of_a_key_that_is_listed_twice() {
        let [here, there] = ["eu-west-1", "us-east-1"]
            .map(|region| format!("arn:aws:kms:{region}:111122223333:key/mrk-12"));
        let names = [&here, ID, &there, "mrk-12", "mrk-34", "alias/mrk-12"].map(parse);
        assert!(check_unique(&names, false).is_ok());
        let error = check_unique(&names, true).unwrap_err();
        for name in [here.as_str(), &there, "\"mrk-12\""] {
            assert!(error.message().contains(name), "{error}");
        }
        for name in [ID, "mrk-34", "alias"] {
            assert!(!error.message().contains(name), "{error}");
        }
        assert!(check_unique(&[parse(ID), parse("alias/app"), parse(ID)], false).is_err());
    }
}
