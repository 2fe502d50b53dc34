//! The keyrings as one class; `lib/keyrings/index.js` makes a class of each.

use std::path::Path;
use std::sync::Arc;

use napi::Result;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use super::bytes::Uint8ArraySlice;
use super::credentials::{NativeCredentials, own_credentials};
use super::error::to_napi;
use super::guard_options::NativeGuardOptions;
use super::numbers::milliseconds;
use crate::error::{self, Error};
use crate::keyring::aws_kms::{
    AwsKmsDiscoveryKeyring, AwsKmsEcdhKeyring, AwsKmsRsaKeyring, DiscoveryFilter, Environment,
    KmsOptions, strict_keyring,
};
use crate::keyring::guard::GuardOptions;
use crate::keyring::multi::MultiKeyring;
use crate::keyring::raw_aes::RawAesKeyring;
use crate::keyring::raw_ecdh::{EcdhCurve, RawEcdhKeyring};
use crate::keyring::raw_rsa::{RawRsaKeyring, RsaPadding};
use crate::keyring::{Keyring, local};

/// Wraps and unwraps data keys.
#[napi(js_name = "Keyring")]
pub struct NativeKeyring(Arc<dyn Keyring>);

/// How to reach KMS.
#[napi(object)]
pub struct NativeKmsOptions {
    /// The environment variables, each name followed by its value.
    pub environment: Vec<String>,
    /// The AWS Region.
    pub region: Option<String>,
    /// Whether related multi-Region keys count as one key.
    pub multi_region: Option<bool>,
    /// The URL of KMS.
    pub endpoint: Option<String>,
    /// The profile in the AWS config files.
    pub profile: Option<String>,
    /// Grant tokens for each call.
    pub grant_tokens: Option<Vec<String>>,
    /// How often one call is tried.
    pub max_attempts: Option<u32>,
    /// How long one attempt may take, in milliseconds.
    pub attempt_timeout_ms: Option<u32>,
    /// How long it may take to get credentials, in milliseconds.
    pub credentials_timeout_ms: Option<u32>,
    /// How long a connection may take, in milliseconds.
    pub connect_timeout_ms: Option<u32>,
}

pub(super) fn kms_options(
    options: NativeKmsOptions,
    guard: NativeGuardOptions,
    credentials: Option<ClassInstance<'_, NativeCredentials>>,
) -> KmsOptions {
    let GuardOptions { timeout, flight, breaker } = guard.into();
    KmsOptions {
        environment: environment(options.environment),
        region: options.region,
        multi_region: options.multi_region.unwrap_or_default(),
        endpoint: options.endpoint,
        profile: options.profile,
        credentials: own_credentials(credentials.as_ref()),
        grant_tokens: options.grant_tokens.unwrap_or_default(),
        max_attempts: options.max_attempts,
        attempt_timeout: milliseconds(options.attempt_timeout_ms),
        credentials_timeout: milliseconds(options.credentials_timeout_ms),
        connect_timeout: milliseconds(options.connect_timeout_ms),
        timeout,
        flight,
        breaker,
    }
}

fn environment(flat: Vec<String>) -> Environment {
    let mut texts = flat.into_iter();
    std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect()
}

/// Whose KMS keys may be asked.
#[napi(object)]
pub struct NativeDiscoveryFilter {
    /// Such as `aws`.
    pub partition: String,
    /// AWS account ids.
    pub account_ids: Vec<String>,
}

#[napi]
impl NativeKeyring {
    /// One KMS key, and others that wrap what it makes.
    #[napi(factory, catch_unwind)]
    pub fn aws_kms(
        key_id: String,
        additional_key_ids: Vec<String>,
        options: NativeKmsOptions,
        guard: NativeGuardOptions,
        credentials: Option<ClassInstance<'_, NativeCredentials>>,
    ) -> Result<Self> {
        let options = kms_options(options, guard, credentials);
        strict_keyring(&key_id, &additional_key_ids, options).map(Self).map_err(to_napi)
    }

    /// Whichever KMS keys a message names.
    #[napi(factory, catch_unwind)]
    pub fn aws_kms_discovery(
        filter: Option<NativeDiscoveryFilter>,
        options: NativeKmsOptions,
        guard: NativeGuardOptions,
        credentials: Option<ClassInstance<'_, NativeCredentials>>,
    ) -> Result<Self> {
        let filter =
            filter.map(|filter| DiscoveryFilter::new(filter.partition, filter.account_ids));
        let filter = filter.transpose().map_err(to_napi)?;
        let options = kms_options(options, guard, credentials);
        let keyring = AwsKmsDiscoveryKeyring::new(filter, options);
        Ok(Self(Arc::new(keyring.map_err(to_napi)?)))
    }

    /// A key agreement key of KMS, with public keys in DER: its own, if it need not be asked for, and the
    /// recipient's.
    #[napi(factory, catch_unwind)]
    pub fn aws_kms_ecdh(
        key_arn: String,
        curve_spec: String,
        public_key: Option<Uint8ArraySlice<'_>>,
        recipient_public_key: Option<Uint8ArraySlice<'_>>,
        options: NativeKmsOptions,
        guard: NativeGuardOptions,
        credentials: Option<ClassInstance<'_, NativeCredentials>>,
    ) -> Result<Self> {
        let curve = ecdh_curve(&curve_spec).map_err(to_napi)?;
        let options = kms_options(options, guard, credentials);
        let (own_key, recipient) = (public_key.as_deref(), recipient_public_key.as_deref());
        let keyring = AwsKmsEcdhKeyring::new(&key_arn, curve, own_key, recipient, options);
        Ok(Self(Arc::new(keyring.map_err(to_napi)?)))
    }

