'use strict';

const path = require('node:path');
const { startChild } = require('./child');
const { PYTHON } = require('./requirements');

const DEFAULT_REGION = 'us-east-1';
// The server leaves requests signed by this name out of its log.
const SUPPORT_ACCESS_KEY = 'test-support';

/**
 * Starts moto: KMS, S3 and STS on 127.0.0.1, with a log of who asked for what.
 *
 * @param {{ keys?: string }} [options] keys: a keys.json with fixed KMS keys
 */
async function startMoto({ keys } = {}) {
  const script = path.join(__dirname, 'moto_server.py');
  const child = startChild(PYTHON, [script, ...(keys ? ['--keys', keys] : [])]);
  const { endpoint } = await child.read();

  /** One KMS call, e.g. kms('DisableKey', { KeyId }); the answer's body. */
  const kms = (target, body, options) => callKms(endpoint, target, body, options);

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
    async requests() {
      return (await fetch(`${endpoint}/__requests`)).json();
    },
    async clearRequests() {
      await fetch(`${endpoint}/__requests`, { method: 'DELETE' });
    },
    stop: () => child.stop(),
  };
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

module.exports = { DEFAULT_REGION, callKms, startMoto };
