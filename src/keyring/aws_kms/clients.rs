//! The client supplier: a client for each Region, made when it is first needed, and kept.
//!
//! Source: `framework/aws-kms/aws-kms-multi-keyrings.md`, the "regional client supplier".

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aws_config::{Region, SdkConfig};
use aws_sdk_kms::config::retry::RetryPartition;
use tokio::sync::OnceCell;

use super::super::ServiceStats;
use super::super::guard::{Call, CallLog, Guard, GuardOptions, Service, unless_it_panics};
use super::KmsOptions;
use super::calls::{Attempts, Kms};
use super::connection::{Sources, default_region, shared_config};
use super::credentials::SharedCredentials;
use super::settings::Settings;
use crate::error::{Code, Result};

/// More than AWS has Regions. What is beyond can only come from made-up ARNs in messages, which
/// must not fill the memory: they get a client for one call.
const MAX_KEPT: usize = 64;

/// The clients of one keyring. They share its credentials and its connections.
pub(super) struct KmsClients {
    options: KmsOptions,
    settings: Settings,
    key_region: Option<String>,
    sources: OnceLock<Sources>,
    default_region: OnceCell<String>,
    shared: OnceCell<(SdkConfig, SharedCredentials)>,
    clients: Mutex<HashMap<String, Arc<Kms>>>,
    guard: Arc<Guard>,
}

impl KmsClients {
    /// Nothing is called yet. `key_region` is the Region of the first key, if that names one.
    ///
    /// # Errors
    /// `Configuration`, if the options, the environment or the AWS files cannot work.
    pub(super) fn new(options: KmsOptions, key_region: Option<&str>) -> Result<Self> {
        let KmsOptions { timeout, flight, breaker, .. } = options;
        Ok(Self {
            settings: Settings::read(&options)?,
            guard: Arc::new(Guard::new(GuardOptions { timeout, flight, breaker })),
            options,
            key_region: key_region.map(str::to_owned),
            sources: OnceLock::new(),
            default_region: OnceCell::new(),
            shared: OnceCell::new(),
            clients: Mutex::default(),
        })
    }

    /// The Region that the options name.
    pub(super) fn given_region(&self) -> Option<&str> {
        self.options.region.as_deref()
    }

    /// Whether DynamoDB is called at its FIPS endpoints, if no option gives an endpoint.
    pub(super) fn table_fips(&self) -> bool {
        self.settings.table_fips
    }

    /// The Region of names that have none.
    pub(super) async fn default_region(&self) -> Result<&str> {
        if let Some(found) = self.default_region.get() {
            return Ok(found);
        }
        let find = || default_region(&self.options, &self.settings, self.sources());
        let region = self.default_region.get_or_try_init(find);
        // What is done once, and is large, is no part of the future of each call.
        Ok(Box::pin(self.counted("finding the AWS Region", region)).await?)
    }

    /// The client of a Region.
    ///
    /// # Errors
    /// `Internal`, if the SDK panics.
    pub(super) async fn in_region(&self, region: &str) -> Result<Arc<Kms>> {
        if let Some(kept) = self.lock().get(region) {
            return Ok(Arc::clone(kept));
        }
        let client = async { Ok(self.kept_or_new(region).await) };
        Box::pin(self.counted("making a client of KMS", client)).await
    }

    /// What all clients of AWS services share; credentials are asked for in this Region, if nothing
    /// names another.
    pub(super) async fn shared(&self, region: &str) -> &(SdkConfig, SharedCredentials) {
        // The first key's Region comes first, so that it does not depend on which message came
        // first where the credentials themselves are asked for.
        let preferred = self.key_region.as_deref();
        let connect =
            || shared_config(&self.options, &self.settings, self.sources(), preferred, region);
        self.shared.get_or_init(connect).await
    }

    async fn kept_or_new(&self, region: &str) -> Arc<Kms> {
        let (shared, credentials) = self.shared(region).await;
        let mut clients = self.lock();
        if let Some(kept) = clients.get(region) {
            return Arc::clone(kept);
        }
        let client = self.client(shared, region);
        let (tokens, guard) = (&self.options.grant_tokens, Arc::clone(&self.guard));
        let credentials = credentials.clone();
        let kms = Arc::new(Kms::new(client, region.to_owned(), tokens, guard, credentials));
        if clients.len() < MAX_KEPT {
            clients.insert(region.to_owned(), Arc::clone(&kms));
        }
        kms
    }

    /// What these clients were asked.
    pub(super) fn stats(&self) -> ServiceStats {
        self.guard.stats()
    }

    /// Does what must be done before KMS can be called. A panic in it counts as a call that failed.
    async fn counted<T>(
        &self,
        operation: &'static str,
        preparation: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match unless_it_panics(operation, preparation).await {
            Err(error) if error.code() == Code::Internal => {
                let (service, key_id, region) = (Service::Kms, None, None);
                let log = CallLog::new(Call { service, operation, key_id, region });
                self.guard.run(&log, async { Err(error) }).await
            }
            prepared => prepared,
        }
    }

    fn client(&self, shared: &SdkConfig, region: &str) -> aws_sdk_kms::Client {
        // What throttles or fails at one place says nothing of another.
        let place = format!("{region} {}", self.options.endpoint.as_deref().unwrap_or_default());
        let mut config = aws_sdk_kms::config::Builder::from(shared)
            .region(Region::new(region.to_owned()))
            .use_fips(self.settings.kms_fips)
            .retry_partition(RetryPartition::new(place))
            .interceptor(Attempts);
        if let Some(endpoint) = &self.options.endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_kms::Client::from_conf(config.build())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Kms>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sources(&self) -> &Sources {
        self.sources.get_or_init(|| Sources::new(&self.settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_one_client_and_not_every_region_is_kept() {
        let options = KmsOptions { region: Some("eu-west-1".to_owned()), ..KmsOptions::default() };
        let clients = Arc::new(KmsClients::new(options, None).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let [first, second] = [(); 2].map(|()| {
                let clients = Arc::clone(&clients);
                tokio::spawn(async move { clients.in_region("eu-west-1").await.unwrap() })
            });
            let first = first.await.unwrap();
            assert!(Arc::ptr_eq(&first, &second.await.unwrap()));
            for made_up in 0..2 * MAX_KEPT {
                clients.in_region(&format!("made-up-{made_up}")).await.unwrap();
            }
            assert_eq!(clients.clients.lock().unwrap().len(), MAX_KEPT);
            assert!(Arc::ptr_eq(&first, &clients.in_region("eu-west-1").await.unwrap()));
        });
    }

    #[test]
    fn the_future_of_a_call_has_no_room_for_what_is_done_once() {
        let clients = KmsClients::new(KmsOptions::default(), None).unwrap();
        assert!(size_of_val(&clients.in_region("eu-west-1")) < 256);
        assert!(size_of_val(&clients.default_region()) < 256);
    }

    #[test]
    fn a_panic_before_the_call_is_an_error_that_is_counted() {
        let clients = KmsClients::new(KmsOptions::default(), None).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let faulty = async { panic!("a secret") };
            let error = clients.counted::<()>("making a client of KMS", faulty).await.unwrap_err();
            assert_eq!(error.code(), Code::Internal);
            let text = error.message();
            assert!(text.starts_with("making a client of KMS failed unexpectedly"), "{text}");
            assert!(!text.contains("secret"), "{text}");
            assert!(clients.in_region("eu-west-1").await.is_ok());
        });
        let stats = clients.stats();
        assert_eq!((stats.calls, stats.failures), (1, 1));
    }
}
