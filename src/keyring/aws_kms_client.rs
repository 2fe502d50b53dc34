//! The AWS SDK's client: made once, at the first call, with the SDK's credential chain.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds::{self, region::ImdsRegionProvider};
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_smithy_http_client::{Builder, ConnectorBuilder, proxy::ProxyConfig, tls};
use tokio::sync::OnceCell;

use crate::error::{Code, Error, Result};

/// How to reach KMS; what is not given comes from the environment, as in every AWS SDK.
#[derive(Debug, Clone, Default)]
pub struct KmsOptions {
    /// The AWS Region; by default the key ARN's, then `AWS_REGION`, then the profile's.
    pub region: Option<String>,
    /// The URL of KMS; by default `AWS_ENDPOINT_URL_KMS`, then AWS's own.
    pub endpoint: Option<String>,
    /// The profile in the AWS config files; by default `AWS_PROFILE`.
    pub profile: Option<String>,
    /// Grant tokens for each call.
    pub grant_tokens: Vec<String>,
    /// How often one call is tried; by default 3.
    pub max_attempts: Option<u32>,
    /// How long one call may take, with its retries; by default 15 s.
    pub timeout: Option<Duration>,
}

const DEFAULT_MAX_ATTEMPTS: u32 = 3;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Off EC2 nobody answers at the metadata address, and one must not wait there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct KmsClient {
    options: KmsOptions,
    client: OnceCell<Client>,
}

pub(super) struct Client {
    pub kms: aws_sdk_kms::Client,
    region: String,
}

impl KmsClient {
    pub(super) fn new(mut options: KmsOptions, key_region: Option<&str>) -> Result<Self> {
        if let Some(key_region) = key_region {
            let region = options.region.get_or_insert_with(|| key_region.to_owned());
            if region != key_region {
                return Err(Error::invalid(format!(
                    "the KMS key is in Region \"{key_region}\", but the option `region` says \
                     \"{region}\"; leave the option out"
                )));
            }
        }
        Ok(Self { options, client: OnceCell::new() })
    }

    pub(super) async fn get(&self) -> Result<&Client> {
        self.client.get_or_try_init(|| connect(&self.options)).await
    }

    /// The Region, where it is known without asking anyone.
    pub(super) fn known_region(&self) -> Option<String> {
        let connected = || self.client.get().map(|client| client.region.clone());
        self.options.region.clone().or_else(connected)
    }

    pub(super) fn grant_tokens(&self) -> Option<Vec<String>> {
        (!self.options.grant_tokens.is_empty()).then(|| self.options.grant_tokens.clone())
    }
}

async fn connect(options: &KmsOptions) -> Result<Client> {
    let http_client = http_client();
    // Without it, the sources of credentials that are asked over HTTP would have no client.
    let sources = ProviderConfig::without_region()
        .with_http_client(http_client.clone())
        .with_behavior_version(Some(BehaviorVersion::latest()));
    let metadata = metadata_client(&sources);
    let region = region(options, metadata.clone()).await?;
    let mut credentials = DefaultCredentialsChain::builder()
        .configure(sources)
        .region(region.clone())
        .imds_client(metadata);
    if let Some(profile) = &options.profile {
        credentials = credentials.profile_name(profile);
    }
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        .region(region.clone())
        .credentials_provider(credentials.build().await)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(options.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS)),
        )
        .timeout_config(timeouts(options.timeout.unwrap_or(DEFAULT_TIMEOUT)));
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let shared = loader.load().await;
    let mut config = aws_sdk_kms::config::Builder::from(&shared);
    if let Some(endpoint) = &options.endpoint {
        config = config.endpoint_url(endpoint);
    }
    let kms = aws_sdk_kms::Client::from_conf(config.build());
    Ok(Client { kms, region: region.to_string() })
}

/// The SDK's own order; its default chain would wait longer at the metadata address.
async fn region(options: &KmsOptions, metadata: imds::Client) -> Result<Region> {
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    RegionProviderChain::first_try(options.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .or_else(ImdsRegionProvider::builder().imds_client(metadata).build())
        .region()
        .await
        .ok_or_else(|| {
            Error::new(
                Code::KmsNoRegion,
                "no AWS Region is configured; set AWS_REGION or the option `region`, \
                 or name the KMS key by its ARN",
            )
        })
}

fn timeouts(whole: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT.min(whole))
        .operation_attempt_timeout(ATTEMPT_TIMEOUT.min(whole))
        .operation_timeout(whole)
        .build()
}

fn metadata_client(sources: &ProviderConfig) -> imds::Client {
    imds::Client::builder()
        .configure(sources)
        .max_attempts(1)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .build()
}

/// The SDK's own client, but with TLS from the engine that this build has.
fn http_client() -> aws_sdk_kms::config::SharedHttpClient {
    #[cfg(feature = "aws-lc")]
    const CRYPTO: tls::rustls_provider::CryptoMode = tls::rustls_provider::CryptoMode::AwsLc;
    #[cfg(not(feature = "aws-lc"))]
    const CRYPTO: tls::rustls_provider::CryptoMode = tls::rustls_provider::CryptoMode::Ring;
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(CRYPTO));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}
