//! The SDK's own HTTP client, which reads the system's certificates when TLS is first spoken.
//!
//! The SDK would read them when a client is made, and twice; that takes longer than all else at the
//! start. Emulators, and the credentials of containers and instances, are asked without TLS.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_sdk_kms::config::{RuntimeComponents, SharedAsyncSleep, SharedHttpClient};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder, proxy::ProxyConfig};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::proxy::Proxies;

/// How long a connection is kept that nobody uses. Its buffers hold the last answer, and so perhaps
/// a data key; in a burst of calls it is used again long before.
const MAX_IDLE: Duration = Duration::from_secs(2);

pub(super) fn http_client(proxies: &Proxies) -> SharedHttpClient {
    SharedHttpClient::new(Client { proxies: proxies.clone(), connectors: Mutex::default() })
}

/// Keeps what it connects by: a connector for each set of timeouts, with its connections. The SDK asks for
/// one at each attempt.
#[derive(Debug)]
struct Client {
    proxies: Proxies,
    connectors: Mutex<HashMap<Timeouts, SharedHttpConnector>>,
}

/// To connect, and to read.
type Timeouts = (Option<Duration>, Option<Duration>);

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || SharedHttpConnector::new(ByAddress::new(&self.proxies, settings, components));
        connectors.entry(timeouts).or_insert_with(new).clone()
    }
}

/// Connects with or without TLS and a proxy, as the address and the settings of proxies say. Of the four
/// ways, each is made when it is first taken.
#[derive(Debug)]
struct ByAddress {
    proxies: Proxies,
    settings: HttpConnectorSettings,
    sleep: Option<SharedAsyncSleep>,
    with_tls: OnceLock<Connector>,
    without_tls: OnceLock<Connector>,
    https_proxy: OnceLock<Connector>,
    http_proxy: OnceLock<Connector>,
}

impl HttpConnector for ByAddress {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.connector(request.uri()).call(request)
    }
}

impl ByAddress {
    fn new(
        proxies: &Proxies,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> Self {
        Self {
            proxies: proxies.clone(),
            settings: settings.clone(),
            sleep: components.sleep_impl(),
            with_tls: OnceLock::new(),
            without_tls: OnceLock::new(),
            https_proxy: OnceLock::new(),
            http_proxy: OnceLock::new(),
        }
    }

    fn connector(&self, address: &str) -> &Connector {
        let plain = address.starts_with("http:");
        let (proxy, default_port) =
            if plain { (&self.proxies.http, 80) } else { (&self.proxies.https, 443) };
        let proxy = proxy.as_deref().filter(|_| {
            let (host, port) = host_and_port(address);
            !self.proxies.is_direct(host, port.unwrap_or(default_port))
        });
        match (plain, proxy) {
            (true, None) => {
                self.without_tls.get_or_init(|| self.without_tls(ProxyConfig::disabled()))
            }
            (false, None) => self.with_tls.get_or_init(|| self.with_tls(ProxyConfig::disabled())),
            (false, Some(proxy)) => self.https_proxy.get_or_init(|| self.with_tls(through(proxy))),
            (true, Some(proxy)) => self.http_proxy.get_or_init(|| {
                // TLS may be needed to reach the proxy itself.
                let tls = proxy.starts_with("https:");
                if tls { self.with_tls(through(proxy)) } else { self.without_tls(through(proxy)) }
            }),
        }
    }

    /// TLS comes from the engine that this build has.
    fn with_tls(&self, proxy: ProxyConfig) -> Connector {
        #[cfg(feature = "fips")]
        const CRYPTO: CryptoMode = CryptoMode::AwsLcFips;
        #[cfg(all(feature = "aws-lc", not(feature = "fips")))]
        const CRYPTO: CryptoMode = CryptoMode::AwsLc;
        #[cfg(not(feature = "aws-lc"))]
        const CRYPTO: CryptoMode = CryptoMode::Ring;
        self.builder(proxy).tls_provider(tls::Provider::Rustls(CRYPTO)).build()
    }

    fn without_tls(&self, proxy: ProxyConfig) -> Connector {
        self.builder(proxy).build_http()
    }

    fn builder(&self, proxy: ProxyConfig) -> ConnectorBuilder {
        let mut builder = ConnectorBuilder::default();
        builder.set_connector_settings(Some(self.settings.clone()));
        builder.set_pool_idle_timeout(Some(Some(MAX_IDLE)));
        builder.set_sleep_impl(self.sleep.clone());
        builder.set_proxy_config(Some(proxy));
        builder
    }
}

fn host_and_port(address: &str) -> (&str, Option<u16>) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (authority, None),
    }
}

/// The proxies that were read are not malformed; one that the SDK refuses all the same is not left
/// out, but leads nowhere.
fn through(proxy: &str) -> ProxyConfig {
    let nowhere = || ProxyConfig::all("http://proxy.invalid:9");
    ProxyConfig::all(proxy).or_else(|_| nowhere()).unwrap_or_else(|_| ProxyConfig::disabled())
}
