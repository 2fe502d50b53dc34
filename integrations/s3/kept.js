'use strict';

/** The headers that describe a content, as HeadObject answers them. */
const CONTENT_HEADERS = [
  'CacheControl',
  'ContentDisposition',
  'ContentEncoding',
  'ContentLanguage',
  'ContentType',
  'Expires',
];

/** What an object that is written anew keeps of what S3 says of it, beside its metadata and tags. */
const KEPT = [
  ...CONTENT_HEADERS,
  'BucketKeyEnabled',
  'ObjectLockLegalHoldStatus',
  'ObjectLockMode',
  'ObjectLockRetainUntilDate',
  'SSEKMSKeyId',
  'ServerSideEncryption',
  'StorageClass',
  'WebsiteRedirectLocation',
];

/**
 * Returns what an object has of these properties.
 *
 * @param {Record<string, any>} output of HeadObject
 * @param {readonly string[]} names
 */
function propertiesOf(output, names) {
  const present = names.filter((name) => output[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, output[name]]));
}

/**
 * Returns what an object that is written anew keeps, as PutObject takes it: its tags, too, unless the caller may
 * not read them, whom S3 does not tell of any.
 *
 * @param {InstanceType<typeof import('./object-store.js').ObjectStore>} store
 * @param {{ place: Record<string, any>, output: Record<string, any> }} object and what GetObject answered
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Record<string, any>>}
 */
async function inputToKeep(store, { place, output }, signal) {
  const Tagging = output.TagCount > 0 ? await tagsOf(store, place, signal) : undefined;
  return { ...propertiesOf(output, KEPT), Metadata: output.Metadata, Tagging };
}

/**
 * Returns the tags of an object, as the commands that write one take them.
 *
 * @param {InstanceType<typeof import('./object-store.js').ObjectStore>} store
 * @param {Record<string, any>} place
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<string>}
 */
async function tagsOf(store, place, signal) {
  const { TagSet = [] } = await store.send('GetObjectTaggingCommand', place, signal);
  const pairs = TagSet.map((/** @type {Record<string, string>} */ { Key, Value }) => [Key, Value]);
  return new URLSearchParams(pairs).toString();
}

module.exports = { CONTENT_HEADERS, KEPT, inputToKeep, propertiesOf, tagsOf };
