//! What the answers of KMS, and of what stands before it, mean: by the error's name, else by the
//! status.

use crate::error::Code;

/// The code of an answer; `name` is empty where the answer names no error.
///
/// Source: the AWS KMS API Reference, the errors common to all AWS services, and what the AWS SDKs
/// take for throttling.
pub(super) fn code(name: &str, status: u16) -> Code {
    match name {
        "AccessDeniedException" | "AccessDenied" | "NotAuthorized" | "OptInRequired" => {
            Code::KmsAccessDenied
        }
        "NotFoundException" => Code::KmsKeyNotFound,
        "DisabledException" => Code::KmsKeyDisabled,
        "KMSInvalidStateException" => Code::KmsKeyState,
        name if is_key_store(name) => Code::KmsKeyState,
        "InvalidKeyUsageException" => Code::KmsKeyUsage,
        "IncorrectKeyException" => Code::KmsWrongKey,
        "InvalidCiphertextException" => Code::KmsInvalidCiphertext,
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "BandwidthLimitExceeded"
        | "ProvisionedThroughputExceededException"
        | "SlowDown" => Code::KmsThrottled,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => Code::KmsBadCredentials,
        "KMSInternalException"
        | "DependencyTimeoutException"
        | "KeyUnavailableException"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => Code::KmsInternal,
        "RequestTimeout" | "RequestTimeoutException" => Code::KmsTimeout,
        _ => of_status(name, status),
    }
}

/// What to say of an answer, where its code alone does not say it.
pub(super) fn text(name: &str, status: u16) -> Option<String> {
    Some(match (name, status) {
        ("LimitExceededException", _) => {
            "a quota of KMS is used up; try again later, or raise the quota".to_owned()
        }
        (name, _) if is_key_store(name) => {
            "the custom key store that holds the key is not connected; look at its state (aws kms \
             describe-custom-key-stores), and connect it (aws kms connect-custom-key-store)"
                .to_owned()
        }
        ("", 407) => "the proxy asks for a user and a password; write them in HTTPS_PROXY (for an \
                      http: endpoint in HTTP_PROXY), as http://USER:PASSWORD@HOST:PORT"
            .to_owned(),
        ("", 413) => "the request is too large for what stands before KMS; give a shorter \
                      encryption context, or raise the limit of the proxy"
            .to_owned(),
        ("", 408) => {
            "no answer in time; try again, or check the network and `timeoutMs`".to_owned()
        }
        ("", 429) => return None,
        ("", 500..) => format!(
            "what answered with status {status} names no error of KMS: a proxy or a load balancer \
             before it, perhaps; try again later"
        ),
        ("", _) => format!(
            "what answered with status {status} is not KMS, as it names no error: a proxy, a \
             firewall or another server; check the endpoint, HTTPS_PROXY and NO_PROXY"
        ),
        _ => return None,
    })
}

fn of_status(name: &str, status: u16) -> Code {
    match (name, status) {
        ("", 407) => Code::Configuration,
        ("", 408) => Code::KmsTimeout,
        (_, 429) => Code::KmsThrottled,
        (_, 500..) => Code::KmsInternal,
        _ => Code::KmsRejected,
    }
}

/// The errors of custom key stores; KMS cannot use a key whose store is not connected.
fn is_key_store(name: &str) -> bool {
    name.starts_with("CustomKeyStore")
        || name.starts_with("CloudHsmCluster")
        || name.starts_with("XksProxy")
        || name.starts_with("XksKey")
}
