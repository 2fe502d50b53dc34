'use strict';

const { usage } = require('../support/errors.js');

/**
 * Returns the bucket and the key, or prefix, of `s3://BUCKET/KEY`.
 *
 * @param {string} text
 */
function parseAddress(text) {
  const [, Bucket, Key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(text) ?? [];
  if (Bucket !== undefined) return { Bucket, Key };
  throw usage(`'${text}' is not s3://BUCKET/KEY`);
}

/**
 * The same for an object, which has a key.
 *
 * @param {string} text
 */
function parseObject(text) {
  const place = parseAddress(text);
  if (place.Key !== '') return place;
  throw usage(`'${text}' names no object; give s3://BUCKET/KEY`);
}

/** @param {{ Bucket: string, Key: string }} place */
function addressOf({ Bucket, Key }) {
  return `s3://${Bucket}/${Key}`;
}

/** @param {string} text */
function isAddress(text) {
  return text.startsWith('s3://');
}

module.exports = { addressOf, isAddress, parseAddress, parseObject };
