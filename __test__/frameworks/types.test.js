'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { it } = require('node:test');
const { promisify } = require('node:util');

const { skipWithout } = require('../support/requirements');

const TSC = path.join(__dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');

it(
  'a program with our handlers compiles with the types of Express 4 and 5, multer and Fastify',
  { skip: skipWithout('frameworks') },
  async () => {
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck'];
    const target = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const args = [TSC, '--ignoreConfig', ...options, ...target, path.join(__dirname, 'types.mts')];
    const { stdout } = await promisify(execFile)(process.execPath, args).catch((error) => error);
    assert.equal(stdout, '');
  },
);
