//! The AWS KMS keyrings: KMS keys wrap the data key, and never leave KMS.
//!
//! Source: `framework/aws-kms/`. The only place that knows the AWS SDK.

mod branch_keys;
mod calls;
mod cause;
mod check;
mod clients;
mod connection;
mod credential_source;
mod credentials;
mod credentials_error;
mod credentials_reason;
mod data_keys;
mod discovery;
mod dynamodb;
mod dynamodb_error;
mod dynamodb_items;
mod dynamodb_send;
mod dynamodb_table;
mod endpoint;
mod environment;
mod error;
mod guarded_storage;
mod http;
mod key_pairs;
mod kms_ecdh;
mod kms_ecdh_calls;
mod kms_rsa;
mod kms_rsa_calls;
mod own_credentials;
mod plain_settings;
mod proxy;
mod re_encrypt;
mod refusals;
mod role_chain;
mod service_text;
mod setting_sources;
mod settings;
mod shared_files;
mod strict;
mod strict_data_keys;
mod unwrap;

use std::time::Duration;

use super::guard::{BreakerOptions, FlightOptions};

pub use branch_keys::{KeyStoreOptions, Where, key_store};
pub use discovery::{AwsKmsDiscoveryKeyring, DiscoveryFilter};
pub use environment::Environment;
pub use kms_ecdh::AwsKmsEcdhKeyring;
pub use kms_rsa::AwsKmsRsaKeyring;
pub use own_credentials::{AccessKeys, CredentialsSource, OwnCredentials, no_keys};
pub use strict::strict_keyring;

/// How to reach KMS; what is not given comes from the environment, as in every AWS SDK.
#[derive(Debug, Clone, Default)]
pub struct KmsOptions {
    /// The environment variables; by default those of the process.
    pub environment: Environment,
    /// The AWS Region of names that have none; by default `AWS_REGION`, then the profile's.
    pub region: Option<String>,
    /// Whether related multi-Region keys count as one key.
    pub multi_region: bool,
    /// The URL of KMS, for every Region; by default `AWS_ENDPOINT_URL_KMS`, then AWS's own.
    pub endpoint: Option<String>,
    /// The profile in the AWS config files; by default `AWS_PROFILE`.
    pub profile: Option<String>,
    /// What to use instead of all that the environment and the AWS files say of credentials.
    pub credentials: Option<OwnCredentials>,
    /// Grant tokens for each call.
    pub grant_tokens: Vec<String>,
    /// How often one call is tried; by default as `AWS_MAX_ATTEMPTS` or the profile says, else 3.
    pub max_attempts: Option<u32>,
    /// How long one call may take, with its retries and its wait for its turn; by default 15 s.
    pub timeout: Option<Duration>,
    /// How long one attempt may take; by default 5 s.
    pub attempt_timeout: Option<Duration>,
    /// How long a connection may take; by default 3 s.
    pub connect_timeout: Option<Duration>,
    /// How long it may take to get credentials, beside `timeout`; by default 15 s.
    pub credentials_timeout: Option<Duration>,
    /// How many calls there may be at once.
    pub flight: FlightOptions,
    /// After how many failures a key is not called for a while; `None` for never.
    pub breaker: Option<BreakerOptions>,
}
