// What every call throws or rejects with.

/** What every call throws or rejects with. */
export class EnvelopeError extends Error {
  private constructor();
  /** What happened; never changes from release to release. */
  readonly code: EnvelopeErrorCode;
  /** What is at fault, for code that treats many codes alike; follows from `code`. */
  readonly category: EnvelopeErrorCategory;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** The AWS request id, where KMS answered. */
  readonly requestId: string | undefined;
  /** The reason of each key that was tried, if several were: the first 10. */
  readonly errors: readonly EnvelopeError[];
  /** With `ERR_ENVELOPE_CIRCUIT_OPEN`: `half-open` while one call is let through as a trial. */
  readonly circuit?: "open" | "half-open";
  /** With `ERR_ENVELOPE_CIRCUIT_OPEN`: the time until a call is let through, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** What is at fault in an {@link EnvelopeError}; `docs/errors.md` lists the codes of each. */
export type EnvelopeErrorCategory =
  /** The call: correct your code. */
  | "argument"
  /** Nothing: the caller's `AbortSignal` fired. */
  | "aborted"
  /** The message: changed, cut off, not a message, or not the one that was expected. */
  | "message"
  /** The key, the credentials or the configuration: a person must correct them. */
  | "key"
  /** The key service: it failed, or is slow or overloaded; most often it passes. */
  | "service"
  /** A file, or another source. */
  | "file"
  /** The process, its machine, or this package. */
  | "system";

/** The codes of {@link EnvelopeError}; `docs/errors.md` says what to do about each. */
export type EnvelopeErrorCode =
  /** A wrong argument or option; nothing was done. */
  | "ERR_ENVELOPE_INVALID_ARGUMENT"
  /** A synchronous call needs a key service; use the asynchronous one. */
  | "ERR_ENVELOPE_WOULD_BLOCK"
  /** The caller's `AbortSignal` fired; `name` is `AbortError`, `cause` the signal's reason. */
  | "ERR_ENVELOPE_ABORTED"
  /** Bytes that are not a message, or break a rule of the format. */
  | "ERR_ENVELOPE_MALFORMED_MESSAGE"
  /** The message ends before its final frame does. */
  | "ERR_ENVELOPE_TRUNCATED_MESSAGE"
  /** A suite that does not exist; or a message without frames, for a range. */
  | "ERR_ENVELOPE_UNSUPPORTED_MESSAGE"
  /** The commitment policy forbids to write or to read this suite. */
  | "ERR_ENVELOPE_COMMITMENT_POLICY"
  /** The object of an S3 Encryption Client uses an algorithm that only old clients wrote. */
  | "ERR_ENVELOPE_LEGACY_ALGORITHM"
  /** The addon was built with the FIPS module, and this is not approved for FIPS 140-3. */
  | "ERR_ENVELOPE_NOT_APPROVED"
  /** The message is signed, and would be released before its signature at the end has verified. */
  | "ERR_ENVELOPE_SIGNED_MESSAGE"
  /** A tag, the key commitment or the signature does not verify: the message was changed. */
  | "ERR_ENVELOPE_AUTHENTICATION_FAILED"
  /** The message lacks a pair that the caller expects in its encryption context. */
  | "ERR_ENVELOPE_CONTEXT_MISMATCH"
  /** None of the message's encrypted data keys could be unwrapped. */
  | "ERR_ENVELOPE_NO_USABLE_KEY"
  /** A limit of the format or of the caller was passed. */
  | "ERR_ENVELOPE_LIMIT_EXCEEDED"
  /** The local key file is missing, malformed, readable by others, or exists already. */
  | "ERR_ENVELOPE_KEY_FILE"
  /** A path cannot be used: a folder, a link, no permission, or source and destination are one. */
  | "ERR_ENVELOPE_FILE"
  /** The source file does not exist. */
  | "ERR_ENVELOPE_FILE_NOT_FOUND"
  /** The destination exists already. */
  | "ERR_ENVELOPE_FILE_EXISTS"
  /** No room is left on the destination's disk. */
  | "ERR_ENVELOPE_DISK_FULL"
  /** The range starts beyond the end of the plaintext. */
  | "ERR_ENVELOPE_RANGE"
  /** The plaintext does not have the length that was announced. */
  | "ERR_ENVELOPE_LENGTH_MISMATCH"
  /** A source that is read by ranges gave no answer in time. */
  | "ERR_ENVELOPE_SOURCE_TIMEOUT"
  /** An option, an environment variable or an AWS config file is wrong; nothing was asked. */
  | "ERR_ENVELOPE_CONFIGURATION"
  /** No AWS credentials; the message names the source that was tried, and why it gives none. */
  | "ERR_ENVELOPE_KMS_NO_CREDENTIALS"
  /** AWS does not accept the credentials: expired, unknown or wrongly signed. */
  | "ERR_ENVELOPE_KMS_BAD_CREDENTIALS"
  /** No AWS Region is configured. */
  | "ERR_ENVELOPE_KMS_NO_REGION"
  /** The caller may not use the KMS key. */
  | "ERR_ENVELOPE_KMS_ACCESS_DENIED"
  /** The KMS key or alias does not exist in that account and Region. */
  | "ERR_ENVELOPE_KMS_KEY_NOT_FOUND"
  /** The KMS key is disabled. */
  | "ERR_ENVELOPE_KMS_KEY_DISABLED"
  /** The KMS key is pending deletion, pending import, or otherwise not usable. */
  | "ERR_ENVELOPE_KMS_KEY_STATE"
  /** The KMS key is not for symmetric encryption. */
  | "ERR_ENVELOPE_KMS_KEY_USAGE"
  /** KMS says that the data key was wrapped under another key. */
  | "ERR_ENVELOPE_KMS_WRONG_KEY"
  /** KMS cannot unwrap the data key: it, or the encryption context, was changed. */
  | "ERR_ENVELOPE_KMS_INVALID_CIPHERTEXT"
  /** KMS asks to slow down; the attempts are used up. */
  | "ERR_ENVELOPE_KMS_THROTTLED"
  /** KMS did not answer in time. */
  | "ERR_ENVELOPE_KMS_TIMEOUT"
  /** No connection to KMS, or none that can be trusted. */
  | "ERR_ENVELOPE_KMS_UNREACHABLE"
  /** KMS failed (5xx), or its answer makes no sense. */
  | "ERR_ENVELOPE_KMS_INTERNAL"
  /** KMS refused the request for another reason. */
  | "ERR_ENVELOPE_KMS_REJECTED"
  /** There is no such branch key, or not this version of it. */
  | "ERR_ENVELOPE_BRANCH_KEY_NOT_FOUND"
  /** A branch key with this id exists already. */
  | "ERR_ENVELOPE_BRANCH_KEY_EXISTS"
  /** Somebody else rotated or destroyed the branch key meanwhile. Nothing was changed. */
  | "ERR_ENVELOPE_BRANCH_KEY_CONFLICT"
  /** The record of a branch key was changed, or belongs to another key store. */
  | "ERR_ENVELOPE_BRANCH_KEY_ALTERED"
  /** The record of a branch key, or the version that a message names, has a form that this release does not know. */
  | "ERR_ENVELOPE_BRANCH_KEY_UNSUPPORTED"
  /** The table of the branch keys does not exist in this account and Region. */
  | "ERR_ENVELOPE_KEY_STORE_NOT_FOUND"
  /** The caller may not use the table of the branch keys. */
  | "ERR_ENVELOPE_KEY_STORE_ACCESS_DENIED"
  /** DynamoDB asks to slow down; the attempts are used up. */
  | "ERR_ENVELOPE_KEY_STORE_THROTTLED"
  /** The table, or your `BranchKeyStorage`, did not answer in time. */
  | "ERR_ENVELOPE_KEY_STORE_TIMEOUT"
  /** No connection to DynamoDB, or none that can be trusted. */
  | "ERR_ENVELOPE_KEY_STORE_UNREACHABLE"
  /** DynamoDB failed (5xx), or its answer makes no sense; nothing of it was used. */
  | "ERR_ENVELOPE_KEY_STORE_INTERNAL"
  /** DynamoDB refused the request for another reason, which the message names. */
  | "ERR_ENVELOPE_KEY_STORE_REJECTED"
  /** A function of a `BranchKeyStorage` failed, or gave something of a wrong type. */
  | "ERR_ENVELOPE_KEY_STORE_FAILED"
  /** The key service failed several times in a row; calls fail at once for a while. */
  | "ERR_ENVELOPE_CIRCUIT_OPEN"
  /** `maxInFlight` calls are running, and `maxQueued` calls wait. */
  | "ERR_ENVELOPE_QUEUE_FULL"
  /** A function of a `CustomKeyring` failed, or gave something of a wrong type. */
  | "ERR_ENVELOPE_KEYRING_FAILED"
  /** A function of a `CustomKeyring` gave no answer in time. */
  | "ERR_ENVELOPE_KEYRING_TIMEOUT"
  /** The system gives no further thread or file descriptor. */
  | "ERR_ENVELOPE_SYSTEM"
  /** The native addon cannot be loaded: thrown by `require` and `import`. */
  | "ERR_ENVELOPE_ADDON"
  /** None of the message's encrypted data keys was unwrapped in time. */
  | "ERR_ENVELOPE_UNWRAP_TIMEOUT"
  /** A keyset that is malformed, or that holds a key which cannot be used. */
  | "ERR_ENVELOPE_MALFORMED_KEYSET"
  /** The store has no keys of this tenant. */
  | "ERR_ENVELOPE_KEYSET_NOT_FOUND"
  /** Somebody else changed the keys of the tenant at the same time. */
  | "ERR_ENVELOPE_KEYSET_CONFLICT"
  /** The store of keys failed. */
  | "ERR_ENVELOPE_KEYSET_STORE"
  /** The key changed so lately that some process may not know it. */
  | "ERR_ENVELOPE_KEY_TOO_NEW"
  /** The value of a column was changed, or was encrypted for another tenant, table, column or row. */
  | "ERR_ENVELOPE_FIELD_MISMATCH"
  /** A fault of this package; please report it. */
  | "ERR_ENVELOPE_INTERNAL";
