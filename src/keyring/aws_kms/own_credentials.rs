//! Credentials that the caller gives: keys, or somebody to ask for them.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};

/// Access keys of AWS; wiped when dropped, and never shown.
#[derive(Clone)]
pub struct AccessKeys {
    /// The id of the access key.
    pub access_key_id: Zeroizing<String>,
    /// The key.
    pub secret_access_key: Zeroizing<String>,
    /// What temporary keys have besides.
    pub session_token: Option<Zeroizing<String>>,
    /// The AWS account that they are of.
    pub account_id: Option<String>,
    /// When they end, if they do.
    pub expiration: Option<SystemTime>,
}

/// Gives access keys when there are none, and whenever the last ones are about to end.
pub trait CredentialsSource: Send + Sync {
    /// Asks at once, on behalf of whoever runs now; the answer may come later. `region` is where AWS
    /// is called.
    fn ask(&self, region: &str) -> BoxFuture<'static, Result<AccessKeys>>;
}

/// The caller's own credentials.
#[derive(Clone)]
pub enum OwnCredentials {
    /// These keys.
    Keys(AccessKeys),
    /// What somebody gives.
    Source(Arc<dyn CredentialsSource>),
}

/// How the source is called in errors.
pub(super) const OPTION: &str = "the option `credentials`";

impl OwnCredentials {
    /// Asks for keys at once; the answer comes as the SDK takes it.
    pub(super) fn ask(
        &self,
        region: &str,
    ) -> BoxFuture<'static, Result<Credentials, CredentialsError>> {
        match self {
            Self::Keys(keys) => {
                let keys = converted(keys.clone(), "they", "give a function that returns new ones");
                Box::pin(async { keys })
            }
            Self::Source(source) => {
                let answer = source.ask(region);
                Box::pin(async {
                    let keys = answer.await.map_err(CredentialsError::provider_error)?;
                    converted(keys, "those that the function returned", "let it return new ones")
                })
            }
        }
    }
}

impl fmt::Debug for OwnCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnCredentials")
    }
}

/// The error of a source that gives no keys, for this reason.
pub fn no_keys(reason: &str) -> Error {
    let message = format!("the AWS credentials should come from {OPTION}, but {reason}");
    Error::new(Code::KmsNoCredentials, message)
}

fn converted(keys: AccessKeys, which: &str, advice: &str) -> Result<Credentials, CredentialsError> {
    if keys.expiration.is_some_and(|end| end <= SystemTime::now()) {
        let reason = format!("{which} have expired; {advice}, and check the clock");
        return Err(CredentialsError::provider_error(no_keys(&reason)));
    }
    let mut credentials = Credentials::builder()
        .access_key_id(keys.access_key_id.as_str())
        .secret_access_key(keys.secret_access_key.as_str())
        .provider_name("kms-envelope");
    credentials.set_session_token(keys.session_token.map(|token| token.to_string()));
    credentials.set_account_id(keys.account_id.map(Into::into));
    credentials.set_expiry(keys.expiration);
    Ok(credentials.build())
}
