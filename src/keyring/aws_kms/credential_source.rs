//! Which source the SDK asks for credentials, so that an error can name it.

use std::fmt;

use super::KmsOptions;
use super::shared_files::SharedFiles;
use crate::foreign_text::shown_path;

/// The keys of the environment.
pub(super) const KEYS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCOUNT_ID",
];

/// Where credentials come from, as far as the settings show.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The environment's keys, or what a variable or a profile names.
    Named(String),
    /// Nothing names one; the role of an instance, if this is one.
    Instance,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Instance => f.write_str("the role of this EC2 instance"),
        }
    }
}

impl Source {
    /// In the order in which the SDK asks.
    pub(super) fn of(options: &KmsOptions, files: &SharedFiles, profile: &str) -> Self {
        let environment = &options.environment;
        let of_profile = ["sso_session", "sso_start_url", "credential_process", "role_arn"];
        let of_profile = of_profile.iter().chain(&["login_session", "aws_access_key_id"]);
        let in_profile =
            of_profile.filter_map(|name| Some((name, files.find(profile, name)?))).next();
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ];
        if options.profile.is_none() && environment.get(KEYS[0]).is_some() {
            return Source::Named("AWS_ACCESS_KEY_ID".to_owned());
        }
        if let Some((name, found)) = in_profile {
            let (path, line) = (shown_path(found.path), found.line);
            return Source::Named(format!("{name} of the profile {profile} ({path}, line {line})"));
        }
        if let Some((name, _)) = environment.first(&variables) {
            return Source::Named(name.to_owned());
        }
        if profile != "default" {
            return Source::Named(format!("the profile {profile}"));
        }
        Source::Instance
    }
}
