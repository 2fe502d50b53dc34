'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { AwsKmsKeyring, Envelope } = require('../..');
const { rejection } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const SERVER = `
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(server.address().port));`;
const LINUX = process.platform === 'linux';

describe('a host that takes no connection', { skip: !LINUX && 'Linux' }, () => {
  it('is given up after connectTimeoutMs: KMS_TIMEOUT, which is retryable', async (t) => {
    const port = await silentPort(t);
    const ended = [];
    const call = async (connectTimeoutMs) => {
      const keyring = new AwsKmsKeyring({
        keyId: 'arn:aws:kms:eu-west-1:111122223333:key/1111',
        endpoint: `http://127.0.0.1:${port}`,
        connectTimeoutMs,
        attemptTimeoutMs: 60_000,
        timeoutMs: 60_000,
        maxAttempts: 1,
      });
      const error = await rejection(new Envelope({ keyring }).encrypt('x'), 'KMS_TIMEOUT');
      ended.push(connectTimeoutMs);
      return error;
    };
    const [, error] = await Promise.all([call(2_000), call(100)]);
    assert.deepEqual(ended, [100, 2_000]);
    assert.equal(error.retryable, true);
    assert.match(error.cause.message, /^no connection in time/);
  });
});

/** A port of a process that is stopped, whose queue of connections is full. */
async function silentPort(t) {
  const child = spawn(process.execPath, ['-e', SERVER]);
  t.after(() => child.kill('SIGKILL'));
  const [text] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  for (;;) {
    const socket = net.connect(Number(text), '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    const connected = await Promise.race([once(socket, 'connect'), sleep(300)]);
    if (!connected) return Number(text);
  }
}
