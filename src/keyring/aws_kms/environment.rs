//! The environment variables that a keyring was made with.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Those of an access key.
pub(super) const KEYS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCOUNT_ID",
];

/// Those that are read, beside all that begin with `AWS_`.
const NAMES: [&str; 14] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
    "SECRET_ACCESS_KEY",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "USERPROFILE",
];

/// Environment variables as they were when this was made. An empty one is not there.
#[derive(Clone)]
pub struct Environment(Arc<HashMap<String, String>>);

impl Environment {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The first of these that is set, with its name.
    pub(super) fn first<'a>(&'a self, names: &[&'static str]) -> Option<(&'static str, &'a str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// The user's folder.
    pub(super) fn home(&self) -> Option<String> {
        let whole = self.get("HOME").or_else(|| self.get("USERPROFILE").filter(|_| cfg!(windows)));
        let parts = || Some(self.get("HOMEDRIVE")?.to_owned() + self.get("HOMEPATH")?);
        whole.map(str::to_owned).or_else(|| parts().filter(|_| cfg!(windows)))
    }

    /// All of them but those with these names.
    pub(super) fn without(&self, names: &[&str]) -> HashMap<String, String> {
        let others = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The variables of the process.
impl Default for Environment {
    fn default() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(text).collect()
    }
}

/// Leaves out what nobody reads, and what is empty.
impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        // On Windows, a variable has one name in all cases.
        let named = |(name, value): (String, String)| {
            (if cfg!(windows) { name.to_ascii_uppercase() } else { name }, value)
        };
        let is_read = |name: &String| name.starts_with("AWS_") || NAMES.contains(&name.as_str());
        let named_variables = variables.into_iter().map(named);
        Self(Arc::new(
            named_variables.filter(|(name, value)| is_read(name) && !value.is_empty()).collect(),
        ))
    }
}

/// The names alone: some values are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
