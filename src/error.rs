//! The one error of the crate: a stable code, a message that says what to do next.

mod code;

use std::fmt;
use std::time::Duration;

pub use code::Code;

/// The result of every fallible function of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed. Never holds key material or plaintext.
#[derive(Debug, Clone)]
pub struct Error {
    code: Code,
    message: String,
    details: Option<Box<Details>>,
}

/// What only some errors have; boxed, so that a `Result` stays small.
#[derive(Debug, Clone, Default)]
struct Details {
    cause: Option<String>,
    request_id: Option<String>,
    errors: Vec<Error>,
    circuit: Option<(&'static str, Duration)>,
    retryable: bool,
}

impl Error {
    /// An error with this code and message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    /// The same error, with the text of what lies below it.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.details_mut().cause = Some(cause.into());
        self
    }

    /// The same error, with the AWS request id of the call that failed.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        if request_id.is_some() {
            self.details_mut().request_id = request_id;
        }
        self
    }

    /// The same error, with the reason of each key that was tried.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Error>) -> Self {
        self.details_mut().errors = errors;
        self
    }

    /// The same error, with the state of the circuit, and the time until a call is tried.
    #[must_use]
    pub fn with_circuit(mut self, state: &'static str, left: Duration) -> Self {
        self.details_mut().circuit = Some((state, left));
        self
    }

    /// The same error, where the same call may succeed later although its code does not say so.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        if retryable {
            self.details_mut().retryable = true;
        }
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What happened and what to do, in one sentence or two.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The text of the error below this one.
    pub fn cause(&self) -> Option<&str> {
        self.details.as_ref()?.cause.as_deref()
    }

    /// The AWS request id, where a service answered.
    pub fn request_id(&self) -> Option<&str> {
        self.details.as_ref()?.request_id.as_deref()
    }

    /// The reason of each key that was tried, where several were.
    pub fn errors(&self) -> &[Error] {
        self.details.as_ref().map_or(&[], |details| &details.errors)
    }

    /// The state of the circuit that let no call through, and the time until one is tried.
    pub fn circuit(&self) -> Option<(&'static str, Duration)> {
        self.details.as_ref()?.circuit
    }

    /// Whether the same call may succeed later, unchanged.
    pub fn retryable(&self) -> bool {
        self.code.retryable()
            || self.details.as_ref().is_some_and(|details| details.retryable)
            || self.errors().iter().any(Error::retryable)
    }

    fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(Code::MalformedMessage, message)
    }

    pub(crate) fn truncated() -> Self {
        Self::new(
            Code::TruncatedMessage,
            "the message ends too early; it was cut off, or not all of it was read",
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Error {}
