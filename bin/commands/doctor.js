'use strict';

const path = require('node:path');

const { engines, version } = require('../../package.json');
const { contextOf } = require('../support/arguments.js');
const { credentials, endpoint, region } = require('../support/aws-environment.js');
const { OF_BRANCH_KEY } = require('../support/branch-key-options.js');
const { checkUse, failure } = require('../support/checks.js');
const { EXIT, usage } = require('../support/errors.js');
const { checkKeyPair } = require('../support/key-pair-checks.js');
const { checkKeyStore } = require('../support/key-store-checks.js');
const { library } = require('../support/library.js');
const { jsonLine, oneLine, write } = require('../support/output.js');

/** @typedef {import('../support/checks.js').Check} Check */

/** @param {import('.').Invocation} invocation */
async function run({ values, positionals, signal }) {
  if (positionals.length > 0) throw usage('doctor takes no file');
  const { key = process.env.ENCRYPTION_KEY_ID } = values;
  const options = { encryptionContext: contextOf(values), signal };
  const binary = checkBinary();
  const checks = [binary, ...tellFips(binary), checkNode()];
  checks.push(checkKeyName(key, values.key === undefined));
  if (key && !key.startsWith('local:')) checks.push(...checkAws(key));
  if (key && binary.status === 'ok') {
    // The environment alone asks for no branch key, as where a command encrypts.
    const ofStore = values['branch-key'] !== undefined || values['key-store'] !== undefined;
    const file = values['public-key'];
    if (ofStore) checks.push(...(await checkKeyStore(values, key, options)));
    else if (file !== undefined) checks.push(...(await checkKeyPair(file, key, options)));
    else checks.push(...(await checkUse(() => new (library().Envelope)(key), options, key)));
  }
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

/**
 * @param {Check} binary
 * @returns {Check[]}
 */
function tellFips({ status }) {
  if (status !== 'ok') return [];
  const detail = library().fips
    ? "on: AWS-LC's FIPS module; what docs/fips.md lists is refused"
    : 'off: this binary has no FIPS module';
  return [{ name: 'fips', status: 'info', detail }];
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

With --key-store, or --branch-key, it checks that table, and what the caller may
do with it: what is not allowed is no failure, unless --branch-key needs it. It
changes nothing.

With --public-key, the key is a key pair in KMS, named by its ARN: an RSA key,
or one for key agreement. It checks that the file has its public key.
`,
  options: /** @type {const} */ ([
    'key',
    'public-key',
    ...OF_BRANCH_KEY,
    'context',
    'json',
    'help',
  ]),
  run,
};
