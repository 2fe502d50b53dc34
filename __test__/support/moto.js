'use strict';

const path = require('node:path');
const { startChild } = require('./child');
const { PYTHON } = require('./requirements');

const DEFAULT_REGION = 'us-east-1';
/** The variable with the endpoint of a moto that several test files share. */
const SHARED_MOTO = 'KMS_ENVELOPE_TEST_MOTO';
// The server leaves requests signed by this name out of its log.
const SUPPORT_ACCESS_KEY = 'test-support';

/**
 * Starts moto: KMS, S3 and STS on 127.0.0.1, with a log of who asked for what. Where `SHARED_MOTO` names
 * one that runs already, it is a port of that, with an account and a log of its own.
 *
 * @param {{ keys?: string, shared?: boolean }} [options] keys: a keys.json with fixed KMS keys; shared:
 *   false for a process of its own, whose account is always 123456789012
 */
async function startMoto({ keys, shared = keys === undefined } = {}) {
  const running = shared ? process.env[SHARED_MOTO] : undefined;
  const { endpoint, stop } = await (running ? openPort(running) : startProcess(keys));

  /** One KMS call, e.g. kms('DisableKey', { KeyId }); the answer's body. */
  const kms = (target, body, options) => callKms(endpoint, target, body, options);

  const requests = async () => (await fetch(`${endpoint}/__requests`)).json();

  return {
    endpoint,
    kms,
    /** @returns {Promise<{ keyId: string, arn: string }>} */
    async createKey({ region } = {}) {
      const { KeyMetadata } = await kms('CreateKey', {}, { region });
      return { keyId: KeyMetadata.KeyId, arn: KeyMetadata.Arn };
    },
    async createAlias(name, keyId, { region } = {}) {
      await kms('CreateAlias', { AliasName: name, TargetKeyId: keyId }, { region });
    },
    /** What was asked, oldest first: target, service, accessKeyId, region, method, path, range. */
    requests,
    /** Returns the names of the operations that were asked, oldest first, such as `GenerateDataKey`. */
    async operations() {
      return (await requests()).map(({ target }) => target.split('.').at(-1));
    },
    async clearRequests() {
      await fetch(`${endpoint}/__requests`, { method: 'DELETE' });
    },
    stop,
  };
}

/** @param {string | undefined} keys */
async function startProcess(keys) {
  const script = path.join(__dirname, 'moto_server.py');
  const child = startChild(PYTHON, [script, ...(keys ? ['--keys', keys] : [])]);
  return { ...(await child.read()), stop: () => child.stop() };
}

/** @param {string} running the endpoint of a moto */
async function openPort(running) {
  const { endpoint } = await (await fetch(`${running}/__ports`, { method: 'POST' })).json();
  const stop = async () => void (await fetch(`${endpoint}/__ports`, { method: 'DELETE' }));
  return { endpoint, stop };
}

/** One KMS call of an emulator. */
async function callKms(endpoint, target, body, { region = DEFAULT_REGION } = {}) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${target}`,
      authorization: credential(region),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`KMS ${target}: ${response.status} ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

/** moto reads the scope of a signature, and does not check the signature itself. */
function credential(region) {
  const scope = `${SUPPORT_ACCESS_KEY}/20250101/${region}/kms/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
}

module.exports = { DEFAULT_REGION, SHARED_MOTO, callKms, startMoto };
