//! What a build with AWS-LC's FIPS module (feature `fips`) refuses: what the module does not have, or
//! does not count among its approved services.

use crate::error::{Code, Error, Result};

/// Whether this build has AWS-LC's FIPS module.
pub const FIPS: bool = cfg!(feature = "fips");

/// Refuses, in a build with the FIPS module, what is not approved; `todo` says what to use instead.
///
/// # Errors
/// `NotApproved`.
pub(crate) fn check_approved(is_approved: bool, subject: &str, todo: &str) -> Result<()> {
    if is_approved || !FIPS {
        return Ok(());
    }
    Err(Error::new(
        Code::NotApproved,
        format!(
            "{subject} is not approved for FIPS 140-3, and this build has the FIPS module; {todo}"
        ),
    ))
}

/// Refuses, in a build with the FIPS module, to wrap or unwrap a data key by RSA in this process.
///
/// # Errors
/// `NotApproved`.
pub(crate) fn check_rsa_approved() -> Result<()> {
    let todo = "use AwsKmsKeyring, a RawAesKeyring with a key of 16 or 32 bytes, or a key file";
    check_approved(false, "a data key wrapped by RSA outside KMS", todo)
}

/// Refuses, in a build with the FIPS module, to wrap or unwrap a data key by ECDH: the nonce of its AES-GCM
/// is always 0, and does not come from the module.
///
/// # Errors
/// `NotApproved`.
pub(crate) fn check_ecdh_approved() -> Result<()> {
    let todo = "use AwsKmsKeyring, a RawAesKeyring with a key of 16 or 32 bytes, or a key file";
    check_approved(false, "a data key wrapped by ECDH", todo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_build_with_the_fips_module_refuses() {
        assert!(check_approved(true, "AES", "use it").is_ok());
        let refused = check_approved(false, "ROT13", "use AES").map_err(|error| error.code());
        assert_eq!(refused, if FIPS { Err(Code::NotApproved) } else { Ok(()) });
    }
}
