//! What the options, the environment and the AWS files say of how KMS is reached: read once, when a
//! keyring is made, and refused there if it cannot work.

use super::KmsOptions;
use super::credential_source::{KEYS, Source};
use super::environment::Environment;
use super::proxy::{Proxies, is_host_and_port};
use super::shared_files::SharedFiles;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown_path;

const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"];
const DEFAULT_PROFILE: &str = "default";
/// How much of a wrong value an error shows, in characters.
const SHOWN: usize = 60;

/// How KMS is reached.
pub(super) struct Settings {
    /// The Region of the options, of the environment or of the profile.
    pub(super) region: Option<String>,
    pub(super) fips: bool,
    pub(super) dual_stack: bool,
    pub(super) profile: String,
    pub(super) files: SharedFiles,
    pub(super) proxies: Proxies,
    pub(super) metadata_disabled: bool,
    pub(super) source: Source,
}

/// A value, and who says so.
struct Given {
    value: String,
    origin: String,
}

impl Settings {
    /// # Errors
    /// `Configuration`, with the option, the variable, or the file and line, and what to write.
    pub(super) fn read(options: &KmsOptions) -> Result<Self> {
        let environment = &options.environment;
        let files = SharedFiles::read(environment)?;
        let profile = profile(options, &files)?;
        let sources = Sources { environment, files: &files, profile: &profile };

        let option = options.region.clone().map(|value| given(value, "the option `region`"));
        let region =
            option.or_else(|| sources.find(&["AWS_REGION", "AWS_DEFAULT_REGION"], "region"));
        region.as_ref().map_or(Ok(()), check_region)?;
        let fips = sources.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?;
        let dual_stack = sources.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?;
        let ignore = sources
            .flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")?;
        let option = options.endpoint.clone().map(|value| given(value, "the option `endpoint`"));
        let configured = || sources.find(&ENDPOINTS, "endpoint_url").filter(|_| !ignore);
        if let Some(endpoint) = option.or_else(configured) {
            check_endpoint(&endpoint, fips)?;
        }
        let metadata_disabled = sources.flag("AWS_EC2_METADATA_DISABLED", "")?;
        check_agent(&sources)?;
        let source = Source::of(options, &files, &profile);
        if options.profile.is_none() {
            check_keys(environment)?;
        }
        Ok(Self {
            region: region.map(|region| region.value),
            fips,
            dual_stack,
            proxies: Proxies::read(environment)?,
            metadata_disabled,
            source,
            profile,
            files,
        })
    }
}

struct Sources<'a> {
    environment: &'a Environment,
    files: &'a SharedFiles,
    profile: &'a str,
}

impl Sources<'_> {
    fn find(&self, variables: &[&'static str], property: &str) -> Option<Given> {
        if let Some((name, value)) = self.environment.first(variables) {
            return Some(given(value.to_owned(), name));
        }
        let found = self.files.find(self.profile, property)?;
        let (path, line) = (shown_path(found.path), found.line);
        Some(Given {
            value: found.value.to_owned(),
            origin: format!("{property} of the profile {} ({path}, line {line})", self.profile),
        })
    }

    fn flag(&self, variable: &'static str, property: &str) -> Result<bool> {
        match self.find(&[variable], property) {
            None => Ok(false),
            Some(given) if given.value.eq_ignore_ascii_case("true") => Ok(true),
            Some(given) if given.value.eq_ignore_ascii_case("false") => Ok(false),
            Some(given) => Err(given.wrong("which is neither true nor false; write one of them")),
        }
    }
}

impl Given {
    fn wrong(&self, why: &str) -> Error {
        let Self { value, origin } = self;
        let shown: String = value.chars().take(SHOWN).collect();
        let cut = if shown.len() < value.len() { "..." } else { "" };
        wrong(&format!("{origin} is \"{}{cut}\", {why}", shown.escape_debug()))
    }
}

fn given(value: String, origin: &str) -> Given {
    Given { value, origin: origin.to_owned() }
}

fn wrong(message: &str) -> Error {
    Error::new(Code::Configuration, message)
}

