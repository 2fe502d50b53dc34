//! The SDK's own HTTP client, which reads the system's certificates when TLS is first spoken.
//!
//! The SDK would read them when a client is made, and twice; that takes longer than all else at the
//! start. Emulators, and the credentials of containers and instances, are asked without TLS.

use std::time::Duration;

use aws_sdk_kms::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::{Builder, ConnectorBuilder, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::proxy::Proxies;

/// How long a connection is kept that nobody uses. Its buffers hold the last answer, and so perhaps
/// a data key; in a burst of calls it is used again long before.
const MAX_IDLE: Duration = Duration::from_secs(2);

pub(super) fn http_client(proxies: &Proxies) -> SharedHttpClient {
    let clients = Clients {
        with_tls: with_tls(ProxyConfig::disabled()),
        without_tls: without_tls(ProxyConfig::disabled()),
        https_proxy: proxies.https.as_deref().map(|proxy| with_tls(through(proxy))),
        http_proxy: proxies.http.as_deref().map(|proxy| {
            // TLS may be needed to reach the proxy itself.
            let tls = proxy.starts_with("https:");
            if tls { with_tls(through(proxy)) } else { without_tls(through(proxy)) }
        }),
        proxies: proxies.clone(),
    };
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(ByAddress {
            clients: clients.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    })
}

/// They keep their connections, for all who have the same settings.
#[derive(Debug, Clone)]
struct Clients {
    with_tls: SharedHttpClient,
    without_tls: SharedHttpClient,
    https_proxy: Option<SharedHttpClient>,
    http_proxy: Option<SharedHttpClient>,
    proxies: Proxies,
}

impl Clients {
    fn of(&self, address: &str) -> &SharedHttpClient {
        let plain = address.starts_with("http:");
        let (direct, proxy, default_port) = if plain {
            (&self.without_tls, &self.http_proxy, 80)
        } else {
            (&self.with_tls, &self.https_proxy, 443)
        };
        let Some(proxy) = proxy else { return direct };
        let (host, port) = host_and_port(address);
        if self.proxies.is_direct(host, port.unwrap_or(default_port)) { direct } else { proxy }
    }
}

#[derive(Debug)]
struct ByAddress {
    clients: Clients,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ByAddress {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.clients.of(request.uri());
        client.http_connector(&self.settings, &self.components).call(request)
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

/// TLS comes from the engine that this build has.
fn with_tls(proxy: ProxyConfig) -> SharedHttpClient {
    #[cfg(feature = "fips")]
    const CRYPTO: tls::rustls_provider::CryptoMode = tls::rustls_provider::CryptoMode::AwsLcFips;
    #[cfg(all(feature = "aws-lc", not(feature = "fips")))]
    const CRYPTO: tls::rustls_provider::CryptoMode = tls::rustls_provider::CryptoMode::AwsLc;
    #[cfg(not(feature = "aws-lc"))]
    const CRYPTO: tls::rustls_provider::CryptoMode = tls::rustls_provider::CryptoMode::Ring;
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(CRYPTO));
        connector.set_connector_settings(settings.cloned());
        connector.set_pool_idle_timeout(Some(Some(MAX_IDLE)));
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(proxy.clone()));
        connector.build()
    })
}

fn without_tls(proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default();
        connector.set_connector_settings(settings.cloned());
        connector.set_pool_idle_timeout(Some(Some(MAX_IDLE)));
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(proxy.clone()));
        connector.build_http()
    })
}
