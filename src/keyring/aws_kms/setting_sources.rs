//! Where a setting comes from: a variable, or a line of an AWS file. Its errors name the place.

use super::environment::Environment;
use super::shared_files::{Found, SharedFiles};
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown_path;

/// How much of a wrong value an error shows, in characters.
const SHOWN: usize = 60;

/// A value, and who says so.
pub(super) struct Setting {
    pub(super) value: String,
    pub(super) origin: String,
}

/// Where settings come from.
pub(super) struct Sources<'a> {
    pub(super) environment: &'a Environment,
    pub(super) files: &'a SharedFiles,
    pub(super) profile: &'a str,
}

impl Sources<'_> {
    /// What the first of the variables says, or else the profile.
    pub(super) fn find(&self, variables: &[&'static str], property: &str) -> Option<Setting> {
        if let Some((name, value)) = self.environment.first(variables) {
            return Some(setting(value.to_owned(), name));
        }
        let found = self.files.find(self.profile, property)?;
        Some(self.setting(property, &found))
    }

    /// What a profile says, and where.
    pub(super) fn setting(&self, property: &str, found: &Found<'_>) -> Setting {
        let (path, line) = (shown_path(found.path), found.line);
        let origin = format!("{property} of the profile {} ({path}, line {line})", self.profile);
        setting(found.value.to_owned(), &origin)
    }

    /// The endpoint of a service, unless it is the same for all: what the first of the variables says,
    /// or else the section of services that the profile names.
    pub(super) fn endpoint(
        &self,
        variables: &[&'static str],
        service: &str,
    ) -> Result<Option<Setting>> {
        if let Some((name, value)) = self.environment.first(variables) {
            return Ok(Some(setting(value.to_owned(), name)));
        }
        let Some(services) = self.find(&[], "services") else { return Ok(None) };
        let Some(section) = self.files.services(&services.value) else {
            return Err(services.wrong("which names no section [services] of the config file"));
        };
        let found = section.nested(service, "endpoint_url");
        Ok(found.map(|(value, line)| {
            let (name, path) = (&services.value, shown_path(&self.files.config.path));
            let origin =
                format!("endpoint_url of {service} in services {name} ({path}, line {line})");
            setting(value.to_owned(), &origin)
        }))
    }

    /// Whether a setting is true; false unless it is set.
    pub(super) fn flag(&self, variable: &'static str, property: &str) -> Result<bool> {
        Ok(self.flag_if_set(variable, property)?.unwrap_or(false))
    }

    /// Whether a setting is true, if it is set.
    pub(super) fn flag_if_set(
        &self,
        variable: &'static str,
        property: &str,
    ) -> Result<Option<bool>> {
        match self.find(&[variable], property) {
            None => Ok(None),
            Some(setting) if setting.value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(setting) if setting.value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(setting) => {
                Err(setting.wrong("which is neither true nor false; write one of them"))
            }
        }
    }
}

impl Setting {
    /// The error that shows the value.
    pub(super) fn wrong(&self, why: &str) -> Error {
        let Self { value, origin } = self;
        let shown: String = value.chars().take(SHOWN).collect();
        let cut = if shown.len() < value.len() { "..." } else { "" };
        wrong(&format!("{origin} is \"{}{cut}\", {why}", shown.escape_debug()))
    }
}

/// The error of a name that no profile has.
pub(super) fn no_such_profile(named: &Setting, files: &SharedFiles) -> Error {
    let known = files.profiles();
    let (config, credentials) =
        (shown_path(&files.config.path), shown_path(&files.credentials.path));
    let there = if known.is_empty() {
        "no profile is there; aws configure makes one".to_owned()
    } else {
        let some: Vec<_> =
            known.iter().take(5).map(|name| name.escape_debug().to_string()).collect();
        format!("write one that is there: {}", some.join(", "))
    };
    named.wrong(&format!("which is a profile neither of {config} nor of {credentials}; {there}"))
}

/// A value of an origin.
pub(super) fn setting(value: String, origin: &str) -> Setting {
    Setting { value, origin: origin.to_owned() }
}

/// The error of a mistake in the configuration.
pub(super) fn wrong(message: &str) -> Error {
    Error::new(Code::Configuration, message)
}
