//! Which source the SDK asks for credentials, so that an error can name it.

use super::KmsOptions;
use super::environment::KEYS;
use super::own_credentials::OPTION;
use super::role_chain::Start;
use super::shared_files::SharedFiles;
use crate::foreign_text::shown_path;

/// What gives credentials in a profile, and how one signs in there.
const OF_PROFILE: [(&str, Option<&str>); 6] = [
    ("sso_session", Some("aws sso login")),
    ("sso_start_url", Some("aws sso login")),
    ("credential_process", None),
    ("role_arn", None),
    ("login_session", Some("aws login")),
    ("aws_access_key_id", None),
];
/// What gives them in the environment, after the profile.
const VARIABLES: [&str; 3] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Where credentials come from, as far as the settings show.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The environment's keys, or what a variable or a profile names; and the command that signs in
    /// there, if one does. A role may start from what `credential_source` says.
    Named { name: String, sign_in: Option<&'static str>, start: Option<String> },
    /// Nothing names one: the role of an instance, if this is one and its service may be asked.
    Instance { asked: bool },
}

impl Source {
    /// In the order in which the SDK asks.
    pub(super) fn of(
        options: &KmsOptions,
        files: &SharedFiles,
        profile: &str,
        start: Option<&Start>,
        metadata_disabled: bool,
    ) -> Self {
        let environment = &options.environment;
        let named = |name: String| Self::Named { name, sign_in: None, start: None };
        if options.credentials.is_some() {
            return named(OPTION.to_owned());
        }
        if options.profile.is_none() && environment.get(KEYS[0]).is_some() {
            return named(KEYS[0].to_owned());
        }
        let mut in_profile =
            OF_PROFILE.iter().filter_map(|of| Some((of, files.find(profile, of.0)?)));
        if let Some(((name, sign_in), found)) = in_profile.next() {
            let (path, line) = (shown_path(found.path), found.line);
            let name = format!("{name} of the profile {profile} ({path}, line {line})");
            return Self::Named { name, sign_in: *sign_in, start: start.map(Start::shown) };
        }
        if let Some((name, _)) = environment.first(&VARIABLES) {
            return named(name.to_owned());
        }
        if profile != "default" {
            return named(format!("the profile {profile}"));
        }
        Self::Instance { asked: !metadata_disabled }
    }
}
