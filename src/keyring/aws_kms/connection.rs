//! Where credentials and Region come from, and how KMS is reached: what all clients share.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds::{self, region::ImdsRegionProvider};
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::SharedHttpClient;
use aws_smithy_types::retry::RetrySpec;

use super::super::guard::DEFAULT_TIMEOUT;
use super::KmsOptions;
use super::http::http_client;
use crate::error::{Code, Error, Result};

const DEFAULT_MAX_ATTEMPTS: u32 = 3;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Off EC2 nobody answers at the metadata address, and one must not wait there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// What is asked for credentials and for the Region. Making it asks nobody.
pub(super) struct Sources {
    http_client: SharedHttpClient,
    config: ProviderConfig,
    metadata: imds::Client,
}

impl Default for Sources {
    fn default() -> Self {
        let http_client = http_client();
        // Without it, the sources of credentials that are asked over HTTP would have no client.
        let config = ProviderConfig::without_region()
            .with_http_client(http_client.clone())
            .with_behavior_version(Some(BehaviorVersion::latest()));
        let metadata = imds::Client::builder()
            .configure(&config)
            .max_attempts(1)
            .connect_timeout(METADATA_TIMEOUT)
            .read_timeout(METADATA_TIMEOUT)
            .build();
        Self { http_client, config, metadata }
    }
}

/// The SDK's own order; its default chain would wait longer at the metadata address.
pub(super) async fn default_region(options: &KmsOptions, sources: &Sources) -> Result<String> {
    let metadata = ImdsRegionProvider::builder().imds_client(sources.metadata.clone()).build();
    let found = configured_region(options, None).or_else(metadata).region().await;
    found.map(|region| region.to_string()).ok_or_else(|| {
        Error::new(
            Code::KmsNoRegion,
            "no AWS Region is configured; set AWS_REGION or the option `region`, \
             or name the KMS key by its ARN",
        )
    })
}

/// Credentials, connections and settings. Credentials that need a Region to ask, as those of an
/// assumed role do, ask in the preferred one, and if none is configured in `last`.
pub(super) async fn shared_config(
    options: &KmsOptions,
    sources: &Sources,
    preferred: Option<&str>,
    last: &str,
) -> SdkConfig {
    let last = Region::new(last.to_owned());
    let mut credentials = DefaultCredentialsChain::builder()
        .configure(sources.config.clone())
        .region(configured_region(options, preferred).or_else(last.clone()))
        .imds_client(sources.metadata.clone());
    // Each client has a Region of its own; but without any, the SDK would go and look for one.
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(sources.http_client.clone())
        .region(last)
        .retry_config(
            RetryConfig::adaptive()
                // As adaptive mode was once, its first throttled retry waits for ten seconds.
                .with_retry_spec(RetrySpec::v2_1())
                .with_max_attempts(options.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS)),
        )
        .timeout_config(timeouts(options));
    if let Some(profile) = &options.profile {
        credentials = credentials.profile_name(profile);
        loader = loader.profile_name(profile);
    }
    loader.credentials_provider(credentials.build().await).load().await
}

/// The options' Region, then the preferred one, then the environment's, then the profile's.
fn configured_region(options: &KmsOptions, preferred: Option<&str>) -> RegionProviderChain {
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let given = options.region.as_deref().or(preferred);
    RegionProviderChain::first_try(given.map(|region| Region::new(region.to_owned())))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
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
