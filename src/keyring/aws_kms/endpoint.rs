//! Whether an endpoint is a URL that a service can be asked at.

use super::proxy::is_host_and_port;
use super::setting_sources::{Setting, wrong};
use crate::error::Result;

/// # Errors
/// `Configuration`, with who says so and what to write.
pub(super) fn check_endpoint(endpoint: &Setting, fips: bool) -> Result<()> {
    let url = endpoint.value.as_str();
    // The URL may hold a password, so it is not shown.
    let refuse = |why: &str| Err(wrong(&format!("{} {why}", endpoint.origin)));
    let example = "write a URL such as https://kms.eu-west-1.amazonaws.com";
    if url.bytes().any(|byte| byte <= b' ' || byte == 127) {
        return refuse(&format!("has a space or a control character in it; {example}"));
    }
    if url.contains(['"', '\'', '`', '<', '>', '{', '}', '|', '\\', '^']) {
        return refuse(&format!("has quotes or brackets in it; {example}"));
    }
    let scheme = url.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let Some((scheme, rest)) = scheme else {
        return refuse(&format!("has no scheme; {example}"));
    };
    if !matches!(scheme.as_str(), "http" | "https") {
        return refuse(&format!("starts with neither https:// nor http://; {example}"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    if !is_host_and_port(host_and_port) {
        return refuse(&format!("has no host, or a wrong port; {example}"));
    }
    if fips {
        return refuse(
            "and FIPS endpoints exclude each other: AWS_USE_FIPS_ENDPOINT, or use_fips_endpoint of \
             the profile, is true; leave one of them out, and give the URL of the FIPS endpoint if \
             you need both",
        );
    }
    Ok(())
}