    /// An RSA key of KMS, with its public key in DER.
    #[napi(factory, catch_unwind)]
    pub fn aws_kms_rsa(
        key_arn: String,
        padding: String,
        public_key: Option<Uint8ArraySlice<'_>>,
        options: NativeKmsOptions,
        guard: NativeGuardOptions,
        credentials: Option<ClassInstance<'_, NativeCredentials>>,
    ) -> Result<Self> {
        let padding = rsa_padding(&padding).map_err(to_napi)?;
        let options = kms_options(options, guard, credentials);
        let keyring = AwsKmsRsaKeyring::new(&key_arn, padding, public_key.as_deref(), options);
        Ok(Self(Arc::new(keyring.map_err(to_napi)?)))
    }

    /// Several keyrings.
    #[napi(factory, catch_unwind)]
    pub fn multi(
        generator: Option<ClassInstance<'_, NativeKeyring>>,
        children: Vec<ClassInstance<'_, NativeKeyring>>,
    ) -> Result<Self> {
        let generator = generator.map(|keyring| keyring.shared());
        let children = children.iter().map(|keyring| keyring.shared()).collect();
        let keyring = MultiKeyring::new(generator, children).map_err(to_napi)?;
        Ok(Self(Arc::new(keyring)))
    }

    /// A key file.
    #[napi(factory, catch_unwind)]
    pub fn local(path: String) -> Result<Self> {
        Ok(Self(Arc::new(local::read(Path::new(&path)).map_err(to_napi)?)))
    }

    /// An AES key.
    #[napi(factory, catch_unwind)]
    pub fn raw_aes(
        namespace: String,
        name: String,
        wrapping_key: Uint8ArraySlice<'_>,
    ) -> Result<Self> {
        let keyring = RawAesKeyring::new(&namespace, &name, &wrapping_key).map_err(to_napi)?;
        Ok(Self(Arc::new(keyring)))
    }

    /// A private key and the public key of a recipient, each in DER.
    #[napi(factory, catch_unwind)]
    pub fn raw_ecdh(
        curve_spec: String,
        private_key: Option<Uint8ArraySlice<'_>>,
        recipient_public_key: Option<Uint8ArraySlice<'_>>,
    ) -> Result<Self> {
        let curve = ecdh_curve(&curve_spec).map_err(to_napi)?;
        let (own_key, recipient) = (private_key.as_deref(), recipient_public_key.as_deref());
        let keyring = RawEcdhKeyring::new(curve, own_key, recipient);
        Ok(Self(Arc::new(keyring.map_err(to_napi)?)))
    }

    /// An RSA key pair, each key in DER.
    #[napi(factory, catch_unwind)]
    pub fn raw_rsa(
        namespace: String,
        name: String,
        padding: String,
        public_key: Option<Uint8ArraySlice<'_>>,
        private_key: Option<Uint8ArraySlice<'_>>,
    ) -> Result<Self> {
        let padding = rsa_padding(&padding).map_err(to_napi)?;
        let keyring = RawRsaKeyring::new(
            &namespace,
            &name,
            padding,
            public_key.as_deref(),
            private_key.as_deref(),
        );
        Ok(Self(Arc::new(keyring.map_err(to_napi)?)))
    }

    pub(super) fn shared(&self) -> Arc<dyn Keyring> {
        Arc::clone(&self.0)
    }
}

impl From<Arc<dyn Keyring>> for NativeKeyring {
    fn from(keyring: Arc<dyn Keyring>) -> Self {
        Self(keyring)
    }
}

fn ecdh_curve(name: &str) -> error::Result<EcdhCurve> {
    let curve = EcdhCurve::ALL.into_iter().find(|curve| curve.as_str() == name);
    curve.ok_or_else(|| {
        let names = EcdhCurve::ALL.map(|curve| format!("\"{}\"", curve.as_str())).join(", ");
        Error::invalid(format!("curveSpec must be one of {names}"))
    })
}

fn rsa_padding(name: &str) -> error::Result<RsaPadding> {
    Ok(match name {
        "pkcs1" => RsaPadding::Pkcs1,
        "oaep-sha1" => RsaPadding::OaepSha1,
        "oaep-sha256" => RsaPadding::OaepSha256,
        "oaep-sha384" => RsaPadding::OaepSha384,
        "oaep-sha512" => RsaPadding::OaepSha512,
        _ => {
            return Err(Error::invalid(
                "padding must be \"oaep-sha256\", \"oaep-sha384\", \"oaep-sha512\", \
                 \"oaep-sha1\" or \"pkcs1\"",
            ));
        }
    })
}

/// Makes a new key file.
#[napi(catch_unwind)]
pub fn generate_local_key(path: String) -> Result<()> {
    local::generate(Path::new(&path)).map_err(to_napi)
}
