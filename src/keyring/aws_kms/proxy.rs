//! Which proxy leads to a host, as `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::environment::Environment;
use crate::error::{Code, Error, Result};

/// The proxies of an environment.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    /// For `https:` addresses.
    pub(super) https: Option<String>,
    /// For `http:` addresses.
    pub(super) http: Option<String>,
    exceptions: Vec<Exception>,
}

/// A host that is reached without a proxy, or some, on all ports or on one.
#[derive(Debug, Clone)]
struct Exception {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone)]
enum Hosts {
    All,
    /// A domain, and what is below it.
    Domain(String),
    /// The addresses that begin with the same so many bits.
    Network(IpAddr, u32),
}

impl Proxies {
    /// # Errors
    /// `Configuration`, if the address of a proxy that would be used is malformed.
    pub(super) fn read(environment: &Environment) -> Result<Self> {
        // Where a web server calls a program, this is a header of the request ("httpoxy").
        let cgi = environment.get("REQUEST_METHOD").is_some();
        let http: &[_] = if cgi { &["http_proxy"] } else { &["HTTP_PROXY", "http_proxy"] };
        let all = ["ALL_PROXY", "all_proxy"];
        let proxy = |names: &[&'static str]| {
            let found = environment.first(names).or_else(|| environment.first(&all));
            found.map(|(name, value)| address(name, value)).transpose()
        };
        let exceptions = environment.first(&["NO_PROXY", "no_proxy"]);
        let parts = exceptions.map(|(_, list)| list.split([',', ' ', '\t'])).into_iter().flatten();
        Ok(Self {
            https: proxy(&["HTTPS_PROXY", "https_proxy"])?,
            http: proxy(http)?,
            exceptions: parts.filter_map(exception).collect(),
        })
    }

    /// Whether a host is reached without a proxy: this machine and its neighbours, where the
    /// credentials of containers and instances are, always are.
    pub(super) fn is_direct(&self, host: &str, port: u16) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        if host == "localhost" || host.ends_with(".localhost") || address.is_some_and(is_near) {
            return true;
        }
        let applies = |exception: &Exception| {
            exception.port.is_none_or(|excepted| excepted == port)
                && match (&exception.hosts, address) {
                    (Hosts::All, _) => true,
                    (Hosts::Network(network, bits), Some(address)) => {
                        is_within(address, *network, *bits)
                    }
                    (Hosts::Domain(domain), None) => host
                        .strip_suffix(domain.as_str())
                        .is_some_and(|below| below.is_empty() || below.ends_with('.')),
                    _ => false,
                }
        };
        self.exceptions.iter().any(applies)
    }
}

/// The address of a proxy, with a scheme. It may hold a password, so that no error shows it.
fn address(name: &str, value: &str) -> Result<String> {
    let refuse = |why: &str| {
        let todo = "write one such as http://proxy.example.com:3128, or unset it";
        Err(Error::new(Code::Configuration, format!("{name} {why}; {todo}")))
    };
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let scheme = scheme.to_ascii_lowercase();
    if scheme.starts_with("socks") {
        return refuse("names a SOCKS proxy, which KMS is not reached through");
    }
    if !matches!(scheme.as_str(), "http" | "https") {
        return refuse("is the address of no HTTP proxy");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user_is_right = user
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%".contains(&byte));
    if !is_host_and_port(place) || !user_is_right {
        return refuse("is malformed");
    }
    Ok(format!("{scheme}://{authority}"))
}

fn exception(text: &str) -> Option<Exception> {
    let text = text.trim().to_ascii_lowercase();
    let (text, port) = split_port(&text);
    if let Some((network, bits)) = text.split_once('/') {
        let network = network.trim_matches(['[', ']']).parse().ok()?;
        return Some(Exception { hosts: Hosts::Network(network, bits.parse().ok()?), port });
    }
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return Some(Exception { hosts: Hosts::Network(address, bits), port });
    }
    let domain = text.trim_start_matches('*').trim_matches('.');
    let hosts = match domain {
        "" if text == "*" => Hosts::All,
        "" => return None,
        _ => Hosts::Domain(domain.to_owned()),
    };
    Some(Exception { hosts, port })
}

/// A bare IPv6 address has colons, too.
fn split_port(text: &str) -> (&str, Option<u16>) {
    if text.parse::<IpAddr>().is_ok() {
        return (text, None);
    }
    match text.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        Some((host, Ok(port))) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    }
}

