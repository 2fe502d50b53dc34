//! One call of a key service, and what becomes known of it.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Code, Error};
use crate::foreign_text::shown;

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// AWS KMS.
    Kms,
    /// A keyring of the caller's.
    Custom,
}

/// What is asked, of which key.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who is called.
    pub service: Service,
    /// The name of the operation.
    pub operation: &'static str,
    /// The name of the key, unless the service is to find it.
    pub key_id: Option<String>,
    /// The AWS Region.
    pub region: Option<String>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.service {
            Service::Kms => "KMS key",
            Service::Custom => "key",
        };
        match &self.key_id {
            Some(key_id) => write!(f, "{} with the {kind} \"{}\"", self.operation, shown(key_id)),
            None => f.write_str(self.operation),
        }
    }
}

impl Call {
    pub(super) fn timed_out(&self) -> Error {
        let code = match self.service {
            Service::Kms => Code::KmsTimeout,
            Service::Custom => Code::KeyringTimeout,
        };
        let advice = "no answer in time; try again, or check the network and `timeoutMs`";
        Error::new(code, format!("{self} failed: {advice}"))
    }
}

/// What becomes known of a call while it is made.
#[derive(Debug)]
pub struct CallLog {
    call: Call,
    attempts: AtomicU32,
    request_id: OnceLock<String>,
}

impl CallLog {
    /// Of a call that has not begun.
    pub fn new(call: Call) -> Self {
        Self { call, attempts: AtomicU32::default(), request_id: OnceLock::new() }
    }

    /// What is asked.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Tells that it is tried once more.
    pub fn add_attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was tried.
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Tells by which id the service knows it.
    pub fn set_request_id(&self, id: Option<&str>) {
        if let Some(id) = id {
            self.request_id.get_or_init(|| id.to_owned());
        }
    }

    /// The id by which the service knows it.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.get().map(String::as_str)
    }
}
