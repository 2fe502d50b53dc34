'use strict';

const { existsSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const PEERS = path.join(ROOT, '__test__', 'peers');
const SURROUNDINGS = path.join(ROOT, '__test__', 'surroundings');
const BUNDLERS = path.join(ROOT, '__test__', 'bundlers');
const RUNTIMES = path.join(ROOT, '__test__', 'runtimes');
const FRAMEWORKS = path.join(ROOT, '__test__', 'frameworks');
const TYPESCRIPT = path.join(ROOT, '__test__', 'typescript');
const ORMS = path.join(ROOT, '__test__', 'orms');
const VENV_PYTHON = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
const PYTHON = path.join(ROOT, '.venv', VENV_PYTHON);
const LOCALSTACK = path.join(ROOT, '.venv-localstack', VENV_PYTHON);
const S3_CLIENT = path.join(ROOT, '.venv-s3', VENV_PYTHON);
const TINK = path.join(ROOT, '.venv-tink', VENV_PYTHON);
const INSTALLED = {
  python: PYTHON,
  localstack: LOCALSTACK,
  's3-client': S3_CLIENT,
  tink: TINK,
  peers: path.join(PEERS, 'node_modules', '@aws-crypto', 'client-node', 'package.json'),
  surroundings: path.join(SURROUNDINGS, 'node_modules', 'jest', 'package.json'),
  bundlers: path.join(BUNDLERS, 'node_modules', 'vite', 'package.json'),
  runtimes: path.join(RUNTIMES, 'node_modules', 'next', 'package.json'),
  typescript: path.join(TYPESCRIPT, 'node_modules', 'publint', 'package.json'),
  orms: path.join(ORMS, 'node_modules', 'typeorm', 'package.json'),
  frameworks: path.join(FRAMEWORKS, 'node_modules', '@nestjs', 'common', 'package.json'),
  examples: path.join(ROOT, 'examples', 'node_modules', 'express', 'package.json'),
};

/**
 * True if the test can run. Without what it needs it is skipped, saying how to get that; in CI
 * it fails, because there a skipped test would go unnoticed.
 *
 * @param {import('node:test').TestContext} t
 * @param {unknown} condition
 * @param {string} missing what is missing and how to get it
 */
function requireOrSkip(t, condition, missing) {
  const reason = skipReason(condition, missing);
  if (reason) t.skip(reason);
  return !reason;
}

/**
 * The same for a whole suite: describe('...', { skip: skipWithout('python', 'peers') }, ...).
 *
 * @param {...('python' | 'localstack' | 's3-client' | 'tink' | 'peers' | 'surroundings' | 'bundlers' | 'runtimes' | 'typescript' | 'orms' | 'frameworks' | 'examples')} names 'python': moto and the Python
 *   peer; 'localstack': a KMS with key states; 's3-client': AWS's S3 Encryption Client;
 *   'tink': Google Tink; 'peers':
 *   the JavaScript peer and the other versions of Node.js; 'surroundings': test runners and the like;
 *   'bundlers' and 'typescript': some, and its versions; 'runtimes': Bun, Deno, Yarn, Next.js;
 *   'frameworks': NestJS, Express, Fastify, multer; 'orms': TypeORM and the like; 'examples': what the examples import
 */
function skipWithout(...names) {
  const missing = names.filter((name) => !isInstalled(name));
  return skipReason(missing.length === 0, `run \`node scripts/prepare.js ${missing.join(' ')}\``);
}

/** Whether one of the parts that `skipWithout` names is here. */
function isInstalled(name) {
  return existsSync(INSTALLED[name]);
}

/** Why a test or suite that needs this is skipped, or false; in CI it fails instead. */
function skipReason(condition, missing) {
  if (condition) return false;
  if (process.env.CI === 'true') throw new Error(`missing: ${missing}`);
  return `missing: ${missing}`;
}

module.exports = {
  BUNDLERS,
  FRAMEWORKS,
  LOCALSTACK,
  ORMS,
  PEERS,
  PYTHON,
  RUNTIMES,
  S3_CLIENT,
  SURROUNDINGS,
  TINK,
  TYPESCRIPT,
  isInstalled,
  requireOrSkip,
  skipReason,
  skipWithout,
};
