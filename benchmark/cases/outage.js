'use strict';

const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: wait } = require('node:timers/promises');

const { quantile } = require('simple-statistics');

const { AwsKmsKeyring, Envelope } = require('../..');

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const CALLERS = 100;

/** A minute of a key service that cannot be reached, while a hundred callers go on asking. */
async function outage({ quick }) {
  const endpoint = await whereNobodyListens();
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' });
  const envelope = new Envelope({ keyring: new AwsKmsKeyring({ keyId: KEY, endpoint }) });
  const waits = { open: [], tried: [] };
  const until = performance.now() + (quick ? 3_000 : 60_000);
  await Promise.all(Array.from({ length: CALLERS }, () => callUntil(until, envelope, waits)));
  const counts = { 'refused at once': waits.open.length, tried: waits.tried.length };
  return [
    { name: 'refused at once', figures: quantiles(waits.open) },
    { name: 'how many', figures: counts },
  ];
}

async function callUntil(until, envelope, waits) {
  while (performance.now() < until) {
    const begun = performance.now();
    const error = await envelope.encrypt('a record').then(
      () => undefined,
      (thrown) => thrown,
    );
    const waited = (performance.now() - begun) * 1e6;
    if (error?.code === 'ERR_ENVELOPE_CIRCUIT_OPEN') waits.open.push(waited);
    else if (error?.code === 'ERR_ENVELOPE_KMS_UNREACHABLE') waits.tried.push(waited);
    else throw new Error(`unexpected: ${error}`);
    await wait(10);
  }
}

async function whereNobodyListens() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** In nanoseconds. */
function quantiles(waits) {
  const parts = { median: 0.5, 'of 100, the slowest': 0.99, 'of all, the slowest': 1 };
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, quantile(waits, part)]),
  );
}

module.exports = { outage };
