//! The ARN of a KMS key or alias.
//!
//! Source: `framework/aws-kms/aws-kms-key-arn.md`.

use std::fmt;

/// `arn:PARTITION:kms:REGION:ACCOUNT:TYPE/ID`. Two are equal exactly if their texts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsArn {
    /// Such as `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// Such as `eu-west-1`.
    pub region: String,
    /// The AWS account, which has 12 digits.
    pub account: String,
    /// What the ARN names.
    pub resource: Resource,
    /// The key id, or the alias without `alias/`.
    pub id: String,
}

/// What a [`KmsArn`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `key`: one key of one Region.
    Key,
    /// `alias`: a name that may be moved from key to key.
    Alias,
}

impl KmsArn {
    /// "A valid AWS KMS ARN"; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.splitn(6, ':').collect();
        let &["arn", partition, "kms", region, account, resource] = fields.as_slice() else {
            return None;
        };
        if [partition, region, account].iter().any(|field| !is_name(field, "-")) {
            return None;
        }
        let (resource, id) = match resource.split_once('/')? {
            ("key", id) if is_name(id, "-") => (Resource::Key, id),
            ("alias", name) if is_name(name, "-/_") => (Resource::Alias, name),
            _ => return None,
        };
        Some(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource,
            id: id.to_owned(),
        })
    }

    /// The ARN of a key; `None` for any other text, that of an alias's ARN too.
    pub fn of_key(text: &str) -> Option<Self> {
        Self::parse(text).filter(|arn| arn.resource == Resource::Key)
    }

    /// "Identifying an AWS KMS multi-Region ARN": an alias may be called so, and is none.
    pub fn is_multi_region(&self) -> bool {
        self.resource == Resource::Key && is_multi_region_id(&self.id)
    }

    /// The related key in `region`, if this is a multi-Region key, and else this very key.
    #[must_use]
    pub fn related_in(self, region: &str) -> Self {
        if self.is_multi_region() { Self { region: region.to_owned(), ..self } } else { self }
    }
}

impl fmt::Display for KmsArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, resource, id } = self;
        let resource = match resource {
            Resource::Key => "key",
            Resource::Alias => "alias",
        };
        write!(f, "arn:{partition}:kms:{region}:{account}:{resource}/{id}")
    }
}

/// "AWS KMS multi-Region keys": the key id alone tells them.
pub(crate) fn is_multi_region_id(key_id: &str) -> bool {
    key_id.starts_with("mrk-")
}

/// Whether `text` has ASCII letters, digits and `others` only, and at least one.
pub(crate) fn is_name(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd-12ab";
    const MRK: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-4321abcd12ab34cd56ef1234567890ab";

    #[test]
    fn an_arn_is_read_by_its_parts_and_written_the_same() {
        for text in [KEY, MRK, "arn:aws:kms:eu-west-1:111122223333:alias/app/main_1"] {
            assert_eq!(KmsArn::parse(text).unwrap().to_string(), text);
        }
        let arn = KmsArn::parse(KEY).unwrap();
        assert_eq!((arn.partition.as_str(), arn.region.as_str()), ("aws-cn", "cn-north-1"));
        assert_eq!((arn.account.as_str(), arn.id.as_str()), ("111122223333", "1234abcd-12ab"));
    }

    #[test]
    fn an_alias_is_no_key_and_no_multi_region_key() {
        let alias = "arn:aws:kms:eu-west-1:111122223333:alias/mrk-1234";
        assert!(KmsArn::of_key(alias).is_none());
        assert!(!KmsArn::parse(alias).unwrap().is_multi_region());
        assert!(!KmsArn::of_key(KEY).unwrap().is_multi_region());
        assert!(KmsArn::of_key(MRK).unwrap().is_multi_region());
    }

    #[test]
    fn only_a_multi_region_key_has_a_related_one_elsewhere() {
        let related = KmsArn::of_key(MRK).unwrap().related_in("eu-west-1");
        assert_eq!(related.to_string(), MRK.replace("us-east-1", "eu-west-1"));
        let same = KmsArn::of_key(KEY).unwrap().related_in("eu-west-1");
        assert_eq!(same.to_string(), KEY);
    }
}