/// Loopback and link-local addresses, and those at which AWS gives credentials over IPv6.
fn is_near(address: IpAddr) -> bool {
    const METADATA: [Ipv6Addr; 2] = [
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    ];
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => {
            let mapped = address.to_ipv4_mapped();
            let near = |address: Ipv4Addr| address.is_loopback() || address.is_link_local();
            address.is_loopback()
                || address.segments()[0] & 0xffc0 == 0xfe80
                || METADATA.contains(&address)
                || mapped.is_some_and(near)
        }
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let differ = one.to_bits() ^ other.to_bits();
            bits <= 32 && differ.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let differ = one.to_bits() ^ other.to_bits();
            bits <= 128 && differ.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// `host`, `host:port` or `[address]:port`.
pub(super) fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let host_is_right = match host.strip_prefix('[') {
        Some(address) => {
            address.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        }
        None => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(allowed)
        }
    };
    host_is_right && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies> {
        let owned = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Proxies::read(&owned.collect())
    }

    #[test]
    fn no_proxy_knows_what_curl_go_and_python_know() {
        for (list, host, port, direct) in [
            ("*", "kms.eu-west-1.amazonaws.com", 443, true),
            ("amazonaws.com", "kms.eu-west-1.amazonaws.com", 443, true),
            (".amazonaws.com", "kms.eu-west-1.amazonaws.com", 443, true),
            ("*.amazonaws.com", "KMS.eu-west-1.amazonaws.com", 443, true),
            ("amazonaws.com", "notamazonaws.com", 443, false),
            ("example.com, amazonaws.com", "kms.amazonaws.com", 443, true),
            ("kms.amazonaws.com:443", "kms.amazonaws.com", 443, true),
            ("kms.amazonaws.com:8443", "kms.amazonaws.com", 443, false),
            ("10.1.2.3", "10.1.2.3", 443, true),
            ("10.1.2.3", "10.1.2.30", 443, false),
            ("10.0.0.0/8", "10.1.2.3", 443, true),
            ("10.0.0.0/8", "11.1.2.3", 443, false),
            ("0.0.0.0/0", "11.1.2.3", 443, true),
            ("[2001:db8::1]:443", "[2001:db8::1]", 443, true),
            ("2001:db8::/32", "[2001:db8::2]", 443, true),
            ("2001:db8::/32", "[2001:db9::2]", 443, false),
            ("", "kms.amazonaws.com", 443, false),
            (",, ,", "kms.amazonaws.com", 443, false),
            ("", "169.254.169.254", 80, true),
            ("", "169.254.170.2", 80, true),
            ("", "[fd00:ec2::23]", 80, true),
            ("", "localhost", 80, true),
            ("", "127.0.0.2", 80, true),
            ("", "[::1]", 80, true),
        ] {
            let found = proxies(&[("HTTPS_PROXY", "http://proxy:1"), ("NO_PROXY", list)]).unwrap();
            assert_eq!(found.is_direct(host, port), direct, "{list:?} for {host}:{port}");
        }
    }

    #[test]
    fn all_proxy_stands_in_for_the_others_and_an_empty_one_is_none() {
        let all = ("ALL_PROXY", "proxy.example.com:3128");
        let found = proxies(&[all, ("HTTP_PROXY", "https://u:p%40@other:1/"), ("HTTPS_PROXY", "")]);
        let found = found.unwrap();
        assert_eq!(found.https.as_deref(), Some("http://proxy.example.com:3128"));
        assert_eq!(found.http.as_deref(), Some("https://u:p%40@other:1"));
        let cgi = proxies(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")]).unwrap();
        assert_eq!(cgi.http, None);
    }

    #[test]
    fn a_malformed_proxy_is_refused_by_its_name_and_never_shown() {
        for value in [
            "http://",
            "http://:3128",
            "http://proxy:port",
            "http://proxy:99999",
            "://proxy",
            "socks5://proxy:1080",
            "ftp://proxy",
            "http://se cret@proxy:1",
            "http:/proxy:1",
            "\"http://proxy:1\"",
            "http://[::1:3128",
            "proxy :1",
        ] {
            let error = proxies(&[("https_proxy", value)]).unwrap_err();
            assert_eq!(error.code(), Code::Configuration, "{value}");
            assert!(error.message().starts_with("https_proxy "), "{}", error.message());
            assert!(!error.message().contains("cret"));
        }
    }
}
