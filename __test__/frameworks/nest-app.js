'use strict';

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const { installPacked } = require('../support/packed');
const { FRAMEWORKS } = require('../support/requirements');

/** The versions of NestJS, and where each is installed. 12 is ESM, 11 is CommonJS. */
const VERSIONS = { 11: path.join(FRAMEWORKS, 'nest-11'), 12: FRAMEWORKS };

/**
 * Installs the packed package and a version of NestJS in a folder, as applications do; returns what loads from
 * there.
 *
 * @param {string} folder
 * @param {string} version
 * @returns {NodeRequire}
 */
function installNest(folder, version) {
  installPacked(folder);
  const modules = path.join(VERSIONS[version], 'node_modules');
  for (const name of fs.readdirSync(modules)) {
    const link = path.join(folder, 'node_modules', name);
    if (name.startsWith('.') || fs.existsSync(link)) continue;
    fs.symlinkSync(path.join(modules, name), link, 'junction');
  }
  const load = createRequire(path.join(folder, 'package.json'));
  load('reflect-metadata');
  return load;
}

/**
 * Returns a module class of NestJS, as the decorator `@Module` makes it.
 *
 * @param {NodeRequire} load
 * @param {object} metadata
 */
function moduleOf(load, metadata) {
  class AppModule {}
  load('@nestjs/common').Module(metadata)(AppModule);
  return AppModule;
}

/**
 * Returns a class with the metadata that TypeScript writes for a decorated one.
 *
 * @param {NodeRequire} load
 * @param {Function} type
 * @param {unknown[]} parameters the types of its constructor's parameters, or decorators for them
 */
function injectable(load, type, parameters) {
  const types = parameters.map((one) => (isDecorator(one) ? Object : one));
  Reflect.defineMetadata('design:paramtypes', types, type);
  for (const [i, one] of parameters.entries()) if (isDecorator(one)) one(type, undefined, i);
  load('@nestjs/common').Injectable()(type);
  return type;
}

function isDecorator(value) {
  return !/^class\b/.test(Function.prototype.toString.call(value));
}

module.exports = { VERSIONS, injectable, installNest, moduleOf };
