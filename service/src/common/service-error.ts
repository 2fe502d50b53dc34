import { GraphQLError } from "graphql";

/** The codes that clients can rely on; docs/errors.md says what to do about each. */
export type ServiceErrorCode =
  | "UNAUTHENTICATED"
  | "ISSUER_UNAVAILABLE"
  | "FORBIDDEN"
  | "BAD_USER_INPUT"
  | "REQUEST_TOO_COMPLEX"
  | "BODY_TOO_LARGE"
  | "REQUEST_TIMEOUT"
  | "TOO_MANY_REQUESTS"
  | "DEVICE_NOT_YOURS"
  | "DEVICE_UNUSABLE"
  | "DEVICE_NOT_FOUND"
  | "DEVICE_NOT_REGISTERED"
  | "DEVICE_REVOKED"
  | "DEVICE_LIMIT_REACHED"
  | "KEY_LIMIT_REACHED"
  | "KEY_NOT_FOUND"
  | "KEY_DESTROYED"
  | "KEY_UNUSABLE"
  | "KMS_UNAVAILABLE"
  | "DATABASE_UNAVAILABLE"
  | "CLOCK_DIFFERS"
  | "PAYLOAD_TOO_LARGE"
  | "PAYLOAD_INVALID"
  | "PAYLOAD_EXPIRED"
  | "PAYLOAD_REPLAYED"
  | "DATA_NOT_FOUND"
  | "DATA_LIMIT_REACHED"
  | "DATA_CHANGED"
  | "DATA_UNUSABLE"
  | "CREDENTIAL_LOCKED"
  | "CREDENTIAL_EXISTS"
  | "CREDENTIAL_UNUSABLE"
  | "SECRET_UNACCEPTABLE"
  | "WRONG_SECRET"
  | "JOB_RUNNING"
  | "INTERNAL";

/** What a client is told, with a code that stays. The message never holds what the client sent. */
export class ServiceError extends GraphQLError {
  readonly code: ServiceErrorCode;

  constructor(
    code: ServiceErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, {
      extensions: { ...details, code },
      originalError: cause instanceof Error ? cause : undefined,
    });
    this.code = code;
  }
}
