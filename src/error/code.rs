//! The codes of errors: each once, with its documentation and its stable name.

/// Declares the codes once: the variant, its documentation and its stable name.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// The stable code of an [`Error`]; a new release may add codes but never changes one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as JavaScript sees it.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => concat!("ERR_ENVELOPE_", $code),)+ }
            }
        }
    };
}

codes! {
    /// A wrong argument or option; nothing was done.
    InvalidArgument = "INVALID_ARGUMENT",
    /// A synchronous call needs a key service; use the asynchronous one.
    WouldBlock = "WOULD_BLOCK",
    /// The caller's `AbortSignal` fired.
    Aborted = "ABORTED",
    /// Bytes that are not a message, or break a rule of the format.
    MalformedMessage = "MALFORMED_MESSAGE",
    /// The message ends before its final frame does.
    TruncatedMessage = "TRUNCATED_MESSAGE",
    /// A suite that does not exist; or a message without frames, for a range.
    UnsupportedMessage = "UNSUPPORTED_MESSAGE",
    /// The commitment policy forbids to write or to read this suite.
    CommitmentPolicy = "COMMITMENT_POLICY",
    /// The object of an S3 Encryption Client uses an algorithm that only old clients wrote, and that
    /// was not allowed.
    LegacyAlgorithm = "LEGACY_ALGORITHM",
    /// An algorithm that a build with the FIPS module refuses.
    NotApproved = "NOT_APPROVED",
    /// The message is signed, and would be released before its signature at the end has verified.
    SignedMessage = "SIGNED_MESSAGE",
    /// A tag, the key commitment or the signature does not verify: the message was changed.
    AuthenticationFailed = "AUTHENTICATION_FAILED",
    /// The message lacks a pair that the caller expects in its encryption context.
    ContextMismatch = "CONTEXT_MISMATCH",
    /// None of the message's encrypted data keys could be unwrapped.
    NoUsableKey = "NO_USABLE_KEY",
    /// A limit of the format or of the caller was passed.
    LimitExceeded = "LIMIT_EXCEEDED",
    /// The local key file is missing, malformed, or readable by others.
    KeyFile = "KEY_FILE",
    /// A file that cannot be read or written, or that must not be.
    File = "FILE",
    /// The file to read does not exist.
    FileNotFound = "FILE_NOT_FOUND",
    /// The file to write exists, and overwriting was not allowed.
    FileExists = "FILE_EXISTS",
    /// No room is left for the file to write.
    DiskFull = "DISK_FULL",
    /// The range starts beyond the end of the plaintext.
    Range = "RANGE",
    /// The plaintext does not have the length that was announced.
    LengthMismatch = "LENGTH_MISMATCH",
    /// A source that is read by ranges gave no answer in time.
    SourceTimeout = "SOURCE_TIMEOUT",
    /// An option, a variable or an AWS config file is wrong; nothing was asked.
    Configuration = "CONFIGURATION",
    /// No AWS credentials were found.
    KmsNoCredentials = "KMS_NO_CREDENTIALS",
    /// AWS does not accept the credentials: expired, unknown or wrongly signed.
    KmsBadCredentials = "KMS_BAD_CREDENTIALS",
    /// No AWS Region is configured.
    KmsNoRegion = "KMS_NO_REGION",
    /// The caller may not use the KMS key.
    KmsAccessDenied = "KMS_ACCESS_DENIED",
    /// The KMS key or alias does not exist in that account and Region.
    KmsKeyNotFound = "KMS_KEY_NOT_FOUND",
    /// The KMS key is disabled.
    KmsKeyDisabled = "KMS_KEY_DISABLED",
    /// The KMS key is pending deletion, pending import, or otherwise not usable.
    KmsKeyState = "KMS_KEY_STATE",
    /// The KMS key is not for symmetric encryption.
    KmsKeyUsage = "KMS_KEY_USAGE",
    /// KMS says that the data key was wrapped under another key.
    KmsWrongKey = "KMS_WRONG_KEY",
    /// KMS cannot unwrap the data key: it, or the encryption context, was changed.
    KmsInvalidCiphertext = "KMS_INVALID_CIPHERTEXT",
    /// KMS asks to slow down; the retries are used up.
    KmsThrottled = "KMS_THROTTLED",
    /// KMS did not answer in time.
    KmsTimeout = "KMS_TIMEOUT",
    /// No connection to KMS.
    KmsUnreachable = "KMS_UNREACHABLE",
    /// KMS failed (5xx), or its answer makes no sense.
    KmsInternal = "KMS_INTERNAL",
    /// KMS refused the request for another reason.
    KmsRejected = "KMS_REJECTED",
    /// There is no such branch key, or not this version of it.
    BranchKeyNotFound = "BRANCH_KEY_NOT_FOUND",
    /// A branch key with this id exists already.
    BranchKeyExists = "BRANCH_KEY_EXISTS",
    /// Somebody else rotated or destroyed the branch key meanwhile.
    BranchKeyConflict = "BRANCH_KEY_CONFLICT",
    /// The record of a branch key was changed, or belongs to another key store.
    BranchKeyAltered = "BRANCH_KEY_ALTERED",
    /// The record of a branch key has a form that this release does not know.
    BranchKeyUnsupported = "BRANCH_KEY_UNSUPPORTED",
    /// The table of the branch keys does not exist.
    KeyStoreNotFound = "KEY_STORE_NOT_FOUND",
    /// The caller may not use the table of the branch keys.
    KeyStoreAccessDenied = "KEY_STORE_ACCESS_DENIED",
    /// DynamoDB asks to slow down; the retries are used up.
    KeyStoreThrottled = "KEY_STORE_THROTTLED",
    /// The storage of the branch keys did not answer in time.
    KeyStoreTimeout = "KEY_STORE_TIMEOUT",
    /// No connection to DynamoDB.
    KeyStoreUnreachable = "KEY_STORE_UNREACHABLE",
    /// DynamoDB failed (5xx), or its answer makes no sense.
    KeyStoreInternal = "KEY_STORE_INTERNAL",
    /// DynamoDB refused the request for another reason.
    KeyStoreRejected = "KEY_STORE_REJECTED",
    /// A function of a storage of branch keys failed, or gave something of a wrong type.
    KeyStoreFailed = "KEY_STORE_FAILED",
    /// The service failed again and again, so that its key is left alone for a while.
    CircuitOpen = "CIRCUIT_OPEN",
    /// As many calls are in flight, and as many wait, as may.
    QueueFull = "QUEUE_FULL",
    /// A function of a `CustomKeyring` failed, or gave something of a wrong type.
    KeyringFailed = "KEYRING_FAILED",
    /// A function of a `CustomKeyring` gave no answer in time.
    KeyringTimeout = "KEYRING_TIMEOUT",
    /// The system gives no further thread or file descriptor.
    System = "SYSTEM",
    /// The native addon cannot be loaded.
    Addon = "ADDON",
    /// None of the message's encrypted data keys was unwrapped in time.
    UnwrapTimeout = "UNWRAP_TIMEOUT",
    /// A keyset that is malformed, or that holds a key which cannot be used.
    MalformedKeyset = "MALFORMED_KEYSET",
    /// There is no keyset for this tenant.
    KeysetNotFound = "KEYSET_NOT_FOUND",
    /// Somebody else has changed the keyset meanwhile.
    KeysetConflict = "KEYSET_CONFLICT",
    /// The store of keysets failed.
    KeysetStore = "KEYSET_STORE",
    /// A key of a keyset took its last step so lately that some process may not know it.
    KeyTooNew = "KEY_TOO_NEW",
    /// A value was changed, or belongs to another tenant, table, column or row.
    FieldMismatch = "FIELD_MISMATCH",
    /// A fault of this package; please report it.
    Internal = "INTERNAL",
}

impl Code {
    /// Whether the same call may succeed later, unchanged.
    pub(super) fn retryable(self) -> bool {
        matches!(
            self,
            Code::KmsThrottled
                | Code::KmsTimeout
                | Code::KmsUnreachable
                | Code::KmsInternal
                | Code::KeyStoreThrottled
                | Code::KeyStoreTimeout
                | Code::KeyStoreUnreachable
                | Code::KeyStoreInternal
                | Code::CircuitOpen
                | Code::QueueFull
                | Code::SourceTimeout
                | Code::KeyringTimeout
                | Code::System
                | Code::KeyTooNew
                | Code::KeysetConflict
        )
    }
}
