//! The credentials of a keyring: asked for once, however many calls wait for them, with a time of
//! their own; and why there are none.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::credential_source::Source;
use super::credentials_error::explain;
use super::own_credentials::OwnCredentials;
use crate::error::Result;

/// How long before their end credentials are renewed, as the SDK does it.
const RENEWED_BEFORE: Duration = Duration::from_secs(10);

/// Gives the SDK the credentials of another provider.
#[derive(Debug, Clone)]
pub(super) struct SharedCredentials(Arc<Inner>);

struct Inner {
    provider: Provider,
    source: Source,
    timeout: Duration,
    state: Mutex<State>,
}

/// Whom to ask.
pub(super) enum Provider {
    /// A source that the SDK knows.
    Sdk(SharedCredentialsProvider),
    /// The caller's own, for calls in this Region.
    Own(OwnCredentials, String),
}

/// `pending` is there while the provider is being asked: all callers share that answer. It is removed before
/// the answer is given to them, and a success is `last` by then.
#[derive(Default)]
struct State {
    last: Option<Credentials>,
    pending: Option<Pending>,
}

type Pending = Shared<BoxFuture<'static, Result<Credentials, Arc<CredentialsError>>>>;

impl SharedCredentials {
    pub(super) fn new(provider: Provider, source: Source, timeout: Duration) -> Self {
        Self(Arc::new(Inner { provider, source, timeout, state: Mutex::default() }))
    }

    /// Waits until there are credentials, so that the call that follows need not.
    pub(super) async fn ready(&self) -> Result<()> {
        if self.last(RENEWED_BEFORE).is_some() {
            return Ok(());
        }
        match self.load().await {
            Ok(_) => Ok(()),
            Err(_) if self.last(Duration::ZERO).is_some() => Ok(()),
            Err(error) => Err(explain(&error, &self.0.source)),
        }
    }

    /// Returns the credentials that were loaded last, if they stay valid for this time.
    fn last(&self, left: Duration) -> Option<Credentials> {
        let end = SystemTime::now() + left;
        let last = self.state().last.clone();
        last.filter(|last| last.expiry().is_none_or(|expiry| expiry > end))
    }

    /// Asks the provider. Callers that come meanwhile get the same answer, even if the first one has gone.
    async fn load(&self) -> Result<Credentials, Arc<CredentialsError>> {
        let pending = self.state().pending.get_or_insert_with(|| self.start()).clone();
        pending.await
    }

    fn start(&self) -> Pending {
        let this = self.clone();
        let asked = self.0.provider.ask();
        let task = tokio::spawn(async move {
            let answer = tokio::time::timeout(this.0.timeout, asked).await;
            let timed_out = |_| Err(CredentialsError::provider_timed_out(this.0.timeout));
            let answer = answer.unwrap_or_else(timed_out).map_err(Arc::new);
            let mut state = this.state();
            state.pending = None;
            if let Ok(credentials) = &answer {
                state.last = Some(credentials.clone());
            }
            answer
        });
        let this = self.clone();
        let answer = async move {
            task.await.unwrap_or_else(|panicked| {
                this.state().pending = None;
                Err(Arc::new(CredentialsError::unhandled(panicked)))
            })
        };
        answer.boxed().shared()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider {
    /// Asks; a source of the caller's at once, on behalf of the first who waits.
    fn ask(&self) -> BoxFuture<'static, Result<Credentials, CredentialsError>> {
        match self {
            Self::Sdk(provider) => {
                let provider = provider.clone();
                async move { provider.provide_credentials().await }.boxed()
            }
            Self::Own(own, region) => own.ask(region),
        }
    }
}

impl ProvideCredentials for SharedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            match self.last(Duration::ZERO) {
                Some(last) => Ok(last),
                None => self.load().await.map_err(|error| {
                    CredentialsError::provider_error(Box::<dyn StdError + Send + Sync>::from(error))
                }),
            }
        })
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inner")
    }
}
