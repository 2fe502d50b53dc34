'use strict';

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const { ORMS } = require('../../support/requirements');

/**
 * Generates a client of Prisma for a schema.
 *
 * @param {string} folder where the schema and the client are written
 * @param {string} schema
 */
function generate(folder, schema) {
  const file = path.join(folder, 'schema.prisma');
  fs.writeFileSync(file, schema);
  const cli = path.join(ORMS, 'node_modules', 'prisma', 'build', 'index.js');
  // Only migrations need this engine, which would be downloaded; and nobody is to be asked for updates.
  const none = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  const env = { ...process.env, ...none, PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  execFileSync(process.execPath, [cli, 'generate', '--schema', file], {
    cwd: folder,
    env,
    stdio: 'pipe',
  });
}

/** The client of the tests for a database. */
function clientFor({ dialect }) {
  const models = fs.readFileSync(path.join(__dirname, 'models.prisma'), 'utf8');
  return generatedClient(dialect, models);
}

/**
 * The client for a provider and models; it is generated once for each.
 *
 * @param {string} provider
 * @param {string} models
 */
function generatedClient(provider, models) {
  const generator =
    'generator client {\n  provider = "prisma-client-js"\n  output = "./client"\n}\n';
  const schema = `${generator}datasource db {\n  provider = "${provider}"\n}\n${models}`;
  const name = createHash('sha256').update(schema).digest('hex').slice(0, 16);
  const folder = path.join(ORMS, 'node_modules', '.generated', name);
  const done = path.join(folder, 'done');
  if (!fs.existsSync(done)) {
    fs.mkdirSync(folder, { recursive: true });
    generate(folder, schema);
    fs.writeFileSync(done, '');
  }
  return require(path.join(folder, 'client'));
}

module.exports = { clientFor, generate, generatedClient };
