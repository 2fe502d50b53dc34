// Migrates the objects of an S3 Batch Operations job, in AWS Lambda: each task is one object, which becomes
// V3, or a message of this package. README.md beside this file tells how to set it up.
import { S3Client } from "@aws-sdk/client-s3";
import { AwsKmsKeyring, Envelope, EnvelopeError } from "kms-envelope";
import { EncryptedS3 } from "kms-envelope/s3";

interface Event {
  invocationSchemaVersion: "1.0" | "2.0";
  invocationId: string;
  job: { id: string };
  tasks: Task[];
}

/** Schema 1.0 names the bucket by its ARN, 2.0 by its name. */
interface Task {
  taskId: string;
  s3Key: string;
  s3VersionId?: string | null;
  s3BucketArn?: string;
  s3Bucket?: string;
}

interface Context {
  getRemainingTimeInMillis(): number;
}

type ResultCode = "Succeeded" | "TemporaryFailure" | "PermanentFailure";

/** How long before the end of the invocation a task is given up, so that its upload can be deleted. */
const RESERVED_MS = 5_000;
/** The longest text that S3 takes for a result, in characters. */
const MAX_TEXT = 1024;
/** Names of errors after which the task may succeed when S3 sends it again. */
const TEMPORARY =
  /^(SlowDown|Throttling\w*|TooManyRequestsException|RequestTimeout|RequestTimeTooSkewed|TimeoutError|InternalError|ServiceUnavailable|ExpiredToken|PreconditionFailed|ConditionalRequestConflict)$/;
/** The same for connections: codes of errors. */
const BROKEN = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
/** Codes of kms-envelope that are not marked as retryable, although the task may succeed later. */
const OF_THE_MOMENT = /^ERR_ENVELOPE_(ABORTED|DISK_FULL|SYSTEM)$/;

const client = new S3Client();
const { FORMAT, KEY_ID, LEGACY_CONTENT, LEGACY_WRAPPING, TO_KEY_ID = KEY_ID } = process.env;
if (KEY_ID === undefined || TO_KEY_ID === undefined) throw new Error("set KEY_ID");

const from = new EncryptedS3({
  client,
  ...keysOf(KEY_ID),
  commitmentPolicy: "requireEncryptAllowDecrypt",
  legacyWrapping: LEGACY_WRAPPING === "true",
  legacyContent: LEGACY_CONTENT === "true",
});
const { keyring, envelope } = keysOf(TO_KEY_ID);
const to = new EncryptedS3({ client, ...(FORMAT === "message" ? { envelope } : { keyring }) });

/** Returns the result of each task, for S3. A task that was done before succeeds again. */
export async function handler(event: Event, context: Context) {
  const { invocationSchemaVersion, invocationId, tasks } = event;
  const results = await Promise.all(tasks.map((task) => work(task, context)));
  return { invocationSchemaVersion, treatMissingKeysAs: "TemporaryFailure", invocationId, results };
}

async function work(task: Task, context: Context) {
  const { taskId } = task;
  const time = context.getRemainingTimeInMillis() - RESERVED_MS;
  try {
    const signal = AbortSignal.timeout(Math.max(1, time));
    const {
      status,
      from: before,
      to: after,
    } = await from.migrate(placeOf(task), {
      to,
      signal,
      // To check that an object is in its own place, give a function that compares its pairs with the key.
      encryptionContext: "any",
    });
    const change = before === undefined ? "" : `: ${before} -> ${after}`;
    return result(taskId, "Succeeded", status + change);
  } catch (error) {
    return result(taskId, codeOf(error), textOf(error));
  }
}

function placeOf({ s3Key, s3VersionId, s3BucketArn, s3Bucket }: Task) {
  const Bucket = s3Bucket ?? s3BucketArn?.split(":::").pop();
  if (!Bucket) throw new Error("the task names no bucket");
  // S3 encodes keys as in a query: a space is a plus sign.
  const Key = decodeURIComponent(s3Key.replaceAll("+", " "));
  return { Bucket, Key, ...(s3VersionId ? { VersionId: s3VersionId } : {}) };
}

function codeOf(error: unknown): ResultCode {
  const { name, code, cause, $metadata } = error as {
    name?: string;
    code?: string;
    cause?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const isOurs = error instanceof EnvelopeError;
  const isTemporary = isOurs
    ? error.retryable || OF_THE_MOMENT.test(error.code)
    : TEMPORARY.test(name ?? "") ||
      BROKEN.test(code ?? "") ||
      isOfTheMoment($metadata?.httpStatusCode);
  if (isTemporary) return "TemporaryFailure";
  return cause !== undefined && !isOurs ? codeOf(cause) : "PermanentFailure";
}

function isOfTheMoment(status = 0) {
  return status === 412 || status === 429 || status >= 500;
}

function textOf(error: unknown) {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  return `${code ?? name ?? "Error"}: ${message ?? error}`;
}

function result(taskId: string, resultCode: ResultCode, text: string) {
  return { taskId, resultCode, resultString: text.slice(0, MAX_TEXT) };
}

function keysOf(keyId: string) {
  const keyring = new AwsKmsKeyring({ keyId });
  return { keyring, envelope: new Envelope({ keyring }) };
}
