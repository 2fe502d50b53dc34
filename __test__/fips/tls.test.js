'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
/** AES-GCM in TLS 1.3, and with ephemeral ECDH in TLS 1.2; the last is no cipher, but a signal. */
const APPROVED = [0x1301, 0x1302, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0x00ff];
/** What the ordinary addon offers, too. */
const CHACHA20 = [0x1303, 0xcca8, 0xcca9];
/** P-256, P-384, and X25519MLKEM768, of which the half by ML-KEM counts. */
const APPROVED_GROUPS = [0x0017, 0x0018, 0x11ec];

describe('with the FIPS module, TLS to KMS', () => {
  it('offers approved ciphers and curves only', async () => {
    const { ciphers, groups } = await clientHello();
    assert.ok(ciphers.length > 4, String(ciphers));
    for (const cipher of ciphers) assert.ok(APPROVED.includes(cipher), cipher.toString(16));
    for (const cipher of CHACHA20) assert.ok(!ciphers.includes(cipher));
    assert.ok(groups.length > 1, String(groups));
    for (const group of groups) assert.ok(APPROVED_GROUPS.includes(group), String(groups));
  });
});

/** What a call of KMS opens TLS with (RFC 8446, 4.1.2): its cipher suites and groups. */
async function clientHello() {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    const endpoint = `https://127.0.0.1:${server.address().port}`;
    const keyring = new AwsKmsKeyring({ keyId: KEY, endpoint, maxAttempts: 1 });
    const failed = assert.rejects(new Envelope({ keyring }).encrypt('x'), {
      code: 'ERR_ENVELOPE_KMS_UNREACHABLE',
    });
    const [socket] = await once(server, 'connection');
    const hello = await record(socket);
    socket.destroy();
    await failed;
    return parsed(hello);
  } finally {
    server.close();
  }
}

/** The first record, however many pieces it comes in. */
async function record(socket) {
  let bytes = Buffer.alloc(0);
  for await (const piece of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, piece]);
    if (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3)) break;
  }
  return bytes;
}

function parsed(hello) {
  // A record's header, a message's header, a version, and 32 random bytes.
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello[at];
  const length = hello.readUInt16BE(at);
  const ciphers = numbers(hello.subarray(at + 2, at + 2 + length));
  at += 2 + length;
  at += 1 + hello[at];
  at += 2;
  while (at < hello.length) {
    const [kind, size] = [hello.readUInt16BE(at), hello.readUInt16BE(at + 2)];
    if (kind === 10) return { ciphers, groups: numbers(hello.subarray(at + 6, at + 4 + size)) };
    at += 4 + size;
  }
  throw new Error('the client offers no groups');
}

function numbers(bytes) {
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(2 * i));
}
