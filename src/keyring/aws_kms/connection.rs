//! Where credentials and Region come from, and how KMS is reached: what all clients share.

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::imds;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_kms::config::SharedHttpClient;
use aws_smithy_types::retry::RetrySpec;
use aws_types::os_shim_internal::Env;

use super::super::guard::DEFAULT_TIMEOUT;
use super::KmsOptions;
use super::credentials::{Provider, SharedCredentials};
use super::environment::KEYS;
use super::http::http_client;
use super::settings::Settings;
use super::shared_files::encode;
use crate::error::{Code, Error, Result};

const DEFAULT_MAX_ATTEMPTS: u32 = 3;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Off EC2 nobody answers at the metadata address, and one must not wait there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// The name of a profile that is in no file.
const HIDDEN: &str = "kms-envelope/environment";
const METADATA_REGION: &str = "/latest/meta-data/placement/region";

/// What is asked for credentials and for the Region. Making it asks nobody.
pub(super) struct Sources {
    http_client: SharedHttpClient,
}

impl Sources {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { http_client: http_client(&settings.proxies) }
    }
}

/// The Region of the settings, or that of the instance this runs on.
pub(super) async fn default_region(
    options: &KmsOptions,
    settings: &Settings,
    sources: &Sources,
) -> Result<String> {
    if let Some(region) = &settings.region {
        return Ok(region.clone());
    }
    let of_instance = match metadata(options, settings, sources) {
        Some(metadata) => metadata.get(METADATA_REGION).await.ok().map(String::from),
        None => None,
    };
    of_instance.ok_or_else(|| {
        Error::new(
            Code::KmsNoRegion,
            "no AWS Region is configured; set AWS_REGION, or the keyring's `region`, \
             or name the KMS key by its ARN",
        )
    })
}

/// Credentials, connections and settings. Credentials that need a Region to ask, as those of an
/// assumed role do, ask in that of the settings, then in the preferred one, then in `last`.
pub(super) async fn shared_config(
    options: &KmsOptions,
    settings: &Settings,
    sources: &Sources,
    preferred: Option<&str>,
    last: &str,
) -> (SdkConfig, SharedCredentials) {
    let option = options.region.as_deref();
    let region = option.or(preferred).or(settings.region.as_deref()).unwrap_or(last);
    let keys = hidden_keys(options);
    let name = keys.as_ref().map(|_| HIDDEN);
    let config = settings.files.config.normalized(name) + keys.as_deref().unwrap_or_default();
    let timeout = options.credentials_timeout.unwrap_or(DEFAULT_TIMEOUT);
    let loaded = aws_config::defaults(BehaviorVersion::latest())
        .env(environment(options))
        .profile_files(
            EnvConfigFiles::builder()
                .with_contents(EnvConfigFileKind::Config, config)
                .with_contents(
                    EnvConfigFileKind::Credentials,
                    settings.files.credentials.normalized(name),
                )
                .build(),
        )
        .profile_name(encode(&settings.profile))
        .http_client(sources.http_client.clone())
        // Each client has a Region of its own; this one is for whoever gives the credentials.
        .region(Region::new(region.to_owned()))
        .use_fips(settings.fips)
        .use_dual_stack(settings.dual_stack)
        .retry_config(
            RetryConfig::adaptive()
                // As adaptive mode was once, its first throttled retry waits for ten seconds.
                .with_retry_spec(RetrySpec::v2_1())
                .with_max_attempts(
                    options.max_attempts.or(settings.max_attempts).unwrap_or(DEFAULT_MAX_ATTEMPTS),
                ),
        )
        .timeout_config(timeouts(options))
        .identity_cache(IdentityCache::lazy().load_timeout(timeout + METADATA_TIMEOUT).build())
        .load()
        .await;
    let provider = match &options.credentials {
        Some(own) => Provider::Own(own.clone(), region.to_owned()),
        None => Provider::Sdk(loaded.credentials_provider().unwrap_or_else(no_provider)),
    };
    let credentials = SharedCredentials::new(provider, settings.source.clone(), timeout);
    let provider = SharedCredentialsProvider::new(credentials.clone());
    (loaded.into_builder().credentials_provider(provider).build(), credentials)
}

/// The loader always gives one.
fn no_provider() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(provide_credentials_fn(|| async {
        Err(CredentialsError::not_loaded_no_source())
    }))
}

/// What the SDK sees of the environment. A profile that is an option comes before keys that happen
/// to be there.
fn environment(options: &KmsOptions) -> Env {
    let hidden: &[&str] = if options.profile.is_some() { &KEYS } else { &[] };
    Env::from(options.environment.without(hidden))
}

/// A profile of the keys that [`environment`] hides, for a profile that asks for them by
/// `credential_source = Environment`.
fn hidden_keys(options: &KmsOptions) -> Option<String> {
    let environment = options.profile.as_ref().map(|_| &options.environment)?;
    let id = environment.get(KEYS[0])?;
    let (_, secret) = environment.first(&KEYS[1..3])?;
    let token = environment.get(KEYS[3]);
    let is_plain = |value: &str| value.bytes().all(|byte| byte.is_ascii_graphic());
    if ![id, secret, token.unwrap_or_default()].into_iter().all(is_plain) {
        return None;
    }
    let token = token.map(|token| format!("aws_session_token = {token}\n")).unwrap_or_default();
    Some(format!(
        "[profile {HIDDEN}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n{token}"
    ))
}

/// The metadata service of an instance, unless it is switched off or its address is malformed.
fn metadata(options: &KmsOptions, settings: &Settings, sources: &Sources) -> Option<imds::Client> {
    let property = |name| settings.files.find(&settings.profile, name).map(|found| found.value);
    let setting = |variable, name| options.environment.get(variable).or_else(|| property(name));
    let mode =
        setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    let default = match mode {
        Some(mode) if mode.eq_ignore_ascii_case("ipv6") => "http://[fd00:ec2::254]",
        _ => "http://169.254.169.254",
    };
    let endpoint = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    if settings.metadata_disabled {
        return None;
    }
    let config = ProviderConfig::without_region()
        .with_http_client(sources.http_client.clone())
        .with_behavior_version(Some(BehaviorVersion::latest()));
    let client = imds::Client::builder()
        .configure(&config)
        .max_attempts(1)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT);
    Some(client.endpoint(endpoint.unwrap_or(default)).ok()?.build())
}

fn timeouts(options: &KmsOptions) -> TimeoutConfig {
    let whole = options.timeout.unwrap_or(DEFAULT_TIMEOUT);
    let attempt = options.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT).min(whole);
    TimeoutConfig::builder()
        .connect_timeout(options.connect_timeout.unwrap_or(CONNECT_TIMEOUT).min(attempt))
        .operation_attempt_timeout(attempt)
        .operation_timeout(whole)
        .build()
}
