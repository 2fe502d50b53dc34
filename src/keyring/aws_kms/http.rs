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

/// How long a connection is kept that nobody uses. Its buffers hold the last answer, and so perhaps
/// a data key; in a burst of calls it is used again long before.
const MAX_IDLE: Duration = Duration::from_secs(2);

/// With these, TLS may be needed to reach a proxy, whatever the address is.
const PROXIES: [&str; 4] = ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

pub(super) fn http_client() -> SharedHttpClient {
    let with_tls = with_tls();
    if PROXIES.iter().any(|name| std::env::var_os(name).is_some()) {
        return with_tls;
    }
    let without_tls = without_tls();
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(ByScheme {
            with_tls: with_tls.clone(),
            without_tls: without_tls.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    })
}

/// The two clients keep their connections, for all who have the same settings.
#[derive(Debug)]
struct ByScheme {
    with_tls: SharedHttpClient,
    without_tls: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let plain = request.uri().starts_with("http:");
        let client = if plain { &self.without_tls } else { &self.with_tls };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}

/// TLS comes from the engine that this build has.
fn with_tls() -> SharedHttpClient {
    #[cfg(feature = "aws-lc")]
    const CRYPTO: tls::rustls_provider::CryptoMode = tls::rustls_provider::CryptoMode::AwsLc;
    #[cfg(not(feature = "aws-lc"))]
    const CRYPTO: tls::rustls_provider::CryptoMode = tls::rustls_provider::CryptoMode::Ring;
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(CRYPTO));
        connector.set_connector_settings(settings.cloned());
        connector.set_pool_idle_timeout(Some(Some(MAX_IDLE)));
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

fn without_tls() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default();
        connector.set_connector_settings(settings.cloned());
        connector.set_pool_idle_timeout(Some(Some(MAX_IDLE)));
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build_http()
    })
}
