'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const { before, describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { Envelope } = require('../..');
const { workplace } = require('../support/cli');
const { bytesWritten } = require('../support/written');

const LENGTH = 256 * 1024 * 1024;
const MUCH = 2 * 1024 * 1024;
const LINUX = process.platform === 'linux';
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 };

const { at, keyId, root, start } = workplace();

describe(
  'kms-envelope that is ended midway',
  {
    skip: process.platform === 'win32' && 'POSIX signals',
  },
  () => {
    const [plaintext, message] = [`${root}/plaintext`, `${root}/message.encrypted`];
    before(async () => {
      fs.writeFileSync(plaintext, '');
      fs.truncateSync(plaintext, LENGTH);
      await new Envelope(keyId).encryptFile(plaintext, message);
    });

    const commands = {
      'decrypt FILE': ['decrypt', message, '-o', 'out/plaintext'],
      'decrypt < FILE': ['decrypt', '-', '-o', 'out/plaintext'],
      'decrypt --recursive': ['decrypt', '-r', 'tree', '-o', 'out'],
      'encrypt FILE': ['encrypt', plaintext, '-o', 'out/message'],
      'encrypt < FILE': ['encrypt', '-o', 'out/message'],
      're-encrypt FILE': ['re-encrypt', message, '--to-key', keyId, '-o', 'out/message'],
      're-encrypt --force FILE': ['re-encrypt', '-f', 'out/own.encrypted', '--to-key', keyId],
    };
    for (const [what, args] of Object.entries(commands)) {
      for (const signals of [['SIGTERM'], ['SIGINT'], ['SIGHUP'], ['SIGTERM', 'SIGTERM']]) {
        it(`leaves nothing behind: ${what}, ended by ${signals.join(' and ')}`, async () => {
          fs.mkdirSync(at('out'));
          fs.mkdirSync(at('tree'));
          fs.linkSync(message, at('tree/message.encrypted'));
          if (args.includes('out/own.encrypted')) fs.linkSync(message, at(args[2]));
          const names = fs.readdirSync(at('out'));
          const child = start(...args);
          const closed = once(child, 'close');
          feed(child, what.startsWith('encrypt') ? plaintext : message);
          while (bytesWritten(child.pid, at('out')) < MUCH) await sleep(1);
          const midway = fs.readdirSync(at('out'));
          if (LINUX) assert.deepEqual(midway, names, 'while it runs');
          for (const signal of signals) child.kill(signal);
          const [code, signal] = await closed;
          const isKilled = signals.length > 1 && signal === signals[0];
          assert.ok(isKilled || code === EXIT_CODES[signals[0]], `${code} ${signal}`);
          assert.deepEqual(fs.readdirSync(at('out')), names);
        });
      }
    }

    function feed(child, file) {
      fs.createReadStream(file)
        .on('error', () => {})
        .pipe(child.stdin);
    }
  },
);