/// The profile that is used; one that was named must be there, if anything depends on it.
fn profile(options: &KmsOptions, files: &SharedFiles) -> Result<String> {
    let (environment, option) = (&options.environment, options.profile.as_deref());
    let Some(name) = option.or_else(|| environment.get("AWS_PROFILE")) else {
        return Ok(DEFAULT_PROFILE.to_owned());
    };
    let others = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let known = files.profiles();
    let depends = option.is_some() || environment.first(&others).is_none();
    if known.contains(&name) || name == DEFAULT_PROFILE || !depends {
        return Ok(name.to_owned());
    }
    let origin = if option.is_some() { "the option `profile`" } else { "AWS_PROFILE" };
    let (config, credentials) =
        (shown_path(&files.config.path), shown_path(&files.credentials.path));
    let there = if known.is_empty() {
        "no profile is there; aws configure makes one".to_owned()
    } else {
        let some: Vec<_> =
            known.iter().take(5).map(|name| name.escape_debug().to_string()).collect();
        format!("write one that is there: {}", some.join(", "))
    };
    let why = format!("which is a profile neither of {config} nor of {credentials}; {there}");
    Err(given(name.to_owned(), origin).wrong(&why))
}

/// A Region is part of a host's name.
fn check_region(region: &Given) -> Result<()> {
    let name = region.value.as_str();
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !name.is_empty()
        && name.len() < 64
        && letters
        && !name.starts_with('-')
        && !name.ends_with('-')
    {
        return Ok(());
    }
    Err(region.wrong(
        "which is not the name of a Region; write it without quotes and spaces, such as eu-west-1",
    ))
}

fn check_endpoint(endpoint: &Given, fips: bool) -> Result<()> {
    let url = endpoint.value.as_str();
    // The URL may hold a password, so it is not shown.
    let refuse = |why: &str| Err(wrong(&format!("{} {why}", endpoint.origin)));
    let example = "write a URL such as https://kms.eu-west-1.amazonaws.com";
    if url.bytes().any(|byte| byte <= b' ' || byte == 127) {
        return refuse(&format!("has a space or a control character in it; {example}"));
    }
    if url.contains(['"', '\'', '`', '<', '>', '{', '}', '|', '\\', '^']) {
        return refuse(&format!("has quotes or brackets in it; {example}"));
    }
    let scheme = url.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let Some((scheme, rest)) = scheme else {
        return refuse(&format!("has no scheme; {example}"));
    };
    if !matches!(scheme.as_str(), "http" | "https") {
        return refuse(&format!("starts with neither https:// nor http://; {example}"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    if !is_host_and_port(host_and_port) {
        return refuse(&format!("has no host, or a wrong port; {example}"));
    }
    if fips {
        return refuse(
            "and FIPS endpoints exclude each other: AWS_USE_FIPS_ENDPOINT, or use_fips_endpoint of \
             the profile, is true; leave one of them out, and give the URL of the FIPS endpoint if \
             you need both",
        );
    }
    Ok(())
}

/// Both become part of a header.
fn check_agent(sources: &Sources<'_>) -> Result<()> {
    let allowed = |byte: u8| (b' '..=b'~').contains(&byte);
    if let Some(name) = sources.find(&["AWS_EXECUTION_ENV"], "")
        && !name.value.bytes().all(allowed)
    {
        return Err(name.wrong(
            "which no header can hold; write ASCII letters, digits and punctuation, or unset it",
        ));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if let Some(name) = sources.find(&["AWS_SDK_UA_APP_ID"], "sdk_ua_app_id")
        && !name.value.bytes().all(allowed)
    {
        return Err(name.wrong(
            "which has letters that no name of an application may have; write ASCII letters, \
             digits, - and _ alone",
        ));
    }
    Ok(())
}

/// Keys are never shown.
fn check_keys(environment: &Environment) -> Result<()> {
    let [id, secret, ..] = KEYS;
    for name in [id, secret, "AWS_SESSION_TOKEN"] {
        let value = environment.get(name).unwrap_or_default();
        if value.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(wrong(&format!(
                "{name} has a space, a line break or another character in it that no key has; \
                 write the key alone, without quotes"
            )));
        }
    }
    let has = |name| environment.get(name).is_some();
    match (has(id), has(secret) || has("SECRET_ACCESS_KEY")) {
        (true, false) => Err(wrong(&format!("{id} is set, but not {secret}; set both, or none"))),
        (false, true) if has(secret) => {
            Err(wrong(&format!("{secret} is set, but not {id}; set both, or none")))
        }
        _ => Ok(()),
    }
}
