//! Settings of the environment and the AWS files with few right values: refused where they are wrong,
//! instead of being passed over.

use super::endpoint::check_endpoint;
use super::setting_sources::Sources;
use crate::error::Result;

const ATTEMPTS: (&str, &str) = ("AWS_MAX_ATTEMPTS", "max_attempts");
/// Variables and properties that are whole numbers, and the least of each.
const NUMBERS: [(&str, &str, u32); 5] = [
    (ATTEMPTS.0, ATTEMPTS.1, 1),
    ("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", 1),
    ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", 1),
    ("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "request_min_compression_size_bytes", 0),
    ("", "duration_seconds", 900),
];
/// Those that are one of some words.
const WORDS: [(&str, &str, &[&str]); 7] = [
    ("AWS_RETRY_MODE", "retry_mode", &["legacy", "standard", "adaptive"]),
    ("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints", &["legacy", "regional"]),
    (
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "ec2_metadata_service_endpoint_mode",
        &["IPv4", "IPv6"],
    ),
    (
        "AWS_ACCOUNT_ID_ENDPOINT_MODE",
        "account_id_endpoint_mode",
        &["preferred", "disabled", "required"],
    ),
    (
        "AWS_DEFAULTS_MODE",
        "defaults_mode",
        &["legacy", "standard", "in-region", "cross-region", "mobile", "auto"],
    ),
    (
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        "request_checksum_calculation",
        &["when_supported", "when_required"],
    ),
    (
        "AWS_RESPONSE_CHECKSUM_VALIDATION",
        "response_checksum_validation",
        &["when_supported", "when_required"],
    ),
];
/// Those that are true or false, beside the ones that decide where KMS is.
const FLAGS: [(&str, &str); 2] = [
    ("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"),
    ("AWS_DISABLE_REQUEST_COMPRESSION", "disable_request_compression"),
];
/// The services that credentials come from, as a `[services]` section names them.
const ENDPOINTS: [(&str, &str); 4] = [
    ("AWS_ENDPOINT_URL_STS", "sts"),
    ("AWS_ENDPOINT_URL_SSO", "sso"),
    ("AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc"),
    ("AWS_ENDPOINT_URL_SIGNIN", "signin"),
];
const METADATA: (&str, &str) =
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");

/// How often a call is tried, once [`check`] has passed.
pub(super) fn max_attempts(sources: &Sources<'_>) -> Option<u32> {
    sources.find(&[ATTEMPTS.0], ATTEMPTS.1)?.value.parse().ok()
}

/// Checks them all.
///
/// # Errors
/// `Configuration`, with the variable, or the file and line, and what to write.
pub(super) fn check(sources: &Sources<'_>) -> Result<()> {
    for (variable, property, least) in NUMBERS {
        let Some(setting) = sources.find(&[variable], property) else { continue };
        let number = setting.value.parse::<u32>();
        if number.is_ok_and(|number| number >= least) {
            continue;
        }
        return Err(setting.wrong(&format!("which is no whole number of {least} or more")));
    }
    for (variable, property, words) in WORDS {
        let Some(setting) = sources.find(&[variable], property) else { continue };
        if !words.iter().any(|word| word.eq_ignore_ascii_case(&setting.value)) {
            return Err(setting.wrong(&format!("which is none of {}", words.join(", "))));
        }
    }
    for (variable, property) in FLAGS {
        sources.flag(variable, property)?;
    }
    for (variable, service) in ENDPOINTS {
        let endpoint = sources.endpoint(&[variable], service)?;
        endpoint.map_or(Ok(()), |endpoint| check_endpoint(&endpoint, false))?;
    }
    let metadata = sources.find(&[METADATA.0], METADATA.1);
    metadata.map_or(Ok(()), |endpoint| check_endpoint(&endpoint, false))
}
