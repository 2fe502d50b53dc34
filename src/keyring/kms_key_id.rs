//! The ways to name a KMS key, and the AWS KMS key ARN.
//!
//! Source: `framework/aws-kms/aws-kms-key-arn.md`.

use crate::error::{Error, Result};

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
    KeyArn(Arn),
    AliasArn(Arn),
}

/// `arn:PARTITION:kms:REGION:ACCOUNT:RESOURCE`
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arn {
    partition: String,
    region: String,
    account: String,
    resource: String,
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
                text.escape_debug()
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
            Kind::KeyArn(arn) | Kind::AliasArn(arn) => Some(&arn.region),
            Kind::Id | Kind::Alias => None,
        }
    }

    /// Whether data keys wrapped under the key with this ARN may be this key's.
    ///
    /// A key ARN must be the same; a key id must be that ARN's. Which key an alias stands for only
    /// KMS knows, so an alias excludes no key of its Region and account.
    pub fn may_be(&self, key_arn: &str, client_region: Option<&str>) -> bool {
        let Some(Kind::KeyArn(arn)) = kind(key_arn) else { return false };
        let same_region = client_region.is_none_or(|region| region == arn.region);
        match &self.kind {
            Kind::KeyArn(_) => self.text == key_arn,
            Kind::Id => same_region && arn.resource.strip_prefix("key/") == Some(&self.text),
            Kind::Alias => same_region,
            Kind::AliasArn(alias) => {
                (&alias.partition, &alias.region, &alias.account)
                    == (&arn.partition, &arn.region, &arn.account)
            }
        }
    }

    /// What Decrypt is to be told, so that KMS uses this key and no other: the key's ARN, where the
    /// name determines it, and else the alias, which KMS compares itself.
    pub fn pin<'a>(&'a self, key_arn: &'a str) -> &'a str {
        match self.kind {
            Kind::Id | Kind::KeyArn(_) => key_arn,
            Kind::Alias | Kind::AliasArn(_) => &self.text,
        }
    }
}

/// Whether `text` is the ARN of a KMS key (not of an alias).
pub fn is_key_arn(text: &str) -> bool {
    matches!(kind(text), Some(Kind::KeyArn(_)))
}

fn kind(text: &str) -> Option<Kind> {
    if text.starts_with("arn:") {
        let arn = Arn::parse(text)?;
        return match arn.resource.split_once('/')? {
            ("key", id) if is_name(id, "-") => Some(Kind::KeyArn(arn)),
            ("alias", name) if is_name(name, "-/_") => Some(Kind::AliasArn(arn)),
            _ => None,
        };
    }
    match text.strip_prefix("alias/") {
        Some(name) => is_name(name, "-/_").then_some(Kind::Alias),
        None => is_name(text, "-").then_some(Kind::Id),
    }
}

impl Arn {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.splitn(6, ':').collect();
        let &["arn", partition, "kms", region, account, resource] = fields.as_slice() else {
            return None;
        };
        if [partition, region, account].iter().any(|field| !is_name(field, "-")) {
            return None;
        }
        Some(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.to_owned(),
        })
    }
}

fn is_name(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const ALIAS_ARN: &str = "arn:aws:kms:eu-west-1:111122223333:alias/app/main";

    fn parse(text: &str) -> KmsKeyId {
        KmsKeyId::parse(text).unwrap()
    }

    #[test]
    fn reads_the_four_ways_to_name_a_key() {
        assert_eq!(parse(ID).kind, Kind::Id);
        assert_eq!(parse("mrk-1234").kind, Kind::Id);
        assert_eq!(parse("alias/app_1").kind, Kind::Alias);
        assert!(matches!(parse(ARN).kind, Kind::KeyArn(_)));
        assert!(matches!(parse(ALIAS_ARN).kind, Kind::AliasArn(_)));
        assert_eq!(parse(ARN).region(), Some("eu-west-1"));
        assert_eq!(parse(ID).region(), None);
    }

    #[test]
    fn refuses_what_names_no_key() {
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
        let region = Some("eu-west-1");
        for own in [ARN, ID] {
            assert!(parse(own).may_be(ARN, region));
            assert!(!parse(own).may_be(&other, region));
            assert_eq!(parse(own).pin(ARN), ARN);
        }
        for alias in ["alias/app", ALIAS_ARN] {
            assert!(parse(alias).may_be(&other, region));
            assert_eq!(parse(alias).pin(ARN), alias);
        }
        assert!(!parse("alias/app").may_be(ARN, Some("us-east-1")));
        assert!(!parse(ALIAS_ARN).may_be(&ARN.replace("111122223333", "444455556666"), region));
        assert!(!parse("alias/app").may_be(ALIAS_ARN, region), "an alias ARN names no key");
    }
}
