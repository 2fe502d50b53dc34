//! Keyrings: they wrap the data key of a message, and unwrap it.
//!
//! Source: `framework/keyring-interface.md`.

mod answer;
#[cfg(feature = "aws-kms")]
pub mod aws_kms;
#[cfg(feature = "aws-kms")]
pub mod custom;
mod data_key;
mod data_key_service;
mod ecdh;
mod failures;
#[cfg(feature = "aws-kms")]
pub mod guard;
#[cfg(feature = "aws-kms")]
pub mod hierarchical;
mod interface;
mod key_names;
pub mod kms_key_id;
pub mod local;
pub mod multi;
mod one_key;
mod raw;
pub mod raw_aes;
mod raw_aes_info;
pub mod raw_ecdh;
pub mod raw_rsa;
mod stats;
mod wrapping_secret;

pub use crate::kms_arn;
pub use answer::{Answer, answer_now, would_block};
pub use data_key::{
    DecryptedDataKey, GeneratedDataKey, GeneratedKeyPair, KmsTarget, WrappedDataKey,
};
pub use data_key_service::{DataKeyUnwrapper, DataKeyWrapper};
pub use interface::Keyring;
pub use key_names::key_name;
pub use stats::{BreakerStats, CircuitState, ServiceStats};
pub use wrapping_secret::WrappingSecret;
