'use strict';

const { EXIT, Failure } = require('../support/errors.js');

/** What S3 refuses, by the name of its error: a code, and what to do. */
const REASONS = /** @type {Record<string, [code: string, reason: string]>} */ ({
  NotFound: ['FILE_NOT_FOUND', 'does not exist; check the bucket, the key and the Region'],
  NoSuchKey: ['FILE_NOT_FOUND', 'does not exist; check the key'],
  NoSuchBucket: ['FILE_NOT_FOUND', 'is in no bucket that exists; check its name and the Region'],
  PreconditionFailed: ['FILE', 'was written by another meanwhile; run the command again'],
  ConditionalRequestConflict: ['FILE', 'was written by another meanwhile; run the command again'],
  MetadataTooLarge: ['FILE', 'would have more than the 2 KiB of metadata that S3 takes'],
  InvalidObjectState: ['FILE', 'is archived; restore it before'],
});
/** What concerns all objects alike, by the name of the error. */
const OF_ALL = /** @type {Record<string, string>} */ ({
  CredentialsProviderError:
    'there are no credentials for S3; set AWS_PROFILE, or run where a role gives them',
  ExpiredToken: 'the credentials have expired; renew them',
  InvalidAccessKeyId: 'S3 does not know the credentials; renew them',
  SignatureDoesNotMatch: 'S3 refuses the credentials; check AWS_SECRET_ACCESS_KEY',
  PermanentRedirect: 'the bucket is in another Region; set AWS_REGION',
  TimeoutError: 'S3 does not answer; check the network, the Region and AWS_ENDPOINT_URL',
});
const UNREACHABLE = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ECONNRESET', 'ETIMEDOUT'];

/**
 * Returns the failure of the command line that stands for an error of S3's client; any other error as it is.
 *
 * @param {unknown} error
 * @param {string} address of the object
 */
function s3Failure(error, address) {
  const { name, code, message, $metadata } = /** @type {any} */ (error);
  const [known, reason] = REASONS[name] ?? [];
  if (known !== undefined) return new Failure(known, `'${address}' ${reason}`);
  const ofAll = OF_ALL[name] ?? (/Region is missing/.test(message) && 'set AWS_REGION');
  if (ofAll) return new Failure('CONFIGURATION', ofAll);
  if (UNREACHABLE.includes(code)) {
    return new Failure('CONFIGURATION', `S3 is not reached (${code}); check AWS_ENDPOINT_URL`);
  }
  if ($metadata?.httpStatusCode === undefined) return error;
  const { httpStatusCode, requestId } = $metadata;
  const advice =
    httpStatusCode === 403 ? '; allow it in the policies of the caller and the bucket' : '';
  const said = `S3 answers ${httpStatusCode} ${name}${advice}`;
  const failure = new Failure('FILE', `'${address}': ${said}`, { exit: EXIT.file });
  return Object.assign(failure, { requestId, retryable: httpStatusCode >= 500 });
}

module.exports = { s3Failure };
