//! What the options, the environment and the AWS files say of how KMS is reached: read once, when a
//! keyring is made, and refused there if it cannot work.

use super::KmsOptions;
use super::credential_source::Source;
use super::endpoint::check_endpoint;
use super::environment::{Environment, KEYS};
use super::plain_settings;
use super::proxy::Proxies;
use super::role_chain::{self, Start, Word};
use super::setting_sources::{Setting, Sources, no_such_profile, setting, wrong};
use super::shared_files::SharedFiles;
use crate::approved::FIPS;
use crate::error::Result;

const KMS_ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"];
const TABLE_ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];
const DEFAULT_PROFILE: &str = "default";

/// How KMS is reached.
pub(super) struct Settings {
    /// The Region of the options, of the environment or of the profile.
    pub(super) region: Option<String>,
    /// Whether the environment or the profile asks for FIPS endpoints.
    pub(super) fips: bool,
    /// Whether KMS is called at its FIPS endpoints.
    pub(super) kms_fips: bool,
    /// Whether DynamoDB is, unless an option gives its endpoint.
    pub(super) table_fips: bool,
    pub(super) dual_stack: bool,
    pub(super) profile: String,
    pub(super) files: SharedFiles,
    pub(super) proxies: Proxies,
    pub(super) metadata_disabled: bool,
    /// How often a call is tried, as the environment or the profile says.
    pub(super) max_attempts: Option<u32>,
    pub(super) source: Source,
}

impl Settings {
    /// # Errors
    /// `Configuration`, with the option, the variable, or the file and line, and what to write.
    pub(super) fn read(options: &KmsOptions) -> Result<Self> {
        let environment = &options.environment;
        let files = SharedFiles::read(environment)?;
        let profile = profile(options, &files)?;
        let sources = Sources { environment, files: &files, profile: &profile };

        let option = options.region.clone().map(|value| setting(value, "the option `region`"));
        let region =
            option.or_else(|| sources.find(&["AWS_REGION", "AWS_DEFAULT_REGION"], "region"));
        region.as_ref().map_or(Ok(()), check_region)?;
        let fips = sources.flag_if_set("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?;
        let dual_stack = sources.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?;
        let ignore = sources
            .flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")?;
        let option = options.endpoint.clone().map(|value| setting(value, "the option `endpoint`"));
        let configured = |variables, service| -> Result<Option<Setting>> {
            let found = sources.endpoint(variables, service)?;
            Ok(found.or_else(|| sources.find(&[], "endpoint_url")).filter(|_| !ignore))
        };
        let configured_kms = configured(&KMS_ENDPOINTS, "kms")?;
        let endpoint = option.or(configured_kms);
        if let Some(endpoint) = &endpoint {
            check_endpoint(endpoint, fips == Some(true))?;
        }
        // A build with the FIPS module asks FIPS endpoints, unless something says where or how to ask.
        let kms_fips = fips.unwrap_or(FIPS && endpoint.is_none());
        let table_fips = match fips {
            None => FIPS && configured(&TABLE_ENDPOINTS, "dynamodb")?.is_none(),
            Some(fips) => fips,
        };
        let metadata_disabled = sources.flag("AWS_EC2_METADATA_DISABLED", "")?;
        check_agent(&sources)?;
        plain_settings::check(&sources)?;
        let start = start(options, &sources, metadata_disabled)?;
        let source = Source::of(options, &files, &profile, start.as_ref(), metadata_disabled);
        Ok(Self {
            region: region.map(|region| region.value),
            fips: fips.unwrap_or(false),
            kms_fips,
            table_fips,
            dual_stack,
            proxies: Proxies::read(environment)?,
            metadata_disabled,
            max_attempts: plain_settings::max_attempts(&sources),
            source,
            profile,
            files,
        })
    }
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
    let has_keys = options.credentials.is_some() || environment.first(&others).is_some();
    let depends = option.is_some() || !has_keys;
    if known.contains(&name) || name == DEFAULT_PROFILE || !depends {
        return Ok(name.to_owned());
    }
    let origin = if option.is_some() { "the option `profile`" } else { "AWS_PROFILE" };
    Err(no_such_profile(&setting(name.to_owned(), origin), files))
}

/// A Region is part of a host's name.
fn check_region(region: &Setting) -> Result<()> {
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

/// What the role of the profile starts from, if the credentials are those of a role. Checks the keys of the
/// environment where they are used.
fn start(
    options: &KmsOptions,
    sources: &Sources<'_>,
    metadata_disabled: bool,
) -> Result<Option<Start>> {
    let environment = sources.environment;
    if options.credentials.is_some() {
        return Ok(None);
    }
    if options.profile.is_none() {
        check_keys(environment)?;
        if environment.get(KEYS[0]).is_some() {
            return Ok(None);
        }
    }
    let start = role_chain::start(sources, metadata_disabled)?;
    if start.as_ref().is_some_and(|start| start.word == Word::Environment) {
        check_keys(environment)?;
    }
    Ok(start)
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

/// Checks the URL of another service than KMS.
///
/// # Errors
/// `Configuration`.
pub(super) fn check_endpoint_option(url: &str) -> Result<()> {
    check_endpoint(&setting(url.to_owned(), "the option `endpoint`"), false)
}
