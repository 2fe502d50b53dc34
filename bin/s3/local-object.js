'use strict';

const fs = require('node:fs');

const { readHeader } = require('../support/header.js');
const { Failure } = require('../support/errors.js');

/**
 * Returns what a stored object says of its encryption that lies in a file.
 *
 * @param {string} file
 * @param {string | undefined} metadataFile
 */
async function describeFile(file, metadataFile) {
  const { size } = fs.statSync(file);
  const { needsInstructionFile, isS3Object } = require('../../lib/s3-objects/metadata.js');
  const metadata = metadataFile === undefined ? {} : metadataIn(metadataFile);
  const beside = `${file}.instruction`;
  const hasFile = needsInstructionFile(metadata) && fs.existsSync(beside);
  if (hasFile || isS3Object(metadata)) {
    const { describeS3Object } = require('../../lib/s3-objects/describe.js');
    return describeS3Object(metadata, hasFile ? fs.readFileSync(beside) : undefined, size);
  }
  const { messageContentLength } = require('../../lib/s3-objects/lengths.js');
  try {
    const header = await readHeader(file, new AbortController().signal);
    const plaintextLength = messageContentLength(header, size);
    return { format: /** @type {const} */ ('message'), header, plaintextLength };
  } catch (error) {
    const { code } = /** @type {any} */ (error);
    if (/_(MALFORMED|TRUNCATED|UNSUPPORTED)_MESSAGE$/.test(code)) return undefined;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {Record<string, string>}
 */
function metadataIn(file) {
  let value;
  try {
    value = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (/** @type {any} */ (error).syscall) throw error;
    throw notMetadata(file);
  }
  const pairs = Object.entries(value?.Metadata ?? value ?? {});
  if (typeof value !== 'object' || pairs.some(([, text]) => typeof text !== 'string')) {
    throw notMetadata(file);
  }
  return Object.fromEntries(
    pairs.map(([name, text]) => [name.toLowerCase().replace(/^x-amz-meta-/, ''), text]),
  );
}

/** @param {string} file */
function notMetadata(file) {
  const advice = 'write what aws s3api head-object prints, or its Metadata';
  return new Failure('FILE', `'${file}' holds no metadata in JSON; ${advice}`);
}

module.exports = { describeFile };
