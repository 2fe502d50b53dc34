'use strict';

const path = require('node:path');

const { engines, version } = require('../../package.json');
const { adviceOn } = require('../../lib/error-codes.js');
const { contextOf } = require('../support/arguments.js');
const { credentials, endpoint, region } = require('../support/aws-environment.js');
const { EXIT, describe, exitCodeOf, usage } = require('../support/errors.js');
const { library } = require('../support/library.js');
const { jsonLine, oneLine, write } = require('../support/output.js');

/**
 * What was found: `info` is neither good nor bad; `skipped` could not be tried.
 *
 * @typedef {{
 *   name: string, status: 'ok' | 'info' | 'failed' | 'skipped', detail: string,
 *   code?: string, advice?: string, exit?: number,
 * }} Check
 */

/** @param {import('.').Invocation} invocation */
async function run({ values, positionals, signal }) {
  if (positionals.length > 0) throw usage('doctor takes no file');
  const { key = process.env.ENCRYPTION_KEY_ID } = values;
  const options = { encryptionContext: contextOf(values), signal };
  const binary = checkBinary();
  const checks = [binary, checkNode(), checkKeyName(key, values.key === undefined)];
  if (key && !key.startsWith('local:')) checks.push(...checkAws(key));
  if (key && binary.status === 'ok') checks.push(...(await checkKey(key, options)));
  signal.throwIfAborted();

  const failed = checks.find(({ status }) => status === 'failed');
  const told = checks.map(({ exit, ...check }) => check);
  const json = () => jsonLine({ ok: !failed, version, checks: told });
  await write(values.json ? json() : checks.map(text).join(''));
  return failed?.exit ?? 0;
}

/** @returns {Check} */
function checkBinary() {
  const name = 'binary';
  try {
    library();
  } catch (error) {
    return failure(name, error);
  }
  const file = Object.keys(require.cache).find((loaded) => loaded.endsWith('.node')) ?? '';
  const platform = `${process.platform}-${process.arch}`;
  const detail = `kms-envelope ${version} on ${platform}: ${path.basename(file)}`;
  return { name, status: 'ok', detail };
}

/** @returns {Check} */
function checkNode() {
  const [oldest = 0] = engines.node.match(/\d+/g)?.map(Number) ?? [];
  const detail = `${process.version}; ${engines.node} is needed`;
  if (Number(process.versions.node.split('.')[0]) >= oldest) {
    return { name: 'node', status: 'ok', detail };
  }
  const todo = `install Node.js ${oldest} or later`;
  return { name: 'node', status: 'failed', detail, advice: todo, exit: EXIT.failure };
}

/**
 * @param {string | undefined} key
 * @param {boolean} inherited
 * @returns {Check}
 */
function checkKeyName(key, inherited) {
  const name = 'key';
  const origin = inherited ? 'ENCRYPTION_KEY_ID' : '--key';
  if (key) return { name, status: 'ok', detail: `${key}, from ${origin}` };
  const todo =
    'give --key, or set ENCRYPTION_KEY_ID: a KMS key id, ARN or alias, or local:PATH of a key ' +
    'file that kms-envelope keygen makes';
  return { name, status: 'failed', detail: 'none is named', advice: todo, exit: EXIT.key };
}

/**
 * @param {string} key
 * @returns {Check[]}
 */
function checkAws(key) {
  return [
    { name: 'region', status: 'info', detail: region(key) },
    { name: 'endpoint', status: 'info', detail: endpoint() },
    { name: 'credentials', status: 'info', detail: credentials() },
  ];
}

/**
 * The key's state, by using it.
 *
 * @param {string} key
 * @param {{ encryptionContext: Record<string, string>, signal: AbortSignal }} options
 * @returns {Promise<Check[]>}
 */
async function checkKey(key, options) {
  let message;
  let envelope;
  try {
    envelope = new (library().Envelope)(key);
    message = await envelope.encrypt('doctor', options);
  } catch (error) {
    const detail = 'there is nothing to decrypt';
    return [failure('encrypt', error, key), { name: 'decrypt', status: 'skipped', detail }];
  }
  const encrypted = { name: 'encrypt', status: /** @type {const} */ ('ok'), detail: 'works' };
  try {
    await envelope.decrypt(message, options);
  } catch (error) {
    return [encrypted, failure('decrypt', error, key)];
  }
  return [encrypted, { ...encrypted, name: 'decrypt' }];
}

/**
 * @param {string} name
 * @param {unknown} error
 * @param {string} [key]
 * @returns {Check}
 */
function failure(name, error, key) {
  const { code, message } = describe(error);
  const exit = exitCodeOf(error);
  return { name, status: 'failed', detail: message, code, advice: adviceOn(code, key), exit };
}

/** @param {Check} check */
function text({ name, status, detail, code, advice: todo }) {
  const line = `${status.padEnd(8)}${name.padEnd(13)}${code ? `${code}: ` : ''}${detail}`;
  return `${oneLine(line)}\n${todo ? `${' '.repeat(21)}to do: ${oneLine(todo)}\n` : ''}`;
}

module.exports = {
  summary: 'Check the installation, the credentials and the key',
  usage: '[OPTION...]',
  details: `It tells which binary runs, where the key, the Region and the credentials come
from as far as the environment shows, and whether the key works, by encrypting
and decrypting a few bytes; and what to do about what fails. It prints no
secret.
`,
  options: /** @type {const} */ (['key', 'context', 'json', 'help']),
  run,
};
